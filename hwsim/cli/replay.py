"""``hwsim replay``: a schedule made elsewhere, executed and scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hwsim.cli.run import carry_out, tell

if TYPE_CHECKING:
    from hwsim.pipeline.session import Scenario


def replay(
    schedule: Annotated[
        Path,
        typer.Argument(metavar="SCHEDULE", help="CSV, NPZ, Parquet or SQLite file of reconnections, or a run folder."),
    ],
    scenario: Annotated[str, typer.Argument(help="Scenario file, or the name of a shipped one.")],
    out: Annotated[Path | None, typer.Option(help="Run folder; runs/NAME-seedN-IDENTITY when left out.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override one value.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of all random streams.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the score table as CSV.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Execute a schedule made elsewhere on a scenario's chip, in place of its controller, and score every event.

    hwsim help schedule says what the files hold; hwsim export RUN --format csv or parquet writes one.
    """
    from hwsim.files import Diagnostic, DiagnosticError
    from hwsim.pipeline.session import with_schedule

    if json and csv:
        raise DiagnosticError([Diagnostic("--csv", 1, 1, "rows are printed once", "--json", "give one of the two")])

    def follow(loaded: Scenario) -> Scenario:
        return with_schedule(loaded, schedule)

    tell(carry_out(scenario, set_ or [], seed, out, quiet=quiet, change=follow), json=json, csv=csv)
