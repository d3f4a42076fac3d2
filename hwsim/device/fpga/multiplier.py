"""A constant multiplier as a flat netlist of carry chains, bit by bit, and the look-up tables it takes.

The terms of a constant's canonic signed digits, shifted copies of the input, are added one after the other: first those
with a plus sign, then those with a minus sign, the largest of each first. One bit of a carry chain takes one LUT, which
tells whether its two operands differ. It takes none where they are one and the same signal (copies of a sign bit), or
where one is constant and the other needs no inverter; bits with the same two operands share one. Against Yosys 0.23 on
7-series parts, mean over all signed constants: within 4 % for 4, 6 and 8 bits of constant and 4 and 8 bits of input.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hwsim.device.fpga.fabric import csd, width

Bit = tuple[int, bool]
"""Number of a signal and whether it is inverted; signal 0 is constantly 0."""
ZERO: Bit = (0, False)


@dataclass(frozen=True)
class Chain:
    """A carry chain: its operands bit by bit, lowest first, the carry that enters it, and its first output's number."""

    one: tuple[Bit, ...]
    other: tuple[Bit, ...]
    carry: bool
    first: int

    def luts(self) -> int:
        """Count the look-up tables of the chain.

        Example:
            >>> x0, x1 = (1, False), (2, False)
            >>> Chain((x0, x1, x1), (x1, x1, ZERO), False, 3).luts()
            1
        """
        found: set[frozenset[int]] = set()
        for (a, turned), (b, flipped) in zip(self.one, self.other, strict=True):
            wired = 0 in {a, b} and turned == flipped
            if a != b and not wired:
                found.add(frozenset((a, b)))
        return len(found)


@dataclass(frozen=True)
class Multiplier:
    """Chains in their order, and the bits of the product, the last of which goes on for ever."""

    chains: tuple[Chain, ...]
    product: tuple[Bit, ...]
    inputs: int

    @property
    def luts(self) -> int:
        """Count all look-up tables."""
        return sum(chain.luts() for chain in self.chains)

    def evaluate(self, x: int) -> int:
        """Compute the netlist's output for an input, signal by signal.

        Example:
            >>> build_multiplier(-5, -8, 7).evaluate(-3)
            15
        """
        signals = [0, *((x >> place) & 1 for place in range(self.inputs))]

        def read(bit: Bit) -> int:
            return signals[bit[0]] ^ bit[1]

        for chain in self.chains:
            carry = int(chain.carry)
            for a, b in zip(chain.one, chain.other, strict=True):
                total = read(a) + read(b) + carry
                signals.append(total & 1)
                carry = total >> 1
        bits = [read(bit) for bit in self.product]
        return sum(bit << place for place, bit in enumerate(bits)) - (bits[-1] << len(bits))


def build_multiplier(constant: int, low: int, high: int) -> Multiplier:
    """Build the netlist of ``constant * x`` for x in low..high."""
    inputs = max(width(low, high), 1)
    plain = [(number + 1, False) for number in range(inputs)]
    sign = plain[-1] if low < 0 else ZERO
    digits = sorted(csd(constant), key=lambda digit: (digit[1] < 0, -digit[0]))
    chains: list[Chain] = []
    total, used = 0, inputs + 1
    held: list[Bit] = [ZERO]  # the sum so far; its last bit goes on for ever

    def bit(bits: list[Bit], place: int, beyond: Bit) -> Bit:
        return bits[place] if place < len(bits) else beyond

    for place, digit in digits:
        term, minus = [ZERO] * place + plain, digit < 0
        if total == 0 and not minus:
            held, total = [*term, sign], 1 << place
            continue
        total += digit << place
        ends = sorted((total * low, total * high))
        last = max(width(*ends) + int(ends[0] >= 0), place)
        one = tuple(bit(held, at, held[-1]) for at in range(place, last))
        other = tuple(bit(term, at, sign) for at in range(place, last))
        if minus:
            other = tuple((number, not turned) for number, turned in other)
        chains.append(Chain(one, other, minus, used))
        held = [bit(held, at, held[-1]) for at in range(place)]
        held += [(used + at, False) for at in range(last - place)]
        used += last - place
    return Multiplier(tuple(chains), tuple(held), inputs)


@lru_cache(maxsize=1 << 16)
def multiplier_luts(constant: int, low: int, high: int) -> int:
    """Count LUTs of ``constant * x`` for x in low..high, as a netlist of its own.

    Example:
        >>> multiplier_luts(4, -128, 127), multiplier_luts(-4, -128, 127), multiplier_luts(5, -128, 127)
        (0, 8, 7)
    """
    return build_multiplier(constant, low, high).luts
