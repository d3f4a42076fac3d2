"""Refuse a run that cannot fit this machine's memory, before anything is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.files.memory import refuse_more

if TYPE_CHECKING:
    from hwsim.scenario.resolve import Plan

BYTES_A_CELL = 32
"""At the least: a value as it was drawn and one as it was made (float64), its place and its rank in a bank (int64)."""


BYTES_A_SIGNAL = 4
"""At the least: chips without numbers of their own hold signals as float32."""


def check_memory(plan: Plan, samples: int = 0, memory: int | None = None) -> None:
    """Refuse a run whose cells, switches and signals alone do not fit; the system would end it without a word, late.

    Args:
        plan: a resolved scenario.
        samples: those that a chip is evaluated on, where they are known by now; they are run in blocks.
        memory: bytes there are; what the machine has when None.

    Raises:
        MemoryError: what the run needs at the least, and what there is.
    """
    from hwsim.model.batches import signals_at_once

    cells = sum(layer.units * layer.inputs for layer in plan.model.layers)
    switches = 0
    for layer, fabric in zip(plan.model.layers, plan.fabrics, strict=True):
        if fabric is not None:
            banks = layer.units if plan.scenario.crossbar.scope == "output" else 1
            switches += banks * fabric.switches
    signals = signals_at_once(plan.model, samples)
    needed = BYTES_A_CELL * cells + switches + BYTES_A_SIGNAL * signals
    shown = f", {switches:,} switches and {signals:,} signals" if signals else f" and {switches:,} switches"
    refuse_more(needed, f"{cells:,} cells{shown}", memory)
