"""``hwsim show``: what a run folder says, or a datasheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hwsim.model import Model

EXACT = 15
"""Digits up to which a count is printed in full."""
KINDS = ("device", "model", "variance", "trajectory", "timeline")
"""What may be shown beside runs, by the word before its name."""
TOLD = ("accuracy", "max_error", "reference", "events", "toggles", "moves", "bias_writes", "energy_j", "time_s")
"""Columns of a comparison that stand in its table; --json has all."""
FEW = 1e-6
"""Expected collisions below which a mask is not worth a line."""


def show(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... | KIND NAME",
            help="Run folders; or device, model, variance, trajectory, timeline before a name, a path or a run folder.",
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
    picture: Annotated[
        Path | None, typer.Option(help="Picture, PNG or SVG; NAME.png here, or in the run folder, when left out.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Datasheet (name or path) that a model's hardware is reckoned for.")
    ] = None,
    topology: Annotated[str, typer.Option(help="Circuits before a model's learned connections.")] = "benes",
    technology: Annotated[str, typer.Option(help="Switches of those.")] = "fpga-register-ug474-2016",
) -> None:
    """Show a finished run, or a datasheet: hwsim show device NAME prints its numbers and draws what the device does.

    hwsim show RUN RUN ... lays finished runs side by side: the settings in which they differ, their final scores, and
    accuracy against toggles in one picture (--picture, comparison.png here when left out).

    hwsim show model NAME prints its layers, banks and ports, and how many relabellings of units leave it the same;
    with --device SHEET also what it takes there: LUTs, flip-flops and cycles, or cores, and whether it fits the part.
    hwsim show variance RUN tells which hidden units serve which task of a multi-task; hwsim show trajectory RUN
    draws what a recurrent network gives over what it should. hwsim show timeline RUN prints the run's numbers in time,
    and draws what every part of the machine does during the first reconnections.
    """
    if picture:
        from hwsim.cli.place import check_picture

        check_picture(picture, "--picture")
    kind, *names = what
    if kind not in KINDS:
        if len(what) == 1:
            _show_run(Path(kind), json=json)
        elif not Path(kind).exists() and not set(kind) & set("*?["):
            forms = ", ".join(f"hwsim show {one} NAME" for one in KINDS)
            typer.echo(f"{kind}: what to show? there is no such run folder; give run folders, or: {forms}", err=True)
            raise typer.Exit(2)
        else:
            _show_runs(what, picture, json=json)
        return
    if len(names) != 1:
        typer.echo(f"show {kind}: give one name or path after it, found {len(names)}", err=True)
        raise typer.Exit(2)
    if kind == "device":
        _show_device(names[0], picture, json=json)
    elif kind == "model":
        _show_model(names[0], (device, topology, technology) if device else None, json=json)
    elif kind == "variance":
        _show_variance(Path(names[0]), picture, json=json)
    elif kind == "timeline":
        _show_timeline(Path(names[0]), picture, json=json)
    else:
        _show_trajectory(Path(names[0]), picture, json=json)


def _show_runs(runs: list[str], picture: Path | None, *, json: bool) -> None:
    """Show finished runs side by side, as a table and a picture."""
    import json as writer

    from hwsim.analysis.comparison import compare
    from hwsim.cli.place import check_place
    from hwsim.files.markup import plain
    from hwsim.report.style import try_to_save

    path = picture or Path("comparison.png")
    check_place(path, "--picture")
    found = compare(*runs)
    try_to_save(found.figure, path)
    if json:
        typer.echo(writer.dumps(found.rows))
        return
    columns = ["run", *found.differing, *(key for key in found.rows[0] if key in TOLD)]
    lines = [columns, *([plain(row.get(one)) for one in columns] for row in found.rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    for line in lines:
        typer.echo("  ".join(f"{word:<{width}}" for word, width in zip(line, widths, strict=True)).rstrip())
    typer.echo(f"picture {path}")


def _show_device(name: str, picture: Path | None, *, json: bool) -> None:
    import json as writer
    from dataclasses import asdict

    from hwsim.analysis.characterisation import portray
    from hwsim.cli.place import check_place

    check_place(picture or Path(f"{name}.png"), "--picture")
    found = portray(name)
    path = None
    if found.curves is not None:
        from hwsim.report.characterisation import draw_characterisation
        from hwsim.report.style import try_to_save

        path, c = picture or Path(f"{found.name}.png"), found.curves
        try_to_save(lambda: draw_characterisation(c.levels, c.drive, c.transfer, c.noise, found.title), path)
    if json:
        numbers = [asdict(row) for row in found.rows]
        typer.echo(
            writer.dumps({"name": found.name, "title": found.title, "picture": path and str(path), "numbers": numbers})
        )
        return
    typer.echo(f"{found.title}\n{found.citation}\nfit: {found.fit}\n")
    symbols, keys, values, units = (
        max([len(getattr(row, key)) for row in found.rows] or [0]) for key in ("symbol", "key", "value", "unit")
    )
    values = min(values, 18)  # a fit of many numbers may stand out
    for row in found.rows:
        typer.echo(
            f"{row.symbol:<{symbols}}  {row.key:<{keys}}  {row.value:>{values}} {row.unit:<{units}}  "
            f"{row.status:<8}  {row.source}"
        )
    assumed = [row.key for row in found.rows if row.part == "cost" and row.status == "assumed"]
    if assumed:
        typer.echo(f"energies and times rest on assumed costs: {', '.join(assumed)}")
    typer.echo("not modelled: " + "; ".join(found.not_modelled))
    if path is not None:
        typer.echo(f"picture {path}")


def _show_variance(run: Path, picture: Path | None, *, json: bool) -> None:
    """Show which hidden units serve which task of a multi-task; a table and a picture go into the run's folder."""
    import json as writer

    from hwsim.analysis.variance import task_variance
    from hwsim.cli.place import check_place
    from hwsim.files.whole import write_all
    from hwsim.pipeline.exporting import plan_of
    from hwsim.report.style import try_to_save
    from hwsim.report.variance import draw_variance
    from hwsim.score import write_table

    plan = plan_of(run)
    check_place(picture or run / "variance.png", "--picture")
    found = task_variance(plan, run)
    table, path = run / "variance.csv", picture or run / "variance.png"
    write_all({table: write_table(found.table())}, force=True)
    title = f"{plan.scenario.title}: task variance"
    columns = (found.relative, found.variance, found.bias, found.cluster, found.correlation)
    try_to_save(lambda: draw_variance(found.tasks, *columns, title), path)
    numbers = found.summary()
    if json:
        typer.echo(writer.dumps({"run": str(run), **numbers, "table": str(table), "picture": str(path)}))
        return
    width = max(12, *map(len, found.tasks))
    typer.echo(f"{numbers['units']:,} hidden units, {numbers['in_no_task']:,} of them take part in no task")
    typer.echo(f"{'cluster':<12}{'units':>8}  " + " ".join(f"{task:>{width}}" for task in found.tasks))
    for number, one in enumerate(numbers["clusters"], start=1):
        shares = " ".join(f"{value:>{width}.3f}" for value in one["relative_variance"].values())
        typer.echo(f"{number:<12}{one['units']:>8,}  {shares}")
    rates = " ".join(f"{value:>{width}.3f}" for value in found.correlation)
    typer.echo(f"{'bias and variance, r':<22}{rates}")
    typer.echo(f"table   {table}\npicture {path}")


def _show_trajectory(run: Path, picture: Path | None, *, json: bool) -> None:
    """Show what the chip of a finished run gives in place of a trajectory; draw it into the run's folder."""
    import json as writer

    from hwsim.analysis.trajectory import follow
    from hwsim.cli.place import check_place
    from hwsim.pipeline.exporting import plan_of
    from hwsim.report.style import try_to_save
    from hwsim.report.trajectory import draw_trajectory

    plan = plan_of(run)
    check_place(picture or run / "trajectory.png", "--picture")
    found, path = follow(plan, run), picture or run / "trajectory.png"
    columns = (found.target, found.output, found.learned, found.errors)
    try_to_save(lambda: draw_trajectory(*columns, plan.scenario.title), path)
    if json:
        numbers_of = {"target": found.target.tolist(), "output": found.output.tolist()}
        numbers = {"errors": list(found.errors), "steps_learned": found.learned, **numbers_of}
        typer.echo(writer.dumps({"run": str(run), "picture": str(path), **numbers}))
        return
    for number, error in enumerate(found.errors, start=1):
        typer.echo(f"period {number}: error {error:.4f} of the deviation")
    typer.echo(f"picture {path}")


def _show_timeline(run: Path, picture: Path | None, *, json: bool) -> None:
    """Show the numbers of a finished run in time, and draw its first reconnections where no picture of them is."""
    import json as writer

    from hwsim.cli.place import check_place
    from hwsim.pipeline.estimate_table import lines_of
    from hwsim.pipeline.exporting import plan_of
    from hwsim.pipeline.session import read_run
    from hwsim.pipeline.timeline import again
    from hwsim.report.estimate import estimate_table
    from hwsim.report.style import try_to_save
    from hwsim.report.timeline import draw_timeline

    plan, found = plan_of(run), read_run(run).execution
    path = picture or run / "timeline.png"
    check_place(path, "--picture")
    if picture or not path.exists():
        spans = again(plan, run / "schedule.sqlite").simulation.spans
        try_to_save(lambda: draw_timeline(spans, plan.scenario.title), path)
    if json:
        typer.echo(writer.dumps({"run": str(run), "picture": str(path), **found}))
        return
    typer.echo(estimate_table(lines_of(found)))
    typer.echo(f"picture {path}")


def _show_run(run: Path, *, json: bool) -> None:
    """Show a finished run: its score, event by event, and its final state."""
    import json as writer

    from hwsim.cli.run import summary
    from hwsim.files import readable
    from hwsim.pipeline.folder import RunFolder
    from hwsim.pipeline.session import read_run
    from hwsim.task import metric_in

    if json:
        typer.echo(writer.dumps(RunFolder(run).answer()))
        return
    answer = read_run(run)
    rows = answer.rows
    metric = metric_in(rows[0]).name
    typer.echo(f"{'event':>5} {'epoch':>7} {metric:>9} {'moves':>10} {'toggles':>10} {'writes':>8} {'energy':>10}")
    step = max(1, -(-len(rows) // 20))
    for row in [*rows[:-1:step], rows[-1]]:
        judged = "" if row[metric] is None else f"{row[metric]:.4f}"
        typer.echo(
            f"{row['event']:>5} {row['epoch']:>7.1f} {judged:>9} {row['moves']:>10,} {row['toggles']:>10,} "
            f"{row['bias_writes']:>8,} {readable(row['energy_j'], 'energy'):>10}"
        )
    typer.echo("")
    typer.echo(summary(answer))


def _read_model(name: str) -> Model:
    """Read a model by name, or by the path of its file."""
    from hwsim.files import Diagnostic, DiagnosticError, read_document
    from hwsim.files.library import names
    from hwsim.files.registry import unknown
    from hwsim.model import read_model

    known = names("models")
    path = Path(name)
    if path.suffix != ".toml":
        if name not in known:
            what, _, hint = unknown("model", name, known).partition("; ")
            raise DiagnosticError([Diagnostic(name, 1, 1, what, "", hint)])
        path = known[name]
    return read_model(read_document(path))


def _show_model(name: str, hardware: tuple[str, str, str] | None, *, json: bool) -> None:
    """Show a model: its layers, what they are for a chip, and what of it can be relabelled."""
    import json as writer
    from dataclasses import asdict

    from hwsim.analysis.symmetry import describe_model

    model = _read_model(name)
    found = describe_model(model)
    taken = None
    if hardware:
        from hwsim.analysis.characterisation import size_up

        taken = size_up(model, *hardware)
    if json:
        typer.echo(writer.dumps({"name": name, **asdict(found), **({"resources": taken} if taken else {})}))
        return
    typer.echo(f"{found.title}\n")
    head = ("layer", "kind", "takes", "gives", "activation", "weights", "registers", "banks x ports", "relabelled")
    table: list[tuple[str, ...]] = [head]
    for row in found.rows:
        circuits = [f"{row.banks[scope]} x {row.ports[scope]} ({scope})" for scope in row.banks]
        counts = [f"{row.weights:,}", f"{row.registers:,}"] if row.weights else ["", ""]
        shapes = [" x ".join(map(str, shape)) for shape in (row.taken, row.given)]
        fixed = "connections fixed" if row.weights else ""
        words = (", ".join(circuits) or fixed, row.relabelled)
        table.append((str(row.number), row.kind, *shapes, row.activation, *counts, *words))
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    for line in table:
        typer.echo("  ".join(f"{word:<{width}}" for word, width in zip(line, widths, strict=True)).rstrip())
    typer.echo(f"\nweights {found.weights:,}, registers {found.registers:,}")
    exact = f" = {found.relabellings:,}" if found.relabellings is not None and found.log10_relabellings < EXACT else ""
    typer.echo(
        f"relabellings that leave the function the same: 10^{found.log10_relabellings:.2f}{exact}\n"
        "  where connections are learned, crossbar.scope = 'layer' reaches all of them, 'output' those of banks with "
        "equal cells"
    )
    for row in found.rows:
        if row.collisions is not None and row.collisions >= FEW:
            typer.echo(
                f"  layer {row.number}: a random mask that keeps {found.density:.0%} is expected to give "
                f"{row.collisions:.3g} pairs of units the same pattern"
            )
    if taken and hardware:
        from hwsim.report.resources import resource_lines

        typer.echo(f"\non {hardware[0]}, learned connections through {hardware[1]} circuits of {hardware[2]}")
        for word, value in resource_lines(taken):
            typer.echo(f"{word:<16}{value}")
