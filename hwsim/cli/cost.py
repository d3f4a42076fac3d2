"""``hwsim cost``: what reconnecting costs, without training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hwsim.costing import Reconnections


def cost(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]",
            help="Permutations, one per line (position i is fed by cell p[i]), or a schedule; - is standard input.",
        ),
    ] = None,
    random: Annotated[
        int | None, typer.Option(metavar="N", help="Instead of FILE: random reconnections of N ports.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(metavar="K", help="Random reconnections, also for each point of --plot. Default 20.")
    ] = None,
    moved: Annotated[
        int | None, typer.Option(metavar="M", help="Ports that each random one moves; all are drawn anew without it.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of random reconnections.")] = 0,
    topology: Annotated[
        list[str] | None, typer.Option(help="Crossbar; repeat to compare. hwsim list crossbars. Default benes.")
    ] = None,
    technology: Annotated[
        list[str] | None,
        typer.Option(
            help="Switch datasheet, or the start of its name; repeat to compare. hwsim list switches. "
            "Default fpga-register-ug474-2016."
        ),
    ] = None,
    effort: Annotated[
        list[str] | None,
        typer.Option(help="Router: any, greedy, blocks, descent or exact; repeat to compare. Default greedy."),
    ] = None,
    ports: Annotated[
        int | None, typer.Option(help="Ports of the crossbar; those of the permutation when left out.")
    ] = None,
    minimise: Annotated[
        str, typer.Option(help="What the router spends little of: toggles, energy, loss or wear.")
    ] = "toggles",
    dwell: Annotated[
        str, typer.Option(metavar="TIME", help="How long a configuration stands, for --minimise energy.")
    ] = "0 s",
    writes: Annotated[
        str, typer.Option(help="How configurations are sent: full, addressed, delta or shortest. hwsim help cost.")
    ] = "full",
    plot: Annotated[
        Path | None,
        typer.Option(metavar="PICTURE", help="Draw toggles against moved ports, random reconnections (PNG, SVG, PDF)."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print a list of rows on stdout; hwsim help cost has the columns.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the same rows as CSV.")] = False,
    each: Annotated[
        bool, typer.Option("--each", help="A row for each reconnection; as CSV where --json is left out.")
    ] = False,
) -> None:
    """Price reconnections against crossbars, switch technologies and routers, without training."""
    from hwsim.cli.place import check_picture
    from hwsim.costing import COUNT, DEFAULTS, price, sweep
    from hwsim.files import Diagnostic, DiagnosticError

    if plot is not None:
        check_picture(plot, "--plot")
    if json and csv:
        raise DiagnosticError([Diagnostic("--csv", 1, 1, "rows are printed once", "--json", "give one of the two")])
    if file is not None and str(file) == "-" and sys.stdin is not None and sys.stdin.isatty():
        typer.echo("permutations, one per line; end with Ctrl-D", err=True)

    reconnections = _reconnections(file, random, count, moved, seed, plot)
    topologies, efforts = topology or [DEFAULTS["topology"]], effort or [DEFAULTS["effort"]]
    technologies = technology or [DEFAULTS["technology"]]
    rows = price(
        reconnections,
        topologies=topologies,
        technologies=technologies,
        efforts=efforts,
        ports=ports,
        minimise=minimise,
        dwell=_seconds(dwell),
        writes=writes,
        each=each,
    )
    lines = None
    if plot is not None:
        size = max(width for _, width in reconnections.shapes)
        lines = sweep(size, topologies, efforts, ports=ports, count=COUNT if count is None else count, seed=seed)
    if json:
        import json as writer

        typer.echo(writer.dumps(rows))
    elif csv or each:
        from hwsim.costing.row import COLUMNS, EACH_COLUMNS
        from hwsim.report.bill import as_csv

        typer.echo(as_csv(rows, [*(EACH_COLUMNS if each else COLUMNS), "blocked"]))
    else:
        from hwsim.cli.assumed import assumed_lines
        from hwsim.report.bill import bill
        from hwsim.scenario.lookup import find_sheet

        typer.echo(bill(rows, reconnections.words))
        if assumed := assumed_lines(find_sheet("switch", name) for name in technologies):
            typer.echo(assumed)
    if plot is not None and lines is not None:
        from hwsim.report.style import try_to_save
        from hwsim.report.toggles import draw_toggles

        drawn = lines
        title = f"{ports or size:,} ports, {COUNT if count is None else count:,} random reconnections a point"
        if try_to_save(lambda: draw_toggles(drawn, title), plot):
            typer.echo(f"drawn: {plot}", err=True)


def _reconnections(
    file: Path | None, random: int | None, count: int | None, moved: int | None, seed: int, plot: Path | None
) -> Reconnections:
    """Collect what is to be priced, or report all that is wrong with the options about it."""
    from hwsim.costing import COUNT, Redrawn, read_permutations
    from hwsim.files import Diagnostic, Diagnostics

    diagnostics = Diagnostics()
    if file is None and random is None:
        hint = "give a FILE of permutations, a schedule, or --random N"
        diagnostics.add(Diagnostic("--random", 1, 1, "nothing to price", "", hint))
    if file is not None and random is not None:
        diagnostics.add(
            Diagnostic("--random", 1, 1, "a file and random reconnections are both given", str(file), "give one")
        )
    if file is not None and moved is not None:
        diagnostics.add(
            Diagnostic("--moved", 1, 1, "only random reconnections can be told what to move", "", "give --random N")
        )
    if file is not None and count is not None and plot is None:
        diagnostics.add(
            Diagnostic("--count", 1, 1, "only random reconnections can be counted out", "", "give --random N")
        )
    diagnostics.check()
    if file is not None:
        return read_permutations(file)
    return Redrawn(random or 0, COUNT if count is None else count, moved, seed)


def _seconds(text: str) -> float:
    from hwsim.files import Diagnostic, DiagnosticError
    from hwsim.files.quantity import QuantityError, parse

    try:
        return parse(text, "time")
    except QuantityError as error:
        raise DiagnosticError([Diagnostic("--dwell", 1, 1, f"'{text}' {error.what}", "", error.hint)]) from None
