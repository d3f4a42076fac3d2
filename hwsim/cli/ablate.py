"""``hwsim ablate``: why accuracy dropped."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hwsim.analysis.ablation import Ablation

PICTURE = "ablation.png"


def ablate(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    chips: Annotated[int, typer.Option(help="Chips to average over.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Run folder; the usual one when left out.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="PNG or SVG; ablation.png in the run folder when left out.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all random streams.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Switch the effects of a scenario's device on one at a time, and all but one, and show what each costs."""
    from hwsim.analysis.ablation import account
    from hwsim.cli.place import check_picture, check_place
    from hwsim.pipeline.session import default_folder, load
    from hwsim.report.ablation import draw_ablation
    from hwsim.report.style import heading, try_to_save

    loaded = load(scenario, set_ or [], seed)
    plan = loaded.plan()
    folder = out or default_folder(plan)
    if picture:
        check_picture(picture, "--picture")
    else:
        check_place(folder / PICTURE, "--picture" if folder.is_dir() else "--out")
    if quiet:
        found = account(loaded, chips, folder)
    else:
        from hwsim.cli.progress import RunProgress

        with RunProgress() as progress:
            found = account(loaded, chips, folder, progress.report)
    path = picture or found.run / PICTURE
    bars = [(i.effect, i.alone, i.alone_error, i.last, i.last_error) for i in found.items]
    title = heading(f"What each effect costs: {plan.scenario.title}", plan.changes)
    try_to_save(lambda: draw_ablation(bars, (found.nothing, found.everything), found.metric, title), path)
    if json:
        import json as writer
        from dataclasses import asdict

        answer = asdict(found)
        typer.echo(writer.dumps({**answer, "run": str(found.run), "picture": str(path)}))
    else:
        typer.echo(table(found))
        typer.echo(f"picture {path}")


def table(found: Ablation) -> str:
    """Write the account for people, costs in percentage points of accuracy or as added error."""
    word = found.metric.replace("_", " ")
    scale = 100 if found.metric == "accuracy" else 1
    unit = "points" if found.metric == "accuracy" else "error"
    width = max(len(item.effect) for item in found.items)
    lines = [
        f"{word} without any effect {found.nothing:.4f}, with all {found.everything:.4f} (mean of {found.chips} chips; "
        "± one standard error of it)",
        f"{'effect':<{width}}  {f'alone, {unit}':>17}  {f'on top, {unit}':>17}",
    ]
    lines += [
        f"{i.effect:<{width}}  {_cost(scale * i.alone, scale * i.alone_error)}  "
        f"{_cost(scale * i.last, scale * i.last_error)}"
        for i in found.items
    ]
    return "\n".join(lines)


def _cost(mean: float, error: float) -> str:
    return f"{mean:>9.3f} ± {error:>5.3f}" if isfinite(error) else f"{mean:>9.3f}        "
