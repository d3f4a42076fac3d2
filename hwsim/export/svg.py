"""Pictures of circuits with their states: one file per bank.

Up to 64 ports switches, wires and the path of every signal are drawn (:meth:`hwsim.crossbar.Fabric.svg`), up to 1024
ports a field for every switch (:mod:`hwsim.export.state_map`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.export.circuit_graph import banks
from hwsim.export.heading import heading, mark
from hwsim.export.snapshot import ExportPlugin
from hwsim.export.state_map import MOST_PORTS, state_map
from hwsim.files.checksum import RULE, checked
from hwsim.files.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.files.whole import Content


def _lines(snapshot: Snapshot, layer: LayerSnapshot, bank: int) -> Iterator[bytes]:
    fabric, state = layer.fabric, layer.states[bank]
    picture = fabric.svg(state) or state_map(fabric, state)
    if picture is None:
        what = f"layer {layer.layer}: there is no picture of {fabric.topology} circuits of {fabric.ports:,} ports"
        raise Refusal(what, f"at most {MOST_PORTS:,} ports and some 100,000 switches are drawn; use --format npz")
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {mark("svg")} -->\n'.encode()
    remarks = {**heading(snapshot, layer), "bank": bank}
    yield "".join(f"<!-- {key}: {value} -->\n" for key, value in remarks.items()).encode()
    frame, end, inside = picture.partition(">")
    title = f"<title>layer {layer.layer}, bank {bank}, event {snapshot.event}</title>"
    paper = '<rect class="paper" width="100%" height="100%" fill="#fff"/>'
    yield f"{frame}{end}{title}{paper}{inside}\n".encode()


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file for every bank.

    Raises:
        Refusal: as the file is made, a circuit is too large.
    """
    return {f"{file}.svg": checked(_lines(snapshot, layer, bank), "xml") for layer, bank, file in banks(snapshot)}


PLUGIN = ExportPlugin(
    name="svg",
    summary="pictures of circuits: switches and paths to 64 ports, a field for every switch to 1024, one file per bank",
    export=export,
    named="layer<k>_bank<b>.svg",
    checksum=RULE,
)
