"""How many flip-flops and look-up tables of four inputs a spatial network takes, counted from its netlist alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, Matmul, Netlist
from hwsim.export.rtl.layer import layer

if TYPE_CHECKING:
    from hwsim.export.rtl.layer import Layer


def flip_flops(netlist: Netlist, every: int = 0) -> dict[str, int]:
    """Count the flip-flops of the module ``network``, by what they are for.

    Configuration: twice the states of switches and the bits of biases, shadow and active. Map: the codes that some
    window reads. Sums: accumulators and results. Pipeline: between stages of switches and levels of adders. Control:
    the course of images through layers, maps of results and forks.

    Args:
        netlist: of the network.
        every: switch stages between two registers, as for :func:`hwsim.export.rtl.spatial.spatial`.
    """
    found = dict.fromkeys(("configuration", "map", "sums", "pipeline", "control"), 0)
    for node in netlist.nodes:
        if isinstance(node, Matmul):
            made = layer(node, netlist.source(node), every)
            found["configuration"] += 2 * node.units * made.held
            found["map"] += len(np.unique(node.windows[node.windows >= 0])) * made.takes.bits
            found["sums"] += sum(made.held_bits(unit) + node.accumulator_bits for unit in range(node.units))
            found["pipeline"] += sum(tree.registers for tree in made.trees)
            found["pipeline"] += made.circuit.registers * node.units if made.circuit else 0
            found["map"] += node.gives.size * node.gives.bits if made.collects else 0
            found["control"] += _control(made)
    for source in range(-1, len(netlist.nodes) - 1):
        takers = sum(netlist.sources(node).count(source) for node in netlist.nodes)
        found["control"] += takers if takers > 1 else 0
    return found


def _control(layer: Layer) -> int:
    """Count the flip-flops of ``hwsim_control`` and ``hwsim_collect``; nobody asks the last layer for a commit."""
    node = layer.node
    place = (node.places - 1).bit_length()
    course = layer.takes.bits + 2 * layer.delay + 6 + (layer.delay > 0) + place + (node.places > 1)
    return course + (0 if node.law.kind == LAST else 2) + (place + 2 if layer.collects else 0)
