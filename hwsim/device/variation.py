"""Static variation and stuck cells, the same for every device: drawn at fabrication, on top of what was programmed.

A cell's weight is off by a normal error of ``variation`` times the largest weight of its layer; a share ``stuck`` of
the cells holds no weight at all, or the largest or least one. Both are drawn cell by cell, unit 0 first, from the
streams ``chip/<layer>/variation`` and ``chip/<layer>/stuck``, so that a seed gives all devices the same faulty cells,
and a larger share only adds to them. Controllers are told design values, as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

EFFECTS: dict[str, dict[str, Any]] = {"variation": {"variation": 0.0}, "stuck cells": {"stuck": 0.0}}
"""The numbers that switch variation or stuck cells off, by name of the effect."""


class Faults(NamedTuple):
    """Errors of some cells, in units of the largest weight; which are stuck, and at what."""

    error: Array
    stuck: NDArray[np.bool_]
    at: Array

    def applied(self, shares: Array) -> Array:
        """Return weights in units of the largest one as they really are.

        Example:
            >>> faults = Faults(np.array([0.1, 0.1]), np.array([False, True]), np.zeros(2))
            >>> faults.applied(np.array([0.5, 0.5])).tolist()
            [0.6, 0.0]
        """
        return np.where(self.stuck, self.at, shares + self.error)


@dataclass(frozen=True)
class Variation:
    """The spread of cells, and the share that is stuck; false if nothing varies."""

    variation: float = 0.0
    stuck: float = 0.0
    stuck_at: str = "zero"

    def __bool__(self) -> bool:
        return self.variation > 0 or self.stuck > 0

    def draws(self, seed: int, layer: int) -> Draws:
        """Begin to draw the cells of a layer."""
        return Draws(self, seed, layer)


EXACT = Variation()
"""No variation, no stuck cells."""


class Draws:
    """Faults of a layer's cells, some units after the other.

    Example:
        >>> law = Variation(variation=0.1, stuck=0.5)
        >>> whole, parts = law.draws(0, 0), law.draws(0, 0)
        >>> at_once = whole.take((4, 3)).error
        >>> in_parts = np.concatenate([parts.take((1, 3)).error, parts.take((3, 3)).error])
        >>> bool((at_once == in_parts).all())
        True
    """

    def __init__(self, law: Variation, seed: int, layer: int) -> None:
        self._law = law
        self._errors = stream(seed, f"chip/{layer}/variation")
        self._stuck, self._ends = stream(seed, f"chip/{layer}/stuck"), stream(seed, f"chip/{layer}/stuck/end")

    def take(self, shape: tuple[int, int]) -> Faults:
        """Draw the faults of the next units' cells (units, inputs)."""
        law, nothing = self._law, np.zeros(shape)
        error = law.variation * self._errors.standard_normal(shape) if law.variation else nothing
        stuck = self._stuck.random(shape) < law.stuck if law.stuck else np.zeros(shape, np.bool_)
        ends = law.stuck and law.stuck_at == "ends"
        return Faults(error, stuck, np.where(self._ends.random(shape) < 0.5, -1.0, 1.0) if ends else nothing)  # noqa: PLR2004


KEYS = tuple(field.name for field in fields(Variation))
"""Names of the numbers."""


def varied(device: Any, values: Mapping[str, Any]) -> Any:
    """Give a device the variation that values say; return the device itself if they say none.

    Raises:
        ValueError: the technology knows no variation.

    Example:
        >>> from hwsim.device.ideal import Ideal
        >>> varied(Ideal(), {"variation": 0.2}).varied.variation
        0.2
    """
    law = Variation(**{key: values[key] for key in KEYS if key in values})
    if not law:
        return device
    if not hasattr(device, "varied"):
        raise ValueError("this technology has no variation and no stuck cells; leave variation and stuck out")
    return replace(device, varied=law)
