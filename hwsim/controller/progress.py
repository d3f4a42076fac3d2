"""The place in a training of training: which batches come next, and how far it is; the same for every path."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from hwsim.controller.protocol import TrainingError
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job, TrainingSettings


class Progress(ABC):
    """Steps of a training, batch by batch, with batches fixed by seed and epoch; how a step is taken is the subclass's.

    Args:
        job: task, model and seed.
        training: epochs and batch size.
    """

    def __init__(self, job: Job, training: TrainingSettings) -> None:
        self.job, self.training = job, training
        self.batches = training.steps_per_epoch(len(job.task.train_x))
        """Steps of one epoch."""
        self.total = self.batches * training.epochs
        """Steps of the whole training."""
        self.batch = 0
        """Steps taken so far."""
        self._order: tuple[int, NDArray[np.int64]] | None = None

    @abstractmethod
    def train(self, epoch: int, first: int, last: int) -> float:
        """Take the steps of batches ``first`` to ``last - 1`` of an epoch; returns the sum of their losses."""

    @property
    @abstractmethod
    def learns(self) -> bool:
        """Tell whether there is anything to train."""

    @property
    def done(self) -> bool:
        """Tell whether all epochs are over."""
        return self.batch >= self.total

    @property
    def share(self) -> float:
        """Return the share of the work done, 0 to 1."""
        return self.batch / self.total

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the order of samples in one epoch, int64 (samples,)."""
        if self._order is None or self._order[0] != epoch:
            samples = len(self.job.task.train_x)
            self._order = epoch, stream(self.job.seed, f"train/order/{epoch}").permutation(samples)
        return self._order[1]

    def learning_rate(self, epoch: int) -> float:
        """Return the learning rate of one epoch."""
        return self.training.learning_rate * self.training.rate_decay**epoch

    def step(self, count: int = 1) -> None:
        """Take so many optimiser steps, one batch each, or those that are left.

        Raises:
            TrainingError: the loss became infinite or no number.
        """
        end = min(self.batch + count, self.total)
        while self.batch < end and self.learns:
            epoch, first = divmod(self.batch, self.batches)
            last = min(first + end - self.batch, self.batches)
            loss = self.train(epoch, first, last)
            self.batch = epoch * self.batches + last
            if not math.isfinite(loss):
                what = f"the loss of training is {loss} in epoch {epoch + 1} of {self.training.epochs}"
                raise TrainingError(f"{what}; lower the learning rate or the initial values")
        self.batch = end

    def work(self, steps: int, report: Callable[[float], None]) -> None:
        """Take so many optimiser steps, or those that are left; ``report`` is told the share done, epoch by epoch."""
        last = min(self.batch + steps, self.total)
        while self.batch < last:
            self.step(min(last - self.batch, self.batches - self.batch % self.batches))
            report(self.share)
