"""Sorting networks as permutation circuits: signals carry the number of their output, and comparators sort them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.shapes import check_ports
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology import check_room
from hwsim.crossbar.wiring import wire_up
from hwsim.crossbar.words import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Column = tuple[NDArray[np.int32], NDArray[np.int32]]

PORTS_LIMIT = 2**20
"""About 10^8 comparators; a configuration is a byte a comparator."""


BY_TAGS = (
    "{} network sets its switches by comparing tags: no other configuration can be asked for, even where one would do"
)


class Sorter(SwitchNetwork):
    """Stages of comparators; the smaller tag leaves on a switch's upper wire.

    The switches store nothing: what has to be sent for a new permutation is one destination tag an input, so
    configuration bits are N ceil(log2 N). Tags lead to one configuration, of all that realise a permutation; effort and
    previous change nothing.

    Args:
        topology: its name.
        ports: inputs and outputs.
        columns: makes upper and lower wires of the comparators of each stage; those without any are left out.
        most: ports that this topology can have.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> sorter = crossbar("bitonic", 4)
        >>> configuration = sorter.route([2, 0, 3, 1])
        >>> sorter.words(configuration.state)  # where inputs 0, 1, 2 and 3 go
        [(1, 2), (3, 2), (0, 2), (2, 2)]
    """

    self_routing = True

    def __init__(
        self, topology: str, ports: int, columns: Callable[[int], Iterable[Column]], most: int = PORTS_LIMIT
    ) -> None:
        check_ports(topology, ports, most)
        ports = int(ports)
        parts, switches = [], 0
        for column in columns(ports):
            switches += len(column[0])
            check_room(topology, ports, switches)
            parts += [column] if len(column[0]) else []
        none = np.zeros(0, np.int32)
        stage = np.repeat(np.arange(len(parts), dtype=np.int32), [len(a) for a, _ in parts])
        wire_a = np.concatenate([none, *(a for a, _ in parts)])
        super().__init__(topology, wire_up(ports, stage, wire_a, np.concatenate([none, *(b for _, b in parts)])))
        self._tag_bits = (ports - 1).bit_length()
        self.configuration_bits = ports * self._tag_bits

    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[np.uint8]:
        """Sort the numbers of the outputs."""
        from hwsim.kernels.routing.sorting import sort_tags

        del previous, effort
        states = self.power_up(len(p))
        tags = np.empty(p.shape, np.int32)
        np.put_along_axis(tags, p, np.arange(self.ports, dtype=np.int32)[None, :], axis=1)
        sort_tags(self.ports, tags.reshape(-1), self.wire_a, self.wire_b, states.reshape(-1))
        self.refuse_stuck(states, cost, BY_TAGS)
        return states

    @property
    def word_order(self) -> str:
        """Describe the words: tags, not switches."""
        return (
            "one destination tag per input: word c is the number of the output to which the signal of input c goes; "
            "no switch is stored, each sets itself: of the tags that meet in switch k of a stage the smaller one "
            "leaves on wire_a[k], the larger one on wire_b[k]; input c enters on wire inputs[c], output i leaves "
            "from wire outputs[i]"
        )

    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """Return one destination tag per input, ceil(log2 N) bits: what to send with the signals."""
        came_from = self.apply_many(state[None, :], np.arange(self.ports)[None, :])[0]
        return [(int(tag), self._tag_bits) for tag in np.argsort(came_from)]

    def image_many(self, states: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the tags bit by bit."""
        came_from = self.apply_many(states, np.tile(np.arange(self.ports), (len(states), 1)))
        return spread(np.argsort(came_from, axis=1), np.full(self.ports, self._tag_bits))

    def from_words(self, words: list[int]) -> NDArray[np.uint8]:
        """Return the state of configuration words."""
        return np.asarray(self.route_many(np.argsort(words, kind="stable")[None, :])[0], np.uint8)
