"""The compiled path: gradient descent on networks of one hidden layer in kernels of their own, without torch.

It takes the same steps over the same batches as :class:`hwsim.controller.descent.Descent`, in float32, with sums in
another order: values agree to rounding until training, which is chaotic, has made the roundings grow. Its bits depend
neither on threads nor on the machine's vector width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller.breakpoints import Breakpoints, order_units
from hwsim.controller.progress import Progress
from hwsim.kernels.training.learning import Batches, Learned, Net, Optimiser, Points, Samples, Units
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job, TrainingSettings
    from hwsim.model import Model

_LANES = 32
_FEW = 3
"""Inputs that the kernel for rectified units behind a frozen layer takes."""

UNITS = ("identity", "relu", "leaky-relu", "tanh")
"""Activations of hidden units that the kernels know."""

TORCH_STEP, TORCH_PRODUCT, PRODUCT = 3e-4, 3e-11, 1.4e-10
"""Seconds that torch takes for a step at least, and for each product of its forward and backward pass; seconds that the
kernels take for each product that is not with zero: measured on one 2-GHz core."""


def unfit(model: Model) -> str | None:
    """Tell why the compiled path cannot train a model, None where it can.

    Example:
        >>> from hwsim.model import Layer, Model
        >>> layer = Layer(3, 4, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
        >>> unfit(Model("t", (layer,)))
        'it takes one hidden layer, and the model has 0'
    """
    others = [node.kind for node in model.nodes if node.kind != "dense"]
    if others:
        return f"it takes 'dense' layers, and the model has {others[0]!r}"
    if not model.chained:
        return "it takes layers in a row, and the model has branches"
    if len(model.layers) != 2:  # noqa: PLR2004
        return f"it takes one hidden layer, and the model has {len(model.layers) - 1}"
    first, last = model.layers
    steep = first.activation == "leaky-relu" and not 0 <= first.parameters[0] <= 1
    diagnostics = {
        "it takes no sequences": len(model.nodes[0].taken) > 1,
        f"it has no hidden units of activation {first.activation!r}": first.activation not in UNITS,
        "it takes slopes of 'leaky-relu' from 0 to 1": steep,
        "it takes outputs of activation 'identity'": last.activation != "identity",
        "it takes one gain register, of the last layer": first.gains > 0 or last.unit_gains,
    }
    return next((why for why, wrong in diagnostics.items() if wrong), None)


def excluded(job: Job, training: TrainingSettings) -> str | None:
    """Tell why the compiled path cannot do a job that its model would fit, None where it can."""
    if job.device != "cpu":
        return f"it works on the processor, and execution.torch_device is {job.device!r}"
    if job.task.augment is not None:
        return "it takes samples as they are, and the task varies them"
    if training.clip:
        return "it does not shorten gradients"
    return unfit(job.model)


def pays(job: Job, training: TrainingSettings, train_weights: Sequence[bool], *, known: bool = False) -> bool:
    """Tell whether the compiled path is expected to be the faster one, by sizes and zeros of the inputs alone.

    Args:
        job: what is to be trained.
        training: how.
        train_weights: per layer, whether its weights are trained.
        known: whether torch has the products of the first layer already.
    """
    first, last = job.model.layers
    if _few(job, [train_weights[0], first.learned_registers]):
        return True
    x = job.task.train_x
    met = np.count_nonzero(x) / max(len(x), 1)
    passes = 1 + train_weights[0]
    back = first.units * last.units
    products = training.batch * (passes * met * first.units + 3 * back)
    torch_products = training.batch * ((passes - known) * first.inputs * first.units + 3 * back)
    return bool(PRODUCT * products < TORCH_STEP + TORCH_PRODUCT * torch_products)


def _few(job: Job, learned: Sequence[int | bool]) -> bool:
    """Tell whether the kernel for few inputs fits; ``learned``: whether the first layer's weights and biases are."""
    first, last = job.model.layers
    frozen, bent = not any(learned[:2]), first.activation != "tanh"
    return frozen and bent and first.inputs <= _FEW and last.units == 1 and job.task.shape.goal == "regression"


def _two(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.zeros((2, *values.shape), np.float32)


class CompiledDescent(Progress):
    """Adam or gradient descent on some values of a network with one hidden layer: a :class:`Trainer`.

    Args:
        job: task, model and seed; :func:`excluded` must have nothing against it.
        training: epochs, batch size and learning rates.
        weights: initial weights per layer (units, inputs).
        train_weights: per layer, whether its weights are trained.
    """

    def __init__(
        self,
        job: Job,
        training: TrainingSettings,
        weights: Sequence[NDArray[np.float64]],
        train_weights: Sequence[bool],
    ) -> None:
        super().__init__(job, training)
        first, last = job.model.layers
        self._slope = {"identity": 1.0, "leaky-relu": (*first.parameters, 0.0)[0]}.get(first.activation, 0.0)
        self._units = Units(int(first.activation == "tanh"), float(self._slope))
        registers = [first.learned_registers, last.learned_registers]
        gain = registers[1] and last.gains > 0
        self._learned = Learned(bool(train_weights[0]), registers[0], bool(train_weights[1]), registers[1], gain)
        self._settings = Optimiser(
            adam=training.optimiser == "adam",
            learning_rate=float(training.learning_rate),
            epsilon=float(training.adam_epsilon),
            hidden_penalty=float(training.l2 + first.l2),
            read_penalty=float(training.l2 + last.l2),
            sharpness=1 / training.temperature,
            clock=np.ones(2),
        )
        self._points = self._ordered(weights[0])
        self._net = Net(
            np.ascontiguousarray(self._spread(weights[0].T)),
            self._spread(job.start[0].bias),
            self._spread(weights[1]),
            np.append(job.start[1].bias, job.start[1].gain).astype(np.float32)[None],
        )
        self._moments = Net(*(_two(values) for values in self._net))
        self._train = self._kernel()

    def _ordered(self, weights: NDArray[np.float64]) -> Breakpoints | None:
        """Return the hidden units in the order of their breakpoints, if training them along few directions pays."""
        if not _few(self.job, self._learned):
            return None
        points = order_units(weights.T.astype(np.float32), self.job.start[0].bias.astype(np.float32))
        return points if points.pays(self.training.batch) else None

    def _spread(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Spread values (..., units) over the places of their units in rows of 32 lanes (..., rows, 32), else zeros."""
        room = values.shape[-1] if self._points is None else self._points.factor.size
        found = np.zeros((*values.shape[:-1], -(-room // _LANES) * _LANES), np.float32)
        found[..., self._slots] = values
        return found.reshape(*values.shape[:-1], -1, _LANES)

    @property
    def _slots(self) -> NDArray[np.int64] | slice:
        """Tell where each hidden unit stands in rows of lanes."""
        return slice(self.job.model.layers[0].units) if self._points is None else self._points.slots

    def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what the network computes for samples (samples, features), float64 (samples, outputs)."""
        from hwsim.kernels.training.shallow import run_shallow

        out = np.empty((len(x), self._net.read.shape[0]), np.float32)
        run_shallow(np.ascontiguousarray(x), self._units, self._net, out)
        return out.astype(np.float64)

    @property
    def learns(self) -> bool:
        """Tell whether there is anything to train."""
        return any(self._learned)

    def train(self, epoch: int, first: int, last: int) -> float:
        """Take the steps of batches ``first`` to ``last - 1`` of an epoch; returns the sum of their losses."""
        settings = self._settings._replace(learning_rate=float(self.learning_rate(epoch)))
        return float(self._train(Batches(self.order(epoch), first, last, self.training.batch), settings))

    def _kernel(self) -> Callable[[Batches, Optimiser], float]:
        """Return the kernel that trains, with all arguments bound except the batches and the learning rate."""
        task, learned, net, moments = self.job.task, self._learned, self._net, self._moments
        first, last = self.job.model.layers
        if not _few(self.job, self._learned):
            from hwsim.kernels.training.shallow import train_shallow

            x, labels, y = np.ascontiguousarray(task.train_x), np.zeros(0, np.int64), task.train_y
            if task.shape.goal == "classification":
                labels, y = y, np.zeros((0, last.units), np.float32)
            samples, units = Samples(x, y, labels), self._units
            return lambda batches, settings: train_shallow(samples, batches, settings, units, learned, net, moments)
        y, slope = np.ascontiguousarray(task.train_y[:, 0]), self._units.slope
        net = net._replace(read=net.read[0])
        moments = moments._replace(read=moments.read[:, 0])
        if self._points is not None:
            from hwsim.kernels.training.breakpoints import train_breakpoints

            found, samples = self._points, Samples(np.ascontiguousarray(task.train_x), y, np.zeros(0, np.int64))
            direction = np.ascontiguousarray(found.directions.T)
            points = Points(direction, found.awake(samples.x), found.factor, found.shift)
            return lambda batches, settings: train_breakpoints(
                samples, points, batches, settings, slope, learned, net, moments
            )
        from hwsim.kernels.training.rectified import train_rectified

        lacking = 0 if first.inputs == 1 else _FEW - first.inputs
        x = np.ascontiguousarray(np.pad(task.train_x, ((0, 0), (0, lacking))))
        samples = Samples(x, y, np.zeros(0, np.int64))
        net = net._replace(weight=np.pad(net.weight, ((0, lacking), (0, 0), (0, 0))))
        return lambda batches, settings: train_rectified(samples, batches, settings, slope, learned, net, moments)

    def values(self, layer: int) -> NDArray[np.float64]:
        """Return one layer's weights as they are now, float64 (units, inputs)."""
        spread = self._net.weight if layer == 0 else self._net.read
        flat = spread.reshape(len(spread), -1)[:, self._slots]
        return (flat.T if layer == 0 else flat).astype(np.float64)

    def bias(self, layer: int) -> NDArray[np.float64]:
        """Return one layer's biases as they are now, float64 (units,)."""
        spread = self._net.bias.reshape(-1)[self._slots] if layer == 0 else self._net.head[0, :-1]
        return spread.astype(np.float64)

    def registers(self) -> tuple[Registers, ...]:
        """Return biases and gains as they are now, those of fixed registers as they were fabricated."""
        first, last = self.job.model.layers
        start, end = self.job.start
        bias = self.bias(0) if first.learned_registers else start.bias
        head = Registers(self.bias(1), float(self._net.head[0, -1]))
        return Registers(bias, start.gain), head if last.learned_registers else Registers(end.bias, end.gain)

    def put_weights(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's weights (units, inputs); Adam's moments stay as they are."""
        if layer == 0:
            self._net.weight[:] = self._spread(values.T)
        else:
            self._net.read[:] = self._spread(values)

    def put_bias(self, layer: int, values: NDArray[np.float64]) -> None:
        """Set one layer's biases (units,); Adam's moments stay as they are."""
        if layer == 0:
            self._net.bias[:] = self._spread(values)
        else:
            self._net.head[0, :-1] = values

    def forget(self) -> None:
        """Set Adam's moments back to those of the first step."""
        self._settings.clock[:] = 1
        for moments in self._moments:
            moments[:] = 0

    def dump(self) -> dict[str, NDArray[np.generic]]:
        """Return all values that training changes, Adam's moments and the place in the training, as named arrays."""
        arrays: dict[str, NDArray[np.generic]] = {"batch": np.array(self.batch), "clock": self._settings.clock.copy()}
        for name, values, moments in self._changing():
            arrays[f"compiled/{name}"] = values.copy()
            arrays[f"moments/{name}"] = moments.copy()
        return arrays

    def load(self, arrays: dict[str, NDArray[np.generic]]) -> None:
        """Take up a dumped place."""
        self.batch = int(arrays["batch"])
        self._settings.clock[:] = arrays["clock"]
        for name, values, moments in self._changing():
            values[:] = arrays[f"compiled/{name}"]
            moments[:] = arrays[f"moments/{name}"]

    def _changing(self) -> list[tuple[str, NDArray[np.float32], NDArray[np.float32]]]:
        """Return names, values and moments of what is trained."""
        learned = [*self._learned[:3], True]
        named = zip(Net._fields, self._net, self._moments, learned, strict=True)
        return [(name, value, moments) for name, value, moments, trained in named if trained]
