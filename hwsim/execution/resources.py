"""What a machine takes of its hardware: cores or LUTs of its weights, those of its switches, and whether it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.device import FoldableChip

if TYPE_CHECKING:
    from hwsim.device import Chip, Part, Resources
    from hwsim.execution.circuits import Circuits

Area = tuple[int, int]
"""LUTs and flip-flops."""


def account(chip: Chip, circuits: Circuits) -> dict[str, Any]:
    """Count the hardware of a chip and its permutation circuits, as ``resources`` in a run's answer has it.

    Buffers and address tables of time-multiplexed circuits, and the logic that loads configurations, are not counted.

    Args:
        chip: the chip.
        circuits: the circuits before it.

    Returns:
        ``cells``; ``cores`` with their ``rows`` and ``columns`` where there are any; ``switches``; for an FPGA the sums
        ``luts`` and ``flip_flops``, both also under ``of_weights`` and ``of_switches``, ``cycles`` of an inference,
        ``folding``; ``bare_flip_flops`` where every flip-flop has a LUT of its own in front: as many hold
        configurations without one, and take up a LUT of the part each; where the datasheet names a ``part``, what it
        has, whether the machine ``fits``, and if not, the ``least_folding`` that would, and that of the weights without
        switches, None where none does; ``notes``.
    """
    core = chip.resources()
    switches, switch = circuits.switches, circuits.switch
    found: dict[str, Any] = {"cells": core.cells}
    if core.cores:
        found |= {"cores": core.cores, "rows": core.rows, "columns": core.columns}
    found["switches"] = switches
    wires = 1 if core.serial else chip.data_bits
    luts = switches * switch.luts * wires
    flip_flops = switches * (switch.data_flip_flops * wires + switch.state_flip_flops)
    if core.luts or luts:
        found |= {"luts": core.luts + luts, "flip_flops": core.flip_flops + flip_flops}
        found["of_weights"] = {"luts": core.luts, "flip_flops": core.flip_flops}
        found["of_switches"] = {"luts": luts, "flip_flops": flip_flops}
    bare = switches * switch.state_flip_flops if core.bare else 0
    if core.bare:
        found["bare_flip_flops"] = core.bare + bare
    if core.cycles:
        found |= {"cycles": core.cycles, "folding": core.folding}
    if core.part:
        found |= _fit(chip, core, core.part, (luts + bare, flip_flops))
    return {**found, "notes": list(core.notes)} if core.notes else found


def _fit(chip: Chip, core: Resources, part: Part, circuits: Area) -> dict[str, Any]:
    """Tell whether a part has room for a chip and its circuits, and if not, what folding would make it so."""
    found: dict[str, Any] = {"part": {"name": part.name, "luts": part.luts, "flip_flops": part.flip_flops}}

    def room(taken: Resources, beside: Area = circuits) -> bool:
        return taken.luts + taken.bare + beside[0] <= part.luts and taken.flip_flops + beside[1] <= part.flip_flops

    found["fits"] = room(core)
    if not found["fits"]:
        folds = [core, *chip.foldings()] if isinstance(chip, FoldableChip) else [core]
        found["least_folding"] = next((each.folding for each in folds if room(each)), None)
        found["least_folding_of_weights"] = next((each.folding for each in folds if room(each, (0, 0))), None)
    return found
