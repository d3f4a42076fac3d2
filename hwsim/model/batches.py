"""How many samples run through a network at once: a property of the model, the same for every device and method."""

from __future__ import annotations

from math import lcm, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwsim.model.layer import Model

WINDOWS_AT_ONCE = 1 << 22
"""Numbers that the windows of a convolution may take at once: samples are run in parts that keep within it."""
NUMBERS_AT_ONCE = 1 << 22
"""Numbers that the signals of a layer may take at once, where samples are run in blocks."""
LARGE_PRODUCT = 1 << 23
"""Multiplications from which on linear algebra libraries sum products in one order, whatever their number of rows.

Smaller ones have kernels of their own, in OpenBLAS up to 28 * 512^2 multiplications (``sgemm_direct``)."""
ANY = 1 << 62
"""Any number of samples."""
ALIGNED = 64
"""Rows that blocks are a multiple of, so that kernels which take several rows at a time take the same ones."""


def parts(model: Model, samples: int) -> list[slice]:
    """Divide samples into parts that run at once, where parts are no smaller than windows demand."""
    part = samples_at_once(model)
    return [slice(first, first + part) for first in range(0, samples, part)] or [slice(0)]


def blocks(model: Model, samples: int, together: int = 1) -> list[slice]:
    """Divide samples into blocks in order, the last of which takes what is left; into parts if there are windows.

    Args:
        model: the network.
        samples: how many there are.
        together: as for :func:`block`.
    """
    if samples_at_once(model) < ANY:
        return parts(model, samples)
    size = block(model, together)
    firsts = range(0, max(samples - size, 0) + 1, size)
    return [slice(first, end) for first, end in zip(firsts, [*firsts[1:], samples], strict=True)]


def block(model: Model, together: int = 1) -> int:
    """Count the samples of a block of independent rows: enough for large products, or to fill the signals' room.

    A block's outputs are those of all samples at once, bit for bit: exactly so for integers, and for floats since
    products are large and blocks aligned. (On several threads OpenBLAS sums some rows of a layer of one unit in an
    order that depends on how threads share them, with blocks and without.)

    Args:
        model: a network without windows.
        together: rows that the chip reads together, at least 1 (``together`` of a chip).

    Example:
        >>> from hwsim.model import Layer, Model
        >>> wide = Model("3-8320-1-1", (Layer(8320, 3), Layer(1, 8320), Layer(1, 1)))
        >>> block(wide), block(wide, together=5)
        (1024, 1280)
    """
    least = min((layer.units * layer.inputs for layer in model.layers if layer.inputs > 1), default=LARGE_PRODUCT)
    rows, step = max(NUMBERS_AT_ONCE // widest(model), LARGE_PRODUCT // least, 1), lcm(ALIGNED, together)
    return -(-rows // step) * step


def widest(model: Model) -> int:
    """Count the signals of a sample at the widest place of a network, all places and steps counted.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> widest(Model("3-9-1", (Layer(9, 3), Layer(1, 9))))
        9
    """
    inner = [prod(n.taken) for n in model.nodes] + [prod(n.given) for n in model.nodes]
    return max([*inner, *(n.matmuls * model.layers[n.layer].units for n in model.nodes if n.layer is not None)])


def signals_at_once(model: Model, samples: int) -> int:
    """Count the signals of the widest place that are in memory together, at the least, for so many samples.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> wide = Model("3-8320-1-1", (Layer(8320, 3), Layer(1, 8320), Layer(1, 1)))
        >>> signals_at_once(wide, 10), signals_at_once(wide, 10**9)
        (83200, 8519680)
    """
    part = samples_at_once(model)
    return min(block(model) if part == ANY else part, samples) * widest(model)


def samples_at_once(model: Model) -> int:
    """Count samples that may run at once; the model alone decides, so that draws of noise keep their order.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> samples_at_once(Model("t", (Layer(2, 1),))) == ANY
        True
    """
    largest = max(
        (prod(n.given[1:]) * model.layers[n.layer].inputs for n in model.nodes if n.window and n.layer is not None),
        default=0,
    )
    return max(WINDOWS_AT_ONCE // largest, 1) if largest else ANY
