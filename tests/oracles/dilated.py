"""Dilated Beneš networks: halves chosen by recursion, states by following each signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def route_one(p: Sequence[int], cost: Sequence[tuple[float, float]] | None = None) -> list[int]:
    """States that realise a permutation of 2^L ports; a loop of connections is turned where that costs less.

    Args:
        p: output o takes from input p[o].
        cost: of both states of each switch; None: no cost is consulted.

    Example:
        >>> route_one([1, 0])
        [1, 0, 1, 1]
    """
    n = len(p)
    length = n.bit_length() - 1
    strides = [n >> stage for stage in range(length)] + [1] + [4 << stage for stage in range(length - 1)]
    lower: dict[int, list[int]] = {o: [] for o in range(n)}  # for each output: which halves its signal takes

    def states_of(o: int) -> dict[int, int]:
        """The switches that the signal of output o passes, as far as its halves are chosen, and their states."""
        found, wire = {}, p[o]
        goal = o if n > 2 else 3 * o
        known = len(lower[o])
        inner = sum(half * (n >> level) for level, half in enumerate(lower[o]))
        for stage, stride in enumerate(strides):
            front = stage < length
            place = wire if front else (inner & ~(2 * stride - 1)) | (wire & stride) | (goal & (stride - 1))
            if front and stage >= known:
                continue
            if not front and stride > 1 and (n // stride).bit_length() > known:
                continue
            if not front and stride == 1:
                if known < length:
                    continue
                place = (inner & ~1) | (p[o] & 1)
            now = (place & stride) // stride if front or stride == 1 else int(bool(inner & stride))
            wanted = lower[o][stage] if front else int(bool(goal & stride))
            index = place // (2 * stride) * stride + place % stride
            found[stage * n + index] = now ^ wanted
            if front:
                wire = (wire & ~stride) | wanted * stride
        return found

    def price(members: list[tuple[int, int]], turned: int) -> float:
        total = 0.0
        for o, half in members:
            before = states_of(o)
            lower[o].append(half ^ turned)
            after = states_of(o)
            lower[o].pop()
            total += sum(cost[s][v] for s, v in after.items() if s not in before) if cost else 0.0
        return total

    def enter(ins: list[int], outs: list[int]) -> None:
        """Split the connections of a block: ins in the order of their wires, outs too (each by its output)."""
        if len(ins) == 2:
            for half, o in enumerate(outs):
                lower[o].append(half)
            return
        h = len(ins) // 2
        chosen: dict[int, int] = {}
        for start in range(h):
            if ins[start] in chosen:
                continue
            members, o = [], ins[start]
            while (o, 0) not in members:
                mate = outs[outs.index(o) ^ h]
                members += [(o, 0), (mate, 1)]
                o = ins[ins.index(mate) ^ h]
            turned = int(price(members, 1) < price(members, 0))
            chosen |= {o: half ^ turned for o, half in members}
        for o, half in chosen.items():
            lower[o].append(half)
        for half in (0, 1):
            enter(
                [next(o for o in (ins[k], ins[k + h]) if chosen[o] == half) for k in range(h)],
                [next(o for o in (outs[k], outs[k + h]) if chosen[o] == half) for k in range(h)],
            )

    exchanged = [o if n == 2 else (o & ~3) | (o & 1) << 1 | (o >> 1 & 1) for o in range(n)]
    enter([list(p).index(i) for i in range(n)], exchanged)
    state = [0] * (len(strides) * n)
    for o in range(n):
        for switch, value in states_of(o).items():
            state[switch] = value
    return state
