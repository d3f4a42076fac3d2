"""Rows as a frame of pandas or polars, which are loaded when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class MissingExtraError(HwsimError, ImportError):
    """A library that is not part of hwsim is missing; the message says how to install it."""

    exit_code = BAD_INPUT


def extra(name: str, wanted: str) -> Any:
    """Load a library that only some users need.

    Args:
        name: of the library, which is the name of hwsim's extra too unless ``wanted`` says another.
        wanted: the extra.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise MissingExtraError(f"{name} is not installed; pip install 'hwsim[{wanted}]'") from None


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Arrange columns by name; a row that lacks one has None there."""
    names = dict.fromkeys(key for row in rows for key in row)
    return {name: [row.get(name) for row in rows] for name in names}


def to_pandas(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Make a pandas DataFrame of rows: whole numbers stay whole where every row has one, None becomes NaN.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    return extra("pandas", "pandas").DataFrame(_columns(rows))


def to_polars(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Make a polars DataFrame of rows; None becomes null.

    Raises:
        MissingExtraError: polars is not installed.
    """
    return extra("polars", "polars").DataFrame(_columns(rows), strict=False)
