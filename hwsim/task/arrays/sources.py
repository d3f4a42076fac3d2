"""What data files give, whatever their format: arrays by name, and how to name a place in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hwsim.task.data import DataFault, DataFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

FEW = 5
"""Places that are named of many where the same is wrong."""


def refuse(key: str, what: str, hint: str = "") -> DataFaults:
    """Return one fault as an error."""
    return DataFaults([DataFault(key, what, hint)])


def listed(names: Sequence[object], most: int = 12) -> str:
    """List names in a row, the first ones of many.

    Example:
        >>> listed(["x", "y"]), listed(range(4), most=2)
        ('x, y', '0, 1 and 2 more')
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more


@dataclass(frozen=True)
class Part:
    """Samples of a data set as they were read: inputs (samples, ...), targets, and who is for the test if that is said.

    ``place`` names a sample, and one of its numbers, as the file's reader would look for it: a row of an array, a line
    and column of a table.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    split: NDArray[Any] | None = None
    place: Callable[[tuple[int, ...]], str] = field(default=lambda at: f"row {at[0]}{_rest(at)}", compare=False)


def _rest(at: tuple[int, ...]) -> str:
    if len(at) <= 1:
        return ""
    return f", column {at[1]}" if len(at) == 2 else f", at {list(at[1:])}"  # noqa: PLR2004 - a matrix
