"""A run in time as a table for people: every number of its answer, each on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.report.bill import number, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHARES = 10
"""Numbers below that are shares, and have digits behind the point."""


def execution_table(found: Mapping[str, Any]) -> str:
    """Write what an answer has under ``execution``, one number per line, tables within it with a dot.

    Example:
        >>> print(execution_table({"watched_s": 2e-3, "energy_j": {"idle": 1e-9}, "throughput": 45e6, "dropped": 0}))
        watched        2 ms
        energy.idle    1 nJ
        throughput     45 MHz
        dropped        0
    """
    lines = list(_lines(found))
    width = max([0, *(len(key) for key, _ in lines)]) + 4
    return "\n".join(f"{key:<{width}}{text}" for key, text in lines)


def _lines(found: Mapping[str, Any], above: str = "", dimension: str = "") -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        name, inner = above + key, dimension
        for end, kind in (("_s", "time"), ("_j", "energy")):
            if key.endswith(end):
                name, inner = name.removesuffix(end), kind
        inner = {"throughput": "frequency", "joules": "energy", "seconds": "time"}.get(key, inner)
        if key in {"reconnections", "inferences"}:
            inner = ""
        if isinstance(value, dict):
            yield from _lines(value, f"{name}.", inner)
        else:
            yield name, value if isinstance(value, str) else _number(value, inner)


def _number(value: float | None, dimension: str) -> str:
    if value is None or dimension:
        return quantity(value, dimension)
    return f"{value:.4g}" if abs(value) < _SHARES and value != int(value) else number(value)
