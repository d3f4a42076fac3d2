"""``hwsim export``: a run's crossbar configuration for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    format_: Annotated[str, typer.Option("--format", metavar="NAME", help="One of: hwsim list exports.")],
    event: Annotated[
        int | None, typer.Option(help="Event to export, 0 = after power-up; the last when left out.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File, or folder where the format has several files; RUN/export/eventN when left out."),
    ] = None,
    only: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Write only files so called, as in 'layer0_bank3.*'.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    arch: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of rtl: spatial (circuits, the default) or folded (one multiplier)."),
    ] = None,
    images: Annotated[
        int | None, typer.Option(metavar="N", help="Of rtl: test images of a phase of the bench; 100 when left out.")
    ] = None,
    pipeline: Annotated[
        int | None,
        typer.Option(metavar="K", help="Of rtl, spatial: registers every K switch stages; none when left out."),
    ] = None,
    lanes: Annotated[
        int | None, typer.Option(metavar="L", help="Of rtl, folded: 1, 2, 4 or 8 multipliers; 1 when left out.")
    ] = None,
) -> None:
    """Export the configuration of all crossbars at one event of a run."""
    from hwsim.cli.place import check_place
    from hwsim.pipeline.exporting import export_run

    if out or run.is_dir():
        check_place(out or run / "export", "--out")
    given = {"arch": arch, "images": images, "pipeline": pipeline, "lanes": lanes}
    options = {name: value for name, value in given.items() if value is not None}
    for path in export_run(run, format_, event, out, force=force, only=only, **options):
        typer.echo(str(path))
