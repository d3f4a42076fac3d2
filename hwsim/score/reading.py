"""Answers and score tables as runs write them, read again: what is damaged is told, not passed on."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pydantic

from hwsim.score.tasks import SPENT

WORDS = ("router", "task", "fault")
"""Columns of a score table that hold words; all others hold numbers."""
WHOLE = ("event", "moves", "toggles", "bias_writes", "switches", "saturated_registers")
"""Columns that hold whole numbers."""


class _Task(pydantic.BaseModel, extra="allow", strict=True):
    task: str
    reference: float | None
    task_switch: dict[str, float]


class _Answer(pydantic.BaseModel, extra="allow", strict=True):
    identity: str
    events: int
    final: dict[str, float]
    reference: float | None
    switches: int
    schedule_digest: str
    tasks: list[_Task] = []


def read_answer(text: str) -> dict[str, Any]:
    """Read the answer of a run from the text of its file.

    Raises:
        ValueError: not JSON, or something in it is missing or of another kind.

    Example:
        >>> read_answer('{"identity": "a"}')
        Traceback (most recent call last):
        ...
        ValueError: events: field required
    """
    try:
        data: Any = json.loads(text)
        found = _Answer.model_validate(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise ValueError(f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
    metric = _metric(found.final)
    lacking = [key for key in (metric, f"{metric}_noiseless", *SPENT) if key not in found.final]
    for number, one in enumerate(found.tasks):
        held = {**(one.model_extra or {}), **one.task_switch}
        missing = [key for key in (metric, *SPENT) if not isinstance(held.get(key), int | float)]
        lacking += [f"tasks.{number}.{key}" for key in missing]
    if lacking:
        raise ValueError(f"it lacks {', '.join(lacking)}")
    return dict(data)


def read_table(text: str) -> list[dict[str, Any]]:
    r"""Read the rows of a score table, at least one: the numbers that were written, bit for bit.

    One reader for all who want the rows of a folder. Counts are int, words str, all else float, and what an event does
    not have is None.

    Raises:
        ValueError: it is empty, lacks columns, or a number in it is none.

    Example:
        >>> row = dict(event=0, epoch=0.5, accuracy=0.75, moves=0, toggles=12, bias_writes=3, energy_j=1e-12)
        >>> row |= dict(time_s=2e-9, switches=12, inference_energy_j=1e-9, inference_time_s=1e-7, router="greedy")
        >>> read_table(f"{','.join(row)}\n{','.join(map(str, row.values()))}\n") == [row]
        True
        >>> read_table("a,b\n1\n")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        ValueError: it lacks the columns event, epoch, moves, toggles, ..., inference_time_s, accuracy
    """
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if not rows:
        raise ValueError("it is empty")
    metric = _metric(rows[0])
    needed = ("event", "epoch", *SPENT, "switches", "inference_energy_j", "inference_time_s")
    lacking = [name for name in (*needed, metric) if name not in rows[0]]
    if lacking:
        raise ValueError(f"it lacks the columns {', '.join(lacking)}")
    found = []
    for number, row in enumerate(rows, start=2):
        # a reconnection that was not evaluated has no metric, but the last one always has
        filled = needed if number <= len(rows) else (*needed, metric)
        cells: dict[str, Any] = {}
        for name, cell in row.items():
            try:
                cells[name] = None if cell == "" and name not in filled else _read_cell(name, cell)
            except (TypeError, ValueError):  # a row of another length has a column or a cell of None
                raise ValueError(f"line {number} has {cell!r} for {name}") from None
        found.append(cells)
    return found


def _metric(found: dict[str, Any]) -> str:
    return "max_error" if "max_error" in found else "accuracy"


def _read_cell(name: str, text: str) -> int | float | str:
    if name in WORDS:
        return text
    return int(text) if name in WHOLE else float(text)
