"""Which costs of a datasheet are assumed: bills that rest on them say little of a part."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COLUMNS = 100
"""Widest line, as of the tables above it."""


def assumed_costs(path: Path) -> tuple[list[str], int]:
    """List the costs of a datasheet that are assumed, by key, and count how many costs it has in all.

    Example:
        >>> from hwsim.files.library import names
        >>> assumed_costs(names("devices")["photonic-feldmann-2021"])
        (['wall_plug_efficiency'], 4)
    """
    from hwsim.files import read_document

    table = read_document(path).data.get("cost", {})
    costs = {key: cost for key, cost in table.items() if isinstance(cost, dict)}
    return [key for key, cost in costs.items() if cost.get("status") == "assumed"], len(costs)


def assumed_lines(sheets: Iterable[tuple[str, Path]]) -> str:
    """Name the assumed costs of datasheets (name, file) in a wrapped sentence; return "" if there are none.

    Example:
        >>> from hwsim.files.library import names
        >>> assumed_lines([("ideal", names("devices")["ideal"])])
        ''
    """
    found = [(name, assumed_costs(path)[0]) for name, path in dict(sheets).items()]
    words = "; ".join(f"{name}: {', '.join(keys)}" for name, keys in found if keys)
    told = f"these numbers rest on assumed costs: {words}" if words else ""
    return textwrap.fill(told, COLUMNS, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
