"""How wide everything of a folded network is, by the names of the parameters of ``hwsim_folded.v``, and its tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import LAST, TABLE

if TYPE_CHECKING:
    from hwsim.export.netlist import Law, Netlist
    from hwsim.export.rtl.loops import Loop
    from hwsim.export.rtl.program import Addresses, Program


@dataclass(frozen=True)
class Sizes:
    """Parameters of the core, what is counted on the way to them, and what the core asks of every node."""

    parameters: dict[str, int]
    laws: tuple[Law, ...]
    """Every distinct one of the nodes whose results are stored."""
    rows: tuple[int, ...]
    """Per law, where its first table stands; those without count none."""
    shapes: tuple[int, ...]
    """Per loop, where its first list of taps stands."""

    def law(self, loop: Loop) -> int:
        """Return the number of a loop's law; 0 where results are not stored."""
        return next((number for number, law in enumerate(self.laws) if law is loop.law), 0)

    def fields(self, loop: Loop, at: Addresses) -> dict[str, tuple[int, int]]:
        """Return what the core asks of a node by name: width and value."""
        wide = {**self.parameters, "LAW": count_bits(len(self.laws))}
        number, lanes = self.law(loop), wide["LANES"]
        tabled = loop.law.kind == TABLE
        found: dict[str, tuple[int | str, int]] = {
            "ends": (1, int(loop.law.kind == LAST)),
            "position": ("POSITION", at.weight if at.word < 0 else at.word),
            "weight": ("CELL", at.weight),
            "bank_step": ("CELL", loop.inputs if loop.cells and loop.cells.per_unit else 0),
            "fixed": (1, int(at.word < 0)),
            "shared": (1, int(loop.cells is None)),
            "last_tap": ("TAP", loop.nest.taps.shape[1] - 1),
            "last_channel": ("CHANNEL", loop.nest.channels - 1),
            "stride": ("STORE", loop.nest.stride),
            "last_unit": ("UNIT", loop.bundles(lanes) - 1),
            "last_lane": (max(wide["LANE"], 1), (loop.units - 1) % lanes),
            "last_group": ("GROUP", loop.groups - 1),
            "group_step": ("STORE", loop.nest.group_step),
            "biased": (1, int(at.bias >= 0)),
            "bias": ("BIAS_AT", max(at.bias, 0)),
            "maximum": (1, int(loop.maximum)),
            "table": (1, int(tabled)),
            "rows": (1, int(tabled and len(loop.law.tables) > 1)),
            "row": ("TABLE_ROW", self.rows[number] if tabled else 0),
        }
        if len(self.laws) > 1:
            found["law"] = ("LAW", number)
        sized = {
            name: (wide[width] if isinstance(width, str) else width, value) for name, (width, value) in found.items()
        }
        return {name: (width, value % (1 << width)) for name, (width, value) in sized.items()}


def count_bits(count: int) -> int:
    """Return the width of a number below a count, at least 1."""
    return max((count - 1).bit_length(), 1)


def sizes_of(netlist: Netlist, program: Program) -> Sizes:
    """Measure a program."""
    loops = program.loops
    laws: list[Law] = []
    for loop in loops:
        if loop.law.kind != LAST and not any(loop.law is law for law in laws):
            laws.append(loop.law)
    tables = [len(law.tables) if law.kind == TABLE else 0 for law in laws]
    rows = np.cumsum([0, *tables]).tolist()
    shapes = np.cumsum([0, *(len(loop.nest.taps) for loop in loops)]).tolist()
    parameters = {
        **_memories(netlist, program),
        "SUM": 0,
        "MAXIMA": int(any(loop.maximum for loop in loops)),
        "TABLES": int(any(tables)),
        "TABLE_ROW": count_bits(rows[-1]),
        "TABLE_ENTRY": max((count_bits(law.tables.shape[1]) for law in laws if law.kind == TABLE), default=1),
        "NODE": count_bits(len(loops)),
        "SHAPE": count_bits(shapes[-1]),
        "TAP": count_bits(max(loop.nest.taps.shape[1] for loop in loops)),
        "CHANNEL": count_bits(max(loop.nest.channels for loop in loops)),
        "UNIT": count_bits(max(loop.bundles(program.lanes) for loop in loops)),
        "GROUP": count_bits(max(loop.groups for loop in loops)),
        "PLACE": count_bits(sum(loop.places for loop in loops)),
        "PLACES": sum(loop.places for loop in loops),
    }
    product = parameters["WEIGHT"] + parameters["SIGNAL"] + 1
    sums = [node.accumulator_bits for node in netlist.layers]
    parameters["SUM"] = max([*sums, parameters["BIAS"] + 1, product + 1])
    return Sizes(parameters, tuple(laws), tuple(rows[:-1]), tuple(shapes[:-1]))


def _memories(netlist: Netlist, program: Program) -> dict[str, int]:
    """Measure signals, weights and configurations."""
    signals = [netlist.takes, *(node.gives for node in netlist.nodes[:-1])]
    signed = any(signal.signed for signal in signals)
    widest = max(signal.bits + (signed and not signal.signed) for signal in signals)
    entries = [node.law.largest - node.law.least for node in netlist.layers if node.law.kind == TABLE]
    weights = program.weights
    address = max(count_bits(program.words), count_bits(program.biases) + program.bias_words - 1)
    return {
        "LANES": program.lanes,
        "LANE": (program.lanes - 1).bit_length(),
        "TAKEN": netlist.takes.bits,
        "TAKES_SIGNED": int(netlist.takes.signed),
        "INPUTS": netlist.takes.size,
        "SIGNED": int(signed),
        "SIGNAL": max([widest, 2, *(int(entry).bit_length() for entry in entries)]),
        "STORED": program.stored,
        "STORE": count_bits(program.stored),
        "WEIGHT": max(int(weights.max()).bit_length(), int(-weights.min() - 1).bit_length(), 1) + 1,
        "WEIGHTS": max(weights.shape[1], 2),
        "CELL": count_bits(weights.shape[1]),
        "ENTRY": count_bits(max((node.codes.shape[1] for node in netlist.layers if node.topology), default=1)),
        "WORD": program.word_bits,
        "WORDS": max(program.words, (1 << (address - 1)) + 1),
        "ADDRESS": address,
        "POSITION": max(address, count_bits(weights.shape[1])),
        "BIAS": program.bias_bits,
        "BIASES": program.biases,
        "PARTS": program.bias_words,
        "BIAS_AT": count_bits(program.biases),
    }
