"""Training steps written down as matrix products, in the type of their arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]


def forward(unit: int, slope: float, values: Sequence[Floats], x: Floats) -> tuple[Floats, Floats, Floats]:
    """Hidden signals (samples, units), sums and outputs (samples, outputs); ``values`` as :func:`train` takes them.

    Example:
        >>> weight, bias, read = np.array([[[1.0, -1.0]]]), np.zeros((1, 2)), np.array([[[2.0, 3.0]]])
        >>> forward(0, 0.0, [weight, bias, read, np.array([[0.5, 1.0]])], np.array([[2.0]]))[2].tolist()
        [[4.5]]
    """
    weight, bias, read, head = values
    met = x @ weight.reshape(len(weight), -1) + bias.reshape(-1)
    hidden = np.tanh(met) if unit == 1 else np.maximum(met, slope * met)
    sums = hidden @ read.reshape(len(read), -1).T
    return hidden, sums, head[0, -1] * sums + head[0, :-1]


def evaluate(outputs: Floats, y: Floats, labels: NDArray[np.int64], sharpness: float = 1.0) -> tuple[float, Floats]:
    """The loss of a batch and its slope in the outputs: cross-entropy of labels, or mean squared error of targets.

    The softmax takes the outputs times ``sharpness``.

    Example:
        >>> loss, slope = evaluate(np.array([[1.0, 3.0]]), np.array([[0.0, 3.0]]), np.zeros(0, np.int64))
        >>> loss, slope.tolist()
        (0.5, [[1.0, 0.0]])
    """
    if not labels.size:
        miss = outputs - y
        return float((miss**2).mean()), 2 * miss / miss.size
    share = np.exp(sharpness * (outputs - outputs.max(axis=1, keepdims=True)))
    share /= share.sum(axis=1, keepdims=True)
    right = np.arange(len(labels)), labels
    loss = -np.log(share[right]).mean()
    share[right] -= 1
    return float(loss), sharpness * share / len(labels)


def descend(
    value: Floats, moments: Floats, gradient: Floats, law: Sequence[float], clock: Floats | Sequence[float]
) -> None:
    """One step on ``value``; ``law`` is rate, epsilon, l2 and whether by Adam.

    Example:
        >>> value = np.array([1.0])
        >>> descend(value, np.zeros((2, 1)), np.array([0.5]), (0.1, 0.0, 0.0, False), (1.0, 1.0))
        >>> value.tolist()
        [0.95]
    """
    rate, epsilon, l2, adam = law
    gradient = gradient + 2 * l2 * value
    if not adam:
        value -= rate * gradient
        return
    moments[0] += 0.1 * (gradient - moments[0])
    moments[1] = 0.999 * moments[1] + 0.001 * gradient**2
    value -= rate * (moments[0] / (1 - clock[0])) / (np.sqrt(moments[1] / (1 - clock[1])) + epsilon)


def train(
    data: tuple[Floats, Floats, NDArray[np.int64]],
    order: NDArray[np.int64],
    span: Sequence[int],
    law: Sequence[float],
    unit: tuple[int, float],
    learned: Sequence[int],
    clock: Floats,
    values: Sequence[Floats],
    moments: Sequence[Floats],
) -> float:
    """What :func:`hwsim.kernels.training.shallow.train_shallow` does, with its arrays gathered.

    ``data`` is x, y and labels, ``unit`` is unit and slope, ``values`` are weight, bias, read and head, which are
    updated like their moments. Returns the sum of the batches' losses.
    """
    x, y, labels = data
    total = 0.0
    for number in range(span[0], span[1]):
        chosen = order[number * span[2] : (number + 1) * span[2]]
        hidden, sums, outputs = forward(*unit, values, x[chosen])
        targets = y[chosen] if y.size else y, labels[chosen] if labels.size else labels
        loss, slope = evaluate(outputs, *targets, law[4])
        total += loss
        _, _, read, head = values
        wrong = head[0, -1] * slope
        to_head = np.append(slope.sum(axis=0) * learned[3], (slope * sums).sum() * learned[4])
        bend = 1 - hidden**2 if unit[0] == 1 else np.where(hidden > 0, 1.0, unit[1])
        back = (wrong @ read.reshape(len(read), -1)) * bend
        gradients = [x[chosen].T @ back, back.sum(axis=0), wrong.T @ hidden, to_head]
        clock *= (0.9, 0.999)
        l2_factors = (law[2], 0.0, law[3], 0.0)
        for n, value in enumerate(values):
            if n == 3 or learned[n]:  # the head knows by itself
                step = (law[0], law[1], l2_factors[n], bool(learned[5]))
                descend(value, moments[n], gradients[n].reshape(value.shape), step, clock)
    return total
