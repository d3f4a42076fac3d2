"""One layer burnt into an FPGA: its constants and what becomes of its accumulators; adders of two activations."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.fpga.fabric import width
from hwsim.kernels.reading.reads import Settling

if TYPE_CHECKING:
    from numpy.typing import NDArray

RELU, LEAKY, STEP, TABLE, LAST = 0, 1, 2, 3, 4
"""What becomes of an accumulator, as in :mod:`hwsim.kernels.reading.integer`; the last layer's are handed out."""
SINGLE, DOUBLE = 2**24, 2**53
"""Whole numbers up to these magnitudes are exact in float32 and float64."""


@dataclass(frozen=True)
class Burnt:
    """Holds the constants of one layer and how its accumulators become activations.

    ``codes`` whole numbers (units, inputs); ``reach`` is the largest magnitude of a signal that enters; ``least`` and
    ``largest`` bound the result, or the address of the ``tables`` (units or 1, entries) of codes.
    """

    codes: NDArray[Any]
    weight_scale: float
    input_scale: float
    kind: int = LAST
    shift: int = 0
    least: int = 0
    largest: int = 255
    slope: int = 0
    reach: int = 255
    signed_input: bool = False
    tables: NDArray[np.int32] = field(default_factory=lambda: np.zeros((1, 1), np.int32))
    given_scale: float = 1.0
    """The value of one step of what the layer gives, where it is not the last."""
    held: NDArray[np.float64] | None = None
    """What cells really hold, in steps of a code, where they vary or are stuck; None where they hold their codes."""
    met: NDArray[Any] = field(init=False)
    """What each position meets, in the format that carries the accumulators."""

    def __post_init__(self) -> None:
        kind = carrier(self.bound) if self.held is None else np.float64
        object.__setattr__(self, "met", self.cells.astype(kind))

    @property
    def cells(self) -> NDArray[Any]:
        """Returns what the cells really hold."""
        return self.codes if self.held is None else self.held

    def kill(self, cell: int, value: float) -> None:
        """Let a cell be read as the code nearest to a weight; sums are reckoned from what cells hold from then on.

        Raises:
            ValueError: a code larger than any of the layer, which its accumulators are not built for.
        """
        code = float(np.rint(value / self.weight_scale))
        if abs(code) > (most := int(np.abs(self.codes).max())):
            raise ValueError(f"a cell of this layer reads {most * self.weight_scale:g} at most, not {value:g}")
        if self.held is None:
            object.__setattr__(self, "held", self.codes.astype(np.float64))
            object.__setattr__(self, "met", self.met.astype(np.float64))
        self.cells.reshape(-1)[cell] = code

    @property
    def analogue(self) -> bool:
        """Tell whether cells hold no whole numbers, as no look-up table could."""
        return self.held is not None and not np.array_equal(self.held, np.rint(self.held))

    @property
    def unit(self) -> float:
        """Return the value of one step of the accumulator."""
        return self.weight_scale * self.input_scale

    @cached_property
    def bound(self) -> int:
        """No sum is larger, whichever cells of the layer meet at a unit: its largest codes at full drive."""
        units, inputs = self.codes.shape
        sizes = np.abs(self.codes).reshape(-1)
        largest = np.partition(sizes, (units - 1) * inputs)[(units - 1) * inputs :] if units > 1 else sizes
        return int(largest.sum(dtype=np.int64)) * self.reach

    @property
    def accumulator_bits(self) -> int:
        """Return the width of a signed accumulator that no sum of this layer overflows."""
        return width(-self.bound, self.bound)

    def total_bits(self, bias_bits: int) -> int:
        """Return the width of a signed number that holds any sum of this layer with any bias."""
        most = self.bound + (1 << bias_bits - 1) - 1
        return width(-most, most)

    def matmul(self, activations: NDArray[Any]) -> NDArray[Any]:
        """Compute exact accumulators (rows, units) of activations (rows, inputs); rounded ones of cells that vary."""
        if self.held is not None:
            return np.asarray(np.rint(activations.astype(np.float64) @ self.met.T))
        if self.met.dtype != np.int64:
            return np.asarray(activations.astype(self.met.dtype, copy=False) @ self.met.T)
        from hwsim.kernels.reading.dense import dense_integer

        accumulators = np.empty((len(activations), len(self.met)), np.int64)
        weights = self.met.astype(np.int32)
        dense_integer(activations.astype(np.int32), weights, np.zeros(len(weights), np.int64), accumulators)
        return accumulators

    def activate(self, accumulators: NDArray[Any], bias: NDArray[np.int64]) -> NDArray[Any]:
        """Compute activations as whole numbers in float32 (rows, units); of the last layer float64 values."""
        if self.kind == LAST:
            return np.asarray((accumulators.astype(np.int64) + bias) * self.unit, np.float64)
        from hwsim.kernels.reading.integer import settle_integers

        out = accumulators if accumulators.dtype == np.float32 else np.empty(accumulators.shape, np.float32)
        law = Settling(self.kind, self.shift, self.least, self.largest, self.slope)
        settle_integers(accumulators, bias, law, self.tables, out)
        return out


def limits(bits: int, *, signed: bool) -> tuple[int, int]:
    """Return least and largest code of a signal; signed ones are symmetric.

    Example:
        >>> limits(8, signed=True), limits(8, signed=False)
        ((-127, 127), (0, 255))
    """
    return (-(2 ** (bits - 1) - 1), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def carrier(bound: int) -> type[np.generic]:
    """Return the fastest format in which accumulators up to a bound are exact.

    Example:
        >>> carrier(2**24 - 1).__name__, carrier(2**24).__name__, carrier(2**53).__name__
        ('float32', 'float64', 'int64')
    """
    return np.float32 if bound < SINGLE else np.float64 if bound < DOUBLE else np.int64


@dataclass(frozen=True)
class Join:
    """An adder of two activations: each shifted to the finer scale of both, then shift-and-saturate."""

    one: int
    other: int
    shift: int
    least: int
    largest: int

    def add(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute activations of the sum, whole numbers in float32."""
        total = (one.astype(np.int64) << self.one) + (other.astype(np.int64) << self.other)
        total = (total + ((1 << self.shift) >> 1)) >> self.shift
        return np.asarray(np.clip(total, self.least, self.largest), np.float32)
