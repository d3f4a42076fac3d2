"""Reads of a photonic core, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import parallel_kernel
from hwsim.kernels.normal import normal

if TYPE_CHECKING:
    from numpy.typing import NDArray


@parallel_kernel
def read_tiles(
    drive: NDArray[np.float64],
    bright: NDArray[np.float64],
    dark: NDArray[np.float64],
    input_on: NDArray[np.int64],
    law: NDArray[np.float64],
    shape: NDArray[np.int64],
    key: NDArray[np.uint64],
    edges: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Read every column of every tile against its dark column and add the tiles up.

    Vectors that share the core at different wavelengths are consecutive samples; each sees the cells at its own
    wavelength and a little of the others' light. A unit is compared with a dark column that sees the unit's own drive.
    Sums run in a fixed order, a vector's samples side by side, so the result is the same for any number of threads.

    Args:
        drive: light on the inputs, in units of full drive (samples, inputs).
        bright: transmissions of the units' columns (planes, units, inputs): one plane a vector, or one for all.
        dark: transmissions of dark columns (planes, darks, inputs): one a unit, or one a group of ``tile columns``.
        input_on: input that drives row r of unit u (units, inputs); one row of it where all units have the same.
        law: current at full drive through a clear path [A]; shot factor 2qB [A]; amplifier variance [A^2]; relative
            intensity noise (rms); converter step for each row in use [A], 0 for an exact converter; share of the light
            that leaks from one vector into another.
        shape: tile rows, tile columns, vectors, 1 if noise is on.
        key: two keys of the noise: columns and dark columns; the comb.
        edges: table of the normals (:data:`hwsim.kernels.normal.EDGES`).
        out: current differences (samples, units) [A], overwritten.
    """
    samples, inputs = drive.shape
    planes, units = bright.shape[0], bright.shape[1]
    darks = dark.shape[1]
    rows, columns, vectors, noisy = shape[0], shape[1], shape[2], shape[3]
    tiles = (inputs + rows - 1) // rows
    full, shot, thermal, rin, row_step, leak = law[0], law[1], law[2], law[3], law[4], law[5]
    common_drive = input_on.shape[0] == 1
    blocks_of = max(1, 64 // vectors)
    size = blocks_of * vectors
    columns_of = units + darks
    for block in prange((samples + size - 1) // size):
        first = block * size
        count = min(size, samples - first)
        # light[i, v * blocks_of + k] is input i of sample first + k * vectors + v
        light = np.zeros((inputs, size))
        for s in range(count):
            at = (s % vectors) * blocks_of + s // vectors
            for i in range(inputs):
                light[i, at] = drive[first + s, i]
        total = np.zeros((units, size))
        one, two = np.empty(size), np.empty(size)
        for tile in range(tiles):
            begin, end = tile * rows, min((tile + 1) * rows, inputs)
            step = row_step * (end - begin)
            for u in range(units):
                d = u if darks == units else u // columns
                fresh = darks == units or not common_drive or u % columns == 0
                one[:] = 0.0
                if fresh:
                    two[:] = 0.0
                for r in range(begin, end):
                    source = light[input_on[0 if common_drive else u, r]]
                    for v in range(vectors):
                        plane = v if planes > 1 else 0
                        b, o = bright[plane, u, r], v * blocks_of
                        for k in range(o, o + blocks_of):
                            one[k] += b * source[k]
                    if fresh:
                        for v in range(vectors):
                            plane = v if planes > 1 else 0
                            b, o = dark[plane, d, r], v * blocks_of
                            for k in range(o, o + blocks_of):
                                two[k] += b * source[k]
                for k in range(blocks_of):
                    read_number = np.uint64(first // vectors + k)
                    swing = 1.0 + rin * normal(key[1], read_number, edges) if noisy == 1 and rin > 0 else 1.0
                    every_one, every_two = 0.0, 0.0
                    if leak > 0:
                        for v in range(vectors):
                            every_one += one[v * blocks_of + k]
                            every_two += two[v * blocks_of + k]
                    for v in range(vectors):
                        at = v * blocks_of + k
                        s = first + k * vectors + v
                        if s >= samples:
                            continue
                        current, shade = full * one[at], full * two[at]
                        if leak > 0:
                            current += leak * full * (every_one - one[at])
                            shade += leak * full * (every_two - two[at])
                        if noisy == 1:
                            read = np.uint64((s * tiles + tile) * columns_of)
                            one_z = normal(key[0], read + np.uint64(u), edges)
                            two_z = normal(key[0], read + np.uint64(units + d), edges)
                            current = current * swing + np.sqrt(shot * max(current, 0.0) + thermal) * one_z
                            shade = shade * swing + np.sqrt(shot * max(shade, 0.0) + thermal) * two_z
                        if step > 0:
                            current = np.rint(current / step) * step
                            shade = np.rint(shade / step) * step
                        total[u, at] += current - shade
        for s in range(count):
            at = (s % vectors) * blocks_of + s // vectors
            for u in range(units):
                out[first + s, u] = total[u, at]
