"""Answers and score tables as runs write them, read again: what is damaged is told, not passed on."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pydantic

from hwsim.score.tasks import SPENT

WORDS = ("router", "task")
"""Columns of a score table that hold words; all others hold numbers."""
WHOLE = ("event", "moves", "toggles", "bias_writes", "switches")
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
    """The answer of a run from the text of its file.

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


def read_table(text: str) -> list[dict[str, str]]:
    r"""The rows of a score table from the text of its file, at least one.

    Raises:
        ValueError: it is empty, lacks columns, or a number in it is none.

    Example:
        >>> read_table("a,b\n1\n")
        Traceback (most recent call last):
        ...
        ValueError: it lacks the columns event, epoch, accuracy, moves, toggles, bias_writes, energy_j, time_s, switches
    """
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if not rows:
        raise ValueError("it is empty")
    metric = _metric(rows[0])
    wanted = ("event", "epoch", metric, *SPENT, "switches")
    lacking = [name for name in wanted if name not in rows[0]]
    if lacking:
        raise ValueError(f"it lacks the columns {', '.join(lacking)}")
    for number, row in enumerate(rows, start=2):
        for name, value in row.items():
            # a reconnection that was not judged leaves its cells empty, but never the last
            blank = value == "" and name not in (*WHOLE, *SPENT, "epoch") and (name != metric or number <= len(rows))
            if not blank and not _sound(name, value):
                raise ValueError(f"line {number} has {value!r} for {name}")
    return rows


def _metric(found: dict[str, Any]) -> str:
    return "max_error" if "max_error" in found else "accuracy"


def _sound(name: str | None, text: Any) -> bool:
    """Whether a cell holds what its column promises; a row of another length has a column or a text of None."""
    if name is None or not isinstance(text, str):
        return False
    try:
        if name not in WORDS:
            int(text) if name in WHOLE else float(text)
    except ValueError:
        return False
    return True
