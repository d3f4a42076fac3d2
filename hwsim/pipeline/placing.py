"""A finished run's network on a real part: its logic, with a board around it, synthesised, placed and packed."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from hwsim.boards.families import FAMILIES
from hwsim.boards.fitting import check_clock, words
from hwsim.boards.synthesis import synthesise
from hwsim.export.logic import netlist_of
from hwsim.export.rtl.board import board
from hwsim.export.verilog import architecture_of
from hwsim.pipeline.folder import SCHEDULE, RunFolder
from hwsim.pipeline.replay import configured
from hwsim.report.placement import placement_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hwsim.boards.parts import Part
    from hwsim.boards.synthesis import Placed
    from hwsim.export.rtl.architecture import Architecture
    from hwsim.scenario import Plan

CLOCK = 1e8
"""Hz of a part without a board: what its serial line is divided from."""


@dataclass(frozen=True)
class Placement:
    """A run's network on a part."""

    plan: Plan
    part: Part
    logic: Architecture
    placed: Placed

    @property
    def latency(self) -> int:
        """Count the clocks from an image's first beat to the last of its results."""
        return self.logic.takes.beats - 1 + self.logic.latency


def file_names(plan: Plan, part: Part) -> tuple[str, ...]:
    """Return the names of the files that a placement writes."""
    ending = FAMILIES[part.family].ending
    stem = f"{plan.task.name}-{part.name}"
    return (f"{stem}.log", *([f"{stem}.{ending}"] if ending else []))


def place_run(
    plan: Plan,
    run: Path,
    part: Part,
    arch: str,
    pipeline: int,
    lanes: int = 1,
    *,
    seed: int,
    seconds: float,
    report: Callable[[str], None] = lambda _: None,
) -> Placement:
    """Make the bitstream of a run's network for a part: its constants count, which no event changes.

    Args:
        plan: of the run.
        run: its folder.
        part: the target.
        arch: ``spatial`` or ``folded``.
        pipeline: switch stages between two registers of the spatial architecture; 0 for none.
        lanes: multipliers of the folded architecture.
        seed: of place and route.
        seconds: that each tool may take.
        report: told what is done next.

    Raises:
        NetlistError: the network has no such logic.
        MissingToolError, FitError, ToolFailedError: as of :func:`hwsim.boards.synthesis.synthesise`.
    """
    logic = architecture_of(netlist_of(configured(plan, run / SCHEDULE, 0)), arch, pipeline, lanes)
    sources = {**logic.sources, **logic.memories, **board(logic, part.board.clock if part.board else CLOCK)}
    placed = synthesise(part, sources, seed=seed, seconds=seconds, report=report)
    check_clock(part, placed.clock)
    return Placement(plan, part, logic, placed)


def files_of(found: Placement) -> dict[str, str | bytes]:
    """Return what a placement writes, by name."""
    contents = (found.placed.log, found.placed.bitstream)
    return dict(zip(file_names(found.plan, found.part), contents, strict=False))


def tell(found: Placement, run: Path) -> list[str]:
    """Write what a placed network takes beside what the run's answer says of it."""
    answer, part, placed = RunFolder(run).answer(), found.part, found.placed
    timing: dict[str, float] = {"clocks": found.logic.clocks, "latency": found.latency}
    if placed.clock is not None and part.board is not None:
        timing |= {"clock": placed.clock, "board": part.board.clock}
    rows = zip(words(part), astuple(placed.area), astuple(part.has), strict=True)
    model = {**answer.get("resources", {}), "inference_time_s": answer["inference_time_s"]}
    versions = ", ".join(f"{name} {version}" for name, version in placed.tools.items())
    head = f"{part.title}{f' ({part.board.title})' if part.board else ''}, {found.logic.name}; {versions}"
    return [head, *placement_lines(rows, placed.tables, model, timing)]
