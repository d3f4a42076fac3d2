"""What every permutation circuit offers, whatever its switches.

One convention: a permutation p means ``y[i] = x[p[i]]``, output i takes from input p[i].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import networkx as nx
    from numpy.typing import ArrayLike, NDArray

EFFORTS = ("any", "greedy")
PORTS_LIMIT = 2**26


class PermutationError(ValueError):
    """What was given is no permutation of the ports; the message says where and what would work."""


@dataclass(frozen=True)
class Topology:
    """A catalogue entry: an arrangement of switches and its builder, which refuses sizes with ValueError."""

    name: str
    summary: str
    build: Callable[[int], Fabric]


def check_ports(topology: str, ports: int) -> None:
    """Refuse a number of ports that no circuit can have.

    Raises:
        ValueError: fewer than 1, or more than 2^26 ports.
    """
    if not 1 <= ports <= PORTS_LIMIT:
        raise ValueError(f"a {topology} crossbar cannot have {ports} ports; use 1 to {PORTS_LIMIT}")


def check_permutation(p: ArrayLike, ports: int) -> NDArray[np.int64]:
    """The permutation as int64 (ports,), or an error that says what is wrong with it.

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
    values = np.asarray(p)
    if values.ndim != 1 or len(values) != ports:
        shape = f"it has {len(values)} numbers" if values.ndim == 1 else f"it has {values.ndim} dimensions"
        raise PermutationError(
            f"no permutation: {shape} where {ports} {'are' if values.ndim == 1 else 'numbers in a row are'} wanted"
        )
    if values.dtype.kind not in "iu":
        raise PermutationError(f"no permutation: numbers of type {values.dtype}; give integers 0 to {ports - 1}")
    rows = values.astype(np.int64)
    outside = np.flatnonzero((rows < 0) | (rows >= ports))
    if outside.size:
        at = int(outside[0])
        raise PermutationError(f"no permutation: position {at} asks for cell {rows[at]}; use 0 to {ports - 1}")
    order = np.argsort(rows, kind="stable")
    twice = np.flatnonzero(np.diff(rows[order]) == 0)
    if twice.size:
        first, second = int(order[twice[0]]), int(order[twice[0] + 1])
        raise PermutationError(
            f"no permutation: cell {rows[first]} stands at positions {first} and {second}; give every cell once"
        )
    return rows


def extend(permutations: NDArray[np.int64], ports: int) -> NDArray[np.int64]:
    """Permutations (banks, n) for a circuit of more ports: the spare ports are joined straight.

    Example:
        >>> extend(np.array([[1, 0]]), 4).tolist()
        [[1, 0, 2, 3]]
    """
    banks, n = permutations.shape
    spare = np.tile(np.arange(n, ports), (banks, 1))
    return np.ascontiguousarray(np.concatenate([permutations, spare], axis=1))


class Fabric(ABC):
    """One permutation circuit: so many ports in one topology. States of many equal circuits are rows of one array."""

    topology: str
    ports: int
    switches: int
    """Switches, or crosspoints."""
    depth: int
    """Switches on the longest path."""
    configuration_bits: int
    strides: tuple[int, ...]
    """Distance of the two wires of the first switch of each stage; empty where there are no stages."""

    @abstractmethod
    def power_up(self, banks: int) -> NDArray[Any]:
        """States (banks, ...) after power-up: all switches in bar, all crosspoints open."""

    @abstractmethod
    def route_many(
        self,
        permutations: NDArray[np.int64],
        previous: NDArray[Any] | None = None,
        cost: NDArray[np.float64] | None = None,
        effort: str = "greedy",
    ) -> NDArray[Any]:
        """Find states that realise one permutation a bank.

        Args:
            permutations: int64 (banks, ports), each row a permutation.
            previous: states before, (banks, ...); power-up when None.
            cost: cost of state 0 and of state 1 of every switch, float64 (switches, 2), the same for all banks; a
                switch that changes costs 1 when None.
            effort: ``any`` (looping, no cost consulted) or ``greedy`` (each loop takes its cheaper setting).

        Raises:
            ValueError: a cost of the wrong shape or not finite, an unknown effort.
        """

    @abstractmethod
    def apply_many(self, states: NDArray[Any], signals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Send signals (banks, ports) through circuits in the given states."""

    @abstractmethod
    def toggles_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Switches that change state, int64 (banks,); crosspoints opened plus closed."""

    @abstractmethod
    def sets_many(self, old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.int64]:
        """Of the toggles, those from bar to cross, or from open to closed."""

    @abstractmethod
    def held_many(self, states: NDArray[Any]) -> NDArray[np.int64]:
        """Switches in cross, or crosspoints closed, int64 (banks,)."""

    @abstractmethod
    def words(self, state: NDArray[Any]) -> list[tuple[int, int]]:
        """One circuit's configuration as (value, width in bits), bit 0 = lowest switch index of its stage."""

    @abstractmethod
    def graph(self, state: NDArray[Any] | None = None) -> nx.DiGraph[Any]:
        """The routing graph: ports ``("in", i)`` and ``("out", i)``, switch terminals, wires.

        Edges carry ``kind`` (``wire``, ``bar``, ``cross`` or ``crosspoint``) and ``switch``. With a state, only what
        conducts in it is there, so that every output is reached from exactly one input.
        """

    def route(
        self,
        permutation: ArrayLike,
        previous: Configuration | None = None,
        cost: NDArray[np.float64] | None = None,
        effort: str = "greedy",
    ) -> Configuration:
        """Find a configuration of this one circuit.

        Raises:
            PermutationError: what was given is no permutation of the ports.
            ValueError: a cost that does not fit, an unknown effort.
        """
        p = check_permutation(permutation, self.ports)
        before = None if previous is None else previous.state[None, :]
        return Configuration(self, self.route_many(p[None, :], before, cost, effort)[0])


@dataclass(frozen=True)
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

    def apply(self, x: ArrayLike) -> NDArray[Any]:
        """Signals (ports,) at the outputs: ``x[p]``."""
        return np.asarray(x)[self.permutation()]

    def permutation(self) -> NDArray[np.int64]:
        """The permutation that these settings realise, found by sending port numbers through the switches."""
        numbers = np.arange(self.fabric.ports)[None, :]
        return np.asarray(self.fabric.apply_many(self.state[None, :], numbers)[0])

    def toggles(self, previous: Configuration | None) -> int:
        """Switches that change on the way from another configuration, or from power-up when None."""
        old = self.fabric.power_up(1) if previous is None else previous.state[None, :]
        return int(self.fabric.toggles_many(old, self.state[None, :])[0])
