"""What every permutation circuit offers, whatever its switches.

One convention: a permutation p means ``y[i] = x[p[i]]``, output i takes from input p[i].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hwsim.crossbar.routing.effort import check_cost, check_effort
from hwsim.crossbar.shapes import check_rows, named
from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.files.markup import html_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import networkx as nx
    from numpy.typing import ArrayLike, NDArray

    from hwsim.crossbar.path import Losses, Paths

Blocking = Literal["strict", "rearrangeable", "blocking"]


class PermutationError(HwsimError, ValueError):
    """What was given is not a permutation of the ports; the message says where and what would work."""

    exit_code = BAD_INPUT


class BlockedError(PermutationError):
    """A permutation that this circuit cannot realise; the message says what stands in the way.

    Args:
        message: what a person reads.
        pairs: pairs of outputs whose signals want the same wire, where that is the reason.
    """

    def __init__(self, message: str, pairs: Sequence[tuple[int, int]] = ()) -> None:
        super().__init__(message)
        self.pairs = tuple(pairs)


def check_permutation(p: ArrayLike, ports: int) -> NDArray[np.int64]:
    """Return the permutation as int64 (ports,), or raise an error that says what is wrong with it.

    Args:
        p: integers 0 .. ports-1, each once.
        ports: length wanted.

    Raises:
        PermutationError: wrong length, not integers, a number out of range, or one given twice.

    Example:
        >>> check_permutation([1, 1, 0], 3)
        Traceback (most recent call last):
        ...
        hwsim.crossbar.fabric.PermutationError: no permutation: cell 1 stands at positions 0 and 1; give every cell once
    """
    try:
        values = np.asarray(p)
    except ValueError as error:
        raise PermutationError(f"no permutation: rows of unequal length; give {ports} numbers in a row") from error
    if values.ndim != 1 or len(values) != ports:
        shape = f"it has {len(values)} numbers" if values.ndim == 1 else f"it has {values.ndim} dimensions"
        raise PermutationError(
            f"no permutation: {shape} where {ports} {'are' if values.ndim == 1 else 'numbers in a row are'} wanted"
        )
    if values.dtype.kind not in "iu":
        raise PermutationError(f"no permutation: numbers of type {values.dtype}; give integers 0 to {ports - 1}")
    outside = np.flatnonzero((values < 0) | (values >= ports))
    if outside.size:
        at = int(outside[0])
        raise PermutationError(f"no permutation: position {at} asks for cell {values[at]}; use 0 to {ports - 1}")
    rows = values.astype(np.int64)
    if np.bincount(rows, minlength=ports).max(initial=0) > 1:
        order = np.argsort(rows, kind="stable")
        at = int(np.flatnonzero(np.diff(rows[order]) == 0)[0])
        first, second = int(order[at]), int(order[at + 1])
        raise PermutationError(
            f"no permutation: cell {rows[first]} stands at positions {first} and {second}; give every cell once"
        )
    return rows


def check_banks(permutations: ArrayLike, ports: int) -> NDArray[np.int64]:
    """Return one permutation per bank as contiguous int64 (banks, ports), or raise an error that names the bank.

    Raises:
        PermutationError: not two dimensions, or a row that :func:`check_permutation` refuses.

    Example:
        >>> check_banks([[0, 1], [0, 2]], 2)
        Traceback (most recent call last):
        ...
        hwsim.crossbar.fabric.PermutationError: bank 1: no permutation: position 1 asks for cell 2; use 0 to 1
    """
    values = np.asarray(permutations)
    if values.ndim != 2:  # noqa: PLR2004 - banks and ports
        raise PermutationError(f"no permutations of banks: {values.ndim} dimensions; give (banks, {ports})")
    if values.shape[1] == ports and values.dtype.kind in "iu" and values.size:
        rows = np.ascontiguousarray(values, np.int64)
        if values.min() >= 0 and values.max() < ports:
            seen = np.zeros(rows.shape, np.bool_)
            np.put_along_axis(seen, rows, values=True, axis=1)
            if seen.all():
                return rows
    for bank, row in enumerate(values):
        try:
            check_permutation(row, ports)
        except PermutationError as error:
            raise PermutationError(f"bank {bank}: {error}") from None
    return values.reshape(len(values), ports).astype(np.int64)


class Fabric(ABC):
    """One permutation circuit: so many ports in one topology. States of many equal circuits are rows of one array.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 4)
        >>> fabric.topology, fabric.ports, fabric.switches, fabric.depth, fabric.configuration_bits, fabric.strides
        ('benes', 4, 6, 3, 6, (2, 1, 2))
        >>> old = fabric.power_up(banks=2)
        >>> new = fabric.route_many(np.array([[1, 0, 2, 3], [0, 1, 2, 3]]), previous=old)
        >>> fabric.apply_many(new, np.array([[10, 11, 12, 13], [20, 21, 22, 23]])).tolist()
        [[11, 10, 12, 13], [20, 21, 22, 23]]
        >>> fabric.toggles_many(old, new).tolist(), fabric.held_many(new).tolist()
        ([1, 0], [1, 0])
        >>> fabric.words(new[0])
        [(0, 2), (1, 2), (0, 2)]
        >>> fabric.graph().number_of_nodes()
        32
    """

    topology: str
    ports: int
    switches: int
    """Switches, or crosspoints."""
    depth: int
    """Switches on the longest path."""
    configuration_bits: int
    strides: tuple[int, ...]
    """Distance of the two wires of the first switch of each stage; empty where there are no stages."""
    blocking: Blocking
    """``strict``: a new connection never disturbs others; ``rearrangeable``: every permutation can be had, standing
    connections may have to move; ``blocking``: some permutations cannot be had."""
    self_routing: bool = False
    """Whether each switch can set itself by comparing the destinations of its two signals."""

    def __repr__(self) -> str:
        """Return topology and size, for a person at a prompt.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 8)
            <benes: 8 ports, 20 switches>
        """
        return f"<{self.topology}: {self.ports:,} port{'s' * (self.ports != 1)}, {self.switches:,} switches>"

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, state: NDArray[Any] | None = None) -> str:
        """Show the circuit as HTML: what it is, and its picture where it can be drawn (:meth:`svg`)."""
        facts: dict[str, Any] = {
            "ports": self.ports,
            "switches": self.switches,
            "switches on the longest path": self.path_lengths[1],
            "configuration bits": self.configuration_bits,
            "class": self.blocking,
        }
        if state is not None:
            facts["switches set"] = int(self.held_many(state[None, :])[0])
        return html_table((self.topology, ""), facts.items()) + (self.svg(state) or "")

    def svg(self, state: NDArray[Any] | None = None) -> str | None:  # noqa: ARG002 - circuits that can be drawn need it
        """Draw the circuit as SVG text; None for one that has no drawing, or more than 64 ports.

        Stages of 2x2 switches and full grids of crosspoints have one. With a state, every signal has the colour of its
        input, and switches in cross, or closed crosspoints, are filled.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> fabric = crossbar("benes", 4)
            >>> fabric.svg(fabric.route([1, 0, 2, 3]).state).count('class="switch cross"')
            1
        """
        return None

    @property
    @abstractmethod
    def path_lengths(self) -> tuple[int, int]:
        """Count switches passed on the shortest and on the longest path from an input to an output."""

    @property
    @abstractmethod
    def crossings(self) -> tuple[int, int]:
        """Count crossings of two wires in the whole drawing, and the most of them on one path."""

    @property
    @abstractmethod
    def leaks(self) -> tuple[int, int]:
        """Count the most leaking contributions at an output, and how many switches each has leaked through.

        With the crosstalk X of one switch in dB (negative), crosstalk at that output is order X + 10 log10(count) dB.
        """

    @abstractmethod
    def power_up(self, banks: int) -> NDArray[Any]:
        """Return states (banks, ...) after power-up: all switches in bar, all crosspoints open."""

    def joined_at_power_up(self) -> bool:
        """Tell whether every output has the input of its own number at power-up, and is not open.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 4).joined_at_power_up(), crossbar("crossbar", 4).joined_at_power_up()
            (True, False)
        """
        straight = np.arange(self.ports)[None, :]
        try:
            return bool((self.apply_many(self.power_up(1), straight) == straight).all())
        except ValueError:  # an output that no input reaches
            return False

    def route_many(
        self,
        permutations: NDArray[np.int64],
        previous: NDArray[Any] | None = None,
        effort: str = "greedy",
        cost: NDArray[np.float64] | None = None,
    ) -> NDArray[Any]:
        """Find states that realise one permutation per bank.

        Args:
            permutations: integers (banks, ports), each row a permutation.
            previous: states before, (banks, ...); power-up when None.
            effort: one of :data:`hwsim.crossbar.routing.effort.EFFORTS`.
            cost: cost of state 0 and of state 1 of every switch, float64 (switches, 2), the same for all banks, or
                (banks, switches, 2); ``+inf`` where a switch cannot take a state. It is what is minimised, and
                previous only what toggles are counted from. A switch that changes costs 1 when None.

        Raises:
            PermutationError: a row that is not a permutation of the ports.
            BlockedError: a permutation that this topology, or what is stuck in it, cannot realise.
            ValueError: states or a cost of the wrong shape, a cost that is NaN or -inf, an unknown effort.
        """
        check_effort(effort)
        p = check_banks(permutations, self.ports)
        table = check_cost(cost, len(p), self.switches)
        before = None if previous is None else self.check_states("previous states", previous, len(p))
        return self._route(p, before, effort, table)

    @abstractmethod
    def _route(
        self, p: NDArray[np.int64], previous: NDArray[Any] | None, effort: str, cost: NDArray[np.float64] | None
    ) -> NDArray[Any]:
        """Do the work of :meth:`route_many` on checked arguments; ``previous`` is None just after power-up."""

    def check_states(self, what: str, states: ArrayLike, banks: int) -> NDArray[Any]:
        """Return states as this circuit holds them, contiguous, one row for each bank.

        Raises:
            ValueError: another shape.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 2).check_states("states", [[1]], 1).dtype.name
            'uint8'
        """
        one = self.power_up(1)
        return np.ascontiguousarray(check_rows(what, states, (banks, one.shape[1])), one.dtype)

    @abstractmethod
    def apply_many(self, states: NDArray[Any], signals: NDArray[Any]) -> NDArray[Any]:
        """Send signals (banks, ports) of any type through circuits in the given states.

        Raises:
            ValueError: states or signals of the wrong shape, an output that no input reaches.
        """

    @abstractmethod
    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches that change state, int64 (banks,); crosspoints opened plus closed."""

    @abstractmethod
    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Count the toggles from bar to cross, or from open to closed."""

    @abstractmethod
    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Count switches in cross, or crosspoints closed, int64 (banks,)."""

    @abstractmethod
    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """Return one circuit's configuration as (value, width in bits); :attr:`word_order` says what they mean."""

    def image_many(self, states: NDArray[Any]) -> NDArray[np.uint8]:
        """Return every circuit's configuration as bits: :meth:`words` in their order, each from its lowest bit on.

        Args:
            states: (banks, ...).

        Returns:
            0 or 1, uint8 (banks, configuration_bits).

        Raises:
            ValueError: a circuit that was never configured, whose state no word stands for.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> fabric = crossbar("crossbar", 3)
            >>> fabric.words(np.array([2, 0, 1])), fabric.image_many(np.array([[2, 0, 1]])).tolist()
            ([(2, 2), (0, 2), (1, 2)], [[0, 1, 0, 0, 1, 0]])
        """
        rows = ["".join(f"{value:0{width}b}"[::-1] for value, width in self.words(state) if width) for state in states]
        digits = np.frombuffer("".join(rows).encode(), np.uint8)
        return (digits - ord("0")).reshape(len(states), self.configuration_bits)

    def from_words(self, words: list[int]) -> NDArray[Any]:
        """Do the work of :func:`hwsim.crossbar.words.read_words`, which compares the result with the words."""
        raise NotImplementedError(f"the {len(words)} words of {named(self.topology)} are not read back")

    @property
    @abstractmethod
    def word_order(self) -> str:
        """Say what :meth:`words` are, in a sentence by which a reader of exported files can decode them."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Describe what is joined to what, for files: numbers and lists, named as :attr:`word_order` names them."""

    @abstractmethod
    def paths_many(self, states: NDArray[Any]) -> Paths:
        """Count what every output's signal passes: switches in bar and in cross, crossings of wires.

        Raises:
            ValueError: states of the wrong shape, an output that no input reaches.
        """

    @abstractmethod
    def graph(self, state: NDArray[Any] | None = None, losses: Losses | None = None) -> nx.DiGraph[Any]:
        """Return the routing graph: ports ``("in", i)`` and ``("out", i)``, switch terminals, wires.

        Edges carry ``kind`` (``wire``, ``bar``, ``cross`` or ``crosspoint``) and ``switch``; wires carry ``crossings``,
        crosspoints ``passed``, how many others the signal passes by. Given a technology's losses, every edge carries
        ``loss`` in dB, and the sum along a path is the loss of :meth:`paths_many`. With a state, only what conducts in
        it is there, so that every output is reached from exactly one input.
        """

    def route(
        self,
        p: ArrayLike,
        previous: Configuration | None = None,
        cost: NDArray[np.float64] | None = None,
        effort: str = "greedy",
    ) -> Configuration:
        """Find a configuration of this one circuit that realises p; arguments as in :meth:`route_many`.

        Raises:
            PermutationError: what was given is not a permutation of the ports.
            ValueError: a cost that does not fit, an unknown effort, a previous configuration of another circuit.
            TypeError: a previous configuration that is none.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 4).route([2, 0, 3, 1]).apply([10, 11, 12, 13]).tolist()
            [12, 10, 13, 11]
        """
        wanted = check_permutation(p, self.ports)
        before = None if previous is None else self._state_of(previous)
        return Configuration(self, self.route_many(wanted[None, :], before, effort, cost)[0])

    def _state_of(self, other: Configuration) -> NDArray[Any]:
        if not isinstance(other, Configuration):
            raise TypeError(f"previous is a {type(other).__name__}; give what an earlier route() returned")
        theirs = other.fabric
        if (theirs.topology, theirs.ports) != (self.topology, self.ports):
            raise ValueError(
                f"the previous configuration is one of {named(theirs.topology)} of {theirs.ports} ports; "
                f"give one of {named(self.topology)} of {self.ports} ports"
            )
        return other.state[None, :]


@dataclass(frozen=True, eq=False)
class Configuration:
    """Switch settings of one circuit.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> straight = crossbar("benes", 4).route([0, 1, 2, 3])
        >>> straight.toggles(None)
        0
    """

    fabric: Fabric
    state: NDArray[Any]

    def __repr__(self) -> str:
        """Name the circuit and say how many of its switches are set."""
        set_ = int(self.fabric.held_many(self.state[None, :])[0])
        return f"<configuration of {self.fabric.topology}: {self.fabric.ports:,} ports, {set_:,} switches set>"

    def _repr_html_(self) -> str:
        """Draw the circuit with its states and paths in a notebook."""
        return self.fabric.html(self.state)

    def apply(self, x: ArrayLike) -> NDArray[Any]:
        """Return the signals (ports,) of any type at the outputs: ``x[p]``.

        Raises:
            ValueError: another number of signals than ports.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("crossbar", 3).route([2, 0, 1]).apply(["a", "b", "c"]).tolist()
            ['c', 'a', 'b']
        """
        try:
            signals = np.asarray(x)
        except ValueError:  # NumPy's own words speak of inhomogeneous shapes
            raise ValueError(f"the signals are not one per port; give a flat list of {self.fabric.ports}") from None
        if signals.shape != (self.fabric.ports,):
            raise ValueError(f"signals have shape {signals.shape}; give ({self.fabric.ports},)")
        return signals[self.permutation()]

    def permutation(self) -> NDArray[np.int64]:
        """Return the permutation that these settings realise, found by sending port numbers through the switches.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> crossbar("benes", 3).route([2, 0, 1]).permutation().tolist()
            [2, 0, 1]
        """
        numbers = np.arange(self.fabric.ports)[None, :]
        return np.asarray(self.fabric.apply_many(self.state[None, :], numbers)[0])

    def toggles(self, previous: Configuration | None) -> int:
        """Count switches that change on the way from another configuration, or from power-up when None.

        Raises:
            ValueError: a configuration of another circuit.

        Example:
            >>> from hwsim.crossbar import crossbar
            >>> fabric = crossbar("crossbar", 3)
            >>> fabric.route([1, 0, 2]).toggles(fabric.route([0, 1, 2]))
            4
        """
        old = self.fabric.power_up(1) if previous is None else self.fabric._state_of(previous)  # noqa: SLF001 - same file
        return int(self.fabric.toggles_many(old, self.state[None, :])[0])
