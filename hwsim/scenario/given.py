"""What Python gives beside a scenario's text: data that no file holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwsim.task import BoundTask


@dataclass(frozen=True)
class Given:
    """Parts of a scenario that are values of Python; None where its text has all that is needed."""

    task: BoundTask | None = None


NOTHING = Given()
