"""A model for people: shapes, parameters, banks, and what of it can be relabelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.analysis.symmetry.automorphism import symmetry_count
from hwsim.model.mask import expected_collisions

if TYPE_CHECKING:
    from hwsim.model import Layer, Model, Node


@dataclass(frozen=True)
class LayerRow:
    """One ``[[layer]]``: its kind, shapes, numbers of weights and registers, and what it is for the chip.

    ``banks`` and ``ports`` are by scope, empty where the layer has no permutation circuit; ``relabelled`` says whether
    its units can be, or why not; ``collisions`` is the number of pairs of units expected to have the same pattern of
    connections with a random mask of ``density``.
    """

    number: int
    kind: str
    taken: tuple[int, ...]
    given: tuple[int, ...]
    activation: str
    weights: int
    registers: int
    banks: dict[str, int]
    ports: dict[str, int]
    relabelled: str
    collisions: float | None


@dataclass(frozen=True)
class ModelPortrait:
    """A model's rows and sums. ``log10_relabellings`` is of the whole network, ``relabellings`` exact where short."""

    title: str
    rows: tuple[LayerRow, ...]
    weights: int
    registers: int
    log10_relabellings: float
    relabellings: int | None
    density: float


def describe_model(model: Model, density: float = 0.5) -> ModelPortrait:
    """Describe a model.

    Args:
        model: the network.
        density: share of connections that a mask before training would keep.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> layer = Layer(4, 4, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> found = describe_model(Model("4-4-4", (layer, layer)))
        >>> found.weights, found.registers, found.relabellings, found.rows[0].ports
        (32, 8, 24, {'output': 4, 'layer': 16})
    """
    count = symmetry_count(model)
    reasons = {layer: group.fixed for group in count.groups for layer in group.layers}
    shared = {layer: group.layers for group in count.groups for layer in group.layers}
    rows = []
    for number, node in enumerate(model.nodes):
        if node.layer is None:
            word = node.activation if node.kind == "activation" else "relu" if node.rectify else ""
            rows.append(LayerRow(number, node.kind, node.taken, node.given, word, 0, 0, {}, {}, "", None))
            continue
        layer = model.layers[node.layer]
        others = [each for each in shared[node.layer] if each != node.layer]
        free = f"with layers {', '.join(map(str, others))}" if others else "yes"
        rows.append(_row(number, node, layer, reasons[node.layer] or free, density))
    return ModelPortrait(
        title=model.title,
        rows=tuple(rows),
        weights=sum(row.weights for row in rows),
        registers=sum(row.registers for row in rows),
        log10_relabellings=count.log10,
        relabellings=count.exact,
        density=density,
    )


def _row(number: int, node: Node, layer: Layer, relabelled: str, density: float) -> LayerRow:
    circuits: dict[str, Any] = {"banks": {}, "ports": {}}
    if layer.learned_connections:
        size = layer.units * layer.inputs
        circuits = {"banks": {"output": layer.units, "layer": 1}, "ports": {"output": layer.inputs, "layer": size}}
    return LayerRow(
        number=number,
        kind=node.kind,
        taken=node.taken,
        given=node.given,
        activation=layer.activation,
        weights=layer.units * layer.inputs,
        registers=layer.units + layer.gains,
        relabelled=relabelled,
        collisions=expected_collisions(layer.units, layer.inputs, density),
        **circuits,
    )
