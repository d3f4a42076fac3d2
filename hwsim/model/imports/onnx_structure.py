"""The structure of an ONNX graph: names, order, ends; every fault at once, before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.model.imports.refusal import RefusedLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx

STANDARD = {"", "ai.onnx"}
"""The domain of the standard's operators, under both its names."""


def name_node(node: onnx.NodeProto) -> str:
    """Return what errors call a node: its name, or that of what it gives, and its operator."""
    return f"node {node.name or next(iter(node.output), '?')} ({node.op_type})"


def find_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """List the inputs that are not constants with a default value."""
    constants = {one.name for one in graph.initializer}
    return [given for given in graph.input if given.name not in constants]


def find_faults(graph: onnx.GraphProto) -> list[RefusedLayer]:
    """Find what is wrong with the structure of a graph: names, order, domains, inputs and outputs."""
    return [*_ends(graph), *_names(graph), *_domains(graph)]


def _ends(graph: onnx.GraphProto) -> Iterator[RefusedLayer]:
    inputs = [given.name for given in find_inputs(graph)]
    outputs = [given.name for given in graph.output]
    cut = "cut it with onnx.utils.extract_model, or write what is fixed as initializers"
    for what, found in (("input", inputs), ("output", outputs)):
        if len(found) != 1:
            shown = f" ({', '.join(found)})" if found else ""
            yield RefusedLayer("the graph", f"has {len(found)} {what}s{shown}, where one can be emulated", cut)


def _names(graph: onnx.GraphProto) -> Iterator[RefusedLayer]:
    """Report values that two nodes give, that nobody gives, or that are taken before they are given."""
    given: dict[str, str] = {}
    yield from _first_names(graph, given)
    later = {name: name_node(node) for node in graph.node for name in node.output if name}
    for node in graph.node:
        for name in filter(None, node.input):
            what = ""
            if name not in given and name in later:
                what = f"takes {name!r}, which {later[name]} gives, not before it: nodes in a circle or out of order"
            elif name not in given:
                what = f"takes {name!r}, which nothing gives"
            if what:
                yield RefusedLayer(name_node(node), what, "export the network again")
        for name in filter(None, node.output):
            if name in given:
                what = f"gives {name!r}, a name that {given[name]} has already"
                yield RefusedLayer(name_node(node), what, "give each value its own name")
            given[name] = name_node(node)
    for one in graph.output:
        if one.name not in given:
            yield RefusedLayer(
                "the graph", f"has the output {one.name!r}, which nothing gives", "name one that is given"
            )


def _first_names(graph: onnx.GraphProto, given: dict[str, str]) -> Iterator[RefusedLayer]:
    """Check the values that are there before any node; keep them with what they are in ``given``."""
    for one in graph.sparse_initializer:
        yield RefusedLayer("the graph", f"has the sparse initializer {one.values.name!r}", "write it densely")
    for name, owner in [
        *((one.name, "an input of the graph") for one in find_inputs(graph)),
        *((one.name, "an initializer") for one in graph.initializer),
    ]:
        if name in given:
            yield RefusedLayer("the graph", f"has two values of the name {name!r}", "give each its own")
        given[name] = owner


def _domains(graph: onnx.GraphProto) -> Iterator[RefusedLayer]:
    for node in graph.node:
        if node.domain not in STANDARD:
            what = f"is of the domain {node.domain!r}, whose operators hwsim does not know"
            yield RefusedLayer(
                name_node(node), what, "export the network with the operators of the ONNX standard alone"
            )
