"""What the commands do, for Python: load a scenario, change it, run it, look at the answer.

Example::

    import hwsim

    scenario = hwsim.load("digits-fpga-laperm", settings=["controller.epochs=20"])
    answer = hwsim.run(scenario, out="runs/short")
    print(answer.final["accuracy"], answer.final["toggles"], answer.reference)
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hwsim.errors import ArgumentError, HwsimWarning, check_type
from hwsim.files import (
    Diagnostic,
    DiagnosticError,
    Document,
    Setting,
    lay_over,
    parse_setting,
    read_document,
    substitute,
)
from hwsim.files.frame import to_pandas, to_polars
from hwsim.files.library import names
from hwsim.files.markup import html_table, svg_image
from hwsim.files.registry import unknown
from hwsim.kernels.watch import logged
from hwsim.report.notebook import NotebookProgress, in_notebook
from hwsim.scenario.given import NOTHING, Given
from hwsim.scenario.reproduction import is_reproduction
from hwsim.task import BoundTask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hwsim.scenario import Plan

    Report = Callable[[str, float, dict[str, Any] | None], None]


_TRAINING = (
    "epochs",
    "batch",
    "learning_rate",
    "rate_decay",
    "optimiser",
    "adam_epsilon",
    "l2",
    "clip",
    "temperature",
    "period",
    "period_unit",
    "path",
)
"""Keys of ``[controller]`` that say how free training goes, and how hard ``effort = "auto"`` may try."""


@dataclass(frozen=True)
class Scenario:
    """A scenario as read, with settings laid over it; not checked yet."""

    path: Path
    document: Document
    given: Given = NOTHING
    """Parts that are values of Python."""

    def plan(self) -> Plan:
        """Look up and check everything that it names.

        Raises:
            DiagnosticError: every diagnostic at once, each with file, line and column.
        """
        from hwsim.scenario import resolve

        return resolve(self.document, self.path, self.given)


@dataclass(frozen=True)
class Answer:
    """The answer of a finished run.

    ``rows`` is the score table, one dictionary per event by the columns of ``score.csv``: counts are int, ``router``
    and ``task`` are str, all else is float, and what an event does not have is None. ``final`` is its last state,
    ``reference`` free training, None without. Of a multi-task, ``final`` and ``reference`` have the accuracy of the
    worst task, and ``tasks`` has each; ``final`` names them too, such as ``accuracy_plain``. ``resources`` is what the
    machine takes of its hardware (:func:`hwsim.execution.resources.account`).
    """

    run: Path
    identity: str
    events: int
    final: dict[str, float]
    reference: float | None
    rows: list[dict[str, Any]]
    tasks: list[dict[str, Any]] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)
    execution: dict[str, Any] = field(default_factory=dict)
    """The run in time, in SI units: how long, how available, joules by part, latencies of requests; docs/time.md."""
    data: dict[str, Any] = field(default_factory=dict)
    """Of data of one's own: their digest, how many samples, classes, range and scaling."""
    plan: Plan | None = field(default=None, compare=False)
    """What was carried out; None where an answer was read from its folder alone."""
    reused: bool = field(default=True, compare=False)
    """Whether it was there already; False where the run was carried out for it."""
    made_at: str = field(default="", compare=False)
    """When the run ended, UTC, as in ``2026-11-30T12:00:00Z``."""

    def __repr__(self) -> str:
        name, value = next(iter(self.final.items()), ("events", self.events))
        return f"<Answer {self.run}: {name} {value:g}, {self.events} reconnections>"

    def _repr_html_(self) -> str:
        """Show the final score as a table, with the run's picture below it where there is one."""
        facts = {"run": str(self.run), **self.final, "reference": self.reference, "reconnections": self.events}
        picture = self.run / "score.svg"
        shown = svg_image(picture.read_bytes()) if picture.is_file() else ""
        return html_table(("score", ""), facts.items()) + shown

    def to_pandas(self) -> Any:
        """Make a pandas DataFrame of the score table, one row per event (``pip install 'hwsim[pandas]'``)."""
        return to_pandas(self.rows)

    def to_polars(self) -> Any:
        """Make a polars DataFrame of the score table, one row per event (``pip install 'hwsim[polars]'``)."""
        return to_polars(self.rows)


def find(scenario: str | Path, noun: Literal["scenario", "reproduction"] = "scenario") -> Path:
    """Find the file of a scenario or a reproduction: the path given, or that of a shipped one with this name.

    Args:
        scenario: path or name.
        noun: which of the two is wanted, for the error to say what there is.

    Raises:
        DiagnosticError: neither a file nor a name that ``hwsim list`` prints.

    Example:
        >>> find("digits-fpga-laperm").name
        'digits-fpga-laperm.toml'
    """
    path, known = Path(scenario), names("scenarios")
    name = str(scenario).removeprefix("papers/")
    if path.suffix == ".toml" or (path.exists() and name not in known):
        return path
    if name in known:
        return known[name]
    wanted = [one for one, where in known.items() if _is(noun, where)]
    what, _, hint = unknown(noun, str(scenario), wanted).partition("; ")
    raise DiagnosticError([Diagnostic(str(scenario), 1, 1, what, "", hint)])


def _is(noun: str, path: Path) -> bool:
    """Tell whether a file is a scenario or a reproduction; a faulty one counts as what was asked for."""
    try:
        return is_reproduction(read_document(path)) == (noun == "reproduction")
    except DiagnosticError:
        return True


def load(
    scenario: str | Path,
    settings: Sequence[str] = (),
    seed: int | None = None,
    task: BoundTask | None = None,
    controller: Any = None,
) -> Scenario:
    """Read a scenario file, or a shipped scenario by name.

    Args:
        scenario: path, or a name that ``hwsim list scenarios`` prints.
        settings: texts ``KEY=VALUE`` that override values, as ``--set`` does.
        seed: seed of the run, the scenario's own when None.
        task: data of your own in place of the scenario's task, from :func:`hwsim.task`.
        controller: method of your own in place of the scenario's, as for :func:`run`.

    Raises:
        DiagnosticError: no such scenario, not TOML, or a setting that fits nowhere.
        ArgumentError: a value of the wrong type.

    Example:
        >>> load("digits-fpga-laperm", seed=3).document.data["seed"]
        3
    """
    check_type("scenario", scenario, "a path")
    check_type("settings", settings, "a list of texts")
    check_type("seed", seed, "a whole number", none=True)
    path = find(scenario)
    document = read_document(path)
    if is_reproduction(document):
        raise DiagnosticError(
            [document.diagnostic(("curve",), "a reproduction, no scenario", "", f"hwsim reproduce {scenario}")]
        )
    laid = [parse_setting(text) for text in settings]
    if seed is not None:
        laid.append(Setting(("seed",), seed))
    loaded = Scenario(path, lay_over(document, laid) if laid else document)
    return _with(loaded, task, controller)


def _with(scenario: Scenario, task: BoundTask | None, controller: Any) -> Scenario:
    """Put what Python gives in place of the scenario's tables."""
    if task is not None:
        scenario = with_task(scenario, task)
    if controller is not None:
        document = _followed(scenario.document, {"name": "python"}, "controller=")
        scenario = replace(scenario, document=document, given=replace(scenario.given, method=controller))
    return scenario


def _followed(document: Document, table: dict[str, Any], shown_as: str) -> Document:
    """Give a document another controller; how free training runs beside it stays as the scenario has it."""
    given = document.data.get("controller")
    training = {key: value for key, value in given.items() if key in _TRAINING} if isinstance(given, dict) else {}
    return substitute(document, "controller", {**training, **table}, shown_as)


def with_schedule(scenario: Scenario, schedule: str | Path) -> Scenario:
    """Put a schedule made elsewhere in place of the scenario's controller."""
    table = {"name": "replay", "schedule": str(schedule)}
    return replace(scenario, document=_followed(scenario.document, table, "SCHEDULE"))


def with_task(scenario: Scenario, task: BoundTask) -> Scenario:
    """Put another task in place of the scenario's.

    Raises:
        ArgumentError: the task is not from :func:`hwsim.task`.
    """
    if not isinstance(task, BoundTask):
        raise ArgumentError(f"task must be from hwsim.task(train=..., goal=...), found {type(task).__name__}")
    table = {"name": "arrays", **task.parameters.model_dump(exclude_none=True)}
    document = substitute(scenario.document, "task", table, "task=")
    return replace(scenario, document=document, given=replace(scenario.given, task=task))


def run(
    scenario: Scenario | str | Path,
    out: str | Path | None = None,
    report: Callable[[str, float, dict[str, Any] | None], None] | None = None,
    *,
    task: BoundTask | None = None,
    controller: Any = None,
) -> Answer:
    """Run a scenario to its end; a finished run answers at once, an interrupted one goes on.

    Args:
        scenario: from :func:`load`, or what that takes: a path, or a name that ``hwsim list scenarios`` prints.
        out: the run folder; ``runs/<name>-seed<seed>-<identity>`` under the current folder when None.
        report: told the stage, the share of it that is done and, after a reconnection, its score row. When None, a
            notebook shows a bar, and elsewhere the log ``hwsim`` says if kernels are compiled, once on this machine.
        task: data of your own in place of the scenario's task, from :func:`hwsim.task`.
        controller: method of your own in place of the scenario's: a function that is given the job
            (:class:`hwsim.controller.Job`) and yields permutations, or a list of them; :mod:`hwsim.controller.python`
            says what may be yielded. Free training, the reference, stays as the scenario has it.

    Raises:
        DiagnosticError: the scenario is faulty.
        FolderError: the run folder cannot be used.
        PluginError: the function fails, or yields what is no reconnection; the message has its line.
    """
    from hwsim.pipeline import flow as pipeline

    plan = _with(scenario if isinstance(scenario, Scenario) else load(scenario), task, controller).plan()
    if plan.method is not None and plan.method.untold:
        warnings.warn(HwsimWarning(f"{plan.method.untold}; it is computed anew each time"), stacklevel=2)
    folder = Path(out) if out is not None else default_folder(plan)
    with _told(report) as tell:
        found = pipeline.run(plan, folder, tell)
    return replace(read_run(folder), plan=plan, reused=found["reused"])


@contextmanager
def _told(report: Report | None) -> Iterator[Report]:
    """Choose whom a run tells where it stands."""
    if report is not None:
        yield report
    elif in_notebook():
        with NotebookProgress() as progress:
            yield progress.report
    else:
        with logged():
            yield lambda *_: None


def replay(
    schedule: str | Path | Any,
    scenario: Scenario | str | Path,
    out: str | Path | None = None,
    report: Callable[[str, float, dict[str, Any] | None], None] | None = None,
) -> Answer:
    """Execute and score a schedule made elsewhere, on a scenario's device, crossbar and switch technology.

    Args:
        schedule: path of a ``.csv``, ``.npz``, ``.parquet`` or ``.sqlite`` file (``hwsim help schedule``) or of a run
            folder; or reconnections themselves, as a controller may yield them.
        scenario: as for :func:`run`; the schedule stands in place of its controller.
        out: as for :func:`run`.
        report: as for :func:`run`.

    Raises:
        DiagnosticError: the scenario or the schedule is faulty; of a CSV file, every faulty line.
        FolderError: the run folder cannot be used.
    """
    if not isinstance(schedule, str | Path):
        return run(scenario, out, report, controller=schedule)
    loaded = scenario if isinstance(scenario, Scenario) else load(scenario)
    return run(with_schedule(loaded, schedule), out, report)


def read_run(folder: Path) -> Answer:
    """Return what a finished run said, from the files in its folder; its plan is not read again.

    Raises:
        FolderError: no finished run lies here, or one of its files is damaged.
    """
    from hwsim.pipeline.folder import RunFolder

    found, rows = RunFolder(folder).answer(), RunFolder(folder).rows()
    whole = found["identity"], found["events"], found["final"], found["reference"]
    more = {key: found[key] for key in ("tasks", "resources", "execution", "data") if key in found}
    return Answer(folder, *whole, rows, **more, made_at=found["made_at"])


def default_folder(plan: Plan) -> Path:
    """Tell where a run goes when nobody says."""
    return Path("runs") / f"{plan.name}-seed{plan.scenario.seed}-{plan.identity[:8]}"


def measure(
    scenario: Scenario,
    out: Path,
    report: Callable[[str, float, dict[str, Any] | None], None],
    events: Sequence[int] = (),
) -> dict[str, Any]:
    """Run a scenario for its answer alone: no table, picture or exports are written.

    Args:
        scenario: from :func:`load`.
        out: folder of the run while it lasts; an interrupted one goes on from there.
        report: as for :func:`run`.
        events: events whose score rows are wanted besides.

    Returns:
        What ``hwsim run --json`` would print, without the folder, and under ``rows`` those of the events.

    Raises:
        DiagnosticError: the scenario is faulty.
        FolderError: the folder cannot be used.
    """
    from hwsim.pipeline import flow as pipeline

    return pipeline.measure(scenario.plan(), out, report, events)
