"""One layer of the spatial architecture: what its parts decide of widths and clocks, and its configuration port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwsim.export.netlist import LAST, Matmul, NetlistError, Signal
from hwsim.export.rtl.circuit import Circuit, circuit
from hwsim.export.rtl.tree import Tree, tree, width


@dataclass(frozen=True)
class Port:
    """How wide the configuration port is."""

    address_bits: int
    word_bits: int

    @property
    def declared(self) -> list[str]:
        """Return the ports by which a module is configured."""
        address, data = self.address_bits - 1, self.word_bits - 1
        ports = ["clk", "cfg_write", f"[{address}:0] cfg_address", f"[{data}:0] cfg_data"]
        return [f"input  wire {port}" for port in ports]

    def narrowed(self, held: int) -> Port:
        """Return the port as those see it who hold so many bits: data above them is for others."""
        return Port(self.address_bits, min(self.word_bits, held))

    @property
    def joined(self) -> str:
        """Return how an instance is joined to it, its data perhaps narrower than here."""
        names = ", ".join(f".{name}({name})" for name in ("clk", "cfg_write", "cfg_address"))
        return f"{names}, .cfg_data(cfg_data[{self.word_bits - 1}:0])"


@dataclass(frozen=True)
class Layer:
    """One layer: its node, what enters, and the parts that decide its size and its clocks."""

    name: str
    node: Matmul
    takes: Signal
    every: int
    circuit: Circuit | None
    trees: tuple[Tree, ...]

    @property
    def held(self) -> int:
        """Count the configured bits of a unit: states of its switches, and its bias."""
        return self.node.bias_bits + (self.node.wiring.switches if self.node.wiring else 0)

    @property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """Return the switches of each group of stages between two registers."""
        return self.circuit.groups if self.circuit else ()

    @property
    def delay(self) -> int:
        """Count the registers from the map to the accumulators."""
        return (self.circuit.delay if self.circuit else 0) + (self.trees[0].levels if self.every else 0)

    @property
    def place_clocks(self) -> int:
        """Count the clocks of one place, from its first bit to the result."""
        return self.takes.bits + self.delay + 1

    def held_bits(self, unit: int) -> int:
        """Return the width of what a unit accumulates, its bias not included."""
        codes, bits = self.node.codes[unit], self.takes.bits
        most = int(np.abs(codes).sum()) << bits - 1
        least, largest = (int(part.sum()) * (2**bits - 1) for part in (np.minimum(codes, 0), np.maximum(codes, 0)))
        own = width(-most, most) if self.takes.signed else width(least, largest)
        return max(own, self.trees[unit].root.bits + 1)

    @property
    def collects(self) -> bool:
        """Tell whether results of several places are gathered into a map."""
        return self.node.places > 1 and self.node.law.kind != LAST


def layer(node: Matmul, takes: Signal, every: int) -> Layer:
    """Prepare a layer.

    Raises:
        NetlistError: its constants would have to travel, or its circuit is none of 2 x 2 switches.
    """
    name, where = f"hwsim_layer{node.layer}", f"layer {node.layer}"
    if not node.per_unit:
        what = f"{where}: a bank serves {node.units // node.banks} units, so that constants would have to travel"
        raise NetlistError(f'{what}; use the folded architecture, or crossbar.scope = "output"')
    if node.topology and node.wiring is None:
        what = f"{where}: the circuit {node.topology} is none of 2 x 2 switches"
        raise NetlistError(f"{what}; use the folded architecture, or another topology, as benes")
    made = circuit(f"{name}_circuit", node.wiring, every=every) if node.wiring and node.wiring.switches else None
    trees = tuple(tree(codes, registered=every > 0) for codes in node.codes)
    return Layer(name, node, takes, every, made, trees)
