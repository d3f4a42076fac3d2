"""Whether a run can fit this machine at all, asked before anything is begun."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwsim.plan.resolve import Plan

BYTES_A_CELL = 32
"""At the least: a value as it was drawn and one as it was made (float64), its place and its rank in a bank (int64)."""


def check_memory(plan: Plan, memory: int | None = None) -> None:
    """Refuse a run whose cells and switches alone do not fit; the system would end it without a word, late.

    Args:
        plan: a resolved scenario.
        memory: bytes there are; what the machine has when None.

    Raises:
        MemoryError: what the run needs at the least, and what there is.
    """
    if memory is None:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cells = sum(layer.units * layer.inputs for layer in plan.model.layers)
    switches = 0
    for layer, fabric in zip(plan.model.layers, plan.fabrics, strict=True):
        if fabric is not None:
            banks = layer.units if plan.scenario.crossbar.scope == "output" else 1
            switches += banks * fabric.switches
    needed = BYTES_A_CELL * cells + switches
    if needed > memory:
        raise MemoryError(
            f"{cells:,} cells and {switches:,} switches take at least {needed / 2**30:,.1f} GiB, "
            f"and this machine has {memory / 2**30:,.1f}"
        )
