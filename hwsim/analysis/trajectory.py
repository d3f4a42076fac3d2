"""What a finished run's chip gives in place of a trajectory, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.execution import replay
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values
from hwsim.pipeline.folder import SCHEDULE, FolderError
from hwsim.schedule import open_schedule
from hwsim.score import evaluate
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.scenario import Plan


@dataclass(frozen=True)
class Trajectory:
    """One test trajectory: ``target`` and ``output``, float64 (steps, outputs), and how many steps were learned.

    ``errors`` are those of all test trajectories, period by period.
    """

    target: NDArray[np.float64]
    output: NDArray[np.float64]
    learned: int
    errors: tuple[float, ...]


def follow(plan: Plan, run: Path) -> Trajectory:
    """Run the chip of a finished run, as it was connected last and without noise, on the first test trajectory.

    Args:
        plan: the run's plan.
        run: its folder.

    Raises:
        FolderError: the run's task has no trajectories.
    """
    task = load_task(plan.task, plan.task_parameters)
    if not task.period:
        raise FolderError(f"{run}: the task of this run, {plan.task.name!r}, has no trajectories")
    machine = assemble(plan, task, initial_values(plan, task, run / KEPT))
    with open_schedule(run / SCHEDULE) as schedule:
        replay(schedule.entries(), machine)
    output = np.asarray(machine.infer(task.test_x, None), np.float64)
    steps = task.shape.steps
    one, wanted = (
        values.reshape(len(values), steps, -1)[0] for values in (output, np.asarray(task.test_y, np.float64))
    )
    learned = task.train_x.shape[1] * steps // task.shape.features
    return Trajectory(wanted, one, learned, evaluate(task, output).periods)
