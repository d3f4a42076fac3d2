"""How hard a run's router tries when the scenario leaves it open: as hard as training leaves time for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.controller import Course
    from hwsim.crossbar import Fabric
    from hwsim.model import Model
    from hwsim.schedule import Layout

SECONDS_A_SWITCH = {"descent": 600e-9, "blocks": 25e-9, "greedy": 7e-9}
"""What routing costs for each switch, from the most thorough effort on: measured at 1024 ports on one 2-GHz core.
``exact`` is left to those who ask for it: at the sizes it can do, ``descent`` comes within half a per cent."""

ROUTINGS = {"none": 1, "units": 1, "values": 4, "all": 4}
"""Times that a bank is routed at a reconnection: equal values are tried in four ways."""

SECONDS_A_STEP, SECONDS_A_PRODUCT = 2e-4, 6e-10
"""What an optimiser step costs at least, and for each sample and weight (six operations at 10 GFLOP/s)."""


def choose_effort(
    model: Model, layout: Layout, fabrics: Sequence[Fabric | None], freedom: str, course: Course, samples: int
) -> str:
    """The most thorough effort that is expected to take less time than the training between two reconnections.

    The expectation is reckoned from sizes, not measured, so that the same scenario always gets the same bits.

    Args:
        model: what is trained.
        layout: its banks.
        fabrics: their circuits.
        freedom: which equivalent permutations are tried.
        course: epochs, batches and period.
        samples: training samples.

    Example:
        >>> from hwsim.controller import Course
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.execution.hardware import layout
        >>> from hwsim.model import Layer, Model
        >>> model = Model("t", (Layer(128, 64, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
        >>> fabrics, banks = [crossbar("benes", 64)], layout(model, "output")
        >>> [choose_effort(model, banks, fabrics, "values", Course(9, 32, 0.1, 1.0, k), 1438) for k in (1, 20)]
        ['blocks', 'descent']
    """
    weights = sum(layer.units * layer.inputs for layer in model.layers)
    steps = -(-samples // course.batch) * course.period
    training = steps * (SECONDS_A_STEP + SECONDS_A_PRODUCT * course.batch * weights)
    switches = sum(bank.banks * fabric.switches for bank, fabric in zip(layout.layers, fabrics, strict=True) if fabric)
    for effort, seconds in SECONDS_A_SWITCH.items():
        if seconds * switches * ROUTINGS[freedom] < training:
            return effort
    return "any"
