"""A netlist as one multiplier runs it, or a few in lanes: where weights and words of the configuration stand.

Units of a group are computed in bundles, one unit a lane. A lane's memories hold the weights that its units may meet;
bundle after bundle stands at the same address in every lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import NetlistError
from hwsim.export.rtl.loops import Loop, loops_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.netlist import Configuration, Netlist

LANES = (1, 2, 4, 8)
"""How many lanes there may be: the lowest bits of a word's address tell the lane."""


@dataclass(frozen=True)
class Addresses:
    """Where things of one loop stand in the memories of every lane."""

    weight: int
    """Its first weight."""
    word: int
    """Its first entry of the permutation memory; -1 where position after position meets the next weight."""
    bias: int
    """The number of its first bias; -1 where it has none."""


@dataclass(frozen=True)
class Program:
    """All loops of a network, their addresses, and the weights of every lane."""

    loops: tuple[Loop, ...]
    addresses: tuple[Addresses, ...]
    weights: NDArray[np.int64]
    """(lanes, weights)."""
    stored: int
    """Signals in memory."""
    bias_bits: int
    biases: int
    """Of a lane."""
    words: int
    """Of a lane."""
    word_bits: int

    @property
    def lanes(self) -> int:
        """Count the lanes."""
        return len(self.weights)

    @property
    def bias_words(self) -> int:
        """Count the words of one bias."""
        return -(-self.bias_bits // self.word_bits)

    @property
    def products(self) -> int:
        """Count the clocks of an image in which a product is taken or an accumulator of a bundle leaves."""
        total = 0
        for loop in self.loops:
            bundles = loop.places * loop.groups * loop.bundles(self.lanes)
            total += bundles * loop.inputs + loop.results - bundles
        return total

    def configure(self, configuration: Configuration) -> NDArray[np.uint64]:
        """Return the words of a configuration: all biases, low half first where one takes two words, and all entries.

        An entry is the number of the cell that feeds a position, in its bank; they stand layer by layer, bundle by
        bundle and there in the order in which the positions are met. Word after word of the lanes stand side by side;
        a bundle that does not fill them leaves words of 0.
        """
        words = np.zeros((self.words, self.lanes), np.int64)
        mask = (1 << self.word_bits) - 1
        for loop, at in zip(self.loops, self.addresses, strict=True):
            node = loop.cells
            if node is None:
                continue
            seats = _seats(loop, self.lanes)
            taken = seats >= 0
            biases = np.where(taken, configuration.biases[node.layer][seats], 0)
            for part in range(self.bias_words):
                first = at.bias * self.bias_words + part
                last = first + len(seats) * self.bias_words
                words[first : last : self.bias_words] = (biases >> (part * self.word_bits)) & mask
            if at.word >= 0:
                met = configuration.permutations[node.layer][:, : node.codes.shape[1]].reshape(node.units, -1)
                entries = np.where(taken[..., None], met[seats][..., loop.nest.order], 0)
                entries = entries.transpose(0, 2, 1)  # bundle, position, lane
                words[at.word : at.word + entries.shape[0] * entries.shape[1]] = entries.reshape(-1, self.lanes)
        return words.reshape(-1).astype(np.uint64)


def program_of(netlist: Netlist, lanes: int = 1) -> Program:
    """Arrange a netlist for so many multipliers.

    Raises:
        NetlistError: groups of a node read windows that are not equally far apart, banks
            serve some units each, or lanes are not 1, 2, 4 or 8.
    """
    if lanes not in LANES:
        raise NetlistError(f"--lanes: a folded network has 1, 2, 4 or 8 lanes, found {lanes}")
    if any(1 < node.banks < node.units for node in netlist.layers):
        raise NetlistError("a folded network has one bank a unit or one a layer")
    loops, stored = loops_of(netlist)
    held = [_held(loop, lanes) for loop in loops]
    widest = max(node.bias_bits for node in netlist.layers)
    entry_bits = max((node.codes.shape[1] - 1).bit_length() for node in netlist.layers)
    word_bits = max(16, entry_bits, -(-widest // 2))
    bundles = [loop.groups * loop.bundles(lanes) if loop.cells else 0 for loop in loops]
    weight, word, bias = 0, sum(bundles) * -(-widest // word_bits), 0
    addresses = []
    for loop, weights, count in zip(loops, held, bundles, strict=True):
        node = loop.cells
        loaded = node is not None and bool(node.topology)
        addresses.append(Addresses(weight, word if loaded else -1, bias if node else -1))
        weight += weights.shape[1]
        word += count * loop.inputs if loaded else 0
        bias += count
    return Program(loops, tuple(addresses), np.concatenate(held, axis=1), stored, widest, bias, word, word_bits)


def _seats(loop: Loop, lanes: int) -> NDArray[np.int64]:
    """Return which unit each lane computes in each bundle (bundles, lanes), -1 for none."""
    seats = np.full((loop.groups, loop.bundles(lanes) * lanes), -1)
    seats[:, : loop.units] = np.arange(loop.groups * loop.units).reshape(loop.groups, -1)
    return seats.reshape(-1, lanes)


def _held(loop: Loop, lanes: int) -> NDArray[np.int64]:
    """Return the weights of a loop in every lane (lanes, weights): of its own units, or all where any may be met."""
    node = loop.cells
    if node is None:
        return np.tile(loop.constants(), (lanes, 1))
    if node.topology and not node.per_unit:
        return np.tile(node.codes.reshape(-1), (lanes, 1))
    codes = node.codes.reshape(node.units, node.inputs)
    if not node.topology:
        codes = codes[:, loop.nest.order]
    seats = _seats(loop, lanes)
    found = np.where(seats[..., None] >= 0, codes[seats], 0)
    return np.asarray(found.transpose(1, 0, 2).reshape(lanes, -1))
