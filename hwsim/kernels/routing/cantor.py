"""Search free paths through the planes of a Cantor network.

A path is a plane and the wire on which it leaves the middle stage: the wire's high bits are what the stages in front
decide, everything behind follows from the output. Two connections never share a wire. Tests send
signals through the settings that come out (``tests/oracles/stages.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Network(NamedTuple):
    """A Cantor network."""

    ports: int
    bits: int
    """Binary logarithm of the ports."""
    planes: int
    levels: int
    """Of the trees of 1 x planes switches."""
    starts: NDArray[np.int64]
    """The first switch of each stage."""
    tree: NDArray[np.int32]
    """For each level and plane, which element of the level leads there (-1: none), and the state it takes."""


class Path(NamedTuple):
    """Where a path is written down."""

    switch: NDArray[np.int64]
    """Switches on the path."""
    value: NDArray[np.uint8]
    """Their states."""
    link: NDArray[np.int64]
    """Wire after each of the plane's stages but the last."""


@kernel
def follow(network: Network, i: int, o: int, plane: int, middle: int, path: Path) -> int:
    """List the switches, their states, and the wires of one path.

    Args:
        network: the circuit.
        i: input.
        o: output.
        plane: which plane.
        middle: wire on which it leaves the plane's middle stage.
        path: overwritten.

    Returns:
        How many switches.

    Example:
        >>> path = Path(np.zeros(1, np.int64), np.zeros(1, np.uint8), np.zeros(0, np.int64))
        >>> network = Network(2, 1, 1, 0, np.array([0, 1]), np.zeros(0, np.int32))
        >>> follow(network, 1, 0, 0, 0, path)
        1
        >>> path.switch.tolist(), path.value.tolist()
        ([0], [1])
    """
    n, k, planes, levels, starts, tree = network
    switch, value, link = path
    count = 0
    # the tree from the input to its place in every plane
    for level in range(levels):
        at = 2 * (level * planes + plane)
        if tree[at] >= 0:
            switch[count] = starts[level] + tree[at] * n + i
            value[count] = tree[at + 1]
            count += 1
    # the plane: stages in front lead to the middle wire bit by bit, those behind to the output
    wire = i
    for stage in range(2 * k - 1):
        bit = k - 1 - stage if stage < k else stage - k + 1
        goal = middle if stage < k else o
        index = plane * (n >> 1) + ((wire >> (bit + 1) << bit) | (wire & ((1 << bit) - 1)))
        switch[count] = starts[levels + stage] + index
        value[count] = (wire ^ goal) >> bit & 1
        wire = (wire & ~(1 << bit)) | (goal & (1 << bit))
        if stage < 2 * k - 2:
            link[stage] = (stage * planes + plane) * n + wire
        count += 1
    # the tree from every plane to the output
    for level in range(levels):
        at = 2 * (level * planes + plane)
        if tree[at] >= 0:
            switch[count] = starts[2 * levels + 2 * k - 2 - level] + tree[at] * n + o
            value[count] = tree[at + 1]
            count += 1
    return count


@kernel
def connect(
    network: Network,
    p: NDArray[np.int64],
    order: NDArray[np.int64],
    price: NDArray[np.float64],
    taken: NDArray[np.uint8],
    plane: NDArray[np.int64],
    middle: NDArray[np.int64],
    state: NDArray[np.uint8],
) -> int:
    """Find a free path for every connection that has none: the cheapest one, the first of equals.

    Args:
        network: the circuit.
        p: input of each output.
        order: outputs, in the order in which they choose.
        price: two numbers per switch, not negative: what each state costs more than the cheaper one; inf: it is stuck.
        taken: scratch, one number for each wire after each stage of the planes but the last.
        plane: plane of each output; those of 0 or more are kept.
        middle: wire after the middle stage of each output.
        state: states; those on the paths are overwritten.

    Returns:
        -1, or an output whose connection found no path.

    Example:
        >>> plane, middle, state = np.full(2, -1), np.full(2, -1), np.zeros(1, np.uint8)
        >>> network = Network(2, 1, 1, 0, np.array([0, 1]), np.zeros(0, np.int32))
        >>> p, taken, price = np.array([1, 0]), np.zeros(0, np.uint8), np.zeros(2)
        >>> connect(network, p, np.arange(2), price, taken, plane, middle, state), state.tolist()
        (-1, [1])
    """
    n, k, planes, levels = network.ports, network.bits, network.planes, network.levels
    switch, value = np.empty(2 * levels + 2 * k, np.int64), np.empty(2 * levels + 2 * k, np.uint8)
    link = np.empty(2 * k, np.int64)
    path = Path(switch, value, link)
    # connections that keep their path take its wires
    taken[:] = 0
    for o in order:
        if plane[o] >= 0:
            count = follow(network, p[o], o, plane[o], middle[o], path)
            for at in range(count):
                state[switch[at]] = value[at]
            for at in range(2 * k - 2):
                taken[link[at]] = 1
    for o in order:
        if plane[o] >= 0:
            continue
        # the cheapest free path, plane by plane and middle wire by middle wire
        best = np.inf
        for q in range(planes):
            if best == 0:
                break
            w, steps = o & 1, n >> 1
            high = 0
            while high < steps:
                w = high << 1 | (o & 1)
                count = follow(network, p[o], o, q, w, path)
                blocked = -1
                for at in range(2 * k - 2):
                    if taken[link[at]]:
                        blocked = at
                        break
                if blocked < 0:
                    total = 0.0
                    for at in range(count):
                        total += price[2 * switch[at] + value[at]]
                    if total < best:
                        best, plane[o], middle[o] = total, q, w
                        if best == 0:
                            break
                    high += 1
                elif blocked < k - 1:  # every wire with the same first bits is blocked too
                    skip = k - 2 - blocked
                    high = ((high >> skip) + 1) << skip
                else:
                    high += 1
        if best == np.inf:
            plane[o] = -1
            return int(o)
        count = follow(network, p[o], o, plane[o], middle[o], path)
        for at in range(count):
            state[switch[at]] = value[at]
        for at in range(2 * k - 2):
            taken[link[at]] = 1
    return -1
