"""Windows as nested loops: an origin a place, a step a group, a stride a channel, and a short list of taps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import OUTSIDE, NetlistError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Nest:
    """Where the signals of windows (groups, places, inputs) stand.

    A signal's address is ``origin + group * group_step + channel * stride + tap``, with a list of taps for each shape.
    """

    order: NDArray[np.int64]
    """(inputs,) which position is met first, second, ...: channel by channel and there tap by tap."""
    origins: NDArray[np.int64]
    """(places,)"""
    group_step: int
    channels: int
    stride: int
    shapes: NDArray[np.int64]
    """(places,) which list of taps."""
    taps: NDArray[np.int64]
    """(shapes, taps)"""
    outside: NDArray[np.bool_]
    """(shapes, taps): what lies around the map."""

    def windows(self, groups: int) -> NDArray[np.int64]:
        """Compute the windows (groups, places, inputs), in the order in which positions are met."""
        group = np.arange(groups)[:, None, None, None] * self.group_step
        channel = np.arange(self.channels)[None, None, :, None] * self.stride
        found = self.origins[None, :, None, None] + group + channel + self.taps[self.shapes][None, :, None, :]
        hidden = np.broadcast_to(self.outside[self.shapes][None, :, None, :], found.shape)
        return np.where(hidden, OUTSIDE, found).reshape(groups, len(self.origins), -1)


def nest(windows: NDArray[np.int64]) -> Nest:
    """Find the loops that walk windows (groups, places, inputs) of addresses.

    Raises:
        NetlistError: windows are no such loops.
    """
    groups, places, inputs = windows.shape
    origins, offsets, known = separate(windows.reshape(-1, inputs))
    origins = origins.reshape(groups, places)
    hidden = windows[0] == OUTSIDE
    step = int(origins[1, 0] - origins[0, 0]) if groups > 1 else 0
    best: tuple[int, int, NDArray[np.int64]] | None = None
    for order in (np.arange(inputs), np.argsort(offsets, kind="stable")):
        for taps in range(1, inputs + 1):
            if inputs % taps or (best is not None and taps >= best[0]):
                continue
            stride = _stride(offsets[order], known[order], hidden[:, order], taps)
            if stride is not None:
                best = taps, stride, order
                break
    if best is None:
        raise AssertionError("as many taps as inputs always do")
    taps, stride, order = best
    outside, shapes = np.unique(hidden[:, order][:, :taps], axis=0, return_inverse=True)
    ordered, sure = offsets[order].reshape(-1, taps), known[order].reshape(-1, taps)
    first = np.where(sure.any(axis=0), np.argmax(sure, axis=0), 0)
    listed = ordered[first, np.arange(taps)] - first * stride
    lists = np.broadcast_to(listed, outside.shape)
    found = Nest(order, origins[0], step, inputs // taps, stride, shapes.reshape(-1), lists, outside)
    if not np.array_equal(found.windows(groups), windows[:, :, order]):
        raise NetlistError("windows are no nested loops, so a folded network has no addresses for them")
    return found


def separate(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Split addresses (rows, inputs) into an origin a row and an offset an input; an origin is met at its row's first.

    Returns:
        Origins, offsets, and which offsets are known: those of inputs that are inside somewhere.
    """
    inside = rows != OUTSIDE
    origins, offsets = np.zeros(len(rows), np.int64), np.zeros(rows.shape[1], np.int64)
    placed, known = np.zeros(len(rows), np.bool_), np.zeros(rows.shape[1], np.bool_)
    start = int(np.argmax(inside.sum(axis=1)))
    first = int(np.argmax(inside[start]))
    origins[start], placed[start] = rows[start, first], True
    while True:
        reached = inside & placed[:, None]
        fresh = reached.any(axis=0) & ~known
        row = np.argmax(reached, axis=0)
        offsets[fresh] = rows[row, np.arange(rows.shape[1])][fresh] - origins[row][fresh]
        known |= fresh
        meets = inside & known
        joined = meets.any(axis=1) & ~placed
        column = np.argmax(meets, axis=1)
        origins[joined] = rows[np.arange(len(rows)), column][joined] - offsets[column][joined]
        placed |= joined
        if not (fresh.any() or joined.any()):
            return origins, offsets, known


def _stride(offsets: NDArray[np.int64], known: NDArray[np.bool_], hidden: NDArray[np.bool_], taps: int) -> int | None:
    """Return the step from channel to channel, or None where channels of so many taps differ in more."""
    cut, sure, lost = offsets.reshape(-1, taps), known.reshape(-1, taps), hidden.reshape(len(hidden), -1, taps)
    if not (lost == lost[:, :1]).all():
        return None
    channels = len(cut)
    if channels == 1:
        return 0
    column = int(np.argmax(sure.all(axis=0)))
    stride = int(cut[1, column] - cut[0, column])
    expected = cut[:1] + np.arange(channels)[:, None] * stride
    return stride if (expected == cut)[sure].all() else None
