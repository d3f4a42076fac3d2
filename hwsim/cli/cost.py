"""``hwsim cost``: what reconnecting costs, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def cost(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Permutations, one a line (position i is fed by cell p[i]), or a schedule."
        ),
    ],
    topology: Annotated[list[str] | None, typer.Option(help="Crossbar; repeat to compare. Default benes.")] = None,
    technology: Annotated[
        list[str] | None, typer.Option(help="Switch datasheet; repeat to compare. Default fpga-register-ug474-2016.")
    ] = None,
    effort: Annotated[list[str] | None, typer.Option(help="Router: any or greedy; repeat. Default greedy.")] = None,
    ports: Annotated[
        int | None, typer.Option(help="Ports of the crossbar; those of the permutation when left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a list of rows on stdout.")] = False,
) -> None:
    """Price a permutation, a list of them, or a schedule against crossbars and switch technologies."""
    from hwsim.costing import price, read_permutations

    banks = read_permutations(file)
    rows = price(
        banks,
        topologies=topology or ["benes"],
        technologies=technology or ["fpga-register-ug474-2016"],
        efforts=effort or ["greedy"],
        ports=ports,
    )
    if json:
        import json as writer

        typer.echo(writer.dumps(rows))
        return
    typer.echo(
        f"{'topology':<10} {'technology':<26} {'effort':<7} {'ports':>7} {'switches':>10} {'depth':>5} {'bits':>10} "
        f"{'moves':>9} {'toggles/step':>12} {'p95':>8} {'max':>8} {'energy':>10} {'time':>10}"
    )
    for row in rows:
        toggles = row["toggles"]
        typer.echo(
            f"{row['topology']:<10} {row['technology']:<26} {row['effort']:<7} {row['ports']:>7,} "
            f"{row['switches']:>10,} "
            f"{row['depth']:>5} {row['configuration_bits']:>10,} {row['moves']:>9,} {toggles['mean']:>12,.1f} "
            f"{toggles['p95']:>8,.0f} {toggles['max']:>8,.0f} {row['energy_j']:>8.3g} J {row['time_s']:>8.3g} s"
        )
