"""Bias-only learning: connections stay as fabricated, gradients move the registers alone.

What the first layer makes of a sample before its registers never changes, so these products are reckoned once and
kept while they fit into memory; a step then costs a pass over the hidden units and the product with what follows.
Recurrent networks are learned by back-propagation through all steps.

Source: E. Williams et al., Expressivity of Neural Networks with Random Weights and Learned Biases, ICLR 2025
(arXiv 2407.00957).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from hwsim.controller.descent import Descent, DescentParameters, pack, unpack
from hwsim.controller.forward import forward
from hwsim.controller.protocol import ControllerPlugin, Reconnection
from hwsim.controller.trainer import begin_training

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from hwsim.controller.protocol import Job

_FLOAT_BYTES, _GIGABYTE, _AT_ONCE = 4, 1e9, 1024


class BiasOnlyParameters(DescentParameters):
    """Parameters of the controller ``bias-only``."""

    kept_products: float = Field(default=4.0, ge=0, le=1e6, allow_inf_nan=False)
    """Gigabytes (1e9 bytes) that the products of a first ``dense`` layer with all training samples may take; where they
    need more, they are computed anew at every step, which takes longer and may differ in the last bits."""


class FrozenDescent(Descent):
    """Descent with frozen weights, which keeps the products of the first layer once they are known."""

    def __init__(self, job: Job, parameters: BiasOnlyParameters) -> None:
        weights = [cells.reshape(start.weights.shape) for cells, start in zip(job.cells, job.start, strict=True)]
        super().__init__(job, parameters.training(), weights, [False] * len(weights))
        first, samples = job.model.nodes[0], len(job.task.train_x)
        size = samples * job.model.layers[0].units * _FLOAT_BYTES
        fits = size <= parameters.kept_products * _GIGABYTE
        self.keeps = first.kind == "dense" and len(first.taken) == 1 and job.task.augment is None and fits
        """Whether the first layer's products are reckoned once for all samples."""
        self._products: torch.Tensor | None = None

    def outputs_of(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the network's outputs for the training samples with these numbers."""
        if not self.keeps:
            return super().outputs_of(chosen)
        if self._products is None:
            self._products = self._multiply()
        x, values = self._x[chosen], (self.weights, self.biases, self.gains)
        return forward(self.job.model, x, *values, self._source(), self._products[chosen], self.statistics)

    def _multiply(self) -> torch.Tensor:
        """Multiply the first layer with every training sample, (samples, units)."""
        import torch

        weight = self.weights[0]
        found = torch.empty((len(self._x), len(weight)), device=self.device)
        for first in range(0, len(found), _AT_ONCE):
            torch.mm(self._x[first : first + _AT_ONCE], weight.T, out=found[first : first + _AT_ONCE])
        return found


class BiasOnly:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, parameters: BiasOnlyParameters, job: Job) -> None:
        self._steps = parameters.training().steps_per_period(len(job.task.train_x))
        weights = [cells.reshape(start.weights.shape) for cells, start in zip(job.cells, job.start, strict=True)]
        frozen, self._layers = [False] * len(weights), len(weights)
        training = parameters.training()
        self._descent = begin_training(job, training, weights, frozen, lambda: FrozenDescent(job, parameters))

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Train the registers for one period and write them."""
        descent = self._descent
        if descent.done:
            return None
        descent.work(self._steps, report)
        return Reconnection(descent.batch, (None,) * self._layers, descent.registers())

    def dump(self) -> bytes:
        """Return everything needed to go on from here; the weights are the chip's."""
        return pack({name: value for name, value in self._descent.dump().items() if not name.startswith("weight/")})

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""
        weights = {name: value for name, value in self._descent.dump().items() if name.startswith("weight/")}
        self._descent.load(weights | unpack(state))


PLUGIN = ControllerPlugin(
    name="bias-only",
    summary="bias-only learning (Williams et al. 2025): register writes, no reconnection",
    parameters=BiasOnlyParameters,
    begin=BiasOnly,
    training=BiasOnlyParameters.training,
    reconnects=BiasOnlyParameters.reconnects,
    rewires=False,
)
