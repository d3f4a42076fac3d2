"""What each state of each switch costs, as one table that a router minimises; and what was worn by it.

Every cost that is a sum over switches is unary, C[bank, switch, state]: toggles, SET and RESET energy, hold power times
dwell, summed loss, wear. One router serves them all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hwsim.crossbar.technology import Switch

SIGNALS = 2
"""Signals that pass a switch of two inputs."""


def switching_cost(
    switch: Switch,
    before: ArrayLike,
    *,
    toggles: float = 0.0,
    energy: float = 0.0,
    even: bool = False,
    dwell: float = 0.0,
    loss: float = 0.0,
    wear: float = 0.0,
    worn: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Price every switch in bar and in cross, as cost for :meth:`hwsim.crossbar.Fabric.route_many`.

    The terms are added, each times its weight; a weight of 0 leaves its term out. Weights are in cost units, whatever
    the caller wants those to be.

    Args:
        switch: the switch technology.
        before: states before, integers 0 or 1, (banks, switches).
        toggles: cost of one toggle.
        energy: cost of one joule: SET or RESET of a switch that changes, and holding it in cross for ``dwell``.
        even: count the mean of SET and RESET for either change. Right for a long sequence, in which every SET is
            followed by a RESET of the same switch sooner or later: the cheaper of the two is no saving then.
        dwell: seconds that the new configuration will stand.
        loss: cost of one decibel, summed over both signals of every switch (waveguide crossings do not depend on
            states and are left out).
        wear: cost of a toggle of a switch at the end of its endurance; a switch that has used up half of it costs half.
            Nothing wears where endurance is unlimited.
        worn: toggles of every switch so far, (banks, switches); zeros when None.

    Returns:
        float64 (banks, switches, 2). Set an element to ``inf`` where a switch cannot take that state.

    Raises:
        ValueError: states that are not 0 or 1 in two dimensions, a weight or ``worn`` that is negative, NaN or not
            finite, ``worn`` of another shape.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.crossbar.technology import Switch
        >>> pcm = Switch("pcm", "optical", 1e-6, 1e-5, 1e-9, 5e-9, 0.0, 0.0, 0.0, 32, 1e8, 1e-12)
        >>> switching_cost(pcm, [[0, 1]], energy=1e9).tolist()  # SET 1 nJ, RESET 5 nJ
        [[[0.0, 1.0], [5.0, 0.0]]]
        >>> fabric = crossbar("benes", 4)
        >>> cost = switching_cost(pcm, fabric.power_up(1), energy=1e9)
        >>> fabric.route_many([[1, 0, 2, 3]], cost=cost[0]).tolist()
        [[0, 0, 1, 0, 0, 0]]

    Source: none; the terms are those of the house's cost model, one line each.
    """
    states = _states(before)
    for name, weight in (("toggles", toggles), ("energy", energy), ("dwell", dwell), ("loss", loss), ("wear", wear)):
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"the weight of {name} is {weight}; give a finite number of at least 0")
    table = np.zeros((*states.shape, 2))
    toggle = toggles + _wear(switch, worn, states.shape, wear)
    mean = (switch.set_energy + switch.reset_energy) / 2
    table[..., 1] = np.where(states == 0, toggle + energy * (mean if even else switch.set_energy), 0.0)
    table[..., 0] = np.where(states == 1, toggle + energy * (mean if even else switch.reset_energy), 0.0)
    table[..., 0] += SIGNALS * loss * switch.bar_loss
    table[..., 1] += SIGNALS * loss * switch.cross_loss + energy * switch.hold_power * dwell
    return table


def _states(before: ArrayLike) -> NDArray[Any]:
    states = np.asarray(before)
    if states.ndim != 2:  # noqa: PLR2004 - banks and switches
        raise ValueError(f"states before have shape {states.shape}; give (banks, switches)")
    if states.dtype.kind not in "iub" or (states.size and not 0 <= int(states.min()) <= int(states.max()) <= 1):
        raise ValueError("states before are not all 0 (bar) or 1 (cross); crosspoints have one configuration only")
    return states


def _wear(switch: Switch, worn: ArrayLike | None, shape: tuple[int, ...], wear: float) -> NDArray[np.float64] | float:
    """Cost of the next toggle of every switch for what it has toggled already."""
    if worn is None:
        return 0.0
    used = np.array(worn, np.float64)
    if used.shape != shape:
        raise ValueError(f"toggles so far have shape {used.shape}; give {shape}")
    wrong = ~(np.isfinite(used) & (used >= 0))
    if wrong.any():
        bank, place = (int(i) for i in np.argwhere(wrong)[0])
        raise ValueError(
            f"toggles so far of switch {place} of bank {bank} are {used[bank, place]}; "
            "give finite numbers of at least 0"
        )
    used *= 0.0 if switch.endurance is None else wear / switch.endurance
    return used


class Wear:
    """Toggles of every single switch of equal circuits, counted over a sequence of reconnections.

    Args:
        reconnections: how many will be counted at most; fixes how wide a counter is.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric, wear = crossbar("benes", 2), Wear(reconnections=2)
        >>> for old, new in (([[0]], [[1]]), ([[1]], [[0]])):
        ...     wear.count(np.array(old, np.uint8), np.array(new, np.uint8))
        >>> wear.most, wear.counts.tolist()
        (2, [[2]])
    """

    def __init__(self, reconnections: int) -> None:
        self._dtype = np.min_scalar_type(max(reconnections, 1))
        self._counts: NDArray[Any] | None = None
        self._points: NDArray[np.int64] = np.zeros(0, np.int64)
        self._point_counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self._latest: list[NDArray[np.int64]] = []
        """Crosspoints that toggled since those were sorted and counted."""

    def count(self, old: NDArray[Any], new: NDArray[Any]) -> None:
        """Count the switches whose state differs.

        Args:
            old: states before: uint8 (banks, switches), or selects of crosspoints, int32, -1 = open.
            new: states after, the same shape.
        """
        if new.dtype == np.uint8:
            if self._counts is None:
                self._counts = np.zeros(new.shape, self._dtype)
            np.add(self._counts, old != new, out=self._counts, casting="unsafe")
            return
        # a crosspoint is known by its place among the selects and by the value that closes it
        before, after = old.reshape(-1), new.reshape(-1)
        changed = np.flatnonzero(before != after)
        values = np.concatenate([before[changed], after[changed]]).astype(np.int64)
        self._latest.append(((np.concatenate([changed, changed]) << 31) + values)[values >= 0])
        if sum(map(len, self._latest)) > len(self._points):  # so that each point is sorted a few times, not every time
            self._sort()

    def _sort(self) -> None:
        every = np.concatenate([self._points, *self._latest])
        weights = np.concatenate([self._point_counts, np.ones(len(every) - len(self._points), np.int64)])
        self._points, which = np.unique(every, return_inverse=True)
        self._point_counts = np.bincount(which, weights, len(self._points)).astype(np.int64)
        self._latest = []

    @property
    def counts(self) -> NDArray[Any]:
        """Count toggles so far, (banks, switches); of crosspoints, those that ever toggled, (n,)."""
        if self._latest:
            self._sort()
        return self._point_counts if self._counts is None else self._counts

    @property
    def most(self) -> int:
        """Count the most toggles of any one switch so far."""
        return int(self.counts.max(initial=0))

    def worn_out(self, old: NDArray[Any], new: NDArray[Any], endurance: float) -> NDArray[np.int64]:
        """Return switches whose last toggle was the last that they survive: rows of bank and switch, int64 (n, 2).

        Args:
            old: states before the change that was counted last, uint8 (banks, switches).
            new: states after it.
            endurance: toggles that a switch survives.

        Example:
            >>> wear, bar, cross = Wear(reconnections=4), np.array([[0, 0]], np.uint8), np.array([[0, 1]], np.uint8)
            >>> for old, new in ((bar, cross), (cross, bar), (bar, cross)):
            ...     wear.count(old, new)
            ...     print(wear.worn_out(old, new, 2).tolist())
            []
            [[0, 1]]
            []
        """
        counts = self.counts
        if counts.shape != new.shape or self.most < endurance:
            return np.zeros((0, 2), np.int64)
        return np.argwhere((old != new) & (counts >= endurance) & (counts < endurance + 1))
