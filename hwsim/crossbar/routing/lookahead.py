"""Routing a sequence that is known beforehand: a configuration may cost more now if it saves more later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import check_banks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hwsim.crossbar.stages import SwitchNetwork

OUTLOOKS = (0.0, 0.25, 0.5, 1.0)
"""How much a switch's state after the next step counts, one candidate each; a state now counts 1."""

SWEEPS = 20
"""Times that the whole sequence is gone through again at most, each step routed between its two neighbours."""


def route_sequence(
    network: SwitchNetwork,
    permutations: ArrayLike,
    previous: NDArray[np.uint8] | None = None,
    effort: str = "greedy",
    beam: int = 4,
) -> NDArray[np.uint8]:
    """Choose states (steps, switches) of one circuit that realise permutations in order with few toggles in all.

    Beam search, each kept configuration continued with an eye on the step after; then every step is routed anew
    between the configurations before and after it, as long as that saves toggles. Never more toggles in all than
    step by step with the same effort: that is one of the candidates.

    Args:
        network: any network of 2x2 switches whose router looks at costs.
        permutations: integers (steps, ports), each row a permutation.
        previous: states before the first step, (switches,); power-up when None.
        effort: see :data:`hwsim.crossbar.EFFORTS`.
        beam: configurations kept at each step, 1 or more.

    Raises:
        PermutationError: a row that is not a permutation of the ports; the message calls steps banks.
        ValueError: states of the wrong shape, an unknown effort, a beam of none.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> network = crossbar("benes", 8)
        >>> there, back = [3, 2, 1, 0, 7, 6, 5, 4], [0, 1, 2, 3, 4, 5, 6, 7]
        >>> states = route_sequence(network, [there, back, there])
        >>> network.apply_many(states, np.tile(np.arange(8), (3, 1))).tolist() == [there, back, there]
        True
    """
    if beam < 1:
        raise ValueError(f"a beam of {beam} keeps no configuration; give 1 or more")
    rows = check_banks(permutations, network.ports)
    start = network.power_up(1) if previous is None else network.check_states("previous states", [previous], 1)
    plain = np.empty((len(rows), network.switches), np.uint8)
    before = start
    for step in range(len(rows)):
        before = network.route_many(rows[step : step + 1], before, effort)
        plain[step] = before[0]
    candidates = [plain, _follow_beam(network, rows, start, effort, beam)]
    smooth = [_sweep(network, rows, start, effort, states.copy()) for states in candidates]
    return min([*candidates, *smooth], key=lambda states: _toggles(start, states))


def _toggles(start: NDArray[np.uint8], states: NDArray[np.uint8]) -> int:
    """Count the toggles of the whole sequence."""
    return int(np.count_nonzero(np.diff(np.concatenate([start, states]).astype(np.int8), axis=0)))


def _pull(*weights: tuple[NDArray[np.uint8], Any]) -> NDArray[np.float64]:
    """Return the cost of each switch for differing from states (banks, switches), each with its weight (banks, 1)."""
    costs = [np.stack([states * weight, (1 - states) * weight], axis=2) for states, weight in weights]
    return np.asarray(sum(costs), np.float64)


def _follow_beam(
    network: SwitchNetwork, rows: NDArray[np.int64], start: NDArray[np.uint8], effort: str, beam: int
) -> NDArray[np.uint8]:
    """Find the best sequence with a beam search."""
    kept, spent = start, np.zeros(1, np.int64)
    trail: list[tuple[NDArray[np.uint8], NDArray[np.int64]]] = []
    for step in range(len(rows)):
        origin = np.repeat(np.arange(len(kept)), len(OUTLOOKS))
        outlook = np.tile(OUTLOOKS, len(kept))[:, None]
        wanted = np.repeat(rows[step : step + 1], len(origin), axis=0)
        if step + 1 < len(rows):
            later = network.route_many(np.repeat(rows[step + 1 : step + 2], len(kept), axis=0), kept, effort)
            cost = _pull((kept[origin], 1.0), (later[origin], outlook))
        else:
            cost = _pull((kept[origin], 1.0))
        states = network.route_many(wanted, kept[origin], effort, cost)
        total = spent[origin] + network.toggles_many(kept[origin], states)
        _, distinct = np.unique(states, axis=0, return_index=True)
        order = np.sort(distinct)
        best = order[np.argsort(total[order], kind="stable")[:beam]]
        trail.append((states[best], origin[best]))
        kept, spent = states[best], total[best]
    found = np.empty((len(rows), network.switches), np.uint8)
    at = int(np.argmin(spent))
    for step in range(len(rows) - 1, -1, -1):
        states, origin = trail[step]
        found[step], at = states[at], int(origin[at])
    return found


def _sweep(
    network: SwitchNetwork, rows: NDArray[np.int64], start: NDArray[np.uint8], effort: str, states: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Route every other step anew between its neighbours, until nothing is saved; states is overwritten."""
    last = len(rows) - 1
    idle = 0
    for sweep in range(SWEEPS):
        here = np.arange(sweep % 2, len(rows), 2)
        if not len(here):
            continue
        around = np.concatenate([start, states, states[-1:]])
        before, after = around[here], around[here + 2]
        cost = _pull((before, 1.0), (after, (here < last)[:, None] * 1.0))
        new = network.route_many(rows[here], before, effort, cost)
        better = _spent(cost, new) < _spent(cost, states[here])
        states[here[better]] = new[better]
        idle = 0 if better.any() else idle + 1
        if idle == 2:  # noqa: PLR2004 - neither half of the steps changes
            break
    return states


def _spent(cost: NDArray[np.float64], states: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return what states (banks, switches) cost."""
    return np.asarray(np.take_along_axis(cost, states[:, :, None].astype(np.int64), axis=2).sum(axis=(1, 2)))
