"""Verilog of a unit's constants: look-up tables, and the tree of adders on them.

One bit of every signal passes the circuit at a time, so four cells give a sum that is a table of four bits
(distributed arithmetic), and the sum of all tables is what Horner's rule accumulates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARED = 4
"""Cells that share a table: the inputs of a LUT4."""


class Term(NamedTuple):
    """A signed number in the tree: its net, and the least and largest value that it can have."""

    net: str
    least: int
    largest: int
    alike: int = 0
    """Its bits that never change, or are the same as another: tools keep none of them."""

    @property
    def bits(self) -> int:
        """Return its width."""
        return width(self.least, self.largest)


class Tree(NamedTuple):
    """The sum of a unit's constants under one bit of every signal: Verilog, its root, levels, and flip-flops."""

    lines: list[str]
    root: Term
    levels: int
    registers: int


def width(least: int, largest: int) -> int:
    """Return the bits of a signed number between two bounds.

    Example:
        >>> width(-4, 3), width(-5, 3), width(0, 4), width(0, 0)
        (3, 4, 4, 1)
    """
    return max(largest.bit_length(), (-least - 1).bit_length() if least < 0 else 0) + 1


def table(name: str, values: NDArray[np.integer], bits: int, address: str, found: str) -> list[str]:
    """Write a look-up table of signed values, of which ``address`` has as many bits as it takes.

    Example:
        >>> for line in table("t", np.array([0, -1, 2, 1]), 2, "a", "v"):
        ...     print(line)
        hwsim_table #(.INPUTS(2), .BITS(2), .STRIDE_BITS(1), .VALUES(8'h6c))
          t (.address(a), .value(v));
    """
    inputs, stride = (len(values) - 1).bit_length(), (bits - 1).bit_length()
    held = sum((value & (1 << bits) - 1) << (place << stride) for place, value in enumerate(values.tolist()))
    size = 1 << inputs + stride
    return [
        f"hwsim_table #(.INPUTS({inputs}), .BITS({bits}), .STRIDE_BITS({stride}), .VALUES({size}'h{held:x}))",
        f"  {name} (.address({address}), .value({found}));",
    ]


def distinct(values: NDArray[np.integer], bits: int) -> set[tuple[int, ...]]:
    """Return the truth tables of the bits of a table's values, without those that never change.

    Example:
        >>> sorted(distinct(np.array([0, 2, 0, -6]), 4))
        [(0, 0, 0, 1), (0, 1, 0, 1)]
    """
    truths = {tuple((values >> bit & 1).tolist()) for bit in range(bits)}
    return {truth for truth in truths if len(set(truth)) > 1}


def tree(codes: NDArray[np.int64], *, registered: bool) -> Tree:
    """Write tables of constants and the tree of adders on them; bit c of ``cells`` arrives at cell c.

    Args:
        codes: constants of the cells.
        registered: a register behind every level of the tree.
    """
    terms, lines = [], []
    for start in range(0, len(codes), SHARED):
        here = codes[start : start + SHARED]
        sums = (np.arange(2 ** len(here))[:, None] >> np.arange(len(here)) & 1) @ here
        term = Term(f"table{start // SHARED}", int(sums.min()), int(sums.max()))
        terms.append(term._replace(alike=term.bits - len(distinct(sums, term.bits))))
        told = " ".join(str(code) for code in here.tolist())
        lines += [
            f"wire [{term.bits - 1}:0] {term.net};  // {told}",
            *table(f"of_{term.net}", sums, term.bits, f"cells[{start + len(here) - 1}:{start}]", term.net),
        ]
    levels = registers = 0
    while len(terms) > 1:
        above: list[Term] = []
        for place in range(0, len(terms), 2):
            pair = terms[place : place + 2]
            net = f"sum{levels}_{place // 2}"
            term = Term(net, sum(one.least for one in pair), sum(one.largest for one in pair))
            term = term._replace(alike=pair[0].alike if len(pair) == 1 else 0)
            above.append(term)
            registers += term.bits - term.alike if registered else 0
            lines += _added(term, pair, registered=registered)
        terms, levels = above, levels + 1
    return Tree(lines, terms[0], levels, registers)


def _added(term: Term, pair: list[Term], *, registered: bool) -> list[str]:
    value = " + ".join(extended(one, term.bits) for one in pair)
    if registered:
        return [f"reg [{term.bits - 1}:0] {term.net};", f"always @(posedge clk) {term.net} <= {value};"]
    # kept, or synthesis takes a whole tree for one sum and builds it of tables alone, without carry chains
    return [f"(* keep *) wire [{term.bits - 1}:0] {term.net};", f"assign {term.net} = {value};"]


def extended(term: Term, bits: int) -> str:
    """Return a term with its sign repeated up to a width."""
    more = bits - term.bits
    return f"{{{{{more}{{{term.net}[{term.bits - 1}]}}}}, {term.net}}}" if more else term.net
