"""Gradient descent on free values in torch: what LaPerm, bias-only and the reference share."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from hwsim.controller.forward import forward
from hwsim.controller.progress import Progress
from hwsim.controller.protocol import NoDeviceError, Optimiser, Path, TrainingSettings, Unit
from hwsim.controller.statistics import begin
from hwsim.files import Section
from hwsim.model import Registers
from hwsim.model.batches import blocks
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch
    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job


class DescentParameters(Section):
    """Parameters that every method with gradients shares."""

    epochs: int = Field(ge=1, le=1_000_000)
    """Passes over the training set."""
    batch: int = Field(default=32, ge=1, le=1_000_000)
    """Samples of one optimiser step."""
    learning_rate: float = Field(default=1e-3, gt=0, le=10, allow_inf_nan=False)
    """Learning rate in the first epoch."""
    rate_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor on the learning rate after every epoch."""
    optimiser: Optimiser = "adam"
    """``adam`` (Kingma & Ba, moments 0.9 and 0.999) or ``sgd``, plain gradient descent."""
    adam_epsilon: float = Field(default=1e-8, gt=0, le=1, allow_inf_nan=False)
    """What Adam adds to the root of the second moment; Keras has 1e-7."""
    l2: float = Field(default=0.0, ge=0, le=1e3, allow_inf_nan=False)
    """Factor of the sum of squares of every trained weight, added to the loss (L2 as in Keras)."""
    clip: float = Field(default=0.0, ge=0, le=1e6, allow_inf_nan=False)
    """Largest length of the gradient of one step: a longer one is shortened to it, which long sequences may need
    (Pascanu et al. 2013, arXiv 1211.5063); 0 for any."""
    temperature: float = Field(default=1.0, ge=1e-3, le=1e3, allow_inf_nan=False)
    """What outputs are divided by before the softmax of the cross-entropy (Hinton et al. 2015, arXiv 1503.02531): the
    class with the largest output is the same, but networks whose outputs are small learn faster below 1. Free training
    takes it too; regression knows none."""
    period: int = Field(default=1, ge=1, le=1_000_000)
    """From one reconnection to the next, in ``period_unit``."""
    period_unit: Unit = "epochs"
    """What ``period`` counts: ``epochs``, or ``batches``, single optimiser steps."""
    path: Path = "auto"
    """What trains: ``torch``; ``compiled``, kernels for networks of one hidden layer; or ``auto``, the faster of those
    that can do it, as far as sizes tell. They take the same steps and differ in roundings, which long training makes
    grow, so that two runs end as two seeds would."""

    def reconnects(self, batches: int) -> Iterator[int]:
        """Yield the optimiser steps after which something is handed out, for so many steps an epoch.

        Example:
            >>> list(DescentParameters(epochs=3, period=2).reconnects(10))
            [20, 30]
        """
        last = self.epochs * batches
        every = self.period * (batches if self.period_unit == "epochs" else 1)
        yield from (min(step, last) for step in range(every, last + every, every))

    def training(self) -> TrainingSettings:
        """Return the training settings; free training follows them too."""
        return TrainingSettings(
            self.epochs,
            self.batch,
            self.learning_rate,
            self.rate_decay,
            self.period,
            self.period_unit,
            self.optimiser,
            self.adam_epsilon,
            self.l2,
            self.clip,
            self.temperature,
            self.path,
        )


class Descent(Progress):
    """Adam or gradient descent on some of a network's values, in float32, with batches fixed by seed and epoch.

    Args:
        job: task, model, seed, and where torch works.
        training: epochs, batch size and learning rates.
        weights: initial weights per layer (units, inputs).
        train_weights: per layer, whether its weights are trained.

    Biases and gains are trained where the model says that registers are learned. The same seed gives the same bits for
    a given number of torch threads.

    Raises:
        NoDeviceError: a CUDA card is wanted and torch sees none.
    """

    def __init__(
        self,
        job: Job,
        training: TrainingSettings,
        weights: Sequence[NDArray[np.float64]],
        train_weights: Sequence[bool],
    ) -> None:
        import torch

        torch.set_num_threads(job.threads)
        super().__init__(job, training)
        self.device = _device(job.device)
        self._x = torch.from_numpy(job.task.train_x).to(self.device)
        self._y = torch.from_numpy(job.task.train_y).to(self.device)
        self._random = any(node.kind == "dropout" for node in job.model.nodes)
        self.statistics = [
            begin(layer.norm, layer.units, self.device) if layer.norm else None for layer in job.model.layers
        ]
        self.weights: list[torch.Tensor] = []
        self.biases: list[torch.Tensor] = []
        self.gains: list[torch.Tensor] = []
        trained: list[torch.Tensor] = []
        self._penalised: list[tuple[torch.Tensor, float]] = []
        for layer, start, values, learned in zip(job.model.layers, job.start, weights, train_weights, strict=True):
            weight = torch.tensor(values, dtype=torch.float32, device=self.device)
            bias = torch.tensor(start.bias, dtype=torch.float32, device=self.device)
            gain = torch.tensor(start.gain, dtype=torch.float32, device=self.device)
            trained += [weight] if learned else []
            trained += [bias] if layer.learned_registers else []
            trained += [gain] if layer.gains and layer.learned_registers else []
            factor = training.l2 + layer.l2
            self._penalised += [(weight, factor)] if learned and factor else []
            self.weights.append(weight)
            self.biases.append(bias)
            self.gains.append(gain)
        for tensor in trained:
            tensor.requires_grad_()
        self._trained = trained
        self._optimiser = self._optimise(trained) if trained else None

    def _optimise(self, trained: list[torch.Tensor]) -> torch.optim.Optimizer:
        import torch

        if self.training.optimiser == "sgd":
            return torch.optim.SGD(trained, lr=self.training.learning_rate)
        return torch.optim.Adam(trained, lr=self.training.learning_rate, eps=self.training.adam_epsilon)

    def forward(self, x: torch.Tensor, training: torch.Generator | None = None) -> torch.Tensor:
        """Return the network's outputs (samples, outputs); ``training`` is the source of dropout while training."""
        values = self.weights, self.biases, self.gains
        return forward(self.job.model, x, *values, training, statistics=self.statistics)

    def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what the network computes for samples (samples, features), float64 (samples, outputs)."""
        import torch

        model = self.job.model
        parts = [slice(len(x))] if any(node.window for node in model.nodes) else blocks(model, len(x))
        with torch.no_grad():  # in blocks, as of a wide network all samples' signals may not fit
            found = [self.forward(torch.from_numpy(x[part]).to(self.device)).cpu().numpy() for part in parts]
        return np.concatenate(found).astype(np.float64)

    @property
    def learns(self) -> bool:
        """Tell whether there is anything to train."""
        return self._optimiser is not None

    def train(self, epoch: int, first: int, last: int) -> float:
        """Take the steps of batches ``first`` to ``last - 1`` of an epoch; returns the sum of their losses."""
        import torch
        from torch.nn import functional

        optimiser, size = self._optimiser, self.training.batch
        if optimiser is None:
            return 0.0
        order = torch.from_numpy(self.order(epoch)[first * size : last * size]).to(self.device)
        for group in optimiser.param_groups:
            group["lr"] = self.learning_rate(epoch)
        classes, temperature = self.job.task.shape.goal == "classification", self.training.temperature
        loss_of = functional.cross_entropy if classes else functional.mse_loss
        total = self._x.new_zeros(())
        for chosen in order.split(size):  # type: ignore[no-untyped-call]
            optimiser.zero_grad(set_to_none=True)
            outputs = self.outputs_of(chosen)
            if temperature != 1:
                outputs = outputs / temperature
            loss = loss_of(outputs, self._y.index_select(0, chosen))
            for weight, factor in self._penalised:
                loss = loss + factor * weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            if self.training.clip:
                torch.nn.utils.clip_grad_norm_(self._trained, self.training.clip)
            optimiser.step()
            total += loss.detach()
            self.batch += 1
        return float(total)

    def outputs_of(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the network's outputs in training for the samples with these numbers."""
        return self.forward(self._samples(chosen), self._source())

    def _samples(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the samples of one batch, augmented anew if the task augments its samples."""
        import torch

        x = self._x.index_select(0, chosen)
        augment = self.job.task.augment
        if augment is None:
            return x
        made = augment(x.cpu().numpy(), stream(self.job.seed, f"train/augment/{self.batch}"))
        return torch.from_numpy(made).to(self.device)

    def _source(self) -> torch.Generator | None:
        """Return the random source for the next batch, or None if training uses no random numbers."""
        import torch

        if not self._random and not any(self.statistics):
            return None
        seed = int(stream(self.job.seed, f"train/dropout/{self.batch}").integers(2**63)) if self._random else 0
        return torch.Generator(self.device).manual_seed(seed)

    def values(self, layer: int) -> NDArray[np.float64]:
        """Return one layer's weights as they are now, float64 (units, inputs)."""
        return self.weights[layer].detach().cpu().numpy().astype(np.float64)

    def bias(self, layer: int) -> NDArray[np.float64]:
        """Return one layer's biases as they are trained, nothing folded in, float64 (units,)."""
        return self.biases[layer].detach().cpu().numpy().astype(np.float64)

    def registers(self) -> tuple[Registers, ...]:
        """Return biases and gains as they are now, with the running statistics of batches folded in.

        Fixed registers are as they were fabricated, to the last bit, so that none is ever written.
        """
        found = []
        values = zip(self.job.model.layers, self.job.start, self.biases, self.gains, self.statistics, strict=True)
        for layer, start, bias, gain, statistics in values:
            gains = gain.detach().cpu().numpy().astype(np.float64)
            biases = bias.detach().cpu().numpy().astype(np.float64)
            if not layer.learned_registers and statistics is None:
                found.append(Registers(start.bias, start.gain))
            elif statistics is not None:
                found.append(statistics.fold(gains, biases))
            else:
                found.append(Registers(bias=biases, gain=gains if layer.unit_gains else float(gains)))
        return tuple(found)

    def put_weights(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's weights (units, inputs); Adam's moments stay as they are."""
        import torch

        with torch.no_grad():
            self.weights[layer].copy_(torch.tensor(values, dtype=torch.float32))

    def put_bias(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's biases (units,); Adam's moments stay as they are."""
        import torch

        with torch.no_grad():
            self.biases[layer].copy_(torch.tensor(values, dtype=torch.float32))

    def forget(self) -> None:
        """Set the optimiser's state back to that of the first step."""
        if self._optimiser is not None:
            self._optimiser.state.clear()

    def _named(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield everything that training moves, without the optimiser's state."""
        for name, tensors in (("weight", self.weights), ("bias", self.biases), ("gain", self.gains)):
            for number, tensor in enumerate(tensors):
                yield f"{name}/{number}", tensor
        for number, statistics in enumerate(self.statistics):
            if statistics is not None:
                yield f"mean/{number}", statistics.mean
                yield f"variance/{number}", statistics.variance

    def dump(self) -> dict[str, NDArray[np.generic]]:
        """Return all values, the optimiser's state and the place in the training, as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"batch": np.array(self.batch)}
        for name, tensor in self._named():
            arrays[name] = tensor.detach().cpu().numpy().copy()
        for number, tensor in enumerate(self._trained):
            if self._optimiser is not None and tensor in self._optimiser.state:
                for key, value in self._optimiser.state[tensor].items():
                    arrays[f"adam/{number}/{key}"] = value.cpu().numpy().copy()
        return arrays

    def load(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take up a dumped place."""
        import torch

        self.batch = int(arrays["batch"])
        with torch.no_grad():
            for name, tensor in self._named():
                tensor.copy_(torch.tensor(arrays[name]))
        for number, tensor in enumerate(self._trained if self._optimiser is not None else []):
            prefix = f"adam/{number}/"
            found = {
                # Adam keeps its count of steps on the processor, wherever the values are
                name: torch.tensor(arrays[key], device="cpu" if name == "step" else self.device)
                for key in arrays
                if (name := key.removeprefix(prefix)) != key
            }
            if found and self._optimiser is not None:
                self._optimiser.state[tensor] = found


def _device(name: str) -> torch.device:
    """Choose where torch works, and set it so that the same seed gives the same bits."""
    import torch

    if name == "cuda":
        if not torch.cuda.is_available():
            raise NoDeviceError("torch sees no CUDA graphics card on this machine; set execution.torch_device = 'cpu'")
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)


def pack(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    """Pack named arrays as bytes (NumPy's npz, no pickles).

    Example:
        >>> unpack(pack({"a/0": np.arange(3)}))["a/0"].tolist()
        [0, 1, 2]
    """
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(content: bytes) -> dict[str, NDArray[np.generic]]:
    """Return the named arrays that :func:`pack` packed."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
