"""Circuits of 2x2 switches made of CFGLUT5, look-up tables of AMD's 7 series that are rewritten while others work.

One CFGLUT5 does a switch for one bit of a signal: with I4 = 1 its output O6 reads INIT[31:16] and O5 INIT[15:0], at the
address that I3 ... I0 give. While CE is high, every clock shifts INIT by one towards its most significant bit, which
leaves at CDO, and takes CDI as its least significant bit: 32 clocks a table, the most significant bit first.

Source: AMD, Vivado Design Suite 7 Series FPGA Libraries Guide, UG953, CFGLUT5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar.stages import SwitchNetwork
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

BAR, CROSS = 0xAAAACCCC, 0xCCCCAAAA
"""O6 = I0 and O5 = I1, and the other way round."""
_REMARKS = {
    "bits per word": 32,
    "words": "INIT of the CFGLUT5 of every switch, in the order of the switches through the stages; a CFGLUT5 does "
    "one bit of a signal, and those of all bits of a switch hold the same INIT",
    "bar and cross": f"{BAR:08x} and {CROSS:08x}",
    "pins": "I0 is wire_a, I1 is wire_b, I2 = I3 = 0, I4 = 1; O6 leaves on wire_a, O5 on wire_b",
    "chain": "a chain per bit of the signals, all loaded with the same stream at once: CDO of switch k is joined to "
    "CDI of switch k + 1; CDI of switch 0 takes the word of the last switch first and that of switch 0 last, of each "
    "word the most significant bit first, one bit a clock while CE = 1",
}


def _layer(snapshot: Snapshot, layer: LayerSnapshot) -> Iterator[bytes]:
    words = ((BAR, CROSS)[state] for row in layer.states for state in row.tolist())
    remarks = {"words per bank": layer.fabric.switches, **_REMARKS}
    return write_image(snapshot, layer, "cfglut5", remarks, enumerate(words), 32)


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file for every layer that has switches.

    Raises:
        Refusal: a circuit is not made of 2x2 switches.
    """
    for layer in snapshot.layers:
        if not isinstance(layer.fabric, SwitchNetwork):
            what = f"layer {layer.layer} has {layer.fabric.topology} circuits, which are not stages of 2x2 switches"
            raise Refusal(what, "use a topology such as benes, or --format readmemh")
    layers = [layer for layer in snapshot.layers if layer.fabric.switches]
    return {f"layer{layer.layer}_cfglut5.mem": _layer(snapshot, layer) for layer in layers}


def read(content: bytes) -> Told:
    """Read one layer's tables as states."""
    image = read_image(content)
    return told(image.remarks, wiring=image.wiring, states=[[_state(word) for word in bank] for bank in image.banks()])


def _state(word: int) -> int:
    if word not in {BAR, CROSS}:
        raise ValueError(f"the INIT {word:08x} is neither bar nor cross")
    return int(word == CROSS)


PLUGIN = ExportPlugin(
    name="cfglut5",
    summary="INIT of the CFGLUT5 of every 2x2 switch, in the order of their chain, one file per layer",
    export=export,
    named="layer<k>_cfglut5.mem",
    checksum=RULE,
    read=read,
)
