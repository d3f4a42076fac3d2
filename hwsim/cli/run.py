"""``hwsim run``: a scenario from start to score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hwsim.pipeline.session import Answer, Scenario


def run(
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/NAME-seedN-IDENTITY when left out.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all random streams.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Run a scenario: train, reconnect, execute, score. Running it again answers at once or goes on."""
    tell(carry_out(scenario, set_ or [], seed, out, quiet=quiet), json=json)


def carry_out(
    name: str,
    settings: list[str],
    seed: int | None,
    out: Path | None,
    *,
    quiet: bool,
    change: Callable[[Scenario], Scenario] = lambda loaded: loaded,
) -> Answer:
    """Load a scenario, change it, run it, and show how far it is unless that is not wanted."""
    from hwsim.pipeline.session import load
    from hwsim.pipeline.session import run as run_

    scenario = change(load(name, settings, seed))
    if quiet:
        return run_(scenario, out, lambda *_: None)
    from hwsim.cli.progress import RunProgress

    with RunProgress() as progress:
        return run_(scenario, out, progress.report)


def tell(answer: Answer, *, json: bool, csv: bool = False) -> None:
    """Print an answer; a declared expectation that it misses ends the command with 1."""
    from hwsim.pipeline.folder import RunFolder
    from hwsim.scenario.expectation import find_misses

    if json:
        import json as writer

        typer.echo(writer.dumps({**RunFolder(answer.run).answer(), "reused": answer.reused}))
    elif csv:
        typer.echo((answer.run / "score.csv").read_text(), nl=False)
    else:
        typer.echo(summary(answer))
    if answer.plan and (missed := find_misses(answer.plan.scenario.expect, RunFolder(answer.run).answer())):
        typer.echo("\n".join(missed), err=True)
        raise typer.Exit(1)


def summary(answer: Answer) -> str:
    """Write the score for people."""
    from hwsim.report.resources import resource_lines
    from hwsim.task import metric_in

    final = answer.final
    metric = metric_in(final).name
    word = metric.replace("_", " ")
    last = answer.rows[-1]
    spread = "   the worst task" if answer.tasks else ""
    if last.get(f"{metric}_low") is not None and not answer.tasks:
        low, high = (last[f"{metric}_{end}"] for end in ("low", "high"))
        spread = f"   95 % interval of the test images, one seed: {low:.4f} to {high:.4f}"
    faults = answer.execution.get("faults", {"broke": 0, "found": 0, "events": 0})
    known = answer.reused and answer.plan is not None
    lines = [
        ("run", str(answer.run)),
        (word, f"{final[metric]:.4f}{spread}"),
        ("  without noise", f"{final[f'{metric}_noiseless']:.4f}"),
        ("  free training", "not asked for" if answer.reference is None else f"{answer.reference:.4f}"),
        ("reconnections", f"{answer.events - faults['events']}"),
        *([("faults", f"{faults['broke']} broke, {faults['found']} found")] if faults["events"] else []),
        ("toggles", f"{final['toggles']:,.0f}   the hardware has {last['switches']:,} switches"),
        ("moves", f"{final['moves']:,.0f}"),
        ("register writes", f"{final['bias_writes']:,.0f}"),
        ("reconnecting", _bill(final["energy_j"], final["time_s"])),
        ("one inference", _bill(last["inference_energy_j"], last["inference_time_s"])),
        ("  assumed costs", _assumed(answer.run) or "none"),
        *_in_time(answer),
        *_levels(last),
        *_saturated(answer.rows),
        *(resource_lines(answer.resources) if answer.resources else []),
        *([("data", _data(answer.data))] if answer.data else []),
        ("made at", answer.made_at + ("; the run was finished, nothing was computed now" if known else "")),
        ("picture", str(answer.run / "score.png")),
    ]
    if "trajectory_error" in final:
        worst = final.get("trajectory_error_worst")
        more = "" if worst is None else f" over one period, {worst:.4f} in the worst one"
        lines.insert(2, ("  trajectory", f"{final['trajectory_error']:.4f} of the deviation{more}"))
    for task in answer.tasks:
        free = "" if task["reference"] is None else f", free training {task['reference']:.4f}"
        switch = task["task_switch"]
        cost = f"{switch['toggles']:,.0f} toggles, {switch['bias_writes']:,.0f} register writes"
        bill = _bill(switch["energy_j"], switch["time_s"])
        lines.insert(-1, (task["task"], f"{task[metric]:.4f}{free}; to switch to it: {cost}, {bill}"))
    return "\n".join(f"{name:<16}{value}" for name, value in lines)


def _in_time(answer: Answer) -> list[tuple[str, str]]:
    """Say how available the machine was and what requests met, where the scenario speaks of time."""
    from hwsim.files import readable

    found = answer.execution
    if answer.plan is None or not answer.plan.in_time or not found:
        return []
    words = [f"available for {found['availability']:.4g} of {readable(found['watched_s'], 'time')}"]
    if "latency_p99_s" in found:
        words.append(f"99 of 100 requests answered within {readable(found['latency_p99_s'], 'time')}")
    return [("in time", f"{', '.join(words)}; hwsim show timeline {answer.run}")]


def _levels(last: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say that cells of one level stood for each other, if so: another promise than that of equal values."""
    if not str(last.get("router", "")).endswith("+levels"):
        return []
    what = "cells of one design value stand for each other; outputs differ by the cells' own errors"
    return [("  equivalence", f"{what}, and the score is of the cells really connected")]


def _data(about: Mapping[str, Any]) -> str:
    """Describe what was learned from, if the data are the user's own."""
    names = about.get("classes", [])
    classes = f"; classes {', '.join(f'{n} = {name}' for n, name in enumerate(names))}" if names else ""
    return (
        f"{about['training']:,} + {about['test']:,} samples, {about['scaled']}{classes}; digest {about['digest'][:12]}"
    )


def _saturated(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Tell which reconnection left most registers too narrow for what was written to them, if any did."""
    most = max(rows, key=lambda row: row.get("saturated_registers") or 0)
    count, last = (row.get("saturated_registers") or 0 for row in (most, rows[-1]))
    if not count:
        return []
    what = f"{count:,} bias registers at event {most['event']}, {last:,} at the end: too narrow for their values"
    return [("  saturated", f"{what}; set device.bias_bits larger")]


def _assumed(run: Path) -> str:
    """Say of which datasheets of a run how many costs are assumed: bills that rest on them say little of a part."""
    from hwsim.cli.assumed import assumed_costs

    words = []
    for path in sorted((run / "devices").glob("*.toml")):
        assumed, costs = assumed_costs(path)
        if assumed:
            words.append(f"{path.stem} ({len(assumed)} of {costs})")
    return ", ".join(words)


def _bill(energy: float, time: float) -> str:
    from hwsim.files import readable

    return f"{readable(energy, 'energy')}, {readable(time, 'time')}"
