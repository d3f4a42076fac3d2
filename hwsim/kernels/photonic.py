"""Reads of a photonic core, tile by tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel
from hwsim.kernels.noise import EDGES, GAMMA, LOW_BYTE, RATIOS, SCALE, U11, mix, slow_normal

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def gather(
    light: NDArray[np.float64],
    order: NDArray[np.int64],
    cells: NDArray[np.float64],
    vectors: int,
    full: float,
    leak: float,
    out: NDArray[np.float64],
) -> None:
    """Currents of one column of one tile for a block of samples, vector by vector.

    Args:
        light: inputs in a block's order (inputs, size): the samples of the first vector, then of the next.
        order: input on each row of the tile.
        cells: transmissions (planes, rows of the tile).
        vectors: wavelength vectors.
        full: current at full drive through a clear path, A.
        leak: share of the light that leaks from one vector into another.
        out: currents (size,), A.
    """
    width = out.size // vectors
    out[:] = 0.0
    for v in range(vectors):
        plane = v if cells.shape[0] > 1 else 0
        part = out[v * width : (v + 1) * width]
        for r in range(order.size):
            source = light[order[r], v * width : (v + 1) * width]
            cell = full * cells[plane, r]
            for k in range(width):
                part[k] += cell * source[k]
    if leak > 0:
        for k in range(width):
            every = 0.0
            for v in range(vectors):
                every += out[v * width + k]
            for v in range(vectors):
                out[v * width + k] += leak * (every - out[v * width + k])


@kernel
def draw(
    key: np.uint64, first: int, count: int, stride: int, place: int, vectors: int, out: NDArray[np.float64]
) -> None:
    """Noise of one column of one tile for a block of samples, in a block's order.

    Args:
        key: key of the stream; the deviate of sample s is number ``s * stride + place``.
        first: number of the block's first sample.
        count: samples in the block.
        stride: read-outs of a sample.
        place: number of this one.
        vectors: wavelength vectors.
        out: normals (size,).
    """
    width = out.size // vectors
    out[:] = 0.0
    state = key + np.uint64(first * stride + place + 1) * GAMMA
    for s in range(count):
        bits = mix(state)
        state += np.uint64(stride) * GAMMA
        layer = np.int64(bits & LOW_BYTE)
        u = np.float64(bits >> U11) * SCALE - 1.0
        normal = u * EDGES[layer] if abs(u) < RATIOS[layer] else slow_normal(bits)
        out[(s % vectors) * width + s // vectors] = normal


@parallel_kernel
def read_tiles(
    drive: NDArray[np.float64],
    bright: NDArray[np.float64],
    dark: NDArray[np.float64],
    input_on: NDArray[np.int64],
    law: NDArray[np.float64],
    shape: NDArray[np.int64],
    key: NDArray[np.uint64],
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
        out: current differences (samples, units) [A], overwritten.
    """
    samples, inputs = drive.shape
    units = bright.shape[1]
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
        one, two, shade, dark_z, swing = np.empty(size), np.empty(size), np.empty(size), np.empty(size), np.ones(size)
        comb = np.empty(blocks_of)
        if noisy == 1 and rin > 0:
            draw(key[1], first // vectors, blocks_of, 1, 0, 1, comb)
            for v in range(vectors):
                for k in range(blocks_of):
                    swing[v * blocks_of + k] = 1.0 + rin * comb[k]
        for tile in range(tiles):
            begin, end = tile * rows, min((tile + 1) * rows, inputs)
            step = row_step * (end - begin)
            scale = 1.0 / step if step > 0 else 0.0
            for u in range(units):
                d = u if darks == units else u // columns
                leads = darks == units or u % columns == 0
                line = 0 if common_drive else u
                gather(light, input_on[line, begin:end], bright[:, u, begin:end], vectors, full, leak, one)
                if noisy == 1 and leads:
                    draw(key[0], first, count, tiles * columns_of, tile * columns_of + units + d, vectors, dark_z)
                if leads or not common_drive:
                    gather(light, input_on[line, begin:end], dark[:, d, begin:end], vectors, full, leak, two)
                    for k in range(size):
                        current = two[k]
                        if noisy == 1:
                            current = current * swing[k] + np.sqrt(shot * max(current, 0.0) + thermal) * dark_z[k]
                        shade[k] = np.rint(current * scale) * step if step > 0 else current
                if noisy == 1:
                    draw(key[0], first, count, tiles * columns_of, tile * columns_of + u, vectors, two)
                for k in range(size):
                    current = one[k]
                    if noisy == 1:
                        current = current * swing[k] + np.sqrt(shot * max(current, 0.0) + thermal) * two[k]
                    total[u, k] += (np.rint(current * scale) * step if step > 0 else current) - shade[k]
        for s in range(count):
            at = (s % vectors) * blocks_of + s // vectors
            for u in range(units):
                out[first + s, u] = total[u, at]
