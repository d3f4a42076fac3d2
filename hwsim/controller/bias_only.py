"""Bias-only learning: connections stay as fabricated, gradients move the registers alone.

Source: E. Williams et al., Expressivity of Neural Networks with Random Weights and Learned Biases, ICLR 2025
(arXiv 2407.00957).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.controller.descent import Descent, DescentParameters, pack, unpack
from hwsim.controller.protocol import ControllerPlugin, Reconnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.controller.protocol import Job


class BiasOnlyParameters(DescentParameters):
    """Parameters of the controller ``bias-only``."""


class BiasOnly:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, parameters: BiasOnlyParameters, job: Job) -> None:
        self._steps = parameters.course().steps_a_period(len(job.task.train_x))
        weights = [cells.reshape(start.weights.shape) for cells, start in zip(job.cells, job.start, strict=True)]
        self._descent = Descent(job, parameters.course(), weights, [False] * len(weights))

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Train the registers for one period and write them."""
        descent = self._descent
        if descent.done:
            return None
        descent.work(self._steps, report)
        return Reconnection(descent.batch, (None,) * len(descent.weights), descent.registers())

    def dump(self) -> bytes:
        """Everything needed to go on from here."""
        return pack(self._descent.dump())

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""
        self._descent.load(unpack(state))


PLUGIN = ControllerPlugin(
    name="bias-only",
    summary="bias-only learning (Williams et al. 2025): register writes, no reconnection",
    parameters=BiasOnlyParameters,
    begin=BiasOnly,
    course=BiasOnlyParameters.course,
)
