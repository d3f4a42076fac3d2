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
        NetlistError: groups are not equally far apart.
    """
    groups, _, inputs = windows.shape
    origins, offsets, known = separate(windows[0])
    hidden = windows[0] == OUTSIDE
    seen = int(np.argmin(hidden))
    step = int(windows[1].flat[seen] - windows[0].flat[seen]) if groups > 1 else 0
    order, taps, stride = _shortest(offsets, known, hidden)
    outside, shapes = np.unique(hidden[:, order][:, :taps], axis=0, return_inverse=True)
    ordered, sure = offsets[order].reshape(-1, taps), known[order].reshape(-1, taps)
    channel = np.argmax(sure, axis=0)
    listed = np.broadcast_to(ordered[channel, np.arange(taps)] - channel * stride, outside.shape)
    found = Nest(order, origins, step, inputs // taps, stride, shapes.reshape(-1), listed, outside)
    if np.array_equal(found.windows(groups), windows[:, :, order]):
        return found
    if groups > 1:
        raise NetlistError("groups read windows that are not equally far apart, so a folded network has no steps")
    return _listed(windows[0])


def _listed(windows: NDArray[np.int64]) -> Nest:
    """Walk windows (places, inputs) that no loops describe: each has a list of taps, and equal lists stand once."""
    origins = np.where(windows[:, 0] == OUTSIDE, 0, windows[:, 0])
    lists = np.where(windows == OUTSIDE, OUTSIDE, windows - origins[:, None])
    both, shapes = np.unique(np.stack([lists, windows == OUTSIDE], axis=1), axis=0, return_inverse=True)
    order = np.arange(windows.shape[1])
    return Nest(order, origins, 0, 1, 0, shapes.reshape(-1), both[:, 0], both[:, 1].astype(np.bool_))


def separate(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Split addresses (rows, inputs) into an origin a row and an offset an input, as far as they are such sums.

    Returns:
        Origins, offsets, and which offsets are known: those of inputs that are inside somewhere.
    """
    inside = rows != OUTSIDE
    origins, offsets = np.zeros(len(rows), np.int64), np.zeros(rows.shape[1], np.int64)
    placed, known = ~inside.any(axis=1), np.zeros(rows.shape[1], np.bool_)
    while not placed.all():
        row = int(np.argmax(np.where(placed, 0, inside.sum(axis=1))))  # the one that tells most
        origins[row], placed[row] = rows[row, np.argmax(inside[row])], True
        grown = True
        while grown:
            reached = inside & placed[:, None]
            fresh = reached.any(axis=0) & ~known
            teller = np.argmax(reached, axis=0)
            offsets[fresh] = rows[teller, np.arange(rows.shape[1])][fresh] - origins[teller][fresh]
            known |= fresh
            meets = inside & known
            joined = meets.any(axis=1) & ~placed
            column = np.argmax(meets, axis=1)
            origins[joined] = rows[np.arange(len(rows)), column][joined] - offsets[column][joined]
            placed |= joined
            grown = bool(joined.any())
    return origins, offsets, known


def _shortest(
    offsets: NDArray[np.int64], known: NDArray[np.bool_], hidden: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], int, int]:
    """Return the order of inputs with the shortest list of taps, the list's length and the stride of channels."""
    inputs = len(offsets)
    best = np.arange(inputs), inputs, 0
    for order in (np.arange(inputs), np.argsort(offsets, kind="stable")):
        for taps in range(1, best[1]):
            if inputs % taps == 0:
                stride = _stride(offsets[order], known[order], hidden[:, order], taps)
                if stride is not None:
                    best = order, taps, stride
                    break
    return best


def _stride(offsets: NDArray[np.int64], known: NDArray[np.bool_], hidden: NDArray[np.bool_], taps: int) -> int | None:
    """Return the step from channel to channel, or None where channels of so many taps differ in more."""
    cut, sure, lost = offsets.reshape(-1, taps), known.reshape(-1, taps), hidden.reshape(len(hidden), -1, taps)
    if not (lost == lost[:, :1]).all():
        return None
    column = int(np.argmax(sure.all(axis=0)))
    stride = int(cut[1, column] - cut[0, column])
    channel = np.arange(len(cut))[:, None] * stride
    base = np.argmax(sure, axis=0)
    expected = cut[base, np.arange(taps)] - base * stride + channel
    return stride if (expected == cut)[sure].all() else None
