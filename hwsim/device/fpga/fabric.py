"""Area of an FPGA's look-up-table fabric, computed from structure: adders, multipliers, tables, switches.

An adder or subtractor costs one LUT6 a result bit (carry chain, subtraction free), less the low bits that pass through
because the other operand is shifted past them. A constant multiplication of z non-zero canonic signed digits takes
z - 1 of them; the products of a unit meet in a binary tree. Every adder is a module whose borders synthesis keeps. A
table of n inputs and m outputs costs m 2^(n-6) LUT6 for n >= 6, and one LUT6_2 for two outputs of up to 5 inputs. A
2 x 2 switch of w-bit data is 2 w LUT3, or w LUT6_2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LUT_INPUTS = 6
"""Inputs of one look-up table of 7-series and UltraScale parts."""


def csd_digits(constants: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count the non-zero digits of canonic signed-digit forms.

    Args:
        constants: integers of any shape.

    Returns:
        int64 of the same shape: popcount(3|c| xor |c|).

    Example:
        >>> csd_digits(np.array([0, 1, 3, -7, 11])).tolist()
        [0, 1, 2, 2, 3]
    """
    magnitude = np.abs(np.asarray(constants, np.int64))
    return np.asarray(np.bitwise_count(np.bitwise_xor(3 * magnitude, magnitude)), np.int64)


def csd(constant: int) -> list[tuple[int, int]]:
    """Return canonic signed digits of an integer, lowest first: (power of two, +1 or -1).

    Example:
        >>> csd(7), csd(-3)
        ([(0, -1), (3, 1)], [(0, 1), (2, -1)])
    """
    found, place = [], 0
    while constant:
        if constant & 1:
            digit = 2 - (constant & 3)
            found.append((place, digit))
            constant -= digit
        constant >>= 1
        place += 1
    return found


def width(low: int, high: int) -> int:
    """Count the bits that hold every integer of low..high: unsigned if none is negative, else two's complement.

    Example:
        >>> width(0, 255), width(-128, 127), width(-1, 4), width(0, 0)
        (8, 8, 4, 0)
    """
    return high.bit_length() if low >= 0 else max(high.bit_length(), (-low - 1).bit_length()) + 1


@lru_cache(maxsize=1 << 16)
def adder_luts(constant: int, low: int, high: int) -> int:
    """Count LUTs of ``constant * x`` for x in low..high by adders as modules of their own, lowest digit first.

    As a netlist without such borders, bits are shared: :func:`hwsim.device.fpga.multiplier.multiplier_luts`.

    Example:
        >>> adder_luts(4, 0, 255), adder_luts(3, 0, 255), adder_luts(5, 0, 15)
        (0, 10, 5)
    """
    digits = csd(constant)
    if not digits:
        return 0
    luts, total = 0, digits[0][1] << digits[0][0]
    negative = all(digit < 0 for _, digit in digits)
    for place, digit in digits[1:]:
        turned = total < 0 < digit  # what is subtracted lies lower, so no bit passes through
        free = (total & -total).bit_length() - 1 if turned else place
        total += digit << place
        luts += width(*sorted((abs(total) * low, abs(total) * high))) - free
    return luts + (width(*sorted((constant * low, constant * high))) if negative else 0)


def tree_luts(codes: NDArray[np.int64], low: int, high: int) -> int:
    """Count LUTs of the tree in which the products of one unit meet; signs are absorbed by subtracting.

    Args:
        codes: constants of one unit (inputs,).
        low: least value of an input.
        high: largest value of an input.

    Example:
        >>> tree_luts(np.array([1, 1, 1]), 0, 255)  # 9 bits, then 10 bits
        19
    """
    live = codes[codes != 0].astype(object)
    size, sign = np.abs(live), live < 0
    ends = (size * low, size * high)
    shift = np.array([(int(c) & -int(c)).bit_length() - 1 for c in size], np.int64)
    order = np.argsort([width(int(a), int(b)) for a, b in zip(*ends, strict=True)], kind="stable")
    terms = [(int(ends[0][k]), int(ends[1][k]), int(shift[k]), bool(sign[k])) for k in order]
    luts = 0
    while len(terms) > 1:
        met = []
        for (a, b, s, negative), (c, d, t, other) in zip(terms[::2], terms[1::2], strict=False):
            if negative == other:
                found, free, out = (a + c, b + d), max(s, t), negative
            else:  # whichever difference is cheaper; its sign is carried on
                found, free, out = (a - d, b - c), t, negative
                if width(c - b, d - a) - s < width(*found) - free:
                    found, free, out = (c - b, d - a), s, other
            luts += max(width(*found) - free, 0)
            met.append((*found, min(s, t), out))
        terms = met + terms[len(terms) - len(terms) % 2 :]
    return luts


def layer_luts(codes: NDArray[np.int64], data_bits: int, *, signed: bool = False) -> int:
    """Count LUTs of one layer's multiply-accumulate: its adder widths, low bits that pass through left out.

    Args:
        codes: weight constants (units, inputs).
        data_bits: width of the inputs, bit.
        signed: whether inputs are negative too.

    Example:
        >>> layer_luts(np.array([[1, 1]]), 8)  # one adder of two 8-bit numbers has a 9-bit result
        9
    """
    top = 2 ** (data_bits - 1) - 1 if signed else 2**data_bits - 1
    low = -top if signed else 0
    sizes, counts = np.unique(np.abs(codes), return_counts=True)
    luts = sum(adder_luts(int(c), low, top) * int(n) for c, n in zip(sizes, counts, strict=True))
    return luts + sum(tree_luts(row, low, top) for row in codes)


def table_luts(inputs: int, outputs: int) -> int:
    """Count LUT6 of a table: m 2^(n-6) from 6 inputs on, half as many LUT6_2 as outputs below.

    Example:
        >>> table_luts(8, 8), table_luts(6, 4), table_luts(5, 3)
        (32, 4, 2)
    """
    return outputs << (inputs - LUT_INPUTS) if inputs >= LUT_INPUTS else -(-outputs // 2)


def switch_luts(switches: int, data_bits: int, primitive: Literal["lut3", "lut4", "lut6_2"] = "lut6_2") -> int:
    """Count LUTs of 2 x 2 switches: one LUT3 or LUT4 per output bit, or one LUT6_2 for both outputs of a bit.

    Example:
        >>> switch_luts(20, 8), switch_luts(20, 8, "lut3")  # a Beneš of 8 ports
        (160, 320)
    """
    return switches * data_bits * (1 if primitive == "lut6_2" else 2)


def crossbar_luts(ports: int, data_bits: int) -> int:
    """Count LUT6 of a full crossbar: a multiplexer per output bit, 1, 2, 4, 9 or 17 LUT6 with F7 and F8 multiplexers.

    Raises:
        ValueError: more than 64 ports, or fewer than 2.

    Example:
        >>> [crossbar_luts(n, 8) for n in (4, 8, 16, 32, 64)]
        [32, 128, 512, 2304, 8704]
    """
    sizes = {4: 1, 8: 2, 16: 4, 32: 9, 64: 17}
    fitting = [luts for most, luts in sizes.items() if ports <= most]
    if not fitting or ports < 2:  # noqa: PLR2004
        raise ValueError(f"multiplexers of {ports} inputs have no known size; use 2 to 64 ports")
    return ports * data_bits * fitting[0]
