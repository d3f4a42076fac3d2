"""Reads of a photonic core, tile by tile.

Blocks of samples stand vector by vector, each vector's samples side by side, so that every inner loop runs over samples
of equal cells, and columns are read two by two, so that light is loaded once for both.

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
from hwsim.kernels.reading.light import prescale
from hwsim.kernels.reading.photonic_column import (
    collect,
    convert,
    draw,
    draw_pair,
    fetch_tiles,
    gather_one,
    gather_two,
    weaken,
)
from hwsim.kernels.reading.reads import Modulator, Receiver

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.kernels.reading.planes import Planes
    from hwsim.kernels.reading.reads import Light, PhotonicLaw, Tiles, Ways

AHEAD = 256
"""Cells of a row that are made ready at once: short loops are not worth a vector register."""


@kernel
def swing_comb(spread: Any, first: int, apart: int, tiles: Tiles, every: NDArray[Any], out: NDArray[Any]) -> None:
    """What the light of one comb is at the samples of a block: all lines fluctuate together, all tiles see it.

    Args:
        spread: relative intensity noise (rms).
        first: number of the block's first sample.
        apart: most reads of a tile, one after the other, that a product may take.
        tiles: vectors and key.
        every: room for a deviate of each read (width,), overwritten.
        out: for each read (reads, vectors * width), overwritten with factors about 1.
    """
    width, begun, stride = every.size, np.uint64(first // tiles.vectors), np.uint64(apart)
    for turn in range(len(out)):
        draw(tiles.comb, begun, stride, np.uint64(turn), np.uint64(width), every)
        for v in range(tiles.vectors):
            for k in range(width):
                out[turn, v * width + k] = 1 + spread * every[k]


@kernel
def read_group(
    at: tuple[int, int],
    light: Light,
    bright: Planes,
    dark: Planes,
    ways: Ways,
    law: PhotonicLaw,
    tiles: Tiles,
    out: NDArray[Any],
) -> None:
    """Read the columns of one group of units, all its tiles, for a block of samples.

    Args:
        at: number of the block, and of the group.
        light: the others as of :func:`read_tiles`.
        bright: see there.
        dark: see there.
        ways: see there.
        law: see there.
        tiles: see there.
        out: see there.
    """
    # sizes, and the units head to tail of the group with the dark columns they are compared with
    block, rows, columns, vectors, noisy = at[0], tiles.rows, tiles.columns, tiles.vectors, tiles.noisy
    drives, size = light.drives[block].reshape(-1), light.drives.shape[2]
    kind, first, head = drives.dtype.type, block * size, at[1] * columns
    planes, units, inputs = bright.fine.shape
    samples, darks = out.shape[0], dark.fine.shape[1]
    width, count_tiles = size // vectors, (inputs + rows - 1) // rows
    tail, common_drive = min(head + columns, units), ways.input_on.shape[0] == 1
    lines, wide, begun = np.uint64(count_tiles * (units + darks)), np.uint64(width), np.uint64(first)
    reads = 1 if common_drive else 1 + int(ways.turn[head:tail].max())
    dark_head, dark_tail = (head, tail) if darks == units else (head // columns, head // columns + 1)
    weak, lossy, whole = len(ways.least) > 0, len(ways.share) > 0, int(law.step > 0)
    gains, shifts = drives[:0], drives[:0]
    if light.faults.size > 0:
        gains, shifts = light.faults[0, block].reshape(-1), light.faults[1, block].reshape(-1)

    # room for a block; what is not zero here is written before it is read
    total = np.zeros((columns, size), drives.dtype)
    pair, shade = np.empty((2, size), drives.dtype), np.empty((reads, size), drives.dtype)
    normals, swing = np.zeros((2, size), drives.dtype), np.ones((reads, size), drives.dtype)
    every, there = np.zeros(width, drives.dtype), np.zeros(size, drives.dtype)
    own = np.empty(rows * size if weak else 0, drives.dtype)
    places, left = np.empty(rows, np.uint64), np.empty((2, planes, rows), drives.dtype)
    ahead = max(1, AHEAD // rows)
    lit = np.empty((tail - head, planes, ahead * rows), drives.dtype)
    dim = np.empty((dark_tail - dark_head, planes, ahead * rows), drives.dtype)
    full = law.full / law.step if whole == 1 else law.full
    for s in range(min(size, samples - first)):
        there[(s % vectors) * width + s // vectors] = 1
    if noisy == 1 and law.swing > 0:
        swing_comb(kind(law.swing), first, 1 if common_drive else columns, tiles, every, swing)

    for tile in range(count_tiles):
        begin, end = tile * rows, min((tile + 1) * rows, inputs)
        # cells of the next few tiles, unpacked and scaled to currents, the group's units first, then its dark columns
        if tile % ahead == 0:
            last = min((tile + ahead) * rows, inputs)
            for c in range(tail - head + dark_tail - dark_head):
                u = head + c
                side, row = (bright, u) if u < tail else (dark, u - tail + dark_head)
                ready = lit[c] if u < tail else dim[u - tail]
                fetch_tiles(side, row, begin, last, rows, whole, full, ready[:, : last - begin])
        # the converter's range grows with the rows in use; the receiver counts in its steps
        used, number, cell = end - begin, tile * (units + darks), (tile % ahead) * rows
        step = law.step * used if whole == 1 else 1.0
        receiver = Receiver(kind(law.shot / step), kind(law.thermal / step**2), kind(law.leak), noisy, whole)
        counts = kind(used if whole == 1 else 1)
        u, seen = head, 0  # reads that have begun
        while u < tail:
            d, line = u if darks == units else u // columns, 0 if common_drive else u
            turn = 0 if common_drive else int(ways.turn[u, tile])
            order = ways.input_on[line, begin:end]
            source = own if weak else drives
            # the light on the tile's rows: once for the group, or for each unit where units have drives of their own
            if u == head or not common_drive:
                for r in range(used):
                    places[r] = np.uint64((r if weak else order[r]) * size)
                if weak:
                    modulator = Modulator(kind(law.codes), kind(law.floor), kind(1.0 - law.floor), ways.least[line])
                    prescale(drives, order, ways.share[line], modulator, gains, shifts, there, own)
            # the columns read now: the first dark one of a read and the unit's, or two units' of one read
            shaded = darks == units or turn == seen
            seen += int(turn == seen)
            count = 1 if shaded or u + 1 == tail or not common_drive else 2
            cells = dim[d - dark_head, :, cell : cell + used] if shaded else lit[u - head, :, cell : cell + used]
            others = lit[u + count - 1 - head, :, cell : cell + used]
            if lossy:
                weaken(ways.share[line], order, cells, left[0])
                weaken(ways.share[line], order, others, left[1])
                cells, others = left[0, :, :used], left[1, :, :used]
            if shaded or count == 2:
                gather_two(source, places[:used], cells, others, wide, pair)
            else:
                gather_one(source, places[:used], cells, wide, pair[0])
            # each of them through the receiver; what is dark is kept for the read, the others count less what it is
            if noisy == 1 and shaded and not common_drive:
                draw_pair(tiles.key, begun, lines, np.uint64(number + u), wide, normals)
            for c in range(2 if shaded else count):
                current, shading = pair[c], shaded and c == 0
                place = units + d if shading else u + c - int(shaded)
                if law.leak > 0:
                    collect(current, wide, every)
                if noisy == 1 and (common_drive or not shaded):
                    draw(tiles.key, begun, lines, np.uint64(number + place), wide, normals[c])
                convert(current, every, normals[c], swing[turn], receiver)
                if shading:
                    kept = shade[turn]
                    for k in range(size):
                        kept[k] = current[k]
                else:
                    part, kept = total[place - head], shade[turn]
                    for k in range(size):
                        part[k] += counts * (current[k] - kept[k])
            u += count

    # back from vectors side by side to samples in their order, and from steps to A
    weight = kind(law.step) if whole == 1 else kind(1)
    for s in range(min(size, samples - first)):
        place = (s % vectors) * width + s // vectors
        for u in range(head, tail):
            out[first + s, u] = weight * total[u - head, place]


@parallel_kernel
def read_tiles(
    light: Light, bright: Planes, dark: Planes, ways: Ways, law: PhotonicLaw, tiles: Tiles, out: NDArray[Any]
) -> None:
    """Read every column of every tile against its dark column and add the tiles up.

    Vectors that share the core at different wavelengths are consecutive samples; each sees the cells at its own
    wavelength and a little of the others' light. A unit is compared with a dark column that sees the unit's own drive.
    Units that have the same light are read together, and share the noise of the dark read-out and of the comb; others
    are read apart.
    Sums run in a fixed order, a vector's samples side by side, so the result is the same for any number of threads.

    Args:
        light: what enters.
        bright: transmissions of the units' columns (planes, units, inputs): one plane a vector, or one for all.
        dark: transmissions of dark columns (planes, darks, inputs): one per unit, or one a group of ``tiles.columns``.
        ways: which light reaches which row.
        law: currents, noise and converters.
        tiles: how the layer is laid out, and the keys of the noise.
        out: current differences (samples, units) [A], overwritten.
    """
    groups = (bright.fine.shape[1] + tiles.columns - 1) // tiles.columns
    for job in prange(len(light.drives) * groups):  # a group of units on one block: its totals stay in the near cache
        read_group((job // groups, job % groups), light, bright, dark, ways, law, tiles, out)
