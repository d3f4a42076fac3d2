"""One column of a photonic core: its cells made ready, its light gathered, noise drawn, its current converted.

Light, currents and noise are numbers of the dtype of the drives. Offsets are unsigned: the compiler then knows that no
index counts from an array's end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.reading.noise import GAMMA, fill_normals, fill_singles
from hwsim.kernels.reading.pairs import fill_pairs
from hwsim.kernels.reading.planes import MIDDLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.planes import Planes
    from hwsim.kernels.reading.reads import Receiver


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
def draw_pair(
    key: np.uint64, first: np.uint64, stride: np.uint64, place: np.uint64, width: np.uint64, out: NDArray[Any]
) -> None:
    """As :func:`draw` for a column and the dark column that is read for it alone, from the bits of the column's read.

    Args:
        key: key of the stream.
        first: number of the block's first sample.
        stride: read-outs of a sample.
        place: number of the column's.
        width: samples of a vector.
        out: normals (2, size) of the dark column and the column, float32 or float64.
    """
    vectors = out.shape[1] // np.int64(width)
    step = np.uint64(vectors) * stride * GAMMA
    for v in range(vectors):
        begin = key + ((first + np.uint64(v)) * stride + place + np.uint64(1)) * GAMMA
        at = np.uint64(v) * width
        fill_pairs(begin, step, out[1, at : at + width], out[0, at : at + width])


@kernel
def convert(
    currents: NDArray[Any], every: NDArray[Any], normals: NDArray[Any], swing: NDArray[Any], receiver: Receiver
) -> None:
    """Add to the currents of a block what leaks in and noise, and convert them, in place.

    Args:
        currents: of one column, in steps of the converter, or in A where it is exact (size,).
        every: of all vectors of a read (width,).
        normals: (size,).
        swing: what the comb's light is at each sample, relative (size,).
        receiver: noise, leak and converter.
    """
    shot, thermal, leak, whole = receiver.shot, receiver.thermal, receiver.leak, receiver.whole
    width, dark = np.uint64(every.size), shot - shot  # a zero of the currents' dtype
    for v in range(currents.size // every.size):
        at = np.uint64(v) * width
        if receiver.noisy == 1 and whole == 1:  # what a core usually does, in one sweep
            for k in range(width):
                current = currents[at + k] + leak * (every[k] - currents[at + k])
                spread = np.sqrt(shot * max(current, dark) + thermal)
                currents[at + k] = np.rint(current * swing[at + k] + spread * normals[at + k])
        else:
            for k in range(width):
                current = currents[at + k] + leak * (every[k] - currents[at + k])
                if receiver.noisy == 1:
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
