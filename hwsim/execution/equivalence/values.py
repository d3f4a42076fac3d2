"""Switch settings that show wanted classes of cells, whichever cell of a class serves: few toggles against before."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hwsim.crossbar.topology.benes import Benes
from hwsim.execution.equivalence.exchange import check_classes, refuse_misfits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric

CLASS_LIMIT = 256
"""Classes up to which routing by values is worth its time; with more, cells are all but different."""
WEIGHT = 1.3
"""Toggles that two wrong positions of a sub-block cost, about; found by trying 2 to 32 classes on 1024 ports."""
JITTER = 0.5
"""By how much chance changes the price of turning a switch in another trial, in toggles."""

EFFORTS = {"any": (0, 0), "greedy": (0, 0), "blocks": (1, 10), "descent": (4, 50), "exact": (48, 600)}
"""A router's effort: trials a level of blocks, and steps of local search a port. None of them proves a least."""


class _Plan(NamedTuple):
    """The facts that routing by values needs about one size of network."""

    blocks: NDArray[np.int64]
    levels: int
    level: NDArray[np.int64]
    at: NDArray[np.int32]
    ends: NDArray[np.int32]
    stages: NDArray[np.int32]


@lru_cache(maxsize=32)
def _plan(ports: int) -> _Plan:
    fabric = Benes(ports)
    middle = max((ports - 1).bit_length() - 1, 0)
    place = zip(fabric.stage.tolist(), fabric.wire_a.tolist(), strict=True)
    number = {key: switch for switch, key in enumerate(place)}
    rows: list[tuple[int, ...]] = []
    waiting = [(0, ports, 0)]
    for b, m, level in waiting:  # grows meanwhile
        h = m // 2
        if m == 2:  # noqa: PLR2004 - two wires are one switch
            rows.append((b, m, number[min(level, middle), b], 0, level, -1, -1))
        elif h:
            inner = [
                number[min(level + 1, middle), first] if size == 2 else -1  # noqa: PLR2004 - as above
                for first, size in ((b, h), (b + h, m - h))
            ]
            rows.append((b, m, number[level, b], number[2 * middle - level, b], level, *inner))
            waiting += [(b, h, level + 1), (b + h, m - h, level + 1)]
    at = np.full((fabric.depth, ports), -1, np.int32)
    for wires in (fabric.wire_a, fabric.wire_b):
        at[fabric.stage, wires] = np.arange(fabric.switches)
    return _Plan(
        blocks=np.array(rows, np.int64).reshape(-1, 7),
        levels=middle + 1,
        level=np.minimum(fabric.stage, 2 * middle - fabric.stage),
        at=at.reshape(-1),
        ends=np.stack([fabric.wire_a, fabric.wire_b], axis=1).astype(np.int32).reshape(-1),
        stages=fabric.stage.astype(np.int32),
    )


def values_can_be_routed(fabric: Fabric, class_count: int) -> bool:
    """Tell whether :func:`route_values` takes this circuit: a Beneš network, and not too many classes.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> values_can_be_routed(crossbar("benes", 8), 3), values_can_be_routed(crossbar("crossbar", 8), 3)
        (True, False)
    """
    return fabric.topology == "benes" and class_count <= CLASS_LIMIT


def route_values(
    fabric: Fabric,
    classes: NDArray[np.integer],
    wanted: NDArray[np.integer],
    previous: NDArray[Any] | None = None,
    effort: str = "greedy",
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Find states that show one pattern of classes per bank, with few toggles.

    It never fails: every pattern with the right number of each class is reached. The first try goes from the outside
    in, keeping what balances; more effort tries each level of blocks again with chance in its prices, block by block
    the better, and then searches among single switches; it never toggles more than the first try.

    Args:
        fabric: a Beneš network.
        classes: class of the cell at each input, (banks, ports), numbered from 0 on.
        wanted: class wanted at each output, (banks, ports).
        previous: states before, (banks, switches); power-up when None.
        effort: one of the router's efforts.
        seed: of the chance in trials and search; the same seed gives the same states.

    Returns:
        States uint8 (banks, switches).

    Raises:
        PermutationError: a bank's wanted classes are not those of its cells.
        ValueError: another circuit, shapes that do not fit, an unknown effort.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 4)
        >>> classes = np.array([[0, 1, 0, 1]])
        >>> states = route_values(fabric, classes, np.array([[1, 0, 0, 1]]))
        >>> fabric.apply_many(states, classes).tolist(), int(states.sum())
        ([[1, 0, 0, 1]], 1)
    """
    if effort not in EFFORTS:
        raise ValueError(f"unknown effort {effort!r}; use {', '.join(EFFORTS)}")
    rows, wish, class_count = check_classes(classes, wanted)
    if fabric.topology != "benes" or rows.shape[1] != fabric.ports:
        what = f"a {fabric.topology} of {fabric.ports} ports"
        raise ValueError(f"classes of {rows.shape[1]} ports cannot be routed by values through {what}; use a benes")
    before = fabric.power_up(len(rows)) if previous is None else np.ascontiguousarray(previous, np.uint8)
    if before.shape != (len(rows), fabric.switches):
        raise ValueError(f"previous states have shape {before.shape}; give ({len(rows)}, {fabric.switches})")
    trials, steps = EFFORTS[effort]
    plan = _plan(fabric.ports)
    best = _descend(plan, rows, wish, class_count, before, before, None, 0)
    for level in range(plan.levels - 2 if trials else 0):
        best = _try_level(plan, rows, wish, class_count, before, best, level, trials, seed)
    if steps:
        best = _polish(plan, rows, wish, before, best, steps * fabric.ports, seed)
    return best


def _descend(
    plan: _Plan,
    classes: NDArray[np.int32],
    wanted: NDArray[np.int32],
    class_count: int,
    before: NDArray[np.uint8],
    start: NDArray[np.uint8],
    level: int | None,
    seed: int,
) -> NDArray[np.uint8]:
    """Route once from the outside in, with chance in the prices of one level."""
    from hwsim.kernels.compile import threading
    from hwsim.kernels.routing.values import (
        Cells,
        Guide,
        Network,
        Scratch,
        real_numbers,
        route_values_many,
        whole_numbers,
    )

    banks, n = classes.shape
    state, fits = np.empty_like(before), np.ones(banks, np.uint8)
    jitter = np.zeros(plan.levels)
    if level is not None:
        jitter[level] = JITTER
    chunks = max(min(banks, 4 * threading()["threads"]), 1)
    route_values_many(
        Network(n, before.shape[1], plan.blocks.reshape(-1)),
        Cells(class_count, classes.reshape(-1), wanted.reshape(-1)),
        Guide(np.full(plan.levels, WEIGHT), jitter, seed),
        before.reshape(-1),
        np.ascontiguousarray(start).reshape(-1),
        Scratch(
            np.empty(chunks * whole_numbers(n, class_count, plan.levels), np.int32),
            np.empty(chunks * real_numbers(n, class_count)),
        ),
        state.reshape(-1),
        fits,
    )
    if n == 1:
        fits[:] = (classes == wanted).all(axis=1)
    refuse_misfits(fits)
    return state


def _try_level(
    plan: _Plan,
    classes: NDArray[np.int32],
    wanted: NDArray[np.int32],
    class_count: int,
    before: NDArray[np.uint8],
    best: NDArray[np.uint8],
    level: int,
    trials: int,
    seed: int,
) -> NDArray[np.uint8]:
    """Route from one level inwards again and again; every block of the level keeps its cheapest settings."""
    starts = np.sort(plan.blocks[plan.blocks[:, 4] == level, 0])
    inside = np.flatnonzero(plan.level >= level)
    block = np.searchsorted(starts, plan.ends[::2][inside], side="right") - 1
    offset = np.arange(len(best))[:, None] * len(starts) + block

    def toggles(state: NDArray[np.uint8]) -> NDArray[np.int64]:
        changed = (state[:, inside] != before[:, inside]).astype(np.float64)
        count = np.bincount(offset.reshape(-1), changed.reshape(-1), len(best) * len(starts))
        return count.astype(np.int64)

    least = toggles(best)
    for trial in range(trials):
        start = np.where(plan.level < level, best, before)
        drawn = (seed * 64 + level) * 1024 + trial + 1
        new = _descend(plan, classes, wanted, class_count, before, start, level, drawn % 2**62)
        found = toggles(new)
        better = np.flatnonzero((found < least)[offset].reshape(-1))
        least = np.minimum(found, least)
        bank, which = np.divmod(better, len(inside))
        best[bank, inside[which]] = new[bank, inside[which]]
    return best


def _polish(
    plan: _Plan,
    classes: NDArray[np.int32],
    wanted: NDArray[np.int32],
    before: NDArray[np.uint8],
    best: NDArray[np.uint8],
    steps: int,
    seed: int,
) -> NDArray[np.uint8]:
    """Search locally among single switches."""
    from hwsim.kernels.compile import threading
    from hwsim.kernels.routing.levels import Network, Scratch, polish_many

    banks, n = classes.shape
    switches = len(plan.stages)
    chunks = max(min(banks, 4 * threading()["threads"]), 1)
    size = len(plan.at) + 2 * n + 2 * switches
    seeds = np.random.SeedSequence(seed).generate_state(banks, np.uint64).astype(np.uint64)
    polish_many(
        Network(n, plan.at, plan.ends, plan.stages),
        classes.reshape(-1),
        wanted.reshape(-1),
        before.reshape(-1),
        seeds,
        steps,
        Scratch(np.empty(chunks * size, np.int32), np.empty(chunks * switches, np.uint8)),
        best.reshape(-1),
    )
    return best
