"""Whether a part has room for a design, by how much not, and which part would."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from hwsim.boards.families import FAMILIES
from hwsim.boards.parts import LARGE, PARTS, Area
from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from hwsim.boards.parts import Part
    from hwsim.export.netlist import Netlist

FULL = 0.9
"""Share of a part's logic that another part may be filled to, to be recommended."""


class FitError(HwsimError):
    """A part has no room for a design, or its board is too fast; the message says by how much, and what would do."""

    exit_code = BAD_INPUT


def words(part: Part) -> tuple[str, ...]:
    """Return what a part's resources are called, in the order of :class:`Area`."""
    return (FAMILIES[part.family].logic, "flip-flops", "block memories", "large memories", "multipliers")


def lacking(part: Part, area: Area) -> list[str]:
    """Say what a design needs more of than a part has.

    Example:
        >>> from hwsim.boards.parts import PARTS, Area
        >>> lacking(PARTS["up5k"], Area(10560, 300, 31))
        ['10,560 logic cells of 5,280 (2.0 times)', '31 block memories of 30 (1.1 times)']
    """
    found = []
    for word, needed, has in zip(words(part), astuple(area), astuple(part.has), strict=True):
        if needed > has:
            times = f" ({-(-10 * needed // has) / 10} times)" if has else ""
            found.append(f"{needed:,} {word} of {has:,}{times}")
    return found


def check_fit(part: Part, area: Area, most: str = "") -> None:
    """Refuse a design that a part has no room for, before it is placed.

    Args:
        part: the part.
        area: what the design takes.
        most: what is counted, where that is not all of it.

    Raises:
        FitError: what is lacking, and what would help.
    """
    if not (lacks := lacking(part, area)):
        return
    larger = [one.name for one in PARTS.values() if one.device and one is not part and _room(one, part, area)]
    hints = [f"--target {larger[0]} has room"] if larger else []
    if area.memories * part.memory_bits < part.bits:
        hints.append("--arch folded takes little logic")
    hints.append("fewer bits (device.weight_bits, device.activation_bits) or units take less")
    raise FitError(f"does not fit {part.name}: {most}{', '.join(lacks)}; {'; '.join(hints)}")


def _room(other: Part, part: Part, area: Area) -> bool:
    """Tell whether another part has room, as counted for this one: logic of four inputs in both, memories by bits."""
    bits = area.memories * part.memory_bits + area.large_memories * LARGE
    logic = area.logic <= FULL * other.has.logic and area.flip_flops <= FULL * other.has.flip_flops
    return logic and bits <= FULL * other.bits and (area.dsps <= other.has.dsps or not other.has.dsps)


def least_area(netlist: Netlist) -> Area:
    """Return what circuits and registers of a spatial network take in any family: a part without room needs no tool.

    A switch is two tables; it and every bit of a bias have a register in use and its shadow.
    """
    switches = registers = 0
    for node in netlist.layers:
        if node.wiring is not None and node.ports == node.codes.shape[1]:
            switches += node.banks * len(node.wiring.stage)
        registers += node.units * node.bias_bits
    return Area(2 * switches, 2 * (switches + registers), 0)


def check_clock(part: Part, clock: float | None) -> None:
    """Refuse a placed design that is slower than the oscillator of its board, which would compute nonsense there.

    Raises:
        FitError: how fast it is, and what would help.
    """
    if clock is not None and part.board is not None and clock < part.board.clock:
        what = f"{part.name}: placed for {clock / 1e6:.1f} MHz, but the {part.board.title} runs at"
        hint = "put registers between switch stages (--pipeline 3), or try another --seed"
        raise FitError(f"{what} {part.board.clock / 1e6:g} MHz; {hint}")
