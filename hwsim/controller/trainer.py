"""Which path trains: torch, or kernels of the house where they fit and are expected to be faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hwsim.controller.compiled import CompiledDescent, excluded, pays
from hwsim.controller.descent import Descent
from hwsim.controller.protocol import UnfitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job, TrainingSettings
    from hwsim.model import Registers


class Trainer(Protocol):
    """Gradient descent on some of a network's values; can be put away after any step and taken up again."""

    batch: int
    """Optimiser steps taken so far."""
    batches: int
    """Steps of one epoch."""
    total: int
    """Steps of the whole training."""

    @property
    def done(self) -> bool:
        """Tell whether all epochs are over."""

    @property
    def share(self) -> float:
        """Return the share of the work done, 0 to 1."""

    def work(self, steps: int, report: Callable[[float], None]) -> None:
        """Take so many optimiser steps, or those that are left; ``report`` is told the share done, epoch by epoch."""

    def values(self, layer: int) -> NDArray[np.float64]:
        """Return one layer's weights as they are now, float64 (units, inputs)."""

    def bias(self, layer: int) -> NDArray[np.float64]:
        """Return one layer's biases as they are trained, nothing folded in, float64 (units,)."""

    def registers(self) -> tuple[Registers, ...]:
        """Return what registers have to hold now."""

    def put_weights(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's weights (units, inputs); the optimiser's state stays as it is."""

    def put_bias(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's biases (units,); the optimiser's state stays as it is."""

    def forget(self) -> None:
        """Set the optimiser's state back to that of the first step."""

    def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what the network computes for samples (samples, features), float64 (samples, outputs)."""

    def dump(self) -> dict[str, NDArray[np.generic]]:
        """Return all that is needed to go on from here, as named arrays."""

    def load(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take up a dumped place."""


def begin_training(
    job: Job,
    training: TrainingSettings,
    weights: Sequence[NDArray[np.float64]],
    train_weights: Sequence[bool],
    torch: Callable[[], Trainer] | None = None,
) -> Trainer:
    """Build gradient descent by the path that the training names, or by the faster one.

    Args:
        job: task, model and seed.
        training: epochs, batch size, learning rates, path.
        weights: initial weights per layer (units, inputs).
        train_weights: per layer, whether its weights are trained.
        torch: begins torch's path in another way, which knows the products of the first layer.

    Raises:
        UnfitError: the compiled path is asked for and cannot do the job, or a temperature for what has no softmax.
        NoDeviceError: a CUDA card is wanted and torch sees none.
    """
    if training.temperature != 1 and job.task.shape.goal != "classification":
        what = f"controller.temperature = {training.temperature:g} is of the softmax of classes"
        raise UnfitError(f"{what}, and the task has none: it is regression; leave it at 1")
    why = "" if training.path == "torch" else excluded(job, training)
    if training.path == "compiled" and why:
        raise UnfitError(f"controller.path = 'compiled' cannot train this: {why}; set it to 'torch' or 'auto'")
    if training.path == "compiled" or (why is None and pays(job, training, train_weights, known=torch is not None)):
        return CompiledDescent(job, training, weights, train_weights)
    return torch() if torch else Descent(job, training, weights, train_weights)
