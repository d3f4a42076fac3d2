"""What Python gives beside a scenario's text: data and methods that no file holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwsim.task import BoundTask


@dataclass(frozen=True)
class Given:
    """Parts of a scenario that are values of Python; None where its text has all that is needed."""

    task: BoundTask | None = None
    method: Any = None
    """A function that yields reconnections, or a list of them (:mod:`hwsim.controller.python`)."""


NOTHING = Given()
