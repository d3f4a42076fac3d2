"""A finished run's network on a real part: its logic, with a board around it, synthesised, placed and packed."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.boards.families import FAMILIES
from hwsim.boards.fitting import check_clock, check_fit, least_area, words
from hwsim.boards.synthesis import synthesise
from hwsim.device.placed import ConfigurationPort, PlacedDesign, describe_network, design_digest, write_placed
from hwsim.export.logic import configuration_of, netlist_of
from hwsim.export.rtl.board import board
from hwsim.export.verilog import architecture_of
from hwsim.files.quantity import format_quantity
from hwsim.pipeline.folder import SCHEDULE
from hwsim.pipeline.replay import configured
from hwsim.report.placement import placement_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hwsim.boards.parts import Part
    from hwsim.boards.synthesis import Placed
    from hwsim.export.netlist import Configuration
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
    design: PlacedDesign | None
    """What scenarios are told of it; None where it was not placed."""


def file_names(plan: Plan, part: Part) -> tuple[str, ...]:
    """Return the names of the files that a placement writes."""
    ending = FAMILIES[part.family].ending
    stem = f"{plan.task.name}-{part.name}"
    return (f"{stem}.log", *([f"{stem}.{ending}", f"{stem}.toml"] if ending else []))


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
    snapshot = configured(plan, run / SCHEDULE, 0)
    netlist = netlist_of(snapshot)
    logic = architecture_of(netlist, arch, pipeline, lanes)
    if logic.name == "spatial":
        check_fit(part, least_area(netlist), "circuits and registers alone take ")
    sources = {**logic.sources, **logic.memories, **board(logic, part.board.clock if part.board else CLOCK)}
    placed = synthesise(part, sources, seed=seed, seconds=seconds, report=report)
    check_clock(part, placed.clock)
    found = Placement(plan, part, logic, placed, None)
    if placed.clock is None:
        return found
    options: dict[str, str | int] = {"architecture": arch, "pipeline": pipeline, "lanes": lanes}
    port = ConfigurationPort(
        width=logic.word_bits,
        words=len(logic.words(configuration := configuration_of(snapshot, netlist))),
        bank=bank_words(logic, configuration),
    )
    return replace(found, design=_design(found, placed.clock, port, options, seed))


def bank_words(logic: Architecture, configuration: Configuration) -> list[int]:
    """Count the words that hold one bank's connections, layer by layer: those that change where all of it does."""
    before, found = logic.words(configuration), []
    for number, (permutations, states) in enumerate(zip(configuration.permutations, configuration.states, strict=True)):
        moved = replace(
            configuration,
            permutations=_but(configuration.permutations, number, np.roll(permutations, 1, axis=1)),
            states=_but(configuration.states, number, None if states is None else 1 - states),
        )
        found.append(-(-int((logic.words(moved) != before).sum()) // len(permutations)))
    return found


def _but(values: tuple[Any, ...], number: int, value: Any) -> tuple[Any, ...]:
    return (*values[:number], value, *values[number + 1 :])


def latency_of(logic: Architecture) -> int:
    """Count the clocks from an image's first beat to the last of its results."""
    return logic.takes.beats - 1 + logic.latency


def _design(
    found: Placement, clock: float, port: ConfigurationPort, options: Mapping[str, str | int], seed: int
) -> PlacedDesign:
    plan, logic = found.plan, found.logic
    given = " ".join(f"--{name.removesuffix('itecture')} {value}" for name, value in options.items())
    crossbar = plan.scenario.crossbar
    network = describe_network(plan.model, plan.device_values, crossbar.topology, crossbar.scope)
    return PlacedDesign.model_validate(
        {
            "kind": "placed",
            "title": f"{plan.task.name} on {found.part.title}, {logic.name}",
            "status": "measured",
            "command": f"hwsim synth RUN --target {found.part.name} {given} --seed {seed}",
            "tools": dict(found.placed.tools),
            "seed": seed,
            "part": found.part.name,
            **options,
            "network": network,
            "design": design_digest(
                plan.model, plan.device_values, crossbar.topology, crossbar.scope, crossbar.ports, options
            ),
            "clock": format_quantity(clock, "frequency"),
            "clocks": logic.clocks,
            "latency": latency_of(logic),
            "takes": asdict(found.placed.area),
            "port": port.model_dump(),
        }
    )


def files_of(found: Placement) -> dict[str, str | bytes]:
    """Return what a placement writes, by name."""
    contents = (found.placed.log, found.placed.bitstream, write_placed(found.design) if found.design else b"")
    return dict(zip(file_names(found.plan, found.part), contents, strict=False))


def tell(found: Placement, answer: Mapping[str, Any]) -> list[str]:
    """Write what a placed network takes beside what the run's answer says of it."""
    part, placed = found.part, found.placed
    timing: dict[str, float] = {"clocks": found.logic.clocks, "latency": latency_of(found.logic)}
    if placed.clock is not None and part.board is not None:
        timing |= {"clock": placed.clock, "board": part.board.clock}
    rows = zip(words(part), astuple(placed.area), astuple(part.has), strict=True)
    model = {**answer.get("resources", {}), "inference_time_s": answer["inference_time_s"]}
    versions = ", ".join(f"{name} {version}" for name, version in placed.tools.items())
    head = f"{part.title}{f' ({part.board.title})' if part.board else ''}, {found.logic.name}; {versions}"
    return [head, *placement_lines(rows, placed.tables, model, timing)]
