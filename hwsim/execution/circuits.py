"""The permutation circuits of a machine: how their switches stand, what a reconnection changes, what has worn.

There is no chip here: ``hwsim cost`` prices reconnections on the same circuits that a run's chip stands behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import extend
from hwsim.crossbar.routing.cost import Wear, switching_cost
from hwsim.crossbar.stuck import never_stuck
from hwsim.errors import BAD_INPUT, FAILED, HwsimError
from hwsim.execution.change import Change, LayerChange
from hwsim.execution.equivalence.choice import route_freely
from hwsim.execution.faults import Stuck, avoid, find_problem
from hwsim.execution.writes import bits_sent
from hwsim.schedule import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.schedule import Layout

    Rows = NDArray[np.int64] | None

TIE = 1e-6
"""Cost of a toggle where loss is minimised: it decides between configurations of equal loss, and outweighs none."""


class ExecutionError(HwsimError, RuntimeError):
    """The hardware did not do what it must; the message says which bank and what."""

    exit_code = FAILED


class UnroutedError(HwsimError, ValueError):
    """No configuration was found for a layer; the message is the router's own.

    Args:
        layer: number of the layer.
        message: what a person reads.
    """

    exit_code = BAD_INPUT

    def __init__(self, layer: int, message: str) -> None:
        super().__init__(message)
        self.layer = layer


def cycles(fabric: Fabric) -> int:
    """Count the settings that a circuit goes through in every pass: 1, except for circuits multiplexed in time.

    Those hold the settings of each cycle in turn, and wear with every pass, not with reconnections.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> cycles(crossbar("benes", 4))
        1
    """
    return int(getattr(fabric, "cycles", 1))


def held_at_a_time(fabric: Fabric, states: NDArray[Any]) -> NDArray[np.float64]:
    """Count switches in cross at a time, float64 (banks,): those of all cycles over the cycles.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> held_at_a_time(crossbar("benes", 2), np.array([[1], [0]], np.uint8)).tolist()
        [1.0, 0.0]
    """
    return np.asarray(fabric.held_many(states) / cycles(fabric), np.float64)


class Circuits:
    """One permutation circuit per bank, from power-up on: every switch in bar, or where it is stuck.

    Circuits that do not join every position to its own cell then (open crosspoints) are joined so by the first
    reconnection that asks nothing else of them.

    Args:
        fabrics: per layer, the circuit of each of its banks, or None where connections are fixed.
        layout: the banks of every layer.
        switch: technology of the switches; it tells what is minimised apart from toggles.
        effort: how hard the router tries.
        classes: per layer, classes of its cells, int32 (banks, cells); cells of one class may stand for each other.
            None where every position must have the cell that is asked for.
        bits: per layer, what the port sends for one circuit, where that is known otherwise: always all of it.
        writes: how configurations are sent, a key of :data:`hwsim.execution.writes.WRITES`.
        check_bits: of the checksum that follows, which takes port clocks too.
        aim: what the router spends little of: ``toggles``, ``energy``, ``loss`` or ``wear``; toggles alone where cells
            stand for each other.
        dwell: seconds that a configuration stands, where energy is minimised.
        counted: reconnections over which wear is counted; 0 counts none.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.crossbar.technology import Switch
        >>> from hwsim.schedule import Bank, Layout
        >>> switch = Switch("s", "electronic", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 32, 1e8, 0.0)
        >>> circuits = Circuits([crossbar("benes", 4)], Layout((Bank(0, 1, 4, 0, True),)), switch)
        >>> change = circuits.reconnect([np.array([[1, 0, 2, 3]])])
        >>> change.moves, change.toggles, change.loads
        (2, 1, [Load(bits=6, sets=1, resets=0, held=1, layer=0, bank=0)])
    """

    def __init__(
        self,
        fabrics: Sequence[Fabric | None],
        layout: Layout,
        switch: Switch,
        effort: str = "greedy",
        *,
        classes: Sequence[NDArray[np.int32]] | None = None,
        bits: Sequence[int] | None = None,
        writes: str = "full",
        check_bits: int = 0,
        aim: str = "toggles",
        dwell: float = 0.0,
        counted: int = 0,
    ) -> None:
        self.fabrics, self.layout, self.switch, self.effort = list(fabrics), layout, switch, effort
        self.stuck: list[Stuck | None] = [None] * len(self.fabrics)
        """Per layer, its stuck switches; None where there were never any."""
        self._exchanging = False
        self.routes_around = True
        """Whether routes go around stuck switches that are known; else known ones are told, and nothing more."""
        self._bits, self._writes, self._check_bits = bits, writes, check_bits
        self._aim, self._dwell, self._lasting = aim, dwell, counted != 1
        self.wear = [Wear(counted + 1) for _ in self.fabrics] if counted else None  # and what closes open crosspoints
        """Per layer, toggles of every single switch; None where they are not counted."""
        self.worn_out: list[Fault] = []
        """Switches that reached their endurance at the last reconnection, stuck in the states that they have."""
        self.states: list[NDArray[Any] | None] = []
        """Per layer, how its switches stand, one row per bank; None where connections are fixed."""
        self.memory: list[NDArray[Any] | None] = []
        """Per layer, the states that were loaded; another than ``states`` where a switch is stuck in another one."""
        self.permutations: list[NDArray[np.int64]] = []
        """Per layer, the permutations that the switches realise as they stand, int64 (banks, ports of the circuit, or
        cells without one)."""
        self.asked: list[NDArray[np.int64]] = []
        """Per layer, the permutations that ``memory`` stands for: what the host believes, and what schedules keep."""
        self.toggled = [np.zeros(bank.banks, np.int64) for bank in layout.layers]
        """Per layer, toggles of each bank at the last reconnection, int64 (banks,)."""
        self._held: list[int] = []
        self._open: list[bool] = []
        self._classes: list[NDArray[np.int32] | None] = []
        for number, (fabric, bank) in enumerate(zip(self.fabrics, layout.layers, strict=True)):
            ports = bank.ports if fabric is None else fabric.ports
            straight = np.broadcast_to(np.arange(ports), (bank.banks, ports))
            self.permutations.append(straight if fabric is None else straight.copy())  # fixed: one row for all banks
            self.states.append(None if fabric is None else fabric.power_up(bank.banks))
            self._held.append(self._count_held(number, fabric))
            self._open.append(fabric is not None and not fabric.joined_at_power_up())
            free = classes is not None and fabric is not None
            self._classes.append(_of_ports(classes[number], ports) if classes is not None and free else None)
        self.memory, self.asked = list(self.states), list(self.permutations)

    @property
    def switches(self) -> int:
        """Count switches (or crosspoints) of all circuits together."""
        return sum(bank.banks * fabric.switches for fabric, bank in self._built())

    @property
    def worn(self) -> int | None:
        """Count toggles of the switch that toggled most; None where they are not counted."""
        return None if self.wear is None else max((wear.most for wear in self.wear), default=0)

    @property
    def held(self) -> float:
        """Count switches in cross at a time, as everything stands now."""
        states = [state for state in self.states if state is not None]
        found = zip(self._built(), states, strict=True)
        return float(sum(held_at_a_time(fabric, state).sum() for (fabric, _), state in found))

    @property
    def standing(self) -> int:
        """Count switches in cross at a time as :attr:`held` does, in whole switches of each bank, not anew."""
        return sum(self._held)

    def _count_held(self, number: int, fabric: Fabric | None) -> int:
        states = self.states[number]
        return 0 if fabric is None or states is None else int(np.rint(held_at_a_time(fabric, states)).sum())

    def _built(self) -> list[tuple[Fabric, Any]]:
        return [(f, bank) for f, bank in zip(self.fabrics, self.layout.layers, strict=True) if f is not None]

    def prepare(self, wanted: Sequence[Rows]) -> None:
        """Let the circuits stand like this from the start: nothing of it is counted.

        Raises:
            UnroutedError: as for :meth:`find`.
        """
        self.prepared(self.find(wanted))

    def reconnect(self, wanted: Sequence[Rows], settings: Sequence[NDArray[Any] | None] | None = None) -> Change:
        """Carry out a reconnection; arguments and errors as in :meth:`find`."""
        change = self.find(wanted, settings)
        self.take(change)
        return change

    def find(self, wanted: Sequence[Rows], settings: Sequence[NDArray[Any] | None] | None = None) -> Change:
        """Find what a reconnection would change; everything stays as it is.

        Args:
            wanted: per layer, permutations int64 (banks, cells), or None where a layer keeps its connections.
            settings: per layer, states of its circuits to load instead of routed ones.

        Raises:
            UnroutedError: no configuration realises a permutation, or the router refuses the effort.
            ExecutionError: the configuration realises another permutation: the circuit is not what it says.
        """
        layers: list[LayerChange | None] = []
        moves = 0
        for number, (asked, bank) in enumerate(zip(wanted, self.layout.layers, strict=True)):
            layers.append(self._find(number, asked, None if settings is None else settings[number]))
            if (layer := layers[-1]) is not None:
                moves += int(np.count_nonzero(layer.after[:, : bank.ports] != layer.before[:, : bank.ports]))
        return Change(tuple(layers), moves)

    def _find(self, number: int, wished: Rows, given: NDArray[Any] | None) -> LayerChange | None:
        fabric, old, memory, stuck = self.fabrics[number], self.states[number], self.memory[number], self.stuck[number]
        wanted = self.asked[number] if wished is None and self._open[number] else wished
        if wanted is None or fabric is None or old is None or memory is None:
            return None
        ports, impossible = extend(wanted, fabric.ports), np.zeros(0, np.int64)
        if given is not None:
            loaded = given
        else:
            loaded = self._route(number, fabric, ports, memory)
            if stuck is not None and self.routes_around and stuck.banks.size:
                loaded, impossible = self._avoid(number, fabric, stuck, ports, (memory, loaded))
        asked = self._realised(number, fabric, loaded, ports)
        new = loaded if stuck is None else stuck.forced(loaded)
        return self._change(number, new, loaded, asked, impossible)

    def _change(
        self,
        number: int,
        new: NDArray[Any],
        loaded: NDArray[Any],
        asked: NDArray[np.int64],
        impossible: NDArray[np.int64],
    ) -> LayerChange:
        """Compare a layer as it will stand with how it stands; ``new`` is ``loaded`` but where switches are stuck."""
        fabric: Any = self.fabrics[number]
        old: Any = self.states[number]
        after = asked
        if new is not loaded:
            astray = np.flatnonzero((new != loaded).any(axis=1))
            after = asked.copy()
            after[astray] = fabric.apply_many(new[astray], np.tile(np.arange(fabric.ports), (astray.size, 1)))
        return LayerChange(
            number,
            old,
            new,
            self.permutations[number],
            after,
            fabric.toggles_many(old, new),
            fabric.sets_many(old, new),
            np.rint(held_at_a_time(fabric, new)).astype(np.int64),
            *self.sent(number, np.asarray(self.memory[number]), loaded),
            loaded,
            asked,
            impossible,
        )

    def sent(
        self, number: int, memory: NDArray[Any], loaded: NDArray[Any]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the bits that each bank of a layer is sent so that other states stand in its memory, and which are."""
        fabric: Any = self.fabrics[number]
        banks, bits = np.flatnonzero((memory != loaded).any(axis=1)), np.zeros(len(loaded), np.int64)
        if self._bits is not None:
            bits[banks] = self._bits[number]
        elif self._writes == "full":
            bits[banks] = fabric.configuration_bits
        else:
            old, new, width = memory[banks], loaded[banks], self.switch.port_width
            bits[banks] = bits_sent(fabric, old, new, self._writes, width, self._check_bits)
        return bits, banks

    def _route(self, number: int, fabric: Fabric, wanted: NDArray[np.int64], old: NDArray[Any]) -> NDArray[Any]:
        classes, cells = self._classes[number], self.layout.layers[number].ports
        try:
            if classes is not None:
                return route_freely(fabric, classes, self.asked[number], wanted, cells, old, self.effort)
            return fabric.route_many(wanted, old, self.effort, self._cost(number, old))
        except ValueError as error:
            raise UnroutedError(number, str(error)) from error

    def _avoid(
        self,
        number: int,
        fabric: Fabric,
        stuck: Stuck,
        wanted: NDArray[np.int64],
        states: tuple[NDArray[Any], NDArray[Any]],
    ) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Route banks around known stuck switches (:func:`avoid`); refuse what is impossible unless it was learnt."""
        try:
            found, blocked = avoid(fabric, stuck, wanted, states, self._cost(number, states[0]), self.effort)
        except ValueError as error:
            raise UnroutedError(number, str(error)) from error
        if blocked and not self._exchanging:
            raise UnroutedError(number, next(iter(blocked.values())))
        return found, np.array(list(blocked), np.int64)

    def _cost(self, number: int, old: NDArray[Any]) -> NDArray[np.float64] | None:
        """Return the table to minimise; None if toggles are counted, or if crosspoints leave no choice."""
        fabric = self.fabrics[number]
        if self._aim == "toggles" or fabric is None or old.dtype != np.uint8 or old.shape[1:] != (fabric.switches,):
            return None
        if self._aim == "energy":
            return switching_cost(self.switch, old, energy=1.0, even=self._lasting, dwell=self._dwell)
        if self._aim == "loss":
            return switching_cost(self.switch, old, loss=1.0, toggles=TIE)
        counts = None if self.wear is None else self.wear[number].counts
        worn = counts if counts is not None and counts.shape == old.shape else None
        # each toggle so far adds the cost of one: a few per cent more life for hardly any more toggles
        return switching_cost(self.switch, old, toggles=1.0, wear=self.switch.endurance or 0.0, worn=worn)

    def _realised(
        self, number: int, fabric: Fabric, states: NDArray[Any], wanted: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Send port numbers through switches as loaded: what comes out must be what was asked for, or of its class."""
        found = fabric.apply_many(states, np.tile(np.arange(fabric.ports), (len(wanted), 1)))
        classes = self._classes[number]
        if classes is None:
            differ = found != wanted
        else:
            differ = np.take_along_axis(classes, found, axis=1) != np.take_along_axis(classes, wanted, axis=1)
        wrong = np.flatnonzero(differ.any(axis=1))
        if wrong.size:
            raise ExecutionError(f"layer {number}, bank {wrong[0]}: the configuration realises another permutation")
        return found

    def stick(self, fault: Fault, *, known: bool = True) -> Change:
        """Find what a switch that gets stuck changes now; nothing is sent to it.

        Args:
            fault: the switch, and what it is stuck in.
            known: whether the host knows at once, and routes around it or refuses what it cannot do; one that does not
                loads what it would load if nothing were stuck.

        Raises:
            UnroutedError: the circuit has no such switch with two states, or it is stuck in the other one.
        """
        layer, stuck, memory, (at, state) = fault.layer, *self._place(fault)
        if stuck.real[at] == 1 - state:
            what = f"switch {fault.switch} of circuit {fault.bank} is stuck in the other state already"
            raise UnroutedError(layer, what)
        stuck.real[at] = state
        if known:
            self._know(fault)
        now = self._change(layer, stuck.forced(memory), memory, self.asked[layer], np.zeros(0, np.int64))
        layers = tuple(now if number == layer else None for number in range(len(self.fabrics)))
        return Change(layers, int(np.count_nonzero(now.after != now.before)))

    def learn(self, fault: Fault) -> None:
        """Route around a stuck switch from now on; where there is no way, the bank does all but what it prevents.

        Raises:
            UnroutedError: the circuit has no such switch with two states.
        """
        self._know(fault)
        self._exchanging = True

    def _know(self, fault: Fault) -> None:
        """Note a stuck switch as known; its bank has the very cells that are asked for from now on."""
        stuck, _, (at, state) = self._place(fault)
        stuck.known[at] = state
        classes = self._classes[fault.layer]
        if classes is not None:
            classes[fault.bank] = np.arange(classes.shape[1])

    def _place(self, fault: Fault) -> tuple[Stuck, NDArray[Any], tuple[tuple[int, int], int]]:
        """Return the stuck switches and the memory of a fault's layer, its place there and its state, if it can be."""
        problem = find_problem(fault, self.layout, self.fabrics)
        memory = None if problem else self.memory[fault.layer]
        if fault.switch is None or fault.state is None or memory is None:
            raise UnroutedError(fault.layer, problem or "a dead cell is the chip's, not the circuits'")
        stuck = self.stuck[fault.layer]
        if stuck is None:
            stuck = self.stuck[fault.layer] = Stuck(*memory.shape)
        return stuck, memory, ((fault.bank, fault.switch), fault.state)

    def take(self, change: Change) -> None:
        """Stand as a change that was found from here says, and count its wear."""
        self.prepared(change)
        self.worn_out = []
        for layer in change.layers if self.wear is not None else ():
            fabric = None if layer is None else self.fabrics[layer.layer]
            if self.wear is None or layer is None or fabric is None or cycles(fabric) != 1:
                continue
            wear, last = self.wear[layer.layer], self.switch.endurance
            wear.count(layer.old, layer.new)
            if last is None or never_stuck(fabric, self.layout.layers[layer.layer].ports):
                continue
            for bank, switch in wear.worn_out(layer.old, layer.new, last).tolist():
                self.worn_out.append(Fault(layer.layer, bank, switch=switch, state=int(layer.new[bank, switch])))

    def prepared(self, change: Change) -> None:
        """Stand as a change that was found from here says; its wear is not counted."""
        for number, layer in enumerate(change.layers):
            if layer is None:
                self.toggled[number] = np.zeros(self.layout.layers[number].banks, np.int64)
                continue
            self.toggled[number], self._open[number] = layer.toggles, False
            self.states[number], self.permutations[number] = layer.new, layer.after
            self.memory[number], self.asked[number] = layer.loaded, layer.asked
            self._held[number] = int(layer.held.sum())


def _of_ports(classes: NDArray[np.int32], ports: int) -> NDArray[np.int32]:
    """Return classes of the cells at all ports; the spare ports, which no cell stands behind, are one class more."""
    spare = np.full((len(classes), ports - classes.shape[1]), classes.max() + 1, np.int32)
    return np.ascontiguousarray(np.concatenate([classes, spare], axis=1))
