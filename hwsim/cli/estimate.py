"""``hwsim estimate``: what a scenario takes in time and energy, without training and without simulating."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def estimate(
    what: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Scenario file, name of a shipped one, or a run folder.")
    ],
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all random streams.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a list of rows on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the same rows as CSV.")] = False,
) -> None:
    """Estimate time and energy in closed form, where nothing contends; what only the simulation can tell says so.

    Random permutations, routed on the scenario's machine, stand for those that training
    would find, which move less; of a run folder its own reconnections are summed up.
    """
    from hwsim.files import Diagnostic, DiagnosticError
    from hwsim.pipeline.estimate import estimate as reckon
    from hwsim.pipeline.session import load

    if json and csv:
        raise DiagnosticError([Diagnostic("--csv", 1, 1, "rows are printed once", "--json", "give one of the two")])
    folder = Path(what).is_dir()
    for option, given in (("--set", set_), ("--seed", seed)):
        if folder and given is not None:
            hint = "estimate its scenario, or leave it out"
            raise DiagnosticError([Diagnostic(option, 1, 1, "a run is what it is", what, hint)])
    found = reckon(what if folder else load(what, set_ or [], seed))
    rows = [line._asdict() for line in found]
    if json:
        import json as writer

        typer.echo(writer.dumps(rows))
    elif csv:
        from hwsim.report.bill import as_csv

        typer.echo(as_csv(rows, ["key", "value", "unit", "why"]))
    else:
        from hwsim.report.estimate import estimate_table

        typer.echo(estimate_table(found))
