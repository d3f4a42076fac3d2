"""The looping walk: from a connection to its output's mate, from there to its input's mate, and so on.

In a block of 2 h wires, or 2 h + 1, switch k exchanges wires k and k + h, which are mates. Of two mates at the outputs,
the connections take different sub-blocks, and of two at the inputs too: once one connection has taken a sub-block, all
that are met by going from mate to mate are assigned. Routers differ in where connections stand and in what they sum up
on the way; a step is the same. ``kernels/looping.py`` has its own, for speed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hwsim.kernels.compile import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_1 = np.uint64(1)


class Block(NamedTuple):
    """A block, and where its numbers begin in the arrays of its router."""

    half: np.uint64
    """Half its wires, rounded down: the switches in front, and those behind."""
    front: np.uint64
    """First switch in front, in the states."""
    back: np.uint64
    """First switch behind."""
    take: np.uint64
    """Where the input of each output begins."""
    give: np.uint64
    """Where the output of each input begins."""
    inner: np.uint64
    """Where what the upper sub-block must do begins; the lower one follows after half."""


@kernel
def mate(wire: Any, half: Any) -> Any:
    """The wire that stands on the same switch.

    Example:
        >>> [mate(wire, 2) for wire in range(4)]
        [2, 3, 0, 1]
    """
    return wire + half if wire < half else wire - half


@kernel
def follow(i: Any, half: Any, take: NDArray[Any], first: Any, give: NDArray[Any], start: Any) -> tuple[Any, Any]:
    """The output of input i, and the input of that output's mate.

    Args:
        i: an input of a block.
        half: switches in front of it.
        take: input of each output, the block's from number ``first`` on.
        first: see there.
        give: output of each input, the block's from number ``start`` on.
        start: see there.

    Example:
        >>> follow(0, 2, np.array([3, 0, 1, 2]), 0, np.array([1, 2, 3, 0]), 0)
        (1, 2)
    """
    o = give[start + i]
    return o, take[first + mate(o, half)]


@kernel
def place(i: np.uint64, o: np.uint64, j: np.uint64, side: np.uint64, half: np.uint64) -> tuple[Any, ...]:
    """Assign two connections: the one from i to o takes a sub-block, the one from j to o's mate the other.

    Args:
        i: input.
        o: its output.
        j: input of the output's mate.
        side: 0 where i takes the upper sub-block, 1 where it takes the lower one.
        half: switches in front.

    Returns:
        Switches of i, of o and of j; states of the first two; j's mate, which takes the same sub-block as i.

    Example:
        >>> u = np.uint64
        >>> place(u(0), u(3), u(1), u(0), u(2))
        (0, 1, 1, 0, 1, 3)
    """
    a = i if i < half else i - half
    k = o if o < half else o - half
    z = j if j < half else j - half
    return a, k, z, np.uint64(i >= half) ^ side, np.uint64(o >= half) ^ side, mate(j, half)


@kernel
def step(
    i: np.uint64,
    side: np.uint64,
    block: Block,
    take: NDArray[np.uint32],
    give: NDArray[np.uint32],
    inner: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> tuple[Any, ...]:
    """Assign input i and the mate of its output, and write down what follows.

    Args:
        i: input, whose own switch is assigned already or, in a loop, last.
        side: see :func:`place`.
        block: the block.
        take: input of each output.
        give: output of each input.
        inner: what the sub-blocks must do, overwritten.
        state: states, overwritten.

    Returns:
        Switch behind, switch in front, the states of both in the other order, and the next input.

    Example:
        >>> u, numbers, state = np.uint64, np.array([0, 1, 0, 1, 9, 9], np.uint32), np.full(2, 2, np.uint8)
        >>> step(u(0), u(0), Block(u(1), u(0), u(1), u(0), u(2), u(4)), numbers, numbers, numbers, state)
        (0, 0, 0, 0, 0)
        >>> state.tolist(), numbers[4:].tolist()
        ([0, 0], [0, 0])
    """
    found = follow(i, block.half, take, block.take, give, block.give)
    a, k, z, f, g, following = place(i, np.uint64(found[0]), np.uint64(found[1]), side, block.half)
    inner[block.inner + side * block.half + k] = np.uint32(a)
    inner[block.inner + (_1 - side) * block.half + k] = np.uint32(z)
    state[block.front + z] = np.uint8(np.uint64(following >= block.half) ^ side)
    state[block.back + k] = np.uint8(g)
    return k, a, f, g, following


@kernel
def turn_loop(
    block: Block,
    path: NDArray[np.uint32],
    first: np.uint64,
    end: np.uint64,
    inner: NDArray[np.uint32],
    state: NDArray[np.uint8],
) -> None:
    """Give a loop its other setting: exchange what it asks of the two sub-blocks, turn its switches.

    Args:
        block: the block.
        path: switches behind that the loop passes, from number ``first`` on.
        first: see there.
        end: number behind the last one.
        inner: what the sub-blocks must do, changed.
        state: states, changed.

    Example:
        >>> u, inner, state = np.uint64, np.array([0, 0], np.uint32), np.array([0, 1], np.uint8)
        >>> block = Block(u(1), u(0), u(1), u(0), u(0), u(0))
        >>> turn_loop(block, np.zeros(1, np.uint32), u(0), u(1), inner, state)
        >>> state.tolist()
        [1, 0]
    """
    for t in range(first, end):
        k = block.inner + np.uint64(path[np.uint64(t)])
        up, low = inner[k], inner[k + block.half]
        inner[k], inner[k + block.half] = low, up
        state[block.back + k - block.inner] ^= np.uint8(1)
        state[block.front + np.uint64(up)] ^= np.uint8(1)
