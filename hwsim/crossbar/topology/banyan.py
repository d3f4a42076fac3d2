"""Networks with one path from every input to every output: blocking, and routed by the bits of the output's number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.fabric import BlockedError
from hwsim.crossbar.shapes import check_ports, named
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import check_room
from hwsim.crossbar.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Blocking

PORTS_LIMIT = 2**22
NAMED = 4
"""Colliding pairs that an error spells out."""


def check_power_of_two(topology: str, ports: int, most: int = PORTS_LIMIT) -> int:
    """Return the binary logarithm of a number of ports, which must be a power of two.

    Raises:
        ValueError: another number.

    Example:
        >>> check_power_of_two("omega", 8)
        3
        >>> check_power_of_two("omega", 6)
        Traceback (most recent call last):
        ...
        ValueError: an omega crossbar cannot have 6 ports; use a power of two, for example 4 or 8
    """
    check_ports(topology, ports, most)
    length = (int(ports) - 1).bit_length()
    if ports != 1 << length:
        near = f"{1 << (length - 1)} or {1 << length}"
        raise ValueError(
            f"{named(topology)} crossbar cannot have {ports} ports; use a power of two, for example {near}"
        )
    return length


class Banyan(SwitchNetwork):
    """One stage for each bit of the port's number, in the order given; the switches of a stage pair wires by that bit.

    Args:
        topology: its name.
        ports: a power of two.
        bits: the bits in order of stages.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> crossbar("omega", 4).route([1, 0, 2, 3]).state.tolist()
        [0, 0, 1, 0]
        >>> crossbar("omega", 4).route([0, 2, 1, 3])
        Traceback (most recent call last):
        ...
        hwsim.crossbar.fabric.BlockedError: bank 0: an omega network cannot do this: outputs 0 and 1 want the same \
wire of switch 0 in stage 0, outputs 2 and 3 that of switch 1 in stage 0; 2 pairs collide
    """

    blocking: Blocking = "blocking"
    self_routing = True

    def __init__(self, topology: str, ports: int, bits: Sequence[int]) -> None:
        check_room(topology, ports, ports // 2 * len(bits))
        wires = np.arange(ports, dtype=np.int32)
        upper = [wires[wires >> bit & 1 == 0] for bit in bits]
        self._bits = tuple(bits)
        super().__init__(
            topology,
            wire_up(
                ports,
                np.repeat(np.arange(len(bits), dtype=np.int32), ports // 2),
                np.concatenate([wires[:0], *upper]),
                np.concatenate([wires[:0], *(wire + (1 << bit) for wire, bit in zip(upper, bits, strict=True))]),
            ),
        )

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Let every signal's destination set the switches on its only path.

        Raises:
            BlockedError: two signals want the same wire; the message and ``pairs`` name their outputs.
        """
        del previous, effort
        states = self.power_up(len(p))
        place = p.copy()  # the wire on which each output's signal is
        outputs = np.arange(self.ports)
        for stage, bit in enumerate(self._bits):
            turned = (place ^ outputs) >> bit & 1
            switch = stage * (self.ports // 2) + ((place >> (bit + 1) << bit) | (place & ((1 << bit) - 1)))
            place ^= turned << bit
            seen = np.zeros(place.shape, np.bool_)
            np.put_along_axis(seen, place, values=True, axis=1)
            if not seen.all():
                raise self._blocked(p, int(np.flatnonzero(~seen.all(axis=1))[0]))
            np.put_along_axis(states, switch, turned.astype(np.uint8), axis=1)
        self.refuse_stuck(states, cost)
        return states

    def _blocked(self, p: NDArray[np.int64], bank: int) -> BlockedError:
        """Say which outputs' signals want the same wire, in the first stage where any do, and in all later ones."""
        place, outputs = p[bank].copy(), np.arange(self.ports)
        pairs: list[tuple[int, int]] = []
        words: list[str] = []
        for stage, bit in enumerate(self._bits):
            place ^= (place ^ outputs) & (1 << bit)
            order = np.argsort(place, kind="stable")
            for at in np.flatnonzero(np.diff(place[order]) == 0):
                one, other, wire = int(order[at]), int(order[at + 1]), int(place[order[at]])
                if (one, other) not in pairs:
                    pairs.append((one, other))
                    index = (wire >> (bit + 1) << bit) | (wire & ((1 << bit) - 1))
                    switch = stage * (self.ports // 2) + index
                    what = "that of" if words else "want the same wire of"
                    words.append(f"outputs {one} and {other} {what} switch {switch} in stage {stage}")
        more = f", and {len(words) - NAMED} more" if len(words) > NAMED else ""
        return BlockedError(
            f"bank {bank}: {named(self.topology)} network cannot do this: {', '.join(words[:NAMED])}{more}; "
            f"{len(pairs)} pair{'s' * (len(pairs) != 1)} collide{'s' * (len(pairs) == 1)}",
            pairs,
        )
