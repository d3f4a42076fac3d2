"""What is refused, and in which words."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hwsim.crossbar import CROSSBARS, PermutationError, check_permutation, crossbar, extend

BAD: list[tuple[Any, str]] = [
    ([0, 1], "no permutation: it has 2 numbers where 4 are wanted"),
    (7, "no permutation: it has 0 dimensions where 4 numbers in a row are wanted"),
    ([[0, 1, 2, 3]], "no permutation: it has 2 dimensions where 4 numbers in a row are wanted"),
    ([[0, 1], [2]], "no permutation: rows of unequal length; give 4 numbers in a row"),
    ([0.0, 1.0, 2.0, 3.0], "no permutation: numbers of type float64; give integers 0 to 3"),
    ([True, False, True, False], "no permutation: numbers of type bool; give integers 0 to 3"),
    ([0, 1, 4, 3], "no permutation: position 2 asks for cell 4; use 0 to 3"),
    ([0, -1, 2, 3], "no permutation: position 1 asks for cell -1; use 0 to 3"),
    (np.array([0, 1, 2, 2**64 - 1], np.uint64), f"no permutation: position 3 asks for cell {2**64 - 1}; use 0 to 3"),
    ([3, 1, 0, 1], "no permutation: cell 1 stands at positions 1 and 3; give every cell once"),
]


@pytest.mark.parametrize(("p", "words"), BAD)
def test_permutations(p: Any, words: str) -> None:
    with pytest.raises(PermutationError, match=f"^{re.escape(words)}$"):
        check_permutation(p, 4)
    for name in CROSSBARS:
        with pytest.raises(PermutationError, match=f"^{re.escape(words)}$"):
            crossbar(name, 4).route(p)


@pytest.mark.parametrize("name", CROSSBARS)
def test_permutations_of_banks(name: str) -> None:
    fabric = crossbar(name, 4)
    cases = [
        ([[0, 1, 2], [0, 2, 2]], "bank 0: no permutation: it has 3 numbers where 4 are wanted"),
        ([[3, 2, 2, 0]], "bank 0: no permutation: cell 2 stands at positions 1 and 2; give every cell once"),
        ([[0, 4, 2, 3], [0, 1, 2, 3]], "bank 0: no permutation: position 1 asks for cell 4; use 0 to 3"),
        ([[0, 1]], "bank 0: no permutation: it has 2 numbers where 4 are wanted"),
        ([0, 1, 2, 3], "no permutations of banks: 1 dimensions; give (banks, 4)"),
    ]
    for rows, words in cases:
        with pytest.raises(PermutationError, match=f"^{re.escape(words)}$"):
            fabric.route_many(np.array(rows))


@pytest.mark.parametrize("name", CROSSBARS)
@pytest.mark.parametrize("ports", [0, -3, 2**26 + 1, 2.0])
def test_ports(name: str, ports: Any) -> None:
    with pytest.raises(ValueError, match=rf"^an? [\w-]+ crossbar cannot have {re.escape(str(ports))} ports; use") as e:
        crossbar(name, ports)
    assert "\n" not in str(e.value)


def test_topology() -> None:
    with pytest.raises(ValueError, match=r"^unknown topology 'bennes'; did you mean 'benes'\? known: benes, "):
        crossbar("bennes", 4)


@pytest.mark.parametrize("name", CROSSBARS)
def test_effort(name: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown effort 'best'; use any, greedy, blocks, descent or exact$"):
        crossbar(name, 4).route([0, 1, 2, 3], effort="best")


def test_cost() -> None:
    fabric = crossbar("benes", 4)
    with pytest.raises(ValueError, match=r"^cost has shape \(6,\); give one of \(6, 2\) or \(1, 6, 2\)$"):
        fabric.route([0, 1, 2, 3], cost=np.zeros(6))
    cost = np.zeros((6, 2))
    cost[3, 1] = np.nan
    wording = r"^cost of switch 3 in state 1 is nan; give a number, or inf for a state it cannot take$"
    with pytest.raises(ValueError, match=wording):
        fabric.route([0, 1, 2, 3], cost=cost)
    cost[3] = np.inf
    with pytest.raises(ValueError, match=r"^cost of switch 3 is inf in both states; a switch can take at least one$"):
        fabric.route([0, 1, 2, 3], cost=cost)
    each = np.zeros((2, 6, 2))
    each[1, 2, 0] = -np.inf
    with pytest.raises(ValueError, match=r"^cost of switch 2 of bank 1 in state 0 is -inf; give a number"):
        fabric.route_many(np.array([[0, 1, 2, 3]] * 2), cost=each)


@pytest.mark.parametrize("name", CROSSBARS)
def test_shapes(name: str) -> None:
    fabric, other = crossbar(name, 4), crossbar(name, 8)
    states = fabric.route_many(np.array([[0, 1, 2, 3]]))
    with pytest.raises(ValueError, match=r"^signals have shape \(1, 8\); give \(1, 4\)$"):
        fabric.apply_many(states, np.zeros((1, 8)))
    with pytest.raises(ValueError, match=r"^signals have shape \(3,\); give \(4,\)$"):
        fabric.route([0, 1, 2, 3]).apply([1, 2, 3])
    with pytest.raises(ValueError, match=r"^states have shape \(1, \d+\); give \(1, \d+\)$"):
        fabric.toggles_many(states, other.power_up(1))
    wording = rf"one of an? {name} of 8 ports; give one of an? {name} of 4 ports$"
    with pytest.raises(ValueError, match=wording):
        fabric.route([0, 1, 2, 3], other.route(range(8)))
    with pytest.raises(ValueError, match=wording):
        fabric.route([0, 1, 2, 3]).toggles(other.route(range(8)))


def test_extending_to_fewer_ports() -> None:
    with pytest.raises(ValueError, match=r"^permutations of 3 numbers do not fit 2 ports; use 3 ports or more$"):
        extend(np.array([[0, 1, 2]]), 2)


def test_misuse_from_python() -> None:
    fabric = crossbar("benes", 4)
    with pytest.raises(TypeError, match=r"^name must be a text, found None$"):
        crossbar(None, 4)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^previous is a list; give what an earlier route\(\) returned$"):
        fabric.route([0, 1, 2, 3], previous=[0, 1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^the signals are not one per port; give a flat list of 4$"):
        fabric.route([0, 1, 2, 3]).apply([[1, 2], [3]])
