"""Gradient descent on free values in torch: what LaPerm, bias-only and the reference share."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.controller.forward import forward
from hwsim.controller.protocol import Course
from hwsim.device import Registers
from hwsim.scenario import Section
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job


class DescentParameters(Section):
    """Parameters that every method with gradients shares."""

    epochs: int = Field(ge=1, le=1_000_000)
    """Passes over the training set."""
    batch: int = Field(default=32, ge=1, le=1_000_000)
    """Samples of one optimiser step."""
    rate: float = Field(default=1e-3, gt=0, le=10, allow_inf_nan=False)
    """Adam's learning rate in the first epoch."""
    rate_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor on the learning rate after every epoch."""
    period: int = Field(default=1, ge=1, le=1_000_000)
    """Epochs from one reconnection to the next."""

    def course(self) -> Course:
        """The schedule that free training copies."""
        return Course(epochs=self.epochs, batch=self.batch, rate=self.rate, rate_decay=self.rate_decay)


class Descent:
    """Adam on some of a network's values, in float32 on the CPU, with batches fixed by seed and epoch.

    Args:
        job: task, model and seed.
        course: epochs, batch size and learning rates.
        weights: initial weights per layer (units, inputs).
        train_weights: per layer, whether its weights are trained.

    Biases and gains are trained where the model says that registers are learned. The same seed gives the same bits for
    a given number of torch threads.
    """

    def __init__(
        self,
        job: Job,
        course: Course,
        weights: Sequence[NDArray[np.float64]],
        train_weights: Sequence[bool],
    ) -> None:
        import torch

        torch.set_num_threads(job.threads)
        self.job, self.course = job, course
        task = job.task
        self._x = torch.from_numpy(task.train_x)
        self._y = torch.from_numpy(task.train_y)
        self.batches = -(-len(self._x) // course.batch)
        self.total = self.batches * course.epochs
        self.batch = 0
        self._order: tuple[int, torch.Tensor] | None = None
        self.weights: list[torch.Tensor] = []
        self.biases: list[torch.Tensor] = []
        self.gains: list[torch.Tensor] = []
        trained: list[torch.Tensor] = []
        for layer, start, values, learned in zip(job.model.layers, job.start, weights, train_weights, strict=True):
            weight = torch.tensor(values, dtype=torch.float32)
            bias = torch.tensor(start.bias, dtype=torch.float32)
            gain = torch.tensor(start.gain, dtype=torch.float32)
            trained += [weight] if learned else []
            trained += [bias] if layer.learned_registers else []
            trained += [gain] if layer.gains and layer.learned_registers else []
            self.weights.append(weight)
            self.biases.append(bias)
            self.gains.append(gain)
        for tensor in trained:
            tensor.requires_grad_()
        self._trained = trained
        self._adam = torch.optim.Adam(trained, lr=course.rate) if trained else None

    @property
    def done(self) -> bool:
        """Whether all epochs are over."""
        return self.batch >= self.total

    @property
    def share(self) -> float:
        """Share of the work done, 0 to 1."""
        return self.batch / self.total

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The network's outputs (samples, outputs)."""
        return forward(self.job.model, x, self.weights, self.biases, self.gains)

    def epoch(self) -> None:
        """One pass over the training set."""
        import torch
        from torch.nn import functional

        if self._adam is None:
            self.batch += self.batches
            return
        number = self.batch // self.batches
        order = torch.from_numpy(stream(self.job.seed, f"train/order/{number}").permutation(len(self._x)))
        rate = self.course.rate * self.course.rate_decay**number
        for group in self._adam.param_groups:
            group["lr"] = rate
        loss_of = functional.cross_entropy if self.job.task.shape.goal == "classification" else functional.mse_loss
        for first in range(0, len(order), self.course.batch):
            chosen = order[first : first + self.course.batch]
            self._adam.zero_grad(set_to_none=True)
            loss_of(self.forward(self._x[chosen]), self._y[chosen]).backward()  # type: ignore[no-untyped-call]
            self._adam.step()
            self.batch += 1

    def registers(self) -> tuple[Registers, ...]:
        """Biases and gains as they are now."""
        return tuple(
            Registers(
                bias=bias.detach().numpy().astype(np.float64),
                gain=gain.detach().numpy().astype(np.float64) if layer.unit_gains else float(gain.detach()),
            )
            for layer, bias, gain in zip(self.job.model.layers, self.biases, self.gains, strict=True)
        )

    def put_weights(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's weights (units, inputs); Adam's moments stay as they are."""
        import torch

        with torch.no_grad():
            self.weights[layer].copy_(torch.tensor(values, dtype=torch.float32))

    def dump(self) -> dict[str, NDArray[np.generic]]:
        """All values, Adam's moments and the place in the course, as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"batch": np.array(self.batch)}
        for name, tensors in (("weight", self.weights), ("bias", self.biases), ("gain", self.gains)):
            for number, tensor in enumerate(tensors):
                arrays[f"{name}/{number}"] = tensor.detach().numpy().copy()
        for number, tensor in enumerate(self._trained):
            if self._adam is not None and tensor in self._adam.state:
                for key, value in self._adam.state[tensor].items():
                    arrays[f"adam/{number}/{key}"] = value.numpy().copy()
        return arrays

    def load(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take up a dumped place."""
        import torch

        self.batch = int(arrays["batch"])
        with torch.no_grad():
            for name, tensors in (("weight", self.weights), ("bias", self.biases), ("gain", self.gains)):
                for number, tensor in enumerate(tensors):
                    tensor.copy_(torch.tensor(arrays[f"{name}/{number}"]))
        if self._adam is not None:
            for number, tensor in enumerate(self._trained):
                prefix = f"adam/{number}/"
                found = {
                    key.removeprefix(prefix): torch.tensor(arrays[key]) for key in arrays if key.startswith(prefix)
                }
                if found:
                    self._adam.state[tensor] = found


def pack(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    """Named arrays as bytes (NumPy's npz, no pickles).

    Example:
        >>> unpack(pack({"a/0": np.arange(3)}))["a/0"].tolist()
        [0, 1, 2]
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, NDArray[np.generic]]:
    """The named arrays that :func:`pack` packed."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
