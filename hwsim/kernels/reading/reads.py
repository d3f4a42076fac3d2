"""What the kernels that read cells take, under names: laws, shapes and paths instead of numbered places in arrays.

Kernels take these tuples as they are; nothing here needs a compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Converter(NamedTuple):
    """A converter between numbers and codes."""

    step: np.float32
    """What one code stands for; 0 converts nothing."""
    least: np.float32
    """The smallest code."""
    largest: np.float32
    """The largest."""


class Windows(NamedTuple):
    """Windows over an image: where they begin, how far they are apart, how many there are; whole numbers."""

    high: int
    """Rows of a window."""
    wide: int
    """Its columns."""
    down: int
    """Rows from one to the next below."""
    right: int
    """Columns from one to the next beside it."""
    above: int
    """Rows of zeros above the image."""
    left: int
    """Columns of zeros before it."""
    lines: int
    """Windows one below the other."""
    places: int
    """Windows side by side."""


class Settling(NamedTuple):
    """How an accumulator of whole numbers becomes a signal."""

    kind: int
    """0: ``clip((s + 2^(shift-1)) >> shift, least, largest)``, rounding half up; 1: the same after ``s >> slope`` of
    negative s; 2: 1 where s > 0, else 0; 3: the clipped result minus ``least`` is an address into a unit's table."""
    shift: int
    """Bits that are rounded away."""
    least: int
    """Least result."""
    largest: int
    """Largest result."""
    slope: int
    """Bits that s below zero is shifted by, for kind 1."""


class Light(NamedTuple):
    """What enters a photonic core, in the blocks of :func:`hwsim.kernels.reading.light.blocks`, float32 or float64."""

    drives: NDArray[Any]
    """Light on the inputs in units of full drive; drives from 0 to 1 where they are weakened for the paths behind."""
    faults: NDArray[Any]
    """Gain and shift of each drive at this read, (2, ...) as ``drives``; (2, 0, 0, 0) for none. Only for drives that
    are weakened."""


class Ways(NamedTuple):
    """How light comes from the inputs to the rows of a unit's column: a line for each unit, or one for all."""

    input_on: NDArray[Any]
    """Input that drives row r of unit u, (units, inputs); one line where all units have the same."""
    share: NDArray[Any]
    """Share of input i's light that reaches its row of unit u, as many lines; (0, 0) where all of it does."""
    least: NDArray[Any]
    """Least of these shares, for as many units, to which drives are weakened before their conversion, so that all rows
    get as much light; (0,) where drives are light already."""
    turn: NDArray[np.uint16]
    """Number of the read in which each unit's column of each tile is read, (units, tiles); (0, 0) where all units have
    the same light and are read at once."""


class PhotonicLaw(NamedTuple):
    """The numbers of a photonic core that its reads depend on."""

    full: float
    """Current at full drive through a clear path, A."""
    shot: float
    """Shot noise's factor 2qB, A."""
    thermal: float
    """Variance of the amplifier, A^2."""
    swing: float
    """Relative intensity noise of the comb, rms."""
    step: float
    """The converter's step for each row in use, A; 0 for an exact converter."""
    leak: float
    """Share of the light that leaks from one vector into another."""
    codes: float
    """Codes above 0 of the converter of inputs, 0 for an exact one. Used where drives are weakened."""
    floor: float
    """Share of the light that a shut modulator lets through. Used where drives are weakened."""


class Tiles(NamedTuple):
    """How a layer is laid out, and whether a read is noisy."""

    rows: int
    """Inputs of a tile."""
    columns: int
    """Units of a group: the columns of a tile."""
    vectors: int
    """Samples that pass the core together, on wavelengths of their own."""
    noisy: int
    """1 where noise is drawn."""
    key: np.uint64
    """Key of the noise of columns and dark columns."""
    comb: np.uint64
    """Key of the noise of the comb."""


class Receiver(NamedTuple):
    """What happens to a current, in steps of the converter, or in A where that is exact."""

    shot: Any
    """Variance of a current of 1, of the dtype of the currents."""
    thermal: Any
    """Variance of the amplifier, likewise."""
    leak: Any
    """Share of the light of other vectors, likewise."""
    noisy: int
    """1 where noise is drawn."""
    whole: int
    """1 where the converter rounds to its steps."""


class Modulator(NamedTuple):
    """What makes light of weakened drives; numbers of the light's dtype."""

    codes: Any
    """Codes of the converter above 0; 0 for an exact one."""
    floor: Any
    """Share of the light that a shut modulator lets through."""
    rest: Any
    """The rest of the light."""
    least: Any
    """Share that reaches the worst row, for which no drive is weakened."""
