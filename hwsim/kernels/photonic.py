"""Reads of a photonic core, tile by tile.

Blocks of samples stand vector by vector, each vector's samples side by side, so that every inner loop runs over samples
of equal cells. Offsets are unsigned: the compiler then knows that no index counts from an array's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel
from hwsim.kernels.noise import GAMMA, fill_normals

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 64
"""Samples of one vector that are read together: the light of a tile and its currents stay in the nearest cache."""


@kernel
def gather(
    light: NDArray[np.float64],
    places: NDArray[np.uint64],
    weights: NDArray[np.float64],
    width: np.uint64,
    full: float,
    leak: float,
    every: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Currents of one column of one tile for a block of samples, vector by vector, rows added in their order.

    Args:
        light: a block's light, input after input (inputs * size,): the samples of the first vector, then of the next.
        places: where the light of each row begins (rows,).
        weights: transmission of each row's cell, and of the way to it (planes, rows).
        width: samples of a vector; size is as many for each vector.
        full: current at full drive through a clear path, A.
        leak: share of the light that leaks from one vector into another.
        every: scratch (width,).
        out: currents (size,), A.
    """
    rows = places.size
    vectors = out.size // np.int64(width)
    out[:] = 0.0
    for v in range(vectors):
        plane = v if weights.shape[0] > 1 else 0
        at = np.uint64(v) * width
        r = 0
        while r + 4 <= rows:  # four rows a sweep: the currents are loaded and stored a quarter as often
            a, b = full * weights[plane, r], full * weights[plane, r + 1]
            c, d = full * weights[plane, r + 2], full * weights[plane, r + 3]
            one, two, three, four = places[r] + at, places[r + 1] + at, places[r + 2] + at, places[r + 3] + at
            for k in range(width):
                sums = (out[at + k] + a * light[one + k]) + b * light[two + k]
                out[at + k] = (sums + c * light[three + k]) + d * light[four + k]
            r += 4
        while r < rows:
            a, one = full * weights[plane, r], places[r] + at
            for k in range(width):
                out[at + k] += a * light[one + k]
            r += 1
    if leak > 0:
        every[:] = 0.0
        for v in range(vectors):
            at = np.uint64(v) * width
            for k in range(width):
                every[k] += out[at + k]
        for v in range(vectors):
            at = np.uint64(v) * width
            for k in range(width):
                out[at + k] += leak * (every[k] - out[at + k])


@kernel
def draw(
    key: np.uint64, first: np.uint64, stride: np.uint64, place: np.uint64, width: np.uint64, out: NDArray[np.float64]
) -> None:
    """Noise of one column of one tile for a block of samples, in a block's order.

    Args:
        key: key of the stream; the deviate of sample s is number ``s * stride + place``.
        first: number of the block's first sample.
        stride: read-outs of a sample.
        place: number of this one.
        width: samples of a vector.
        out: normals (size,).
    """
    vectors = out.size // np.int64(width)
    step = np.uint64(vectors) * stride * GAMMA
    for v in range(vectors):
        begin = key + ((first + np.uint64(v)) * stride + place + np.uint64(1)) * GAMMA
        at = np.uint64(v) * width
        fill_normals(begin, step, out[at : at + width])


@kernel
def convert(
    currents: NDArray[np.float64],
    normals: NDArray[np.float64],
    swing: NDArray[np.float64],
    noisy: int,
    shot: float,
    thermal: float,
    step: float,
) -> None:
    """Add noise to the currents of a block and convert them, in place.

    Args:
        currents: (size,), A.
        normals: (size,).
        swing: what the comb's light is at each sample, relative (size,).
        noisy: 1 where noise is drawn.
        shot: 2qB, A.
        thermal: variance of the amplifier, A^2.
        step: of the converter, A; 0 for an exact one.
    """
    size = currents.size
    if noisy == 1:
        for k in range(size):
            current = currents[k]
            lit = max(0.0, current)
            currents[k] = current * swing[k] + np.sqrt(shot * lit + thermal) * normals[k]
    if step > 0:
        scale = 1.0 / step
        for k in range(size):
            currents[k] = np.rint(currents[k] * scale) * step


@kernel
def weaken(
    share: NDArray[np.float64], order: NDArray[np.int64], cells: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Transmissions of cells and of the ways to them, of one column of one tile (planes, rows).

    Args:
        share: share of each input's light that reaches its row (inputs,).
        order: input on each row of the tile.
        cells: transmissions (planes, rows).
        out: overwritten.
    """
    for p in range(cells.shape[0]):
        for r in range(order.size):
            out[p, r] = cells[p, r] * share[order[r]]


@kernel
def prescale(
    light: NDArray[np.float64],
    order: NDArray[np.int64],
    scale: NDArray[np.float64],
    law: NDArray[np.float64],
    gains: NDArray[np.float64],
    shifts: NDArray[np.float64],
    there: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Light that modulators make of drives that are weakened, before conversion, for the paths behind them.

    Args:
        light: a block's drives, 0 to 1, input after input (inputs * size,).
        order: input on each row of the tile.
        scale: what each input's drive is weakened by (inputs,).
        law: codes of the converter above 0 (0: exact), share of the light that a shut modulator lets through.
        gains: factor of each drive at this read, as ``light``; (0,) for 1.
        shifts: what is added to each drive at this read, as ``light``; (0,) for none.
        there: 1 for the samples of the block, 0 for room that is left (size,).
        out: light (rows * size,), overwritten.
    """
    codes, floor, size = law[0], law[1], np.uint64(there.size)
    for r in range(order.size):
        weak = scale[order[r]]
        source, at = np.uint64(order[r]) * size, np.uint64(r) * size
        if codes > 0:
            for k in range(size):
                out[at + k] = np.rint(light[source + k] * weak * codes) / codes
        else:
            for k in range(size):
                out[at + k] = light[source + k] * weak
        if gains.size > 0:
            for k in range(size):
                out[at + k] = out[at + k] * gains[source + k] + shifts[source + k]
        for k in range(size):
            out[at + k] = there[k] * (floor + (1.0 - floor) * out[at + k])


@kernel
def stand(rows: NDArray[np.float64], first: int, vectors: int, out: NDArray[np.float64]) -> None:
    """Samples (samples, inputs) from one on, as a block (inputs, size); what lies past the last sample stays."""
    width = out.shape[1] // vectors
    for s in range(min(out.shape[1], len(rows) - first)):
        at = (s % vectors) * width + s // vectors
        for i in range(rows.shape[1]):
            out[i, at] = rows[first + s, i]


@kernel
def read_group(
    light: NDArray[np.float64],
    gains: NDArray[np.float64],
    shifts: NDArray[np.float64],
    first: int,
    head: int,
    bright: NDArray[np.float64],
    dark: NDArray[np.float64],
    input_on: NDArray[np.int64],
    share: NDArray[np.float64],
    scale: NDArray[np.float64],
    law: NDArray[np.float64],
    shape: NDArray[np.int64],
    key: NDArray[np.uint64],
    out: NDArray[np.float64],
) -> None:
    """Read the columns of one group of units, all its tiles, for a block of samples.

    Args:
        light: the block's light, input after input (inputs * size,).
        gains: of drives, as ``light``; (0,) for none.
        shifts: of drives, as ``light``; (0,) for none.
        first: number of the block's first sample.
        head: number of the group's first unit.
        bright: the others as of :func:`read_tiles`.
        dark: see there.
        input_on: see there.
        share: see there.
        scale: see there.
        law: see there.
        shape: see there.
        key: see there.
        out: see there.
    """
    samples, units, darks, inputs = out.shape[0], bright.shape[1], dark.shape[1], bright.shape[2]
    rows, columns, vectors, noisy = shape[0], shape[1], shape[2], shape[3]
    full, shot, thermal, rin, row_step, leak = law[0], law[1], law[2], law[3], law[4], law[5]
    size = light.size // inputs
    width, tiles = size // vectors, (inputs + rows - 1) // rows
    lines, wide, begun = np.uint64(tiles * (units + darks)), np.uint64(width), np.uint64(first)
    tail, common_drive = min(head + columns, units), input_on.shape[0] == 1
    weak, lossy = len(scale) > 0, len(share) > 0
    total = np.zeros((columns, size))
    one, shade, normals, dark_normals = np.empty(size), np.empty(size), np.zeros(size), np.zeros(size)
    every, swing, own = np.empty(width), np.ones(size), np.empty(rows * size if weak else 0)
    there = np.zeros(size)
    for s in range(min(size, samples - first)):
        there[(s % vectors) * width + s // vectors] = 1.0
    places, lit = np.empty(rows, np.uint64), np.empty((bright.shape[0], rows))
    dim = np.empty((dark.shape[0], rows))
    if noisy == 1 and rin > 0:
        draw(key[1], np.uint64(first // vectors), np.uint64(1), np.uint64(0), wide, every)
        for v in range(vectors):
            for k in range(width):
                swing[v * width + k] = 1.0 + rin * every[k]
    for tile in range(tiles):
        begin, end = tile * rows, min((tile + 1) * rows, inputs)
        step, used = row_step * (end - begin), end - begin
        for u in range(head, tail):
            d = u if darks == units else u // columns
            leads = darks == units or u == head
            line = 0 if common_drive else u
            order = input_on[line, begin:end]
            source = own if weak else light
            if leads or not common_drive:
                for r in range(used):
                    places[r] = np.uint64((r if weak else order[r]) * size)
                if weak:
                    prescale(light, order, scale[line], law[6:8], gains, shifts, there, own)
                if noisy == 1 and leads:
                    draw(key[0], begun, lines, np.uint64(tile * (units + darks) + units + d), wide, dark_normals)
                if lossy:
                    weaken(share[line], order, dark[:, d, begin:end], dim)
                    gather(source, places[:used], dim[:, :used], wide, full, leak, every, shade)
                else:
                    gather(source, places[:used], dark[:, d, begin:end], wide, full, leak, every, shade)
                convert(shade, dark_normals, swing, noisy, shot, thermal, step)
            if lossy:
                weaken(share[line], order, bright[:, u, begin:end], lit)
                gather(source, places[:used], lit[:, :used], wide, full, leak, every, one)
            else:
                gather(source, places[:used], bright[:, u, begin:end], wide, full, leak, every, one)
            if noisy == 1:
                draw(key[0], begun, lines, np.uint64(tile * (units + darks) + u), wide, normals)
            convert(one, normals, swing, noisy, shot, thermal, step)
            part = total[u - head]
            for k in range(size):
                part[k] += one[k] - shade[k]
    for s in range(min(size, samples - first)):
        at = (s % vectors) * width + s // vectors
        for u in range(head, tail):
            out[first + s, u] = total[u - head, at]


@parallel_kernel
def read_tiles(
    drive: NDArray[np.float64],
    bright: NDArray[np.float64],
    dark: NDArray[np.float64],
    input_on: NDArray[np.int64],
    share: NDArray[np.float64],
    scale: NDArray[np.float64],
    faults: NDArray[np.float64],
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
        drive: light on the inputs, in units of full drive (samples, inputs); where ``scale`` is given, drives 0 to 1.
        bright: transmissions of the units' columns (planes, units, inputs): one plane a vector, or one for all.
        dark: transmissions of dark columns (planes, darks, inputs): one a unit, or one a group of ``tile columns``.
        input_on: input that drives row r of unit u (units, inputs); one row of it where all units have the same.
        share: share of input i's light that reaches its row of unit u, as many rows as ``input_on``; (0, 0) where all
            of it does.
        scale: what the drive of input i for unit u is weakened by before its conversion, as ``share``; (0, 0) where
            ``drive`` is light already.
        faults: gain and shift of each drive at this read (2, samples, inputs); (2, 0, 0) for none. Only with ``scale``.
        law: current at full drive through a clear path [A]; shot factor 2qB [A]; amplifier variance [A^2]; relative
            intensity noise (rms); converter step for each row in use [A], 0 for an exact converter; share of the light
            that leaks from one vector into another; codes above 0 of the input converter, 0 for an exact one; share of
            the light that a shut modulator lets through (both used with ``scale`` alone).
        shape: tile rows, tile columns, vectors, 1 if noise is on.
        key: two keys of the noise: columns and dark columns; the comb.
        out: current differences (samples, units) [A], overwritten.
    """
    samples, inputs = drive.shape
    units, columns = bright.shape[1], shape[1]
    vectors = shape[2]
    width = max(1, min(BLOCK, (samples + vectors - 1) // vectors))
    size = width * vectors
    blocks, groups = (samples + size - 1) // size, (units + columns - 1) // columns
    faulty = faults.size > 0
    # light[b, i, v * width + k] is input i of sample b * size + k * vectors + v
    light, gains = np.zeros((blocks, inputs, size)), np.zeros((blocks, inputs if faulty else 0, size))
    shifts = np.zeros(gains.shape)
    for block in prange(blocks):
        stand(drive, block * size, vectors, light[block])
        if faulty:
            stand(faults[0], block * size, vectors, gains[block])
            stand(faults[1], block * size, vectors, shifts[block])
    for job in prange(blocks * groups):  # a group of units on one block: its totals stay in the nearest cache
        block, head = job // groups, job % groups * columns
        read_group(
            light[block].reshape(-1),
            gains[block].reshape(-1),
            shifts[block].reshape(-1),
            block * size,
            head,
            bright,
            dark,
            input_on,
            share,
            scale,
            law,
            shape,
            key,
            out,
        )
