"""Free training: the reference that every score is drawn against.

The same network from the same initial values, weights and registers trained by the same optimiser over the same
epochs and batches, in float32. Only a layer whose connections and registers the model both fixes stays frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.controller.trainer import begin_training
from hwsim.model import Start

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job, TrainingSettings


def train_values(job: Job, training: TrainingSettings, report: Callable[[float], None]) -> list[Start]:
    """Train every weight, and the registers that the model says are learned: what a chip can be fabricated with."""
    descent = begin_training(job, training, [start.weights for start in job.start], [True] * len(job.model.layers))
    descent.work(descent.total, report)
    weights = [descent.values(number) for number in range(len(job.model.layers))]
    return [Start(w, r.bias, r.gain) for w, r in zip(weights, descent.registers(), strict=True)]


def train_freely(job: Job, training: TrainingSettings, report: Callable[[float], None]) -> NDArray[np.float64]:
    """Train every value of the network and return its outputs on the test set.

    A layer with both connections and registers fixed (the frozen first layer of Cai et al.) stays frozen.

    Returns:
        float64 (samples, outputs).
    """
    trained = [layer.learned_connections or layer.learned_registers for layer in job.model.layers]
    descent = begin_training(job, training, [start.weights for start in job.start], trained)
    descent.work(descent.total, report)
    return descent.outputs(job.task.test_x)
