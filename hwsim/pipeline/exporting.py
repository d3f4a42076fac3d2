"""A run's configuration as files."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from hwsim.export import EXPORTS
from hwsim.files import Diagnostic, DiagnosticError, read_document
from hwsim.files.registry import unknown
from hwsim.files.whole import write_all
from hwsim.pipeline.folder import SCENARIO, SCHEDULE, FolderError
from hwsim.pipeline.replay import configured
from hwsim.scenario import resolve
from hwsim.schedule import ScheduleError, check_recorded, layout, open_schedule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hwsim.files.whole import Content
    from hwsim.scenario import Plan


def plan_of(run: Path) -> Plan:
    """Read the plan of a run folder, from the resolved scenario, model and datasheets in it.

    Raises:
        FolderError: no run lies there, or its files were changed.
        ScheduleError: the schedule is not the one that the run ended with.
        DiagnosticError: its scenario is faulty.
    """
    if not (run / SCENARIO).is_file():
        raise FolderError(f"{run}: no run lies here; give the folder that hwsim run printed")
    plan = resolve(read_document(run / SCENARIO), run / SCENARIO)
    with open_schedule(run / SCHEDULE) as schedule:
        if schedule.identity != plan.identity:
            raise FolderError(f"{run}: scenario and schedule are of different runs or versions; run the scenario again")
        if schedule.layout != layout(plan.model, plan.scenario.crossbar.scope):
            raise FolderError(f"{run}: the schedule's layout does not fit the scenario's model; run the scenario again")
        check_recorded(run / SCHEDULE, schedule)
    return plan


def export_run(
    run: Path,
    format_: str,
    event: int | None,
    out: Path | None,
    *,
    force: bool = False,
    only: str | None = None,
    **options: Any,
) -> list[Path]:
    """Write one event's configuration in one format: all of its files or none.

    Args:
        run: run folder.
        format_: name of an export.
        event: 0 is after power-up; the last when None.
        out: file, or folder where the format has several files; ``export/event<N>`` in the run folder when None.
        force: whether files that are there may be replaced.
        only: pattern of the names of files that are wanted, as of a shell; all when None.
        options: of the format, by name.

    Returns:
        The files written.

    Raises:
        DiagnosticError: unknown format; an option that it does not have; a file is there already.
        FolderError, ScheduleError: no such run or event, or nothing to export.
    """
    if format_ not in EXPORTS:
        what, _, hint = unknown("export format", format_, EXPORTS).partition("; ")
        raise DiagnosticError([Diagnostic("--format", 1, 1, what, "", hint)])
    check_options(format_, options)
    plan = plan_of(run)
    with open_schedule(run / SCHEDULE) as schedule:
        last = schedule.events() - 1
    number = last if event is None else event
    if last < 0:
        raise ScheduleError(f"{run}: the schedule is empty; run the scenario first")
    files = EXPORTS[format_].contents(configured(plan, run / SCHEDULE, number), **options)
    if not files:
        raise FolderError(f"{run}: no crossbar in this run, so format {format_!r} has nothing to write; try json")
    if only is not None:
        files = _matching(files, only)
    target = out or run / "export" / f"event{number}"
    single = out is not None and len(files) == 1 and not out.is_dir()
    return write_all({target if single else target / name: content for name, content in files.items()}, force=force)


def _matching(files: dict[str, Content], only: str) -> dict[str, Content]:
    """Return the files whose names match a pattern; content of others is never made.

    Raises:
        DiagnosticError: none does.
    """
    found = {name: content for name, content in files.items() if fnmatchcase(name, only)}
    if not found:
        hint = f"they are called {', '.join([*files][:4])}{', ...' if len(files) > 4 else ''}"  # noqa: PLR2004 - a few
        raise DiagnosticError([Diagnostic("--only", 1, 1, "no file has such a name", repr(only), hint)])
    return found


def check_options(format_: str, options: Iterable[str]) -> None:
    """Refuse options that a format does not have.

    Raises:
        DiagnosticError: the option, and the formats that have it.

    Example:
        >>> check_options("csv", ["arch"])
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: --arch:1:1: format 'csv' has no such option, formats that have it: rtl
    """
    for name in options:
        if name not in EXPORTS[format_].options:
            having = [one for one, plugin in EXPORTS.items() if name in plugin.options]
            hint = f"formats that have it: {', '.join(having) or 'none'}"
            raise DiagnosticError([Diagnostic(f"--{name}", 1, 1, f"format {format_!r} has no such option", "", hint)])
