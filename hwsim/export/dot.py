"""Circuits with their states as DOT for Graphviz: one file per bank; every signal has the colour of its input."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hwsim.export.circuit_graph import banks, conducting, nodes_and_edges
from hwsim.export.heading import heading, mark
from hwsim.export.snapshot import DIRECTION, ExportPlugin
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hwsim.crossbar import Fabric
    from hwsim.export.circuit_graph import Edge
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.files.whole import Content


def _lines(
    snapshot: Snapshot, layer: LayerSnapshot, bank: int, circuit: Callable[[Fabric], tuple[list[str], list[Edge]]]
) -> Iterator[bytes]:
    yield f"// {mark('dot')}\n".encode()
    for key, value in {**heading(snapshot, layer), "bank": bank, "direction": DIRECTION}.items():
        yield f"// {key}: {value}\n".encode()
    yield b"digraph circuit {\nrankdir=LR; node [shape=point]; edge [arrowhead=none];\n"
    nodes, edges = circuit(layer.fabric)
    now = conducting(layer.fabric, layer.states[bank])
    for node in nodes:
        port = f' [shape=plaintext, label="{node.replace("_", " ")}"]' if node.startswith(("in_", "out_")) else ""
        yield f'"{node}"{port};\n'.encode()
    for edge in edges:
        on = (edge.start, edge.end) in now.edges
        passed = now.signal.get(edge.start) if on else None
        hue = "0 0 0.8" if passed is None else f"{passed / layer.fabric.ports:.4f} 0.8 0.7"
        of = "" if edge.switch is None else f"switch={edge.switch}, "
        look = f'on={str(on).lower()}, style={"solid" if on else "dotted"}, color="{hue}"'
        yield f'"{edge.start}" -> "{edge.end}" [kind={edge.kind}, {of}{look}];\n'.encode()
    yield b"}\n"


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file for every bank."""
    circuit = cache(nodes_and_edges)
    return {
        f"{file}.dot": checked(_lines(snapshot, layer, bank, circuit), "verilog")
        for layer, bank, file in banks(snapshot)
    }


PLUGIN = ExportPlugin(
    name="dot",
    summary="circuits with states and signals as DOT for Graphviz, one file per bank",
    export=export,
    named="layer<k>_bank<b>.dot",
    checksum=RULE,
)
