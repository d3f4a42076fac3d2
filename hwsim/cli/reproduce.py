"""``hwsim reproduce``: a figure or table of a paper again, beside the published numbers."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hwsim.study import Outcome, Reproduction, RunJob, SweepResult


def reproduce(
    name: Annotated[str, typer.Argument(help="Reproduction file, or a name: hwsim list reproductions.")],
    kept: Annotated[
        bool, typer.Option("--kept", help="Compute nothing: table and picture of the results kept beside the file.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep results (JSON) and picture in results/ beside the file.")
    ] = False,
    curve: Annotated[list[str] | None, typer.Option(help="Only this curve; repeat for several.")] = None,
    x: Annotated[
        list[str] | None, typer.Option("--x", metavar="VALUE", help="Only this value of the axis; repeatable.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Only the first so many seeds of each point.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value in all runs.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Runs side by side; one a core when left out.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of finished runs; runs/NAME when left out. They are not run again.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="PNG, SVG or PDF; NAME.png in the folder of the runs when left out, and none of --kept."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Carry out the runs behind a figure or table of a paper, on all cores, and compare them with what was published.

    A reproduction (scenarios/papers/NAME.toml; hwsim help reproduction) names a scenario, curves, an axis and seeds.
    Every curve, value and seed is one run in a process of its own. Interrupted, the same command goes on: finished runs
    answer from their files, an unfinished one from its last seconds. A run that fails is named, and the others go on.
    The exit code is 1 where an expectation of the file fails, 3 where runs failed.
    """
    from hwsim.cli.place import check_picture, check_place
    from hwsim.study import add_stored, compare, read_stored, schedule_path, stored_path, values
    from hwsim.study import check_place as check_keeping

    found = _read(name)
    folder = out or Path("runs") / found.name
    if picture:
        check_picture(picture, "--picture")
    points = _points(found, curve, x, seeds)
    if kept:
        _refuse(kept=kept, keep=keep, set_=set_)
        runs, command = read_stored(found)
        runs = [run for run in runs if not (curve or x or seeds) or (run.curve, run.x, run.seed) in points]
        failed: dict[str, str] = {}
        schedules: list[Path] = []
    else:
        _refuse(keep=keep, set_=set_, jobs=jobs)
        check_place(folder, "--out")
        if keep:
            check_keeping(found)
        chosen = _choose(found, points, set_ or [])
        done = _carry_out(found, chosen, folder, jobs, quiet=quiet)
        schedules = [schedule_path(folder, job) for job in chosen]
        runs, failed, command = done.runs, done.failed, _command(found, curve, x, seeds, set_)
    outcome = compare(found, values(runs))
    drawing = picture or (stored_path(found).with_suffix(".png") if kept else folder / f"{found.name}.png")
    pictures = [drawing] if picture or not kept else []
    if keep and runs:  # where all runs failed, what was kept before stays
        runs, command, path = add_stored(found, runs, f"{command} --keep")
        outcome = compare(found, values(runs))
        typer.echo(f"kept {path}", err=True)
        pictures.append(path.with_suffix(".png"))
    for place in pictures:
        _draw(found, outcome, schedules, place)
    if json:
        import json as writer

        typer.echo(writer.dumps(as_json(found, outcome, failed, command, drawing)))
    else:
        from hwsim.study import table

        typer.echo(table(found, outcome))
        typer.echo(f"\n{'made by' if kept else 'command'} {command}\npicture {drawing}")
    for run, why in failed.items():
        typer.echo(f"failed: {run}: {why}", err=True)
    if failed:
        raise typer.Exit(3)
    if any(verdict.met is False for verdict in outcome.verdicts):
        raise typer.Exit(1)


def _read(name: str) -> Reproduction:
    from hwsim.files import DiagnosticError, read_document
    from hwsim.pipeline.session import find
    from hwsim.scenario.reproduction import is_reproduction
    from hwsim.study import read_reproduction

    path = find(name, "reproduction")
    document = read_document(path)
    if not is_reproduction(document) and {"task", "layer", "kind"} & set(document.data):
        what = "a scenario, no reproduction" if "task" in document.data else "no reproduction"
        hint = f"hwsim run {name}" if "task" in document.data else "hwsim list reproductions"
        raise DiagnosticError([document.diagnostic((), what, "", hint)])
    return read_reproduction(document, path)


def _refuse(*, kept: bool = False, keep: bool, set_: list[str] | None, jobs: int | None = None) -> None:
    from hwsim.files import Diagnostic, Diagnostics

    diagnostics = Diagnostics()
    if keep and set_:
        what = "results under changed settings are not those of the file"
        diagnostics.add(Diagnostic("--keep", 1, 1, what, "--set", "leave one of the two out"))
    if jobs is not None and jobs < 1:
        diagnostics.add(Diagnostic("--jobs", 1, 1, "'jobs' must be at least 1", str(jobs)))
    if kept and (keep or set_):
        diagnostics.add(Diagnostic("--kept", 1, 1, "nothing is computed", "", "leave --keep and --set out"))
    diagnostics.check()


def _points(
    found: Reproduction, curves: list[str] | None, xs: list[str] | None, seeds: int | None
) -> set[tuple[str, str, int]]:
    """Return the points asked for: curve, value of the axis as it is shown, seed."""
    from hwsim.files import Diagnostic, Diagnostics
    from hwsim.files.validation import choose
    from hwsim.study import shown

    diagnostics = Diagnostics()
    names = [curve.name for curve in found.file.curve]
    values = [shown(x) for x in (found.file.x.values if found.file.x else [])]
    for option, given, known in (("--curve", curves, names), ("--x", xs, values)):
        for word in given or []:
            if word not in known:
                diagnostics.add(Diagnostic(option, 1, 1, f"unknown {option[2:]} {word!r}", "", choose(word, known)))
    if seeds is not None and seeds < 1:
        diagnostics.add(Diagnostic("--seeds", 1, 1, "'seeds' must be at least 1", str(seeds)))
    diagnostics.check()
    points = {
        (curve.name, shown(x), seed)
        for curve in found.file.curve
        for x in found.places(curve)
        for seed in (curve.seeds or found.file.seeds)[:seeds]
        if (not curves or curve.name in curves) and (not xs or shown(x) in xs)
    }
    if not points:
        asked = [curve for curve in found.file.curve if not curves or curve.name in curves]
        places = dict.fromkeys(shown(x) for curve in asked for x in found.places(curve))
        diagnostics.add(
            Diagnostic("--x", 1, 1, "these curves have no point there", "", f"allowed: {', '.join(places)}")
        )
    diagnostics.check()
    return points


def _choose(found: Reproduction, points: set[tuple[str, str, int]], extra: list[str]) -> list[RunJob]:
    """Return the jobs of points."""
    from dataclasses import replace

    from hwsim.study import plan_jobs, shown

    wanted = {place[:2] for place in points}
    only = [(c.name, x) for c in found.file.curve for x in found.places(c) if (c.name, shown(x)) in wanted]
    jobs = [
        replace(job, places=tuple(place for place in job.places if place in points))
        for job in plan_jobs(found, extra, only)
    ]
    return [job for job in jobs if job.places]


def _carry_out(
    found: Reproduction, chosen: list[RunJob], folder: Path, workers: int | None, *, quiet: bool
) -> SweepResult:
    from hwsim.study import WorkerPool, cores, run_sweep, stored_path
    from hwsim.study.stored import called

    pool = WorkerPool(workers or cores(), folder)
    if found.file.long and stored_path(found).is_file() and not quiet:
        typer.echo(f"this is a long one; hwsim reproduce {called(found)} --kept shows results that were kept", err=True)
    if quiet:
        return run_sweep(found, chosen, folder, pool)
    from hwsim.cli.progress import Sweep

    with Sweep(len(chosen)) as sweep:
        return run_sweep(found, chosen, folder, pool, sweep.watch)


def _command(
    found: Reproduction, curves: list[str] | None, xs: list[str] | None, seeds: int | None, extra: list[str] | None
) -> str:
    """Write the command that makes these results, wherever it is given."""
    from hwsim.study.stored import called

    words = ["hwsim reproduce", called(found)]
    words += [f"--curve {shlex.quote(curve)}" for curve in curves or []]
    words += [f"--x {shlex.quote(x)}" for x in xs or []]
    words += [f"--seeds {seeds}"] if seeds else []
    return " ".join([*words, *(f"--set {shlex.quote(text)}" for text in extra or [])])


def _draw(found: Reproduction, outcome: Outcome, schedules: list[Path], path: Path) -> None:
    from dataclasses import asdict

    from hwsim.report.study import draw_reproduction
    from hwsim.report.style import try_to_save

    file = found.file
    if file.picture == "activity" and file.x:
        from hwsim.report.activity import draw_activity
        from hwsim.study import read_activity

        there = [schedule for schedule in schedules if schedule.is_file()]
        if there:
            moved, scores = read_activity(there[0], int(max(x for x in file.x.values if isinstance(x, int))))
            marks, words = file.x.marks, {"title": file.title, "source": file.source}
            try_to_save(lambda: draw_activity(moved, scores, marks, words), path)
        return
    axis = file.x.model_dump() if file.x else None
    words = {"title": file.title, "metric": metric_words(found), "source": file.source}
    lines = [asdict(line) for line in outcome.lines]
    try_to_save(lambda: draw_reproduction(lines, axis, file.y_scale, words), path)


def metric_words(found: Reproduction) -> str:
    """Write the metric and its statistic in words."""
    from hwsim.task import METRICS

    metric, many = found.file.metric, len(found.file.seeds) > 1
    metric = METRICS[metric].axis if metric in METRICS else metric
    return f"{metric}, {found.file.statistic.replace('-', ' ')} over the seeds" if many else metric


def as_json(
    found: Reproduction, outcome: Outcome, failed: dict[str, str], command: str, picture: Path
) -> dict[str, Any]:
    """Return everything that the command found, as one object."""
    from dataclasses import asdict

    lines = [
        {**asdict(line), "points": [{**asdict(point), "ratio": point.ratio} for point in line.points]}
        for line in outcome.lines
    ]
    return {
        "reproduction": found.name,
        "source": found.file.source,
        "metric": found.file.metric,
        "statistic": found.file.statistic,
        "curves": lines,
        "expectations": [asdict(verdict) for verdict in outcome.verdicts],
        "failed": failed,
        "command": command,
        "picture": str(picture),
    }
