"""Reads of a photonic core, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@parallel_kernel
def read_tiles(
    drive: NDArray[np.float64],
    cells: NDArray[np.float64],
    reference: NDArray[np.float64],
    row_of: NDArray[np.int64],
    noise: NDArray[np.float64],
    law: NDArray[np.float64],
    shape: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Read every column of every tile against its tile's reference column and add the tiles up.

    A unit is compared with a reference column that sees the unit's own drive. Sums run in a fixed order, one sample a
    row, so that the result is the same for any number of threads.

    Args:
        drive: inputs in 0..1 (samples, inputs).
        cells: transmissions (units, inputs).
        reference: transmissions of reference columns (groups, tiles * tile_rows).
        row_of: row of unit u that input i drives (units, inputs).
        noise: standard normals (samples, tiles * (units + 2 * groups)): columns, references, intensity; any shape
            where noise is off.
        law: current at full drive through a clear cell [A], shot factor 2qB [A], amplifier variance [A^2], relative
            intensity noise (rms), ADC step for each row in use [A].
        shape: tile rows, tile columns, 1 if noise is on.
        out: current differences (samples, units) [A], overwritten.
    """
    samples, inputs = drive.shape
    units = cells.shape[0]
    rows, columns, noisy = shape[0], shape[1], shape[2]
    tiles = (inputs + rows - 1) // rows
    groups = (units + columns - 1) // columns
    full, shot, thermal, rin, row_step = law[0], law[1], law[2], law[3], law[4]
    for s in prange(samples):
        column = np.zeros(tiles)
        pair = np.zeros(tiles)
        for u in range(units):
            group = u // columns
            column[:] = 0.0
            pair[:] = 0.0
            for i in range(inputs):
                r = row_of[u, i]
                column[r // rows] += drive[s, i] * cells[u, r]
                pair[r // rows] += drive[s, i] * reference[group, r]
            total = 0.0
            for tile in range(tiles):
                step = row_step * min(rows, inputs - tile * rows)
                current, dark = full * column[tile], full * pair[tile]
                if noisy == 1:
                    common = 1.0 + rin * noise[s, tiles * (units + groups) + group * tiles + tile]
                    current = current * common + np.sqrt(shot * current + thermal) * noise[s, u * tiles + tile]
                    dark = dark * common + np.sqrt(shot * dark + thermal) * noise[s, (units + group) * tiles + tile]
                total += np.rint(current / step) * step - np.rint(dark / step) * step
            out[s, u] = total
