"""Area and clocks of bit-serial units: what the Verilog of the spatial architecture takes, part by part.

One bit of every signal passes the permutation circuit a clock, the most significant first. Four constants share a
table of 4 inputs, the tables' values meet in a tree of adders, and Horner's rule accumulates them; a result with the
bias stands in a register of its own, is rounded, and clipped. Counted without registers in circuits and trees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.device.fpga.area import Area, Use, Widths, registers
from hwsim.device.fpga.fabric import width
from hwsim.device.fpga.numbers import LAST, LEAKY, STEP, TABLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.device.fpga.numbers import Burnt

SHARED = 4
"""Constants that share a table."""
COURSE = 8
"""Flip-flops of a layer's course beside the bits that pass: stepping, complete, valid, two counters, three commits."""
STEERING = 12
"""LUTs of a layer's course."""


class Unit(NamedTuple):
    """Of all units of a layer, LUTs by what they are for, and flip-flops."""

    tables: int
    trees: int
    accumulators: int
    clips: int
    """Of rounding and clipping."""
    laws: int
    """Of slopes, steps and tables of an activation."""
    held: int
    """Flip-flops of the accumulators and their results."""


def serial(widths: Widths, layer: Burnt, use: Use) -> Area:
    """Count a layer: its units with their bias registers and shadows, the register of what it is given, its course.

    Circuits with their state registers are counted elsewhere, and so is nothing of what decodes addresses of
    configuration words.
    """
    units, made = len(layer.codes), parts(widths, layer, use)
    rotating = use.signals * use.bits
    choosing = layer.codes.shape[1] * -(-2 * (use.places - 1) // 3)  # a multiplexer of 4 is two LUT4
    luts = made.tables + made.trees + made.accumulators + made.clips + made.laws
    luts += rotating * (use.bits > 1) + choosing + STEERING
    counting = (use.places - 1).bit_length()
    flip_flops = registers(widths, layer) + made.held + rotating + use.bits + COURSE + counting + (use.places > 1)
    last = layer.kind == LAST
    flip_flops -= 2 * last  # nobody behind the last layer asks whether a commit goes with an image
    if use.places > 1 and not last:
        flip_flops += units * use.places * signal_bits(widths, layer) + counting + 2
    return Area(luts, flip_flops, clocks(use) + 1 + (use.places > 1 and not last))


def clocks(use: Use) -> int:
    """Count the clocks from one image of a layer to the next: all bits and one for the result, at every place.

    Example:
        >>> clocks(Use(signals=16, bits=8))
        9
    """
    return use.places * (use.bits + 1)


def parts(widths: Widths, layer: Burnt, use: Use) -> Unit:
    """Count the parts of all units of a layer."""
    codes, family = np.asarray(layer.codes, np.int64), widths.family
    total = layer.total_bits(widths.bias_bits)
    low, high, tables = _tables(codes)
    trees = 0
    while low.shape[1] > 1:
        paired = low.shape[1] // 2 * 2
        sums = [end[:, :paired:2] + end[:, 1:paired:2] for end in (low, high)]
        trees += sum(family.chain(int(bits)) for bits in _widths(*sums).ravel())
        low, high = (np.hstack([met, end[:, paired:]]) for met, end in zip(sums, (low, high), strict=True))
    held = np.maximum(_held(codes, use.bits, signed=layer.signed_input), _widths(low, high)[:, 0] + 1)
    odd = codes.sum(axis=1) % 2 * layer.signed_input  # else nothing is added in the lowest place
    chains = sum(family.chain(int(bits)) for bits in held - 1 + odd)
    accumulators = chains + len(codes) * (family.chain(total) + (family.chained > 1))
    clips, laws = len(codes) * _clip(widths, layer, total), _laws(widths, layer, total)
    return Unit(tables, trees, accumulators, clips, laws, int(held.sum()) + len(codes) * total)


def signal_bits(widths: Widths, layer: Burnt) -> int:
    """Return how wide a signal is that a layer gives."""
    if layer.kind == STEP:
        return 1
    if layer.kind != TABLE:
        return widths.activation_bits
    least, largest = int(layer.tables.min()), int(layer.tables.max())
    return max(width(least, largest), 1)


def _tables(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return least and largest values of tables (units, tables), and their LUTs: one for each truth table of a bit.

    None for a bit that never changes or is an input as it stands; one for bits that are always equal.
    """
    units, inputs = codes.shape
    spread = np.zeros((units, -(-inputs // SHARED) * SHARED), np.int64)
    spread[:, :inputs] = codes
    addresses = np.arange(2**SHARED)[:, None] >> np.arange(SHARED) & 1
    values = spread.reshape(units, -1, SHARED) @ addresses.T
    low, high = values.min(axis=-1), values.max(axis=-1)
    bits = np.arange(int(_widths(low, high).max()))
    truths = ((values[..., None] >> bits & 1) << np.arange(2**SHARED)[:, None]).sum(axis=-2)
    free = [0, 2**2**SHARED - 1, *(addresses << np.arange(2**SHARED)[:, None]).sum(axis=0).tolist()]
    truths = np.sort(np.where(np.isin(truths, free), 0, truths), axis=-1)
    distinct = (truths[..., 1:] != truths[..., :-1]).sum() + (truths[..., 0] != 0).sum()
    return low, high, int(distinct)


def _widths(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bits of signed numbers between bounds."""
    most = np.maximum(high, -low - 1).clip(0)
    return np.asarray(np.frexp(most.astype(np.float64))[1] + 1, np.int64)


def _held(codes: NDArray[np.int64], bits: int, *, signed: bool) -> NDArray[np.int64]:
    """Return the bits of accumulators, which hold any sum; signed signals are accumulated less an offset."""
    if signed:
        most = np.abs(codes).sum(axis=1) << (bits - 1)
        return _widths(-most, most)
    full = 2**bits - 1
    return _widths(np.minimum(codes, 0).sum(axis=1) * full, np.maximum(codes, 0).sum(axis=1) * full)


def _clip(widths: Widths, layer: Burnt, total: int) -> int:
    """Count LUTs that round and clip one result of so many bits."""
    if layer.kind in {LAST, STEP}:
        return 0
    family, bits = widths.family, layer.largest.bit_length()
    above = max(total - layer.shift - bits - 1, 0)
    rounding = family.chain(bits + (family.chained > 1)) if layer.shift else 0  # of two bits, one is the carry's alone
    if layer.least < 0:
        return rounding + 2 * family.gate(above + 1) + family.gate(bits) + 2 * bits + 2
    return rounding + family.gate(above + bool(layer.shift)) + bits


def _laws(widths: Widths, layer: Burnt, total: int) -> int:
    """Count LUTs of what else makes signals of the results of all units."""
    units = len(layer.codes)
    if layer.kind == STEP:
        return units * (widths.family.gate(total) + 1)
    if layer.kind == LEAKY:
        return units * (total - max(layer.shift - 1, 0) - 1)  # what rounding drops is not computed
    if layer.kind != TABLE:
        return 0
    bits = width(layer.least, layer.largest)
    entries = np.zeros((len(layer.tables), 2**bits), np.int64)
    entries[:, np.arange(layer.least, layer.largest + 1) % 2**bits] = layer.tables
    outputs = signal_bits(widths, layer)
    return sum(distinct(row, outputs, widths.family.inputs) for row in entries) * units // len(entries)


def distinct(entries: NDArray[np.int64], outputs: int, inputs: int) -> int:
    """Count the LUTs of so many inputs that hold a table, and multiplexers of two above them, equal ones once.

    Args:
        entries: by address, a power of two of them.
        outputs: bits of an entry.
        inputs: of a LUT.

    Example:
        >>> distinct(np.arange(16), 4, 4), distinct(np.arange(32) // 5, 3, 4)
        (0, 8)
    """
    found: set[bytes] = set()
    for bit in range(outputs):
        truth = (entries >> bit & 1).astype(np.uint8)
        level = [row.tobytes() for row in truth.reshape(-1, min(2**inputs, len(truth)))]
        found |= {one for one in level if not _free(one)}
        while len(level) > 1:
            pairs = list(zip(level[::2], level[1::2], strict=True))
            level = [one + other for one, other in pairs]
            found |= {one + other for one, other in pairs if one != other and not _free(one + other)}
    return len(found)


def _free(function: bytes) -> bool:
    """Tell whether a function is constant, or an input as it stands."""
    if len(function) == 1:
        return True
    half = len(function) // 2
    low, high = function[:half], function[half:]
    return _free(low) if low == high else not any(low) and all(high)
