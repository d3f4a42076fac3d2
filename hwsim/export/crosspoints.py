"""Crosspoints of grids, one bit each: what an array of crosspoint switches takes, without decoders in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar.crosspoints import CrosspointNetwork
from hwsim.export.heading import told
from hwsim.export.image import read_image, write_image
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE
from hwsim.files.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content

_WORDS = (
    "one word per output terminal, stage by stage, in a stage block by block: bit k, least significant first, is the "
    "crosspoint of input k of its block, 1 = closed; no bit is set where the terminal is open. A full crossbar is "
    "one block, whose terminals are the outputs. Blocks have block_inputs and block_outputs terminals; input "
    "terminal t of a stage, counted through its blocks, is joined to output terminal fed_by[t] of the stage before, "
    "of the first stage to input fed_by[t]; output terminals of the last stage are the outputs"
)


def _layer(snapshot: Snapshot, layer: LayerSnapshot, width: int) -> Iterator[bytes]:
    words = (1 << chosen if chosen >= 0 else 0 for row in layer.states for chosen in row.tolist())
    remarks = {"words per bank": layer.states.shape[1], "bits per word": width, "words": _WORDS}
    return write_image(snapshot, layer, "crosspoints", remarks, enumerate(words), width)


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file for every layer.

    Raises:
        Refusal: a circuit is not made of crosspoints.
    """
    files: dict[str, Content] = {}
    for layer in snapshot.layers:
        if not isinstance(layer.fabric, CrosspointNetwork):
            what = f"layer {layer.layer} has {layer.fabric.topology} circuits, which are not made of crosspoints"
            raise Refusal(what, "use the topology crossbar or clos, or --format readmemh")
        width = int(layer.fabric.wiring.width.max())
        files[f"layer{layer.layer}_crosspoints.mem"] = _layer(snapshot, layer, width)
    return files


def read(content: bytes) -> Told:
    """Read one layer's crosspoints as the input that each terminal is joined to."""
    image = read_image(content)
    return told(image.remarks, wiring=image.wiring, states=[[_chosen(word) for word in bank] for bank in image.banks()])


def _chosen(word: int) -> int:
    if word & (word - 1):
        raise ValueError(f"a terminal with several closed crosspoints ({word:x})")
    return word.bit_length() - 1


PLUGIN = ExportPlugin(
    name="crosspoints",
    summary="one bit for every crosspoint of a full crossbar or Clos network, one word per output terminal",
    export=export,
    named="layer<k>_crosspoints.mem",
    checksum=RULE,
    read=read,
)
