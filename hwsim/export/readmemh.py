"""Configuration words for Verilog's ``$readmemh``: one file a layer, one word a stage, banks one after another.

Grammar: white space, ``//`` comments, hexadecimal numbers without prefix, ``@hex`` addresses (IEEE 1364-2005, 17.2.9).
The format carries no checksum or word size, so both stand in comments.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hwsim.export.configured import ExportPlugin

if TYPE_CHECKING:
    from hwsim.export.configured import Configured, ConfiguredLayer


def _layer(configured: Configured, layer: ConfiguredLayer) -> str:
    fabric = layer.fabric
    width = max((bits for _, bits in fabric.words(layer.states[0])), default=0)
    digits = -(-width // 4)
    banks = [[f"{value:0{digits}x}" for value, _ in fabric.words(state)] for state in layer.states]
    checksum = zlib.crc32(" ".join(word for words in banks for word in words).encode())
    lines = [
        f"// hwsim configuration: {fabric.topology}, {fabric.ports} ports, {fabric.switches} switches a bank",
        f"// run {configured.identity[:12]}, event {configured.event}, layer {layer.layer}, {len(banks)} banks",
        f"// {len(banks[0])} words a bank, {width} bits a word, bit 0 = lowest switch index, 1 = cross",
        f"// strides {' '.join(map(str, fabric.strides)) or '-'}",
        f"// crc32 {checksum:08x} of the words joined by single spaces",
    ]
    for bank, words in enumerate(banks):
        lines += [f"@{bank * len(words):x} // bank {bank}", *words]
    return "\n".join(lines) + "\n"


def export(configured: Configured) -> dict[str, str]:
    """One ``layer<k>.mem`` for every reconnectable layer."""
    return {
        f"layer{layer.layer}.mem": _layer(configured, layer) for layer in configured.layers if layer.fabric.switches
    }


PLUGIN = ExportPlugin(
    name="readmemh",
    summary="configuration words for Verilog's $readmemh, one file a layer",
    export=export,
)
