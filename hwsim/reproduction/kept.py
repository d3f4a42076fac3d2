"""Results of a reproduction as one small file: kept beside it, and read again without computing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hwsim.scenario import Fault, FaultError
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwsim.reproduction.outcome import Key
    from hwsim.scenario.reproduction import Reproduction

FOLDER = "results"


@dataclass(frozen=True)
class Kept:
    """One run: its point and seed, the metric, seconds on one core, and the start of its job's key."""

    curve: str
    x: str
    seed: int
    value: float
    seconds: float
    key: str


def kept_path(reproduction: Reproduction) -> Path:
    """Where results lie: in ``results`` beside the file."""
    return reproduction.path.parent / FOLDER / f"{reproduction.path.stem}.json"


def write_kept(reproduction: Reproduction, runs: Sequence[Kept], command: str) -> Path:
    """Write results in the place of those before, whole or not at all."""
    path = kept_path(reproduction)
    rows = [json.dumps(asdict(run)) for run in runs]
    head = {"command": command, "hwsim": VERSION, "metric": reproduction.file.metric}
    text = json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part.{path.name}")
    part.write_text(text)
    part.replace(path)
    return path


def read_kept(reproduction: Reproduction) -> tuple[list[Kept], str]:
    """The runs kept for a reproduction, and the command that made them.

    Raises:
        FaultError: there are none, or the file is no such thing.
    """
    path = kept_path(reproduction)
    again = f"hwsim reproduce {reproduction.name} --keep writes it"
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        runs = [Kept(**run) for run in found["runs"]]
    except FileNotFoundError:
        raise FaultError([Fault(str(path), 1, 1, "no results are kept here", "", again)]) from None
    except (ValueError, KeyError, TypeError) as error:
        what = f"no results of a reproduction ({error})"
        raise FaultError([Fault(str(path), 1, 1, what, "", f"remove it; {again}")]) from error
    return runs, str(found.get("command", ""))


def values(runs: Sequence[Kept]) -> dict[Key, float]:
    """The metric of every run by its place."""
    return {(run.curve, run.x, run.seed): run.value for run in runs}
