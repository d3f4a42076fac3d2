"""Results of a reproduction as one small file: stored beside it, and read again without computing."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass
from errno import EACCES
from typing import TYPE_CHECKING, Any

from hwsim.files import Diagnostic, DiagnosticError
from hwsim.files.library import names
from hwsim.files.lock import locked
from hwsim.files.whole import whole
from hwsim.scenario.reproduction import shown
from hwsim.study.jobs import plan_jobs
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwsim.scenario.reproduction import Reproduction
    from hwsim.study.outcome import Key

FOLDER, LOCK = "results", ".results.lock"
SHORT = 8
"""How much of a job's key is stored."""


@dataclass(frozen=True)
class StoredRun:
    """One run: its point and seed, the metric, seconds on one core, and the start of its job's key."""

    curve: str
    x: str
    seed: int
    value: float
    seconds: float
    key: str


def called(reproduction: Reproduction) -> str:
    """Return how a command calls a reproduction: its name if that finds this file, else the file's path, quoted."""
    known = names("scenarios").get(reproduction.name)
    shipped = known is not None and known.resolve() == reproduction.path.resolve()
    return reproduction.name if shipped else shlex.quote(str(reproduction.path))


def stored_path(reproduction: Reproduction) -> Path:
    """Tell where results lie: in ``results`` beside the file."""
    return reproduction.path.parent / FOLDER / f"{reproduction.path.stem}.json"


def check_place(reproduction: Reproduction) -> None:
    """Find out before anything is computed whether results can be stored.

    Raises:
        DiagnosticError: what is stored there cannot be read: joined with new results, it would be lost.
        OSError: the folder cannot be written.
    """
    path = stored_path(reproduction)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(
            EACCES, "results cannot be kept here; leave --keep out, or copy the file", str(path.parent)
        )
    if path.exists():
        read_stored(reproduction)


def add_stored(
    reproduction: Reproduction, runs: Sequence[StoredRun], command: str
) -> tuple[list[StoredRun], str, Path]:
    """Join results with those stored before and write them all; one process at a time.

    Returns:
        As :func:`join_stored`, and the file.
    """
    folder = stored_path(reproduction).parent
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK, wait=True):
        joined, commands = join_stored(reproduction, runs, command)
        return joined, commands, write_stored(reproduction, joined, commands)


def write_stored(reproduction: Reproduction, runs: Sequence[StoredRun], command: str) -> Path:
    """Write results in the place of those before, whole or not at all."""
    path = stored_path(reproduction)
    rows = [json.dumps(asdict(run)) for run in runs]
    head = {"command": command, "hwsim": VERSION, "metric": reproduction.file.metric}
    text = json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        part.write_text(text)
    return path


def join_stored(reproduction: Reproduction, runs: Sequence[StoredRun], command: str) -> tuple[list[StoredRun], str]:
    """Put new results together with stored ones of points that were not run now and that the file still asks for.

    Returns:
        All of them in the order of the file, and the commands that made them.

    Raises:
        DiagnosticError: what was stored before cannot be read.
    """
    if not stored_path(reproduction).exists():
        return list(runs), command
    before, others = read_stored(reproduction)
    wanted = {place: job.key[:SHORT] for job in plan_jobs(reproduction) for place in job.places}
    new = {(run.curve, run.x, run.seed) for run in runs}
    old = [run for run in before if (place := (run.curve, run.x, run.seed)) not in new and wanted.get(place) == run.key]
    commands = dict.fromkeys([*others.split(" && "), command]) if old else [command]
    return in_order(reproduction, [*old, *runs]), " && ".join(commands)


def in_order(reproduction: Reproduction, runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Sort results by curve, value of the axis and seed, as the file has them."""
    curves = [curve.name for curve in reproduction.file.curve]
    axis = [shown(x) for x in (reproduction.file.x.values if reproduction.file.x else [None])]
    return sorted(runs, key=lambda run: (curves.index(run.curve), axis.index(run.x), run.seed))


def read_stored(reproduction: Reproduction) -> tuple[list[StoredRun], str]:
    """Read the runs stored for a reproduction, and the command that made them.

    Raises:
        DiagnosticError: there are none, or the file is no such thing.
    """
    path = stored_path(reproduction)
    again = f"hwsim reproduce {called(reproduction)} --keep writes it"
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        runs = [_stored_run(run) for run in found["runs"]]
    except FileNotFoundError:
        raise DiagnosticError([Diagnostic(str(path), 1, 1, "no results are kept here", "", again)]) from None
    except (ValueError, KeyError, TypeError) as error:
        what = f"no results of a reproduction ({error})"
        raise DiagnosticError([Diagnostic(str(path), 1, 1, what, "", f"remove it; {again}")]) from error
    return runs, str(found.get("command", ""))


def _stored_run(run: dict[str, Any]) -> StoredRun:
    """Read one run of a file.

    Raises:
        ValueError: a number that is none.
    """
    found = StoredRun(**run)
    for name, value in (("seed", found.seed), ("value", found.value), ("seconds", found.seconds)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{name} = {value!r} is not a number")  # noqa: TRY004 - told like other diagnostics of the file
    return found


def values(runs: Sequence[StoredRun]) -> dict[Key, float]:
    """Return the metric of every run by its place."""
    return {(run.curve, run.x, run.seed): run.value for run in runs}
