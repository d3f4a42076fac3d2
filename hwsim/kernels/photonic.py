"""Reads of a photonic core, tile by tile.

Blocks of samples stand vector by vector, each vector's samples side by side, so that every inner loop runs over samples
of equal cells, and columns are read two by two, so that light is loaded once for both. Offsets are unsigned: the
compiler then knows that no index counts from an array's end.

Light, currents and noise are numbers of the dtype of the drives. In float32 a vector register holds twice as many as in
float64. What that rounds is far below what it is read with: currents stand in units of a converter's step, a column of
m cells is off by about sqrt(m) 2^-24 of its sum, which is at most 2^14 steps, and codes are whole numbers that add up
exactly below 2^24. So of a million reads of a 10-bit converter some hundred fall on the other side of a step's edge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel
from hwsim.kernels.light import prescale
from hwsim.kernels.noise import GAMMA, fill_normals, fill_singles
from hwsim.kernels.planes import MIDDLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.planes import Planes

AHEAD = 256
"""Cells of a row that are made ready at once: short loops are not worth a vector register."""


@kernel
def fetch(held: Planes, row: int, begin: int, end: int, factor: float, out: NDArray[Any]) -> None:
    """Transmissions of cells of one row, times a factor.

    Args:
        held: transmissions (planes, rows, cells).
        row: its number.
        begin: first cell.
        end: the one after the last.
        factor: multiplies them.
        out: (planes, end - begin), overwritten.
    """
    step, many = held.step[row] * factor, np.uint64(end - begin)
    if held.coarse.size == 0:
        for p in range(out.shape[0]):
            found, exact = out[p], held.fine[p, row, begin:end]
            for i in range(many):
                found[i] = exact[i] * step
        return
    upper, lower, wide = held.coarse[row, begin:end], held.fine[0, row, begin:end], np.int64(1) << held.shift[row]
    found = out[0]
    for i in range(many):
        found[i] = ((np.int64(upper[i]) << 16) + np.int64(lower[i])) * step
    for p in range(1, out.shape[0]):
        found, change = out[p], held.fine[p, row, begin:end]
        for i in range(many):
            base = (np.int64(upper[i]) << 16) + np.int64(lower[i])
            found[i] = (base + (np.int64(change[i]) - MIDDLE) * wide) * step


@kernel
def fetch_tiles(
    held: Planes, row: int, begin: int, end: int, rows: int, whole: int, full: float, out: NDArray[Any]
) -> None:
    """Currents of cells of one row at full light, of a few tiles; the last of them may be short.

    Args:
        held: transmissions (planes, rows, cells).
        row: its number.
        begin: first cell of the first tile.
        end: the cell after the last.
        rows: cells of a tile.
        whole: 1 where the converter rounds to its steps.
        full: current through a transmission of 1, A, or in steps of a converter for each row in use.
        out: (planes, end - begin), overwritten with currents in A, or in steps.
    """
    middle = begin + (end - begin) // rows * rows
    for part in range(2):  # whole tiles, then what is left
        first, last = (begin, middle) if part == 0 else (middle, end)
        if first < last:
            used = min(rows, last - first) if whole == 1 else 1
            fetch(held, row, first, last, full / used, out[:, first - begin : last - begin])


@kernel
def gather_two(
    light: NDArray[Any],
    places: NDArray[np.uint64],
    cells: NDArray[Any],
    others: NDArray[Any],
    width: np.uint64,
    out: NDArray[Any],
) -> None:
    """Currents of two columns of one tile for a block of samples, vector by vector, rows added in their order.

    Args:
        light: a block's light, input after input (inputs * size,): the samples of the first vector, then of the next.
        places: where the light of each row begins (rows,).
        cells: current of each row's cell of the first column at full light (planes, rows).
        others: of the second column.
        width: samples of a vector; size is as many for each vector.
        out: currents (2, size), overwritten.
    """
    rows, size = places.size, out.shape[1]
    one, two = out[0], out[1]
    out[:] = 0
    for v in range(size // np.int64(width)):
        plane = v if cells.shape[0] > 1 else 0
        at = np.uint64(v) * width
        r = 0
        while r + 4 <= rows:  # four rows a sweep: the currents are loaded and stored a quarter as often
            a, b, c, d = cells[plane, r], cells[plane, r + 1], cells[plane, r + 2], cells[plane, r + 3]
            e, f, g, h = others[plane, r], others[plane, r + 1], others[plane, r + 2], others[plane, r + 3]
            first, second, third, fourth = places[r] + at, places[r + 1] + at, places[r + 2] + at, places[r + 3] + at
            for k in range(width):
                i, j, m, n = light[first + k], light[second + k], light[third + k], light[fourth + k]
                one[at + k] = (((one[at + k] + a * i) + b * j) + c * m) + d * n
                two[at + k] = (((two[at + k] + e * i) + f * j) + g * m) + h * n
            r += 4
        while r < rows:
            a, e, first = cells[plane, r], others[plane, r], places[r] + at
            for k in range(width):
                one[at + k] += a * light[first + k]
                two[at + k] += e * light[first + k]
            r += 1


@kernel
def gather_one(
    light: NDArray[Any], places: NDArray[np.uint64], cells: NDArray[Any], width: np.uint64, out: NDArray[Any]
) -> None:
    """As :func:`gather_two` for a column without a partner: the same sums to the last bit.

    Args:
        light: (inputs * size,).
        places: (rows,).
        cells: (planes, rows).
        width: samples of a vector.
        out: currents (size,), overwritten.
    """
    rows, size, one = places.size, out.size, out
    one[:] = 0
    for v in range(size // np.int64(width)):
        plane = v if cells.shape[0] > 1 else 0
        at = np.uint64(v) * width
        r = 0
        while r + 4 <= rows:
            a, b, c, d = cells[plane, r], cells[plane, r + 1], cells[plane, r + 2], cells[plane, r + 3]
            first, second, third, fourth = places[r] + at, places[r + 1] + at, places[r + 2] + at, places[r + 3] + at
            for k in range(width):
                sums = (one[at + k] + a * light[first + k]) + b * light[second + k]
                one[at + k] = (sums + c * light[third + k]) + d * light[fourth + k]
            r += 4
        while r < rows:
            a, first = cells[plane, r], places[r] + at
            for k in range(width):
                one[at + k] += a * light[first + k]
            r += 1


@kernel
def collect(currents: NDArray[Any], width: np.uint64, out: NDArray[Any]) -> None:
    """Currents of all vectors that are read together.

    Args:
        currents: (size,).
        width: samples of a vector.
        out: (width,), overwritten.
    """
    for k in range(width):
        out[k] = currents[k]
    for v in range(1, currents.size // np.int64(width)):
        at = np.uint64(v) * width
        for k in range(width):
            out[k] += currents[at + k]


@kernel
def draw(
    key: np.uint64, first: np.uint64, stride: np.uint64, place: np.uint64, width: np.uint64, out: NDArray[Any]
) -> None:
    """Noise of one column of one tile for a block of samples, in a block's order.

    Args:
        key: key of the stream; the deviate of sample s is number ``s * stride + place``.
        first: number of the block's first sample.
        stride: read-outs of a sample.
        place: number of this one.
        width: samples of a vector.
        out: normals (size,), float32 or float64: the same deviates, rounded.
    """
    vectors = out.size // np.int64(width)
    step = np.uint64(vectors) * stride * GAMMA
    for v in range(vectors):
        begin = key + ((first + np.uint64(v)) * stride + place + np.uint64(1)) * GAMMA
        at = np.uint64(v) * width
        if out.itemsize == 4:
            fill_singles(begin, step, out[at : at + width])
        else:
            fill_normals(begin, step, out[at : at + width])


@kernel
def convert(
    currents: NDArray[Any],
    every: NDArray[Any],
    normals: NDArray[Any],
    swing: NDArray[Any],
    noisy: int,
    shot: Any,
    thermal: Any,
    leak: Any,
    whole: int,
) -> None:
    """Add to the currents of a block what leaks in and noise, and convert them, in place.

    Args:
        currents: of one column, in steps of the converter, or in A where it is exact (size,).
        every: of all vectors of a read (width,).
        normals: (size,).
        swing: what the comb's light is at each sample, relative (size,).
        noisy: 1 where noise is drawn.
        shot: variance of a current of 1, of the dtype of the currents.
        thermal: variance of the amplifier, likewise.
        leak: share of the light of other vectors, likewise.
        whole: 1 where the converter rounds to its steps.
    """
    width, dark = np.uint64(every.size), shot - shot  # a zero of the currents' dtype
    for v in range(currents.size // every.size):
        at = np.uint64(v) * width
        if noisy == 1 and whole == 1:  # what a core usually does, in one sweep
            for k in range(width):
                current = currents[at + k] + leak * (every[k] - currents[at + k])
                spread = np.sqrt(shot * max(current, dark) + thermal)
                currents[at + k] = np.rint(current * swing[at + k] + spread * normals[at + k])
        else:
            for k in range(width):
                current = currents[at + k] + leak * (every[k] - currents[at + k])
                if noisy == 1:
                    spread = np.sqrt(shot * max(current, dark) + thermal)
                    current = current * swing[at + k] + spread * normals[at + k]
                currents[at + k] = np.rint(current) if whole == 1 else current


@kernel
def weaken(share: NDArray[Any], order: NDArray[Any], cells: NDArray[Any], out: NDArray[Any]) -> None:
    """Currents of the cells of one column of one tile where less than all light reaches them.

    Args:
        share: share of each input's light that reaches its row (inputs,).
        order: input on each row of the tile.
        cells: (planes, rows).
        out: (planes, rows or more), overwritten.
    """
    for p in range(cells.shape[0]):
        for r in range(order.size):
            out[p, r] = cells[p, r] * share[order[r]]


@kernel
def read_group(
    block: int,
    group: int,
    blocks_of_light: NDArray[Any],
    bright: Planes,
    dark: Planes,
    input_on: NDArray[Any],
    share: NDArray[Any],
    least: NDArray[Any],
    faults: NDArray[Any],
    law: NDArray[np.float64],
    shape: NDArray[np.int64],
    key: NDArray[np.uint64],
    out: NDArray[Any],
) -> None:
    """Read the columns of one group of units, all its tiles, for a block of samples.

    Args:
        block: number of the block.
        group: number of the group.
        blocks_of_light: the others as of :func:`read_tiles`.
        bright: see there.
        dark: see there.
        input_on: see there.
        share: see there.
        least: see there.
        faults: see there.
        law: see there.
        shape: see there.
        key: see there.
        out: see there.
    """
    light = blocks_of_light[block].reshape(-1)
    gains, shifts = light[:0], light[:0]
    if faults.size > 0:
        gains, shifts = faults[0, block].reshape(-1), faults[1, block].reshape(-1)
    kind, size = light.dtype.type, blocks_of_light.shape[2]
    first, head = block * size, group * shape[1]
    planes, units, inputs = bright.fine.shape
    samples, darks = out.shape[0], dark.fine.shape[1]
    rows, columns, vectors, noisy = shape[0], shape[1], shape[2], shape[3]
    width, tiles = size // vectors, (inputs + rows - 1) // rows
    lines, wide, begun = np.uint64(tiles * (units + darks)), np.uint64(width), np.uint64(first)
    tail, common_drive = min(head + columns, units), input_on.shape[0] == 1
    weak, lossy, whole, leak = len(least) > 0, len(share) > 0, int(law[4] > 0), kind(law[5])
    total = np.zeros((columns, size), light.dtype)
    pair, shade = np.empty((2, size), light.dtype), np.empty(size, light.dtype)
    normals, swing = np.zeros((2, size), light.dtype), np.ones(size, light.dtype)
    every, there = np.zeros(width, light.dtype), np.zeros(size, light.dtype)
    own, modulation = np.empty(rows * size if weak else 0, light.dtype), np.empty(4, light.dtype)
    places, left = np.empty(rows, np.uint64), np.empty((2, planes, rows), light.dtype)
    ahead = max(1, AHEAD // rows)
    dark_head, dark_tail = (head, tail) if darks == units else (head // columns, head // columns + 1)
    lit = np.empty((tail - head, planes, ahead * rows), light.dtype)
    dim = np.empty((dark_tail - dark_head, planes, ahead * rows), light.dtype)
    full = law[0] / law[4] if whole == 1 else law[0]
    for s in range(min(size, samples - first)):
        there[(s % vectors) * width + s // vectors] = 1
    if noisy == 1 and law[3] > 0:
        draw(key[1], np.uint64(first // vectors), np.uint64(1), np.uint64(0), wide, every)
        for v in range(vectors):
            for k in range(width):
                swing[v * width + k] += kind(law[3]) * every[k]
    for tile in range(tiles):
        begin, end = tile * rows, min((tile + 1) * rows, inputs)
        if tile % ahead == 0:
            last = min((tile + ahead) * rows, inputs)
            for c in range(tail - head + dark_tail - dark_head):
                u = head + c
                side, row = (bright, u) if u < tail else (dark, u - tail + dark_head)
                ready = lit[c] if u < tail else dim[u - tail]
                fetch_tiles(side, row, begin, last, rows, whole, full, ready[:, : last - begin])
        used, number, at = end - begin, tile * (units + darks), (tile % ahead) * rows
        step = law[4] * used if whole == 1 else 1.0
        shot, thermal, counts = kind(law[1] / step), kind(law[2] / step**2), kind(used if whole == 1 else 1)
        u = head
        while u < tail:
            d, line = u if darks == units else u // columns, 0 if common_drive else u
            order = input_on[line, begin:end]
            source = own if weak else light
            if u == head or not common_drive:
                for r in range(used):
                    places[r] = np.uint64((r if weak else order[r]) * size)
                if weak:
                    modulation[0], modulation[1], modulation[2] = law[6], law[7], 1.0 - law[7]
                    modulation[3] = least[line]
                    prescale(light, order, share[line], modulation, gains, shifts, there, own)
            # the columns read now: a dark one and the unit's, or two units' where the dark one is read for all
            shaded = darks == units or u == head or not common_drive
            count = 1 if shaded or u + 1 == tail else 2
            cells = dim[d - dark_head, :, at : at + used] if shaded else lit[u - head, :, at : at + used]
            others = lit[u + count - 1 - head, :, at : at + used]
            if lossy:
                weaken(share[line], order, cells, left[0])
                weaken(share[line], order, others, left[1])
                cells, others = left[0, :, :used], left[1, :, :used]
            if shaded or count == 2:
                gather_two(source, places[:used], cells, others, wide, pair)
            else:
                gather_one(source, places[:used], cells, wide, pair[0])
            for c in range(2 if shaded else count):
                current, shading = pair[c], shaded and c == 0
                place = units + d if shading else u + c - int(shaded)
                drawn = normals[0] if shading else normals[1]
                if leak > 0:
                    collect(current, wide, every)
                if noisy == 1 and (not shading or u == head or darks == units):
                    draw(key[0], begun, lines, np.uint64(number + place), wide, drawn)
                convert(current, every, drawn, swing, noisy, shot, thermal, leak, whole)
                if shading:
                    for k in range(size):
                        shade[k] = current[k]
                else:
                    part = total[place - head]
                    for k in range(size):
                        part[k] += counts * (current[k] - shade[k])
            u += count
    weight = kind(law[4]) if whole == 1 else kind(1)
    for s in range(min(size, samples - first)):
        at = (s % vectors) * width + s // vectors
        for u in range(head, tail):
            out[first + s, u] = weight * total[u - head, at]


@parallel_kernel
def read_tiles(
    light: NDArray[Any],
    bright: Planes,
    dark: Planes,
    input_on: NDArray[Any],
    share: NDArray[Any],
    least: NDArray[Any],
    faults: NDArray[Any],
    law: NDArray[np.float64],
    shape: NDArray[np.int64],
    key: NDArray[np.uint64],
    out: NDArray[Any],
) -> None:
    """Read every column of every tile against its dark column and add the tiles up.

    Vectors that share the core at different wavelengths are consecutive samples; each sees the cells at its own
    wavelength and a little of the others' light. A unit is compared with a dark column that sees the unit's own drive.
    Sums run in a fixed order, a vector's samples side by side, so the result is the same for any number of threads.

    Args:
        light: light on the inputs, in units of full drive, in :func:`hwsim.kernels.light.blocks`, float32 or float64;
            where ``least`` is given, drives 0 to 1.
        bright: transmissions of the units' columns (planes, units, inputs): one plane a vector, or one for all.
        dark: transmissions of dark columns (planes, darks, inputs): one a unit, or one a group of ``tile columns``.
        input_on: input that drives row r of unit u (units, inputs); one row of it where all units have the same.
        share: share of input i's light that reaches its row of unit u, as many rows as ``input_on``; (0, 0) where all
            of it does.
        least: least of these shares, for as many units, to which drives are weakened before their conversion so that
            all rows get as much light; (0,) where ``light`` is light already.
        faults: gain and shift of each drive at this read, as ``light`` (2, ...), or (2, 0, 0, 0) for none. Only with
            ``least``.
        law: current at full drive through a clear path [A]; shot factor 2qB [A]; amplifier variance [A^2]; relative
            intensity noise (rms); converter step for each row in use [A], 0 for an exact converter; share of the light
            that leaks from one vector into another; codes above 0 of the input converter, 0 for an exact one; share of
            the light that a shut modulator lets through (both used with ``least`` alone).
        shape: tile rows, tile columns, vectors, 1 if noise is on.
        key: two keys of the noise: columns and dark columns; the comb.
        out: current differences (samples, units) [A], overwritten.
    """
    columns = shape[1]
    groups = (bright.fine.shape[1] + columns - 1) // columns
    for job in prange(len(light) * groups):  # a group of units on one block: its totals stay in the nearest cache
        read_group(
            job // groups, job % groups, light, bright, dark, input_on, share, least, faults, law, shape, key, out
        )
