"""How hard a run's router tries when the scenario leaves it open: as hard as training leaves time for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.controller import Course
    from hwsim.crossbar import Fabric
    from hwsim.model import Model
    from hwsim.schedule import Layout

LITERAL = {"descent": 600e-9, "blocks": 25e-9, "greedy": 7e-9}
"""Seconds that routing takes for each switch, from the most thorough effort on: measured at 1024 ports on one 2-GHz
core. ``exact`` is left to those who ask for it: at the sizes it can do, ``descent`` comes within half a per cent."""

BY_VALUES = {"descent": 90e-6, "blocks": 18e-6, "greedy": 1e-6}
"""The same where equal values may be exchanged: measured at 64 and 784 ports, 7 and 63 values."""

SECONDS_A_STEP, SECONDS_A_PRODUCT = 2e-4, 6e-10
"""What an optimiser step costs at least, and for each sample and weight (six operations at 10 GFLOP/s)."""


def choose_effort(
    model: Model, layout: Layout, fabrics: Sequence[Fabric | None], course: Course, samples: int, *, by_values: bool
) -> str:
    """The most thorough effort that is expected to take less time than the training between two reconnections.

    The expectation is reckoned from sizes, not measured, so that the same scenario always gets the same bits.

    Args:
        model: what is trained.
        layout: its banks.
        fabrics: their circuits.
        course: epochs, batches and period.
        samples: training samples.
        by_values: whether cells of equal value are exchanged, which takes longer to search.

    Example:
        >>> from hwsim.controller import Course
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.execution.hardware import layout
        >>> from hwsim.model import Layer, Model
        >>> model = Model("t", (Layer(128, 64, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
        >>> fabrics, banks = [crossbar("benes", 64)], layout(model, "output")
        >>> course = Course(epochs=9, batch=32, rate=0.1, rate_decay=1.0, period=4)
        >>> [choose_effort(model, banks, fabrics, course, 1438, by_values=values) for values in (False, True)]
        ['descent', 'greedy']
    """
    weights = sum(layer.units * layer.inputs for layer in model.layers)
    steps = course.steps_a_period(samples)
    training = steps * (SECONDS_A_STEP + SECONDS_A_PRODUCT * course.batch * weights)
    switches = sum(bank.banks * fabric.switches for bank, fabric in zip(layout.layers, fabrics, strict=True) if fabric)
    for effort, seconds in (BY_VALUES if by_values else LITERAL).items():
        if seconds * switches < training:
            return effort
    return "any"
