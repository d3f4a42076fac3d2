"""An ONNX graph by its dataflow: what the output depends on, which names mean one value, and who takes it."""

from __future__ import annotations

from math import isclose, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model.imports.onnx_structure import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import onnx

SAME = {"Identity", "Dropout", "Cast"}
"""Operators that give what they take, where they are taken at all."""
VIEWS = SAME | {"Reshape", "Flatten", "Squeeze", "Unsqueeze"}
"""Operators that give the same numbers in the same order."""
DEEP = 4
"""Products of products that a formula may be written in."""


class Flow:
    """What the output of a graph depends on.

    Args:
        graph: the graph, sound by :func:`hwsim.model.imports.onnx_structure.find_faults`.
        close: how near a constant must be to what a formula has, relative to it.
    """

    def __init__(self, graph: onnx.GraphProto, close: float) -> None:
        self.graph, self.close = graph, close
        self.given = graph.output[0].name
        self.producer = {name: node for node in graph.node for name in node.output if name}
        self.gelus: dict[str, str] = {}
        """By the name of what a Gelu written as Erf gives: what it takes."""
        self.needed: set[int] = set()
        """Numbers of the nodes that the output depends on, a Gelu as one node."""
        self.run: set[int] = set()
        """Numbers of the nodes that must be run for the output, each part of a Gelu too."""
        self.roots: dict[str, str] = {}
        self.uses: dict[str, int] = {}
        self._carriers: dict[str, str] = {}

    def follow(self, constant: Callable[[str], float | None]) -> None:
        """Find out what the output depends on, and who takes which value.

        Args:
            constant: gives a constant of one number by its name, None for all else.
        """
        for node in self.graph.node:
            if node.op_type == "Mul" and (found := self._gelu(node, constant)):
                self.gelus[node.output[0]] = found
        self.needed = self._behind(self.taken)
        self.run = self._behind(lambda node: list(filter(None, node.input)))
        self.uses[self.carrier(self.given)] = 1
        for node in self.nodes():
            if not (node.op_type in VIEWS and node.domain in STANDARD):
                for name in self.taken(node):
                    self.uses[self.carrier(name)] = self.uses.get(self.carrier(name), 0) + 1

    def _behind(self, taken: Callable[[onnx.NodeProto], list[str]]) -> set[int]:
        """Return the numbers of the nodes that the output depends on, by what each takes."""
        numbers = {name: number for number, node in enumerate(self.graph.node) for name in node.output if name}
        found: set[int] = set()
        waiting = [self.given]
        while waiting:
            number = numbers.get(waiting.pop())
            if number is not None and number not in found:
                found.add(number)
                waiting += taken(self.graph.node[number])
        return found

    def nodes(self) -> Iterator[onnx.NodeProto]:
        """Return the nodes that the output depends on, in order."""
        return (node for number, node in enumerate(self.graph.node) if number in self.needed)

    def taken(self, node: onnx.NodeProto) -> list[str]:
        """List the names of what a node takes; of a Gelu written as Erf, of its one input."""
        if node.output and node.output[0] in self.gelus:
            return [self.gelus[node.output[0]]]
        return [name for name in node.input if name]

    def alone(self, name: str) -> bool:
        """Tell whether one node alone takes a value, under any of its names and in any shape."""
        return self.uses.get(self.carrier(name), 0) == 1

    def root(self, name: str) -> str:
        """Return the name under which a value first stands, before operators that give what they take."""
        return self._first(name, SAME, self.roots)

    def carrier(self, name: str) -> str:
        """Return the name under which a value first stands, before operators that reshape it too."""
        return self._first(name, VIEWS, self._carriers)

    def _first(self, name: str, through: set[str], known: dict[str, str]) -> str:
        passed = []
        while name not in known:
            passed.append(name)
            node = self.producer.get(name)
            if node is None or node.op_type not in through or node.domain not in STANDARD or not node.input:
                known[name] = name
                break
            name = node.input[0] if node.output[0] == name else name
            if name == passed[-1]:
                known[name] = name
        for one in passed:
            known[one] = known[name]
        return known[name]

    def _gelu(self, node: onnx.NodeProto, constant: Callable[[str], float | None]) -> str | None:
        """Return x if a product is ``0.5 x (1 + erf(x / sqrt(2)))``, with its factors in any order; else None."""
        factor, signals = self._factors(node, constant)
        if not isclose(factor, 0.5, rel_tol=self.close) or len(signals) != 2:  # noqa: PLR2004 - x and the sum
            return None
        for x, other in (signals, signals[::-1]):
            plus = self.producer.get(other)
            if plus is None or plus.op_type != "Add":
                continue
            for erf, one in (list(plus.input), list(plus.input)[::-1]):
                found = self.producer.get(self.root(erf))
                value = constant(self.root(one))
                if (
                    found is None
                    or found.op_type != "Erf"
                    or value is None
                    or not isclose(value, 1, rel_tol=self.close)
                ):
                    continue
                scaled = self.producer.get(self.root(found.input[0]))
                if scaled is not None and self._is_share(scaled, x, constant):
                    return x
        return None

    def _is_share(self, node: onnx.NodeProto, x: str, constant: Callable[[str], float | None]) -> bool:
        """Tell whether a node gives x / sqrt(2)."""
        if node.op_type not in {"Mul", "Div"}:
            return False
        one, other = (self.root(name) for name in node.input)
        value = constant(other)
        if node.op_type == "Mul" and value is None:
            one, value = other, constant(one)
        if value is None or one != self.root(x):
            return False
        return isclose(value, sqrt(2) if node.op_type == "Div" else sqrt(0.5), rel_tol=self.close)

    def _factors(
        self, node: onnx.NodeProto, constant: Callable[[str], float | None], depth: int = 0
    ) -> tuple[float, list[str]]:
        """Split a product of products into its constant and all other factors."""
        factor, signals = 1.0, []
        for name in (self.root(one) for one in node.input):
            value, before = constant(name), self.producer.get(name)
            if value is not None:
                factor *= value
            elif before is not None and before.op_type == "Mul" and depth < DEEP:
                inner, more = self._factors(before, constant, depth + 1)
                factor *= inner
                signals += more
            else:
                signals.append(name)
        return factor, signals


def single(value: Any) -> float | None:
    """Return a constant of one number as a number; None for anything else.

    Example:
        >>> single(np.array([[0.5]])), single(np.ones(2)), single(np.array(["a"]))
        (0.5, None, None)
    """
    found = np.asarray(value)
    if found.size != 1 or found.dtype.kind in "cOSU":
        return None
    return float(found.reshape(-1)[0])
