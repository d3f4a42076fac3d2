"""``hwsim show``: what a run folder says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")] = False,
) -> None:
    """Show a finished run: its score, event by event, and its final state."""
    import csv
    import json as writer

    from hwsim.cli.run import summary
    from hwsim.folder import RunFolder
    from hwsim.scenario import readable
    from hwsim.session import Answer

    found = RunFolder(run).answer()
    if json:
        typer.echo(writer.dumps(found))
        return
    with (run / "score.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    merit = "accuracy" if "accuracy" in rows[0] else "max_error"
    typer.echo(f"{'event':>5} {'epoch':>7} {merit:>9} {'moves':>10} {'toggles':>10} {'writes':>8} {'energy':>10}")
    step = max(1, -(-len(rows) // 20))
    for row in [*rows[:-1:step], rows[-1]]:
        typer.echo(
            f"{row['event']:>5} {float(row['epoch']):>7.1f} {float(row[merit]):>9.4f} {int(row['moves']):>10,} "
            f"{int(row['toggles']):>10,} {int(row['bias_writes']):>8,} {readable(float(row['energy_j']), 'energy'):>10}"
        )
    typer.echo("")
    typer.echo(summary(Answer(run, found["identity"], found["events"], found["final"], found["reference"], rows)))
