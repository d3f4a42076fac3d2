"""Which switches of a circuit are stuck, found out by loading configurations and reading back what comes out.

What is assumed of the hardware: binary patterns can be put on the inputs of a circuit and read back at its outputs
without error, one in the time of an inference. ceil(log2 N) of them tell which input each output takes.

The march of two configurations, all switches in bar and all in cross, finds every single stuck switch: in one of the
two it stands wrong, and one wrong switch exchanges exactly two outputs. Configurations that part the suspects then tell
which one it is. Where no single switch explains what was read, every switch is turned by itself: one that works always
exchanges two outputs, whatever else is stuck, so those that change nothing are the stuck ones, however many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.execution.change import Load
from hwsim.schedule import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.execution.circuits import Circuits

    Loader = Callable[[NDArray[np.uint8]], NDArray[np.int64]]
    """Loads states (switches,) into a circuit; returns the permutation that is read back, int64 (ports,)."""

TOGETHER = 12
"""Most stuck switches of one circuit whose states are told: all combinations of them are tried."""


def count_patterns(ports: int) -> int:
    """Count the patterns that tell the permutation of a circuit: ceil(log2 N).

    Example:
        >>> [count_patterns(ports) for ports in (1, 2, 5, 64)]
        [0, 1, 3, 6]
    """
    return (ports - 1).bit_length()


def read_back(fabric: Fabric, states: NDArray[Any]) -> NDArray[np.int64]:
    """Send the patterns through circuits as they stand; return the permutations that they tell, int64 (banks, ports).

    Pattern j puts bit j of its own number on every input.

    Args:
        fabric: the circuit of every bank.
        states: how its switches stand, (banks, switches).

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> read_back(crossbar("benes", 4), np.array([[1, 0, 0, 0, 0, 0]], np.uint8)).tolist()
        [[2, 1, 0, 3]]
    """
    # switches pass every bit of a number alike, so that all patterns pass at once
    numbers = np.tile(np.arange(fabric.ports), (len(states), 1))
    found: NDArray[np.int64] = fabric.apply_many(states, numbers)
    return found


def march(switches: int) -> NDArray[np.uint8]:
    """Return the two configurations that find every single stuck switch: all in bar, all in cross.

    Example:
        >>> march(3).tolist()
        [[0, 0, 0], [1, 1, 1]]
    """
    return np.array([[0] * switches, [1] * switches], np.uint8)


@dataclass(frozen=True)
class Search:
    """What a search for stuck switches found out.

    Args:
        stuck: each stuck switch and its state; none where the circuit did what was loaded.
        configurations: that were loaded, each read back by :func:`count_patterns` patterns.
        told: whether ``stuck`` explains all that was read. What it leaves open else is how so many switches stand.
    """

    stuck: tuple[tuple[int, int], ...]
    configurations: int
    told: bool = True


def search(
    fabric: Fabric,
    load: Loader,
    seen: Sequence[tuple[NDArray[np.uint8], NDArray[np.int64]]] = (),
    known: Sequence[tuple[int, int]] = (),
) -> Search:
    """Find the stuck switches of one circuit.

    One switch is told for certain. Several may look like one in all that is loaded: what is left of them is found when
    the circuit goes wrong the next time, by a search that is given what is known.

    Args:
        fabric: the circuit; a network of 2x2 switches.
        load: loads a configuration and reads it back.
        seen: configurations that were read back since something broke, and the permutations.
        known: stuck switches that were found before, and their states.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 8)
        >>> def load(states):
        ...     states[5] = 1  # whatever is loaded
        ...     return read_back(fabric, states[None])[0]
        >>> search(fabric, load)
        Search(stuck=((5, 1),), configurations=3, told=True)
    """
    bench = _Bench(fabric, load, list(seen), known)
    for states in march(fabric.switches):
        bench.load(states)
    nothing = np.zeros((1, 0), np.int64)
    if bench.explained(nothing, nothing).any():
        return Search((), bench.loaded)
    every = np.array(list(product(range(fabric.switches), (0, 1))), np.int64)
    switches, states = bench.narrow(every[:, :1], every[:, 1:])
    if not len(switches):
        one_by_one = bench.turn_each()
        if len(one_by_one) > TOGETHER:
            return Search((), bench.loaded, told=False)
        ways = np.array(list(product((0, 1), repeat=len(one_by_one))), np.int64)
        switches, states = bench.narrow(np.tile(one_by_one, (len(ways), 1)), ways)
    if not len(switches):
        return Search((), bench.loaded, told=False)
    found = zip(switches[0].tolist(), states[0].tolist(), strict=True)
    return Search(tuple(one for one in found if one not in set(known)), bench.loaded)


class _Bench:
    """One circuit on the bench, and all that was read of it; a suspicion is switches and the states they stand in."""

    def __init__(
        self,
        fabric: Fabric,
        load: Loader,
        seen: list[tuple[NDArray[np.uint8], NDArray[np.int64]]],
        known: Sequence[tuple[int, int]],
    ) -> None:
        self._fabric, self._load, self._seen, self._known, self.loaded = fabric, load, seen, dict(known), 0

    def load(self, states: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Load a configuration, read it back, and keep what came out."""
        found = self._load(states.copy())
        self._seen.append((states, found))
        self.loaded += 1
        return found

    def _expected(
        self, loaded: NDArray[np.uint8], switches: NDArray[np.int64], states: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return what each suspicion makes of a configuration, int64 (suspicions, ports)."""
        stand = np.tile(loaded, (len(switches), 1))
        stand[:, list(self._known)] = list(self._known.values())
        np.put_along_axis(stand, switches, states.astype(np.uint8), axis=1)
        return self._fabric.apply_many(stand, np.tile(np.arange(self._fabric.ports), (len(stand), 1)))

    def explained(self, switches: NDArray[np.int64], states: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which suspicions (suspicions, switches) explain all that was read."""
        fits = np.ones(len(switches), np.bool_)
        for loaded, found in self._seen:
            fits[fits] = (self._expected(loaded, switches[fits], states[fits]) == found).all(axis=1)
        return fits

    def narrow(
        self, switches: NDArray[np.int64], states: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Load configurations until one suspicion is left, or none, or those that no configuration here parts.

        In one of the configurations two different switches stand differently, so single ones are always parted.
        """
        place = np.arange(self._fabric.switches)
        bits = [(place >> bit & 1).astype(np.uint8) for bit in range(count_patterns(self._fabric.switches))]
        trials = [*bits, *(1 - bit for bit in bits)]
        while True:
            fits = self.explained(switches, states)
            switches, states = switches[fits], states[fits]
            if len(switches) <= 1:
                return switches, states
            parts = [len(np.unique(self._expected(trial, switches, states), axis=0)) for trial in trials]
            best = int(np.argmax(parts))
            if parts[best] == 1:
                return switches, states
            self.load(trials[best])

    def turn_each(self) -> NDArray[np.int64]:
        """Turn every switch by itself; return those that change nothing, known ones among them."""
        self._known = {}
        straight = np.zeros(self._fabric.switches, np.uint8)
        before = next(found for loaded, found in self._seen if not loaded.any())
        stuck = []
        for switch in range(self._fabric.switches):
            straight[switch] = 1
            if np.array_equal(self.load(straight.copy()), before):
                stuck.append(switch)
            straight[switch] = 0
        return np.array(stuck, np.int64)


def expect(circuits: Circuits, layer: int) -> NDArray[np.int64]:
    """Return the permutations of a layer as the host reckons them: what was asked for, but for known stuck switches."""
    stuck, fabric, memory = circuits.stuck[layer], circuits.fabrics[layer], circuits.memory[layer]
    if stuck is None or fabric is None or memory is None or (stand := stuck.forced(memory, known=True)) is memory:
        return circuits.asked[layer]
    return read_back(fabric, stand)


def astray(circuits: Circuits) -> list[tuple[int, int]]:
    """Read all circuits back as they stand; return layer and bank of those that surprise the host."""
    found = []
    for layer, (fabric, states) in enumerate(zip(circuits.fabrics, circuits.states, strict=True)):
        if fabric is not None and states is not None and circuits.stuck[layer] is not None:
            differ = (read_back(fabric, states) != expect(circuits, layer)).any(axis=1)
            found += [(layer, bank) for bank in np.flatnonzero(differ).tolist()]
    return found


@dataclass
class Examination:
    """A circuit of a machine on the bench: it is loaded like in operation, and put back at the end.

    Args:
        circuits: of the machine.
        layer: number of the layer.
        bank: number of the bank.
    """

    circuits: Circuits
    layer: int
    bank: int
    loads: list[Load] = field(default_factory=list)
    """What the port sent and what the switches did, load by load; the last one puts everything back."""

    def search(self) -> tuple[list[Fault], Search]:
        """Find the stuck switches that the host does not know yet."""
        circuits, layer, bank = self.circuits, self.layer, self.bank
        fabric, memory, states = circuits.fabrics[layer], circuits.memory[layer], circuits.states[layer]
        stuck = circuits.stuck[layer]
        if fabric is None or memory is None or states is None or stuck is None:
            return [], Search((), 0)
        self._stand, self._memory = states[bank].copy(), memory[bank].copy()
        known = [(switch, state) for switch, state in enumerate(stuck.known[bank].tolist()) if state >= 0]
        seen = (memory[bank].copy(), read_back(fabric, states[bank][None])[0])
        found = search(fabric, self._load, [seen], known)
        self._load(memory[bank].copy())
        return [Fault(layer, bank, switch=switch, state=state) for switch, state in found.stuck], found

    def _load(self, states: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Load a configuration, note what that took, and read it back."""
        fabric, stuck = self.circuits.fabrics[self.layer], self.circuits.stuck[self.layer]
        assert fabric is not None  # noqa: S101 - told by the caller
        assert stuck is not None  # noqa: S101 - likewise
        now = stuck.forced(states, rows=self.bank)
        sets, toggles = int((now > self._stand).sum()), int((now != self._stand).sum())
        bits = int(self.circuits.sent(self.layer, self._memory[None], states[None])[0][0])
        self.loads.append(Load(bits, sets, toggles - sets, int(now.sum()), self.layer, self.bank))
        self._stand, self._memory = now, states
        found: NDArray[np.int64] = read_back(fabric, now[None])[0]
        return found
