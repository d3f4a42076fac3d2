"""Connections of a three-stage Clos network: which middle block each takes, as edge colouring of a bipartite graph.

Input block u and output block v are vertices, a connection is an edge, a middle block is a colour that each vertex has
once. A new edge takes a colour free at both ends, or two colours change places along a path of alternating edges.

Source: M. Paull, Reswitching of connection networks (1962); D. König (1916).
Reference implementation: ``tests/oracles/clos.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS = 64
"""Pairs of colours whose paths are measured before the shortest one is exchanged."""


class Sizes(NamedTuple):
    """How large a network is."""

    block: int
    """Ports of every input block but perhaps the last, and of every output block."""
    blocks: int
    """Input blocks, as many as output blocks."""
    ports: int
    middles: int
    """Middle blocks."""


class Prices(NamedTuple):
    """What decides among middle blocks; an empty array decides nothing."""

    before: NDArray[np.int32]
    """Select of every terminal before; one that stays costs 1 less."""
    forced: NDArray[np.int32]
    """Select that a terminal is stuck in, -1 for none."""
    cost: NDArray[np.float64]
    """Two numbers a crosspoint, cost of open and of closed."""


@kernel
def price_of(o: int, c: int, p: NDArray[np.int64], sizes: Sizes, prices: Prices) -> float:
    """What the three crosspoints of a connection through one middle block cost.

    Args:
        o: output.
        c: middle block.
        p: input of each output.
        sizes: of the network.
        prices: what is known of its crosspoints.

    Example:
        >>> none, nothing = np.zeros(0, np.int32), np.zeros(0)
        >>> before = np.array([0, 0, 0], np.int32)
        >>> price_of(0, 0, np.array([0]), Sizes(1, 1, 1, 1), Prices(before, none, nothing))
        -3.0
    """
    n, r, ports, m = sizes
    before, forced, cost = prices
    u, v = p[o] // n, o // n
    i = p[o] - u * n
    # selects of the three blocks that the connection passes: input block, middle block, output block
    first, second, third = u * m + c, r * m + c * r + v, 2 * r * m + o
    if len(forced) and (
        (forced[first] >= 0 and forced[first] != i)
        or (forced[second] >= 0 and forced[second] != u)
        or (forced[third] >= 0 and forced[third] != c)
    ):
        return np.inf
    if len(cost):  # an infinite cost of open means that the crosspoint is stuck closed, and saves nothing
        at = m * u * n + c * min(n, ports - u * n) + i
        total = cost[2 * at + 1] - (0.0 if np.isinf(cost[2 * at]) else cost[2 * at])
        at = ports * m + (c * r + v) * r + u
        total += cost[2 * at + 1] - (0.0 if np.isinf(cost[2 * at]) else cost[2 * at])
        at = ports * m + m * r * r + o * m + c
        return float(total + cost[2 * at + 1] - (0.0 if np.isinf(cost[2 * at]) else cost[2 * at]))
    if len(before):
        return float(-1.0 * (before[first] == i) - (before[second] == u) - (before[third] == c))
    return 0.0


@kernel
def colour(
    p: NDArray[np.int64],
    sizes: Sizes,
    order: NDArray[np.int64],
    prices: Prices,
    at_u: NDArray[np.int32],
    at_v: NDArray[np.int32],
    middle: NDArray[np.int32],
) -> int:
    """Give a middle block to every connection that has none.

    Args:
        p: input of each output.
        sizes: of the network.
        order: outputs, in the order in which they choose.
        prices: what decides among middle blocks.
        at_u: scratch, rows of a number for each middle block: which output's connection takes it at each input block.
        at_v: the same at output blocks.
        middle: middle block of each output; those of 0 or more are kept where nothing forces them to move.

    Returns:
        -1, or an output whose connection found none.

    Example:
        >>> none, nothing, at = np.zeros(0, np.int32), np.zeros(0), np.zeros((2, 4), np.int32)
        >>> middle = np.array([0, -1, -1, -1], np.int32)
        >>> p, order = np.array([0, 2, 1, 3]), np.arange(4)
        >>> prices = Prices(none, none, nothing)
        >>> colour(p, Sizes(2, 2, 4, 2), order, prices, at[0], at[1], middle), middle.tolist()
        (-1, [0, 1, 1, 0])
    """
    n, m = sizes.block, sizes.middles
    lowest = -np.inf if len(prices.cost) else -3.0 if len(prices.before) else 0.0
    # connections that keep their middle block take its colour at both ends
    at_u[:] = -1
    at_v[:] = -1
    for k in range(len(order)):
        o = order[k]
        if middle[o] >= 0:
            at_u[p[o] // n * m + middle[o]] = o
            at_v[o // n * m + middle[o]] = o
    for k in range(len(order)):
        o = order[k]
        if middle[o] >= 0:
            continue
        u, v = p[o] // n, o // n
        best, chosen = np.inf, -1
        for c in range(m):  # the cheapest colour that is free at both ends
            if at_u[u * m + c] < 0 and at_v[v * m + c] < 0:
                price = price_of(o, c, p, sizes, prices)
                if price < best:
                    best, chosen = price, c
                    if price <= lowest:
                        break
        if chosen < 0:
            chosen = exchange(o, p, sizes, prices, at_u, at_v, middle)
            if chosen < 0:
                return int(o)
        middle[o] = chosen
        at_u[u * m + chosen] = o
        at_v[v * m + chosen] = o
    return -1


@kernel
def exchange(
    o: int,
    p: NDArray[np.int64],
    sizes: Sizes,
    prices: Prices,
    at_u: NDArray[np.int32],
    at_v: NDArray[np.int32],
    middle: NDArray[np.int32],
) -> int:
    """Free a colour at both ends of a connection: two colours change places along the shortest path found.

    Args:
        o: output of the connection; the rest as in :func:`colour`.
        p: input of each output.
        sizes: of the network.
        prices: what decides among middle blocks.
        at_u: changed.
        at_v: changed.
        middle: changed.

    Returns:
        The freed colour, or -1 where every path is in the way of something stuck.

    Example:
        >>> none, nothing = np.zeros(0, np.int32), np.zeros(0)
        >>> p, middle = np.array([0, 2, 1, 3]), np.array([0, 1, -1, 1], np.int32)
        >>> at_u, at_v = np.array([0, -1, -1, 3], np.int32), np.array([0, -1, -1, 3], np.int32)
        >>> exchange(2, p, Sizes(2, 2, 4, 2), Prices(none, none, nothing), at_u, at_v, middle), middle.tolist()
        (1, [0, 1, -1, 0])
    """
    n, m = sizes.block, sizes.middles
    u, v = p[o] // n, o // n
    pairs = PAIRS if len(prices.before) or len(prices.cost) or len(prices.forced) else 1
    # of pairs of a colour free at the input block and one free at the output block: the one with the shortest path
    shortest, first, second, tried = -1, -1, -1, 0
    for a in range(m):
        if shortest >= 0 and tried >= pairs:
            break
        if at_u[u * m + a] >= 0 or price_of(o, a, p, sizes, prices) == np.inf:
            continue
        for b in range(m):
            if shortest >= 0 and tried >= pairs:
                break
            if at_v[v * m + b] >= 0:
                continue
            tried += 1
            length, here, edge, have, get, free = 0, v, at_v[v * m + a], a, b, True
            while edge >= 0:  # edges of the path alternate between the two colours, and between the two sides
                free &= price_of(edge, get, p, sizes, prices) < np.inf
                length += 1
                if length % 2:
                    here = p[edge] // n
                    edge = at_u[here * m + get]
                else:
                    here = edge // n
                    edge = at_v[here * m + get]
                have, get = get, have
            if free and (shortest < 0 or length < shortest):
                shortest, first, second = length, a, b
    if first < 0:
        return -1
    # along that path the two colours change places
    edge, have, get, left = at_v[v * m + first], first, second, True
    at_v[v * m + first] = -1
    while edge >= 0:
        uu, vv = p[edge] // n, edge // n
        following = at_u[uu * m + get] if left else at_v[vv * m + get]
        middle[edge] = get
        at_u[uu * m + get] = edge
        at_v[vv * m + get] = edge
        if following < 0:  # the last edge gives its old colour up at its far end
            if left:
                at_u[uu * m + have] = -1
            else:
                at_v[vv * m + have] = -1
        edge, have, get, left = following, get, have, not left
    return first
