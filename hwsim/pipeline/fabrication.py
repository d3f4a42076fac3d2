"""A plan becomes a machine: the values that its chip is fabricated with, and the circuits before it.

Values are drawn, trained freely first, sampled from the data, or imported.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller import Job, TrainingSettings
from hwsim.execution import Machine
from hwsim.files.whole import whole
from hwsim.model import Start, start
from hwsim.model.values import read_values
from hwsim.pipeline.folder import FolderError
from hwsim.scenario.effort import choose_effort
from hwsim.task import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hwsim.model import Model
    from hwsim.scenario import Plan
    from hwsim.task import Task

KEPT = "start.npz"
"""File of a run folder that keeps trained or sampled values."""
MOST_RECONNECTIONS = 2**31
"""Reconnections over which a switch's toggles are counted, where it wears out and the scenario speaks of time."""


def initial_values(
    plan: Plan, task: Task, kept: Path | None = None, report: Callable[[float], None] = lambda _: None
) -> list[Start]:
    """Return weights, biases and gains that a plan's chip is fabricated with, layer by layer.

    Args:
        plan: a resolved scenario; its table ``[fabrication]`` says what decides the values.
        task: the task with its data.
        kept: file that keeps trained or sampled values, so that they are found once; read if it is there, else written.
        report: told the share of the training that is done.

    Raises:
        FolderError: the kept file is damaged.
    """
    drawn = start(plan.model, plan.scenario.seed)
    law = plan.scenario.fabrication
    if law.values == "drawn":
        return drawn
    if kept is not None and kept.is_file():
        return _read(kept, plan.model)
    if law.values == "imported" and plan.values_file:
        return read_values(plan.values_file, plan.model)
    found = _sample(plan, task, report) if law.values == "sampled" else _train(plan, task, drawn, report)
    if kept is not None:
        _write(kept, found)
    return found


def _train(plan: Plan, task: Task, drawn: Sequence[Start], report: Callable[[float], None]) -> list[Start]:
    from hwsim.controller.free import train_values

    # all values are free before fabrication, whatever may be changed after it
    layers = tuple(replace(layer, learned_connections=True, learned_registers=True) for layer in plan.model.layers)
    model = replace(plan.model, layers=layers)
    law, execution = plan.scenario.fabrication, plan.scenario.execution
    weights = [values.weights for values in drawn]
    job = Job(task, model, drawn, weights, plan.scenario.seed, execution.torch_threads, execution.torch_device)
    return train_values(
        job, TrainingSettings(law.epochs, law.batch, law.learning_rate, law.rate_decay, law.epochs), report
    )


def _sample(plan: Plan, task: Task, report: Callable[[float], None]) -> list[Start]:
    from hwsim.model.sampling import sample_values

    seed, rcond = plan.scenario.seed, plan.scenario.fabrication.rcond
    try:
        found = sample_values(plan.model, task.train_x, task.train_y, seed, rcond)
    except ValueError as error:
        raise DataError(str(error)) from None
    report(1.0)
    return found


def learner(plan: Plan) -> Model:
    """Return the network as a controller trains it.

    Values that were trained before fabrication have the statistics of batches in their registers already: from there on
    gain and bias are all that a batch normalisation has.
    """
    if plan.scenario.fabrication.values == "drawn":
        return plan.model
    return replace(plan.model, layers=tuple(replace(layer, norm=None) for layer in plan.model.layers))


def assemble(plan: Plan, task: Task, values: Sequence[Start]) -> Machine:
    """Fabricate a plan's chip with these values (:func:`initial_values`) and put its crossbars before it."""
    chip = plan.device.fabricate(plan.model, values, task.calibration, plan.scenario.seed)
    crossbar, port = plan.scenario.crossbar, plan.scenario.execution.port
    machine = Machine(
        plan.model,
        chip,
        plan.fabrics,
        plan.switch,
        crossbar.scope,
        crossbar.effort,
        crossbar.equivalence,
        calibrated=crossbar.calibrated is not False,
        seed=plan.scenario.seed,
        placed=plan.placed,
        tiles=plan.scenario.execution.tiles,
        writes=port.writes if port else "full",
        check_bits=port.check_bits if port else 0,
        aim=plan.scenario.execution.minimise,
        counted=MOST_RECONNECTIONS if plan.in_time and plan.switch.endurance is not None else 0,
    )
    faults = plan.scenario.execution.faults
    machine.circuits.routes_around = faults is None or faults.repair == "route"
    if crossbar.effort == "auto":
        training = plan.controller.training(plan.controller_parameters)
        machine.circuits.effort = choose_effort(
            plan.model, machine.layout, plan.fabrics, training, task, by_values=machine.exchanges_values
        )
    return machine


def _read(path: Path, model: Model) -> list[Start]:
    try:
        return read_values(path, model)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        why = " ".join(str(error).removeprefix(f"{path} ").split())
        raise FolderError(
            f"{path}: cannot be read ({why}); remove it and run again, which finds its values anew"
        ) from error


def _write(path: Path, values: Sequence[Start]) -> None:
    named = {
        f"{name}/{number}": np.asarray(getattr(each, name))
        for number, each in enumerate(values)
        for name in ("weights", "bias", "gain")
    }
    with whole(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **named)
