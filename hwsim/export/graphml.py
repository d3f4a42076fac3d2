"""Circuits with their states as GraphML, which networkx, yEd and Gephi read: one file per bank.

Every edge says with ``on`` whether it conducts, and every node that a signal passes says with ``signal`` which input's.
"""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from hwsim.crossbar import crossbar
from hwsim.crossbar.words import read_words
from hwsim.export.circuit_graph import banks, conducting, nodes_and_edges
from hwsim.export.heading import heading, mark, told
from hwsim.export.snapshot import DIRECTION, ExportPlugin
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import networkx as nx

    from hwsim.crossbar import Fabric
    from hwsim.export.circuit_graph import Edge
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content

_TYPES = {"kind": "string", "switch": "long", "on": "boolean"}


def _data(**values: Any) -> str:
    return "".join(f'<data key="{key}">{escape(str(value))}</data>' for key, value in values.items())


def _lines(
    snapshot: Snapshot, layer: LayerSnapshot, bank: int, circuit: Callable[[Fabric], tuple[list[str], list[Edge]]]
) -> Iterator[bytes]:
    fabric, state = layer.fabric, layer.states[bank]
    words = " ".join(f"{value:x}" for value, _ in fabric.words(state))
    about = {**heading(snapshot, layer), "bank": bank, "words": words, "words_are": fabric.word_order}
    about["direction"] = DIRECTION
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {mark("graphml")} -->\n'.encode()
    yield b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    keys = [
        *(("graph", key, "string") for key in about),
        ("node", "signal", "long"),
        *(("edge", *one) for one in _TYPES.items()),
    ]
    for part, key, kind in keys:
        yield f'<key id="{key}" for="{part}" attr.name="{key}" attr.type="{kind}"/>\n'.encode()
    yield f'<graph edgedefault="directed">{_data(**about)}\n'.encode()
    nodes, edges = circuit(fabric)
    now = conducting(fabric, state)
    for node in nodes:
        passed = _data(signal=now.signal[node]) if node in now.signal else ""
        yield f'<node id="{node}">{passed}</node>\n'.encode()
    for edge in edges:
        of = {} if edge.switch is None else {"switch": edge.switch}
        on = str((edge.start, edge.end) in now.edges).lower()
        yield f'<edge source="{edge.start}" target="{edge.end}">{_data(kind=edge.kind, **of, on=on)}</edge>\n'.encode()
    yield b"</graph>\n</graphml>\n"


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file for every bank."""
    circuit = cache(nodes_and_edges)
    return {
        f"{file}.graphml": checked(_lines(snapshot, layer, bank, circuit), "xml")
        for layer, bank, file in banks(snapshot)
    }


def read(content: bytes) -> Told:
    """Read one bank by its words; the graph must be that of the circuit, with what conducts in that state.

    Raises:
        ValueError: it is another one.
    """
    import networkx as nx

    graph: nx.Graph[Any] = nx.read_graphml(io.BytesIO(content))
    about = {key: str(value) for key, value in graph.graph.items()}
    fabric = crossbar(about["topology"], int(about["ports"]))
    words = [int(word, 16) for word in about["words"].split()]
    nodes, edges = nodes_and_edges(fabric)
    now = conducting(fabric, read_words(fabric, words))
    there = {(start, end): (one["kind"], one.get("switch"), one["on"]) for start, end, one in graph.edges(data=True)}
    wanted = {(e.start, e.end): (e.kind, e.switch, (e.start, e.end) in now.edges) for e in edges}
    if (
        set(graph) != set(nodes)
        or there != wanted
        or dict(graph.nodes(data="signal")) != {n: now.signal.get(n) for n in nodes}
    ):
        raise ValueError("its graph is not that of the circuit in the state that its words tell")
    return told(about, words=[words], bank=int(about["bank"]))


PLUGIN = ExportPlugin(
    name="graphml",
    summary="circuits with states and signals as GraphML for networkx, yEd and Gephi, one file per bank",
    export=export,
    named="layer<k>_bank<b>.graphml",
    checksum=RULE,
    read=read,
)
