"""Families of FPGAs: inputs of a look-up table, carry chains, and what Yosys makes of a product with a constant.

On parts of 7 series adders of canonic signed digits are counted (:mod:`hwsim.device.fpga.fabric`). On iCE40 and ECP5 a
product is what Yosys 0.70 makes of ``x * C``: partial products of the constant's binary digits, joined without carry
chains but for the last. Four numbers a family and sign of x are fitted to the counts of all constants of up to 8 bits
with x of 8 bits (``docs/counts.txt``, made by ``python -m docs.counts``); other widths of x are taken in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.fpga.fabric import LUT_INPUTS, adder_luts, layer_luts, table_luts, tree_luts

if TYPE_CHECKING:
    from numpy.typing import NDArray

FITTED = 8
"""Bits of x in the fit."""


@dataclass(frozen=True)
class Product:
    """LUTs of ``x * C`` for 8-bit x, where C is no power of two: ``first + digit d + bit b + (C < 0) minus``.

    d counts the digits of C's odd part in two's complement, with the sign, and b those behind the sign.
    """

    negation: float
    """Of minus a power of two."""
    first: float
    digit: float
    bit: float
    minus: float

    def luts(self, constant: int) -> float:
        """Return the LUTs of one constant.

        Example:
            >>> Product(16.0, -20.0, 12.0, 2.5, 11.0).luts(12), Product(16.0, 1.0, 1.0, 1.0, 1.0).luts(-4)
            (9.0, 16.0)
        """
        if not constant:
            return 0.0
        odd = constant // (constant & -constant)
        bits = (odd if odd > 0 else -odd - 1).bit_length()
        digits = (odd & ((1 << bits) - 1)).bit_count() + (odd < 0)
        if digits == 1:
            return self.negation if odd < 0 else 0.0
        return self.first + self.digit * digits + self.bit * bits + (odd < 0) * self.minus


@dataclass(frozen=True)
class Family:
    """One family of parts."""

    name: str
    inputs: int
    """Of a look-up table."""
    chained: int
    """Bits of a carry chain that one cell has, which takes as many tables."""
    joined: bool
    """Whether a flip-flop takes its input from the table of its own cell alone, so that one without takes it up."""
    products: tuple[Product, Product] | None
    """For x that is not negative, and for signed x; None where adders are counted."""

    def chain(self, bits: int) -> int:
        """Count LUTs of an adder.

        Example:
            >>> FAMILIES["ice40"].chain(9), FAMILIES["ecp5"].chain(9)
            (9, 10)
        """
        return -(-bits // self.chained) * self.chained

    def gate(self, signals: int) -> int:
        """Count LUTs of one AND or OR of many signals.

        Example:
            >>> FAMILIES["ice40"].gate(9), FAMILIES["7-series"].gate(9), FAMILIES["ice40"].gate(1)
            (3, 2, 0)
        """
        return -(-max(signals - 1, 0) // (self.inputs - 1))

    def table(self, inputs: int, outputs: int) -> int:
        """Count LUTs of a table: on 7 series with multiplexers of its slices, or pairs of up to 5 inputs in a LUT6_2.

        Elsewhere multiplexers of two are LUTs too.

        Example:
            >>> FAMILIES["7-series"].table(8, 8), FAMILIES["ice40"].table(8, 8), FAMILIES["7-series"].table(5, 3)
            (32, 248, 2)
        """
        if self.inputs == LUT_INPUTS:
            return table_luts(inputs, outputs)
        return outputs * ((2 << max(inputs - self.inputs, 0)) - 1)

    def layer(self, codes: NDArray[Any], bits: int, *, signed: bool) -> int:
        """Count LUTs of the products of a layer and of the trees in which those of a unit meet.

        Args:
            codes: constants (units, inputs).
            bits: of an input.
            signed: whether inputs are negative too.
        """
        if self.products is None:
            return layer_luts(codes, bits, signed=signed)
        top = 2 ** (bits - signed) - 1
        low = -top if signed else 0
        constants, counts = np.unique(codes, return_counts=True)
        products = sum(self.product(int(c), low, top) * int(n) for c, n in zip(constants, counts, strict=True))
        return round(products) + sum(tree_luts(row, low, top) for row in codes)

    def product(self, constant: int, low: int, high: int) -> float:
        """Estimate LUTs of ``constant * x`` for x in low..high; their mean over many constants is what counts."""
        if self.products is None:
            return adder_luts(constant, low, high)
        bits = max(high.bit_length() + (low < 0), 1)
        return self.products[low < 0].luts(constant) * bits / FITTED


FAMILIES: dict[str, Family] = {
    "7-series": Family("7-series", 6, 1, joined=False, products=None),
    "ice40": Family(
        "ice40", 4, 1, joined=True, products=(Product(16, -19.2, 12.3, 2.4, 11.3), Product(16, -11.3, 12.1, 1.7, 4.8))
    ),
    "ecp5": Family(
        "ecp5", 4, 2, joined=False, products=(Product(10, -16.6, 10.7, 3.8, 12.9), Product(18, -5.7, 10.7, 2.5, 5.2))
    ),
}
