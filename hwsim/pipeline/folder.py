"""A run's folder: who owns it, what lies in it, and how it is finished."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.export import EXPORTS
from hwsim.files import emit
from hwsim.files.lock import BusyError, locked
from hwsim.files.whole import whole, write_all
from hwsim.scenario.found import ARRIVALS
from hwsim.schedule import ScheduleError, is_blank, open_schedule
from hwsim.score import SPENT, by_task, read_answer, read_table, worst, write_table
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hwsim.export import Snapshot
    from hwsim.scenario import Plan
    from hwsim.schedule import ScheduleFile

REPORTS = ("score.csv", "provenance.json")
LOCK, SCHEDULE, SCENARIO, ANSWER = ".lock", "schedule.sqlite", "scenario.toml", "answer.json"


class FolderError(HwsimError):
    """A run folder cannot be used; the message is one line that says what would help."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def schedule(self) -> Path:
        """Return the schedule file."""
        return self.path / SCHEDULE

    @property
    def finished(self) -> bool:
        """Tell whether the run ended and all that it wrote is there; the answer is the last of its files."""
        return all((self.path / name).is_file() for name in (ANSWER, SCHEDULE, SCENARIO, *REPORTS))

    def answer(self) -> dict[str, Any]:
        """Return what the finished run said.

        Raises:
            FolderError: no finished run lies here, or its answer cannot be read.
        """
        if not self.path.is_dir():
            raise FolderError(f"{self.path}: no run folder; give the folder that hwsim run printed")
        try:
            found = read_answer((self.path / ANSWER).read_text())
        except FileNotFoundError:
            started = self.schedule.is_file()
            why = "the run is not finished; run its scenario again" if started else "no run lies here"
            raise FolderError(f"{self.path}: {why}") from None
        except (OSError, ValueError) as error:
            raise FolderError(f"{self.path / ANSWER}: cannot be read ({error}); remove it and run again") from error
        return {"run": str(self.path), **found, "made_at": self._made_at()}

    def _made_at(self) -> str:
        """Return when the run ended, as its provenance tells; empty where that is missing."""
        if not (self.path / "provenance.json").exists():
            return ""
        try:
            return str(json.loads((self.path / "provenance.json").read_text())["finished"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            what = f"cannot be read ({error})"
            raise FolderError(f"{self.path / 'provenance.json'}: {what}; remove it and run again") from error

    def rows(self) -> list[dict[str, Any]]:
        """Return the score table, one row per event: numbers as numbers (:func:`hwsim.score.read_table`).

        Raises:
            FolderError: it is missing, empty or damaged.
        """
        table = self.path / "score.csv"
        try:
            return read_table(table.read_text())
        except FileNotFoundError:
            raise FolderError(f"{table}: the score table is missing; run the scenario again") from None
        except (OSError, ValueError) as error:
            what, hint = f"cannot be read ({error})", "remove it and run the scenario again, which writes it anew"
            raise FolderError(f"{table}: {what}; {hint}") from error

    def write(self, name: str, content: str | bytes) -> None:
        """Write one file whole or not at all.

        Raises:
            OSError: it cannot be written; the error names the file.
        """
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole(target) as part:
            part.write_bytes(content.encode() if isinstance(content, str) else content)

    def finish(self, plan: Plan, last_event: Snapshot, resources: dict[str, Any]) -> None:
        """Write score table, picture and exports of a complete schedule, and last the answer."""
        from hwsim.report.figure import draw
        from hwsim.report.style import try_to_save

        with open_schedule(self.schedule) as schedule:
            rows, reference = _scores(schedule)
            answer = {**self.sum_up(plan, schedule), "resources": resources}
        self.write("score.csv", write_table(rows))
        metric = next(iter(reference))
        words = (plan.scenario.title, plan.scenario.published, plan.changes)
        try_to_save(lambda: draw(rows, reference[metric], *words), self.path / "score.png", self.path / "score.svg")
        for plugin in EXPORTS.values():
            if plugin.in_runs:
                made = plugin.contents(last_event).items()
                write_all({self.path / "export" / name: content for name, content in made}, force=True)
        self.write("provenance.json", json.dumps(provenance(plan, self.path), indent=1) + "\n")
        self.write(ANSWER, json.dumps(answer, indent=1) + "\n")

    @staticmethod
    def sum_up(plan: Plan, schedule: ScheduleFile) -> dict[str, Any]:
        """Return the answer that a complete schedule gives."""
        rows, reference = _scores(schedule)
        last, metric = rows[-1], next(iter(reference))
        keys = (
            metric,
            f"{metric}_noiseless",
            "loss",
            *SPENT,
            "trajectory_error",
            "trajectory_error_worst",
            "saturated_registers",
        )
        tasks = by_task(rows, metric, reference.get("tasks", {}))
        final, low = {key: last[key] for key in keys if key in last}, f"{metric}_low"
        if tasks:
            least = worst(tasks, metric)
            final |= {key: least[key] for key in (metric, f"{metric}_noiseless", "loss")}
            final |= {f"{metric}_{task['task']}": task[metric] for task in tasks}
        return {
            "identity": plan.identity,
            "events": last["event"],
            "final": final,
            "reference": reference[metric],
            "interval": [last[f"{metric}_{end}"] for end in ("low", "high")] if low in last and not tasks else None,
            "inference_energy_j": last["inference_energy_j"],
            "inference_time_s": last["inference_time_s"],
            "switches": last["switches"],
            "schedule_digest": schedule.digest(),
            "execution": json.loads(schedule.note("execution") or "{}"),
            **({"data": dict(plan.data.about)} if plan.data else {}),
            **({"tasks": tasks} if tasks else {}),
            **({"ended": ended} if (ended := schedule.note("ended")) else {}),
        }


def _scores(schedule: ScheduleFile) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the score rows of a complete schedule, and the reference beside them.

    Raises:
        ScheduleError: they are not there, or damaged.
    """
    rows = schedule.scores()
    try:
        reference: Any = json.loads(schedule.note("reference") or "")
    except (ValueError, RecursionError):
        reference = None
    metric = next(iter(reference), "") if isinstance(reference, dict) else ""
    if not metric or not rows or not {metric, "event", "switches", *SPENT} <= set(rows[-1]):
        raise ScheduleError(f"{schedule.path}: scores are missing or damaged; run its scenario in another folder")
    return rows, reference


def provenance(plan: Plan, path: Path) -> dict[str, Any]:
    """Tell where a run's numbers come from: versions, machine, threads; not part of its identity."""
    from hwsim.kernels import compile as compiling

    libraries = {}
    for name in ("numpy", "numba", "torch", "networkx", "scipy", "matplotlib"):
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            libraries[name] = "not found"
    return {
        "hwsim": VERSION,
        "identity": plan.identity,
        "scenario": plan.name,
        "command": sys.argv,
        "folder": str(path),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "libraries": libraries,
        "numba": {**compiling.threading(), "kernels_compiled": compiling.compiled()},
        "torch_threads": plan.scenario.execution.torch_threads,
    }


def _identity_in(path: Path) -> str | None:
    """Return identity of the run in a folder, None for a folder that holds none."""
    schedule_path, scenario = path / SCHEDULE, path / SCENARIO
    if schedule_path.exists() and not is_blank(schedule_path):
        try:
            with open_schedule(schedule_path) as schedule:
                return schedule.identity
        except ScheduleError:
            return None
    first = scenario.read_text().partition("\n")[0] if scenario.is_file() else ""
    return first.removeprefix("# identity ") if first.startswith("# identity ") else None


@contextmanager
def owned(file: Path, busy: str) -> Iterator[None]:
    """Own the folder in which a lock lies for a while.

    Args:
        file: the lock.
        busy: what to say where another process owns it.

    Raises:
        FolderError: another process owns it.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(file))
        except BusyError:
            raise FolderError(f"{file.parent}: {busy}") from None
        yield


@contextmanager
def claim(path: Path, plan: Plan) -> Iterator[RunFolder]:
    """Own a run folder for a while, making it first; a folder made in vain is removed again.

    Raises:
        FolderError: it cannot be written, holds something else or another run, or another process works in it.
    """
    made = [parent for parent in (path, *path.parents) if not parent.exists()]
    try:
        if path.is_dir() and any(path.iterdir()) and not (path / LOCK).exists():
            raise FolderError(f"{path}: the folder is not empty and holds no run; give an empty or new one with --out")
        path.mkdir(parents=True, exist_ok=True)
        (path / LOCK).touch()
    except OSError as error:
        for parent in made:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        why = error.strerror or error
        raise FolderError(f"{path}: cannot write there ({why}); give a writable folder with --out") from error
    folder = RunFolder(path)
    with owned(path / LOCK, "another process is working on this run; wait for it to end"):
        if (path / SCHEDULE).exists() or (path / SCENARIO).exists():
            found = _identity_in(path)
            if found != plan.identity:
                what = "the schedule here is damaged" if found is None else "another run lies here"
                raise FolderError(f"{path}: {what}; give another folder with --out, or remove this one")
        if not (path / SCENARIO).is_file():
            _begin(folder, plan)
        yield folder


def _begin(folder: RunFolder, plan: Plan) -> None:
    """Write what a run is made from; the scenario comes last: with it the folder is a run's."""
    for name, text in plan.files.items():
        folder.write(name, text)
    if plan.values_file is not None:
        with whole(folder.path / "models" / plan.values_file.name) as part:
            part.write_bytes(plan.values_file.read_bytes())
    if plan.data is not None and plan.data.keep is not None:
        with whole(folder.path / plan.resolved["task"]["file"]) as part:
            plan.data.keep(part)
    if plan.method is not None and plan.method.keep is not None:
        with whole(folder.path / plan.resolved["controller"][plan.controller.file]) as part:
            plan.method.keep(part)
    if plan.arrivals_file is not None:
        with whole(folder.path / ARRIVALS) as part:
            part.write_bytes(plan.arrivals_file.read_bytes())
    header = f"identity {plan.identity}\nwritten by hwsim {VERSION}; it runs again as it stands"
    folder.write(SCENARIO, emit(plan.resolved, plan.origins, header))
