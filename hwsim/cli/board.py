"""``hwsim board``: a run's reconnections on a real board, over its serial line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def board(
    port: Annotated[str, typer.Argument(metavar="PORT", help="Serial port, such as /dev/ttyUSB1 or COM4.")],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder, whose bitstream the board holds.")],
    event: Annotated[
        list[int] | None, typer.Option(help="Event to load; several in order. The last two when left out.")
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Test images of each event.")] = 20,
    arch: Annotated[str, typer.Option(help="Architecture of the bitstream: spatial or folded.")] = "spatial",
    pipeline: Annotated[int, typer.Option(min=0, help="Switch stages between registers of the bitstream.")] = 0,
    lanes: Annotated[int, typer.Option(min=1, help="Multipliers of the folded bitstream.")] = 1,
    baud: Annotated[int, typer.Option(min=1200, help="Baud rate of the bitstream.")] = 115_200,
) -> None:
    """Load events of a run into a board, reconnecting it while it runs, and compare its sums with the emulator's.

    The bitstream is what hwsim synth made of the same run with the same options; another one is refused. This was
    tried on simulated boards; nothing was run on a physical one.
    """
    from hwsim.errors import FAILED_EXPECTATION
    from hwsim.pipeline.driving import drive

    wrong = 0
    for one in drive(run, port, event, images, arch=arch, pipeline=pipeline, lanes=lanes, baud=baud):
        typer.echo(
            f"event {one.event}: {one.words:,} words loaded in {one.loading:.2f} s; {one.images} images in "
            f"{one.computing:.2f} s, {one.wrong} of {one.sums:,} sums differ from the emulator's"
        )
        wrong += one.wrong
    if wrong:
        raise typer.Exit(FAILED_EXPECTATION)
