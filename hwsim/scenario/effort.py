"""Choose how hard a run's router tries when the scenario leaves it open: as hard as training leaves time for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller.compiled import unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.controller import TrainingSettings
    from hwsim.crossbar import Fabric
    from hwsim.model import Model
    from hwsim.schedule import Layout
    from hwsim.task import Task

LITERAL = {"descent": 600e-9, "blocks": 25e-9, "greedy": 7e-9}
"""Seconds that routing takes for each switch, from the most thorough effort on: measured at 1024 ports on one 2-GHz
core. ``exact`` is left to those who ask for it: at the sizes it can do, ``descent`` comes within half a per cent."""

BY_VALUES = {"descent": 90e-6, "blocks": 18e-6, "greedy": 0.5e-6}
"""The same where equal values may be exchanged: measured at 64 to 2560 ports, 7 and 63 values. What is least here,
``greedy``, takes as long as ``any``: the time goes into finding out what to exchange."""

A_MOMENT = 1.0
"""Seconds of routing in a whole run that nobody misses, however quick its training is."""

SECONDS_A_STEP, SECONDS_A_PRODUCT = 2e-4, 6e-10
"""What a step of torch's optimiser costs at least, and for each sample and weight (six operations at 10 GFLOP/s)."""

COMPILED_STEP, COMPILED_UNIT, COMPILED_PRODUCT = 5e-7, 1e-9, 1.4e-10
"""What a step of the compiled kernels costs at least: whatever it is, for each hidden unit, and, where inputs are many
or are learned, for each product that is not with zero: measured on one 2-GHz core, 1-80-1 to 1-2560-1 and 64-128-10."""

FEW = 3
"""Inputs up to which frozen hidden units may cost next to nothing for a sample."""


def choose_effort(
    model: Model,
    layout: Layout,
    fabrics: Sequence[Fabric | None],
    training: TrainingSettings,
    task: Task,
    *,
    by_values: bool,
) -> str:
    """Choose the most thorough effort that is expected to route for less time than training takes, or for a moment.

    The expectation is reckoned from sizes, not measured, so that the same scenario always gets the same bits.

    Args:
        model: what is trained.
        layout: its banks.
        fabrics: their circuits.
        training: epochs, batches and period.
        task: what is learned.
        by_values: whether cells of equal value are exchanged, which takes longer to search.

    Example:
        >>> from hwsim.controller import TrainingSettings
        >>> from hwsim.crossbar import crossbar
        >>> from hwsim.schedule import layout
        >>> from hwsim.model import Layer, Model
        >>> from hwsim.task import TASKS
        >>> model = Model("t", (Layer(128, 64),))
        >>> fabrics, banks = [crossbar("benes", 64)], layout(model, "output")
        >>> training = TrainingSettings(epochs=9, batch=32, learning_rate=0.1, rate_decay=1.0, period=4)
        >>> task = TASKS["digits"].load(TASKS["digits"].parameters())
        >>> [choose_effort(model, banks, fabrics, training, task, by_values=values) for values in (False, True)]
        ['descent', 'greedy']
    """
    steps = training.epochs * training.steps_per_epoch(len(task.train_x))
    times = max(-(-steps // training.steps_per_period(len(task.train_x))), 1)
    budget = max(steps * seconds_a_step(model, training, task), A_MOMENT)
    switches = sum(bank.banks * fabric.switches for bank, fabric in zip(layout.layers, fabrics, strict=True) if fabric)
    efforts = BY_VALUES if by_values else LITERAL
    for effort, seconds in efforts.items():
        if seconds * switches * times < budget:
            return effort
    return "greedy" if by_values else "any"


def seconds_a_step(model: Model, training: TrainingSettings, task: Task) -> float:
    """Estimate the time of an optimiser step, with the quicker of the paths that may compute it.

    Example:
        >>> from hwsim.controller import TrainingSettings
        >>> from hwsim.model import Layer, Model
        >>> from hwsim.task import TASKS
        >>> model = Model("1-80-1", (Layer(80, 1, "relu", learned_connections=False), Layer(1, 80)))
        >>> task = TASKS["sine"].load(TASKS["sine"].parameters())
        >>> for path in ("torch", "auto"):
        ...     training = TrainingSettings(epochs=1, batch=16, learning_rate=0.1, rate_decay=1.0, period=1, path=path)
        ...     print(f"{seconds_a_step(model, training, task):.2g}")
        0.0002
        5.8e-07
    """
    weights = sum(layer.units * layer.inputs for layer in model.layers)
    torch = SECONDS_A_STEP + SECONDS_A_PRODUCT * training.batch * weights
    if training.path == "torch" or training.clip or task.augment is not None or unfit(model) is not None:
        return torch
    hidden, last = model.layers
    compiled = COMPILED_STEP + COMPILED_UNIT * hidden.units
    if hidden.learned_connections or hidden.inputs > FEW:
        met = (1 + hidden.learned_connections) * np.count_nonzero(task.train_x) / max(len(task.train_x), 1)
        compiled += COMPILED_PRODUCT * training.batch * hidden.units * (met + 3 * last.units)
    return compiled if training.path == "compiled" else min(torch, compiled)
