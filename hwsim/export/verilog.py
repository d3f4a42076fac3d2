"""The network as Verilog, with a bench that checks itself, boards, and a Makefile that runs the tools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hwsim.export.logic import netlist_of
from hwsim.export.netlist import NetlistError
from hwsim.export.snapshot import ExportPlugin, Snapshot
from hwsim.files.checksum import RULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsim.export.netlist import Netlist
    from hwsim.export.rtl.architecture import Architecture
    from hwsim.files.whole import Content

ARCHITECTURES = ("spatial", "folded")
IMAGES = 100
"""Test images of a phase where nobody says otherwise."""
EXERCISE = 40
"""Images by chance, at the most: every one of them meets all constants."""


def architecture_of(netlist: Netlist, arch: str, pipeline: int = 0, lanes: int = 1) -> Architecture:
    """Write a netlist in the architecture of that name.

    Args:
        netlist: the network.
        arch: ``spatial`` or ``folded``.
        pipeline: switch stages between two registers of the spatial architecture; 0 for none.
        lanes: multipliers of the folded architecture.

    Raises:
        NetlistError: there is no such architecture, or the network has no such form.
    """
    if arch == "spatial":
        from hwsim.export.rtl.spatial import spatial

        if lanes != 1:
            raise NetlistError("--lanes: the spatial architecture computes all units at once, in no lanes")
        if pipeline < 0:
            raise NetlistError(f"--pipeline: registers stand every 1, 2, ... stages, or nowhere (0); found {pipeline}")
        return spatial(netlist, pipeline)
    if arch == "folded":
        from hwsim.export.rtl.folded import folded

        if pipeline:
            raise NetlistError("--pipeline: the folded architecture has no stages between which registers could stand")
        return folded(netlist, lanes)
    raise NetlistError(f"--arch: no architecture {arch!r}; known: {', '.join(ARCHITECTURES)}")


def export(
    snapshot: Snapshot, arch: str = "spatial", images: int = IMAGES, pipeline: int = 0, lanes: int = 1
) -> Mapping[str, Content]:
    """Write the logic of a network and all that tries it.

    Args:
        snapshot: a run at the event that takes place on the bench.
        arch: ``spatial`` or ``folded``.
        images: test images of a phase, as many as there are at the most.
        pipeline: switch stages between two registers of the spatial architecture; 0 for none.
        lanes: multipliers of the folded architecture.

    Raises:
        NetlistError: there is no such logic.
    """
    from hwsim.export.rtl.project import project

    if images < 1:
        raise NetlistError(f"--images: a bench needs at least one image, found {images}")
    netlist = netlist_of(snapshot)
    made = architecture_of(netlist, arch, pipeline, lanes)
    origin = f"run {snapshot.identity}, event {snapshot.event}, {made.name} architecture"
    *phases, last = snapshot.trial(images)
    few = replace(last, inputs=last.inputs[:EXERCISE], accumulators=tuple(one[:EXERCISE] for one in last.accumulators))
    return project(made, netlist, [*phases, few], ["hwsim export rtl, version 1", origin])


PLUGIN = ExportPlugin(
    name="rtl",
    summary="the network as Verilog, spatial or folded, with a self-checking bench and a Makefile",
    export=export,
    needs="network",
    named="network.v, bench.v, Makefile, README.txt, *.v, *.mem, board-*.pcf, board-*.lpf, board-*.cst",
    checksum=RULE,
    options=("arch", "images", "pipeline", "lanes"),
)
