"""Configuration words for Verilog's ``$readmemh``: one file per layer, banks one after another.

Grammar: white space, ``//`` comments, hexadecimal numbers without prefix, ``@hex`` addresses (IEEE 1364-2005, 17.2.9).
The format carries no checksum or word size, so both stand in comments, and so do what a word means and which wires a
switch joins.
"""

from __future__ import annotations

import textwrap
import zlib
from typing import TYPE_CHECKING, Any

from hwsim.export.snapshot import DIRECTION, ExportPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hwsim.export.snapshot import LayerSnapshot, Snapshot


def _wrap(text: str) -> list[str]:
    """Break a remark into lines of at most 120 characters; continued lines are indented."""
    return textwrap.wrap(text, 120, initial_indent="// ", subsequent_indent="//   ", break_long_words=False)


def _listed(wiring: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Write what :meth:`hwsim.crossbar.Fabric.describe` tells, one line for each list of numbers."""
    for key, value in wiring.items():
        if isinstance(value, dict):
            yield from _listed(value, f"{prefix}{key} ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for number, part in enumerate(value):
                yield from _listed(part, f"{prefix}{key.removesuffix('s')} {number} ")
        else:
            numbers = value if isinstance(value, list) else [value]
            yield f"{prefix}{key}: {' '.join(str(int(n)) for n in numbers)}"


def _layer(snapshot: Snapshot, layer: LayerSnapshot) -> str:
    fabric = layer.fabric
    width = max((bits for _, bits in fabric.words(layer.states[0])), default=0)
    digits = -(-width // 4)
    banks = [[f"{value:0{digits}x}" for value, _ in fabric.words(state)] for state in layer.states]
    checksum = zlib.crc32(" ".join(word for words in banks for word in words).encode())
    lines = [
        f"// hwsim configuration: {fabric.topology}, {fabric.ports} ports, {fabric.switches} switches per bank",
        f"// run {snapshot.identity[:12]}, event {snapshot.event}, layer {layer.layer}, {len(banks)} banks of "
        f"{snapshot.cells(layer)} cells",
        f"// {len(banks[0])} words per bank, at most {width} bits per word",
        *_wrap(f"words: {fabric.word_order}"),
        *_wrap(f"direction: {DIRECTION}"),
        f"// crc32 {checksum:08x} of the words joined by single spaces",
        *(line for text in _listed(fabric.describe()) for line in _wrap(text)),
    ]
    for bank, words in enumerate(banks):
        lines += [f"@{bank * len(words):x} // bank {bank}", *words]
    return "\n".join(lines) + "\n"


def export(snapshot: Snapshot) -> dict[str, str]:
    """Write one ``layer<k>.mem`` for every reconnectable layer that has switches."""
    return {f"layer{layer.layer}.mem": _layer(snapshot, layer) for layer in snapshot.layers if layer.fabric.switches}


PLUGIN = ExportPlugin(
    name="readmemh",
    summary="configuration words for Verilog's $readmemh, one file per layer",
    export=export,
    in_runs=True,
)
