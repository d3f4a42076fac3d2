"""Configuration words for Verilog's ``$readmemh``: one file per layer, banks one after another.

The words are those of :meth:`hwsim.crossbar.Fabric.words`; the grammar and the remarks are in
:mod:`hwsim.export.image`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.export.heading import told
from hwsim.export.image import read_image, write_image
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content


def _layer(snapshot: Snapshot, layer: LayerSnapshot) -> Iterator[bytes]:
    fabric = layer.fabric
    widths = [bits for _, bits in fabric.words(layer.states[0])]
    remarks = {"words per bank": len(widths), "bits per word": max(widths), "words": fabric.word_order}
    words = (value for state in layer.states for value, _ in fabric.words(state))
    return write_image(snapshot, layer, "readmemh", remarks, enumerate(words), max(widths))


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one ``layer<k>.mem`` for every reconnectable layer that has switches."""
    return {f"layer{layer.layer}.mem": _layer(snapshot, layer) for layer in snapshot.layers if layer.fabric.switches}


def read(content: bytes) -> Told:
    """Read one layer's words."""
    image = read_image(content)
    return told(image.remarks, wiring=image.wiring, words=image.banks())


PLUGIN = ExportPlugin(
    name="readmemh",
    summary="configuration words for Verilog's $readmemh, one file per layer",
    export=export,
    in_runs=True,
    named="layer<k>.mem",
    checksum=RULE,
    read=read,
)
