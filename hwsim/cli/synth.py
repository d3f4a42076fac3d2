"""``hwsim synth``: a finished run's network as the bitstream of a real part, and what it takes there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def synth(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    target: Annotated[str, typer.Option(metavar="PART", help="up5k, hx8k, ecp5-25k, ecp5-85k, gw1nr-9 or 7-series.")],
    arch: Annotated[
        str, typer.Option(metavar="NAME", help="spatial: a circuit and constants a unit; folded: one multiplier.")
    ] = "spatial",
    pipeline: Annotated[int, typer.Option(min=0, help="Switch stages between registers; 0 for none.")] = 0,
    lanes: Annotated[int, typer.Option(help="Multipliers of the folded architecture: 1, 2, 4 or 8.")] = 1,
    seed: Annotated[int, typer.Option(min=1, help="Seed of place and route.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.01, help="Longest time of each tool.")] = 60,
    out: Annotated[Path | None, typer.Option(help="Folder for the results; RUN/synth when left out.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress on stderr.")] = False,
) -> None:
    """Synthesise a run's network for a part, place and pack it, and print what it takes there and how fast it is.

    Yosys, nextpnr and the part's packer do it; what is missing is named with the command that installs it. Written are
    the bitstream with a serial line for hwsim board, what the tools said, and the datasheet that a scenario names with
    placed in [device], so that hwsim run bills the placed clock. A bitstream does not depend on an event.
    """
    import signal

    from hwsim.boards.parts import find_part
    from hwsim.cli.place import check_place
    from hwsim.files.whole import check_free, write_all
    from hwsim.pipeline.exporting import plan_of
    from hwsim.pipeline.folder import RunFolder
    from hwsim.pipeline.placing import file_names, files_of, place_run, tell

    part, plan, folder = find_part(target), plan_of(run), out or run / "synth"
    answer = RunFolder(
        run
    ).answer()  # of a run that is finished: else hours of tools would have nothing to stand beside
    check_place(folder, "--out")
    check_free(*(folder / name for name in file_names(plan, part)), force=force)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # tools end then, and their folder is removed
    try:
        found = place_run(
            plan,
            run,
            part,
            arch,
            pipeline,
            lanes,
            seed=seed,
            seconds=60 * minutes,
            report=lambda what: None if quiet else typer.echo(f"{what} ...", err=True),
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    written = write_all({folder / name: content for name, content in files_of(found).items()}, force=force)
    for line in [*tell(found, answer), *map(str, written)]:
        typer.echo(line)
