"""Training of a network with one hidden layer of any units, inputs and outputs, both layers free or frozen.

Reference implementation: ``tests/oracles/training.py``. Words as in :mod:`hwsim.kernels.training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.training import EPSILON, LANES, PENALTY1, PENALTY2, SHARPNESS, descend, fold, tick

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

RECTIFIED, TANH = 0, 1
"""Units: ``max(h, slope h)`` or ``tanh(h)``."""


@kernel
def drive(weight: Floats, bias: Floats, unit: int, slope: float, x: Floats, hidden: Floats) -> None:
    """What the units give for one sample: x (inputs,), weight (inputs, rows, 32), hidden (rows, 32).

    Inputs of zero are passed over; the others are added four at a time.
    """
    kind = weight.dtype.type
    lean = kind(slope)
    some = np.empty(4, np.int64)
    for row in range(bias.shape[0]):
        for lane in range(bias.shape[1]):
            hidden[row, lane] = bias[row, lane]
    found = 0
    for i in range(x.shape[0]):
        if x[i] != kind(0):
            some[found] = i
            found += 1
        if found == 4:
            i0, i1, i2, i3 = some[0], some[1], some[2], some[3]
            x0, x1, x2, x3 = x[i0], x[i1], x[i2], x[i3]
            for row in range(bias.shape[0]):
                for lane in range(bias.shape[1]):
                    hidden[row, lane] += (x0 * weight[i0, row, lane] + x1 * weight[i1, row, lane]) + (
                        x2 * weight[i2, row, lane] + x3 * weight[i3, row, lane]
                    )
            found = 0
    for n in range(found):
        i0 = some[n]
        x0 = x[i0]
        for row in range(bias.shape[0]):
            for lane in range(bias.shape[1]):
                hidden[row, lane] += x0 * weight[i0, row, lane]
    for row in range(bias.shape[0]):
        for lane in range(bias.shape[1]):
            h = hidden[row, lane]
            hidden[row, lane] = np.tanh(h) if unit == TANH else max(h, lean * h)


@kernel
def read_out(read: Floats, hidden: Floats, lanes: Floats, sums: Floats) -> None:
    """Sums of one sample: hidden (rows, 32), read (outputs, rows, 32), lanes (outputs, 32), sums (outputs,)."""
    for o in range(read.shape[0]):
        for lane in range(LANES):
            lanes[o, lane] = read[o, 0, lane] * hidden[0, lane]
        for row in range(1, read.shape[1]):
            for lane in range(LANES):
                lanes[o, lane] += read[o, row, lane] * hidden[row, lane]
    fold(lanes, sums)


@kernel
def judge_class(output: Floats, label: int, sharpness: float, error: Floats) -> float:
    """Cross-entropy of one sample's outputs times ``sharpness``, in nats, and its slope in the outputs."""
    kind = output.dtype.type
    sharp = kind(sharpness)
    most = output[0]
    for o in range(1, output.shape[0]):
        most = max(most, output[o])
    total = kind(0)
    for o in range(output.shape[0]):
        error[o] = np.exp(sharp * (output[o] - most))
        total += error[o]
    for o in range(output.shape[0]):
        error[o] = sharp * (error[o] / total - (kind(1) if o == label else kind(0)))
    return float(np.log(total) - sharp * (output[label] - most))


@kernel
def judge_values(output: Floats, target: Floats, error: Floats) -> float:
    """Mean squared error of one sample over its outputs, and its slope."""
    kind = output.dtype.type
    loss, scale = kind(0), kind(2 / output.shape[0])
    for o in range(output.shape[0]):
        miss = output[o] - target[o]
        loss += miss * miss
        error[o] = scale * miss
    return float(loss / output.shape[0])


@kernel
def blame(
    read: Floats,
    hidden: Floats,
    error: Floats,
    unit: int,
    slope: float,
    x: Floats,
    wrong: Floats,
    weight_gradient: Floats,
    bias_gradient: Floats,
    learned: NDArray[np.int64],
) -> None:
    """Add one sample's share to the gradients of the hidden layer; ``wrong`` (rows, 32) is room to work in."""
    kind = read.dtype.type
    one, lean = kind(1), kind(slope)
    for row in range(hidden.shape[0]):
        for lane in range(hidden.shape[1]):
            wrong[row, lane] = error[0] * read[0, row, lane]
    for o in range(1, read.shape[0]):
        e = error[o]
        for row in range(hidden.shape[0]):
            for lane in range(hidden.shape[1]):
                wrong[row, lane] += e * read[o, row, lane]
    for row in range(hidden.shape[0]):
        for lane in range(hidden.shape[1]):
            h = hidden[row, lane]
            if unit == TANH:
                wrong[row, lane] *= one - h * h
            else:
                wrong[row, lane] *= one if h > kind(0) else lean
    if learned[1]:
        for row in range(hidden.shape[0]):
            for lane in range(hidden.shape[1]):
                bias_gradient[row, lane] += wrong[row, lane]
    if learned[0]:
        for i in range(x.shape[0]):
            xi = x[i]
            if xi != kind(0):
                for row in range(hidden.shape[0]):
                    for lane in range(hidden.shape[1]):
                        weight_gradient[i, row, lane] += xi * wrong[row, lane]


@kernel
def train_shallow(
    x: Floats,
    y: Floats,
    labels: NDArray[np.int64],
    order: NDArray[np.int64],
    span: NDArray[np.int64],
    law: NDArray[np.float64],
    unit: int,
    slope: float,
    learned: NDArray[np.int64],
    clock: NDArray[np.float64],
    weight: Floats,
    bias: Floats,
    read: Floats,
    head: Floats,
    weight_moments: Floats,
    bias_moments: Floats,
    read_moments: Floats,
    head_moments: Floats,
) -> float:
    """Optimiser steps on a network of one hidden layer.

    It gives ``gain * sum_u read[o, u] * f(sum_i weight[i, u] x[i] + bias[u]) + shift[o]``.

    Args:
        x: inputs (samples, inputs).
        y: targets (samples, outputs) of mean squared error; no rows where ``labels`` are given.
        labels: classes of cross-entropy, int64 (samples,); empty where ``y`` is given.
        order: the order of the samples in this pass, int64 (samples,).
        span: first batch, batch after the last, samples of a batch.
        law: rate, Adam's epsilon, penalties and sharpness, as above.
        unit: ``RECTIFIED`` or ``TANH``.
        slope: of rectified units below zero, 0 to 1.
        learned: whether each is trained: weight, bias, read, shift, gain; then whether by Adam (1) or descent (0).
        clock: powers of Adam's factors, float64 (2,), updated.
        weight: (inputs, rows, 32), updated.
        bias: (rows, 32), updated.
        read: (outputs, rows, 32), updated.
        head: shifts and last the gain (1, outputs + 1), updated.
        weight_moments: Adam's two moments of each of the four, (2, ...), updated.
        bias_moments: see above.
        read_moments: see above.
        head_moments: see above.

    Returns:
        The sum of the batches' losses, penalties left out.
    """
    kind = read.dtype.type
    samples, size, outputs = x.shape[0], span[2], read.shape[0]
    adam, classes = learned[5] == 1, labels.shape[0] > 0
    hidden, wrong = np.zeros(bias.shape, read.dtype), np.zeros(bias.shape, read.dtype)
    lanes, sums = np.zeros((outputs, LANES), read.dtype), np.zeros(outputs, read.dtype)
    output, error = np.zeros(outputs, read.dtype), np.zeros(outputs, read.dtype)
    to_weight, to_bias = np.zeros(weight.shape, read.dtype), np.zeros(bias.shape, read.dtype)
    to_read, to_head = np.zeros(read.shape, read.dtype), np.zeros(head.shape, read.dtype)
    total = 0.0
    for number in range(span[0], span[1]):
        begin = number * size
        count = min(size, samples - begin)
        share = kind(1) / kind(count)
        gain = head[0, outputs]
        loss = 0.0
        to_read[:] = kind(0)
        to_head[:] = kind(0)
        if learned[0]:
            to_weight[:] = kind(0)
        if learned[1]:
            to_bias[:] = kind(0)
        for k in range(begin, begin + count):
            sample = x[order[k]]
            drive(weight, bias, unit, slope, sample, hidden)
            read_out(read, hidden, lanes, sums)
            for o in range(outputs):
                output[o] = gain * sums[o] + head[0, o]
            if classes:
                loss += judge_class(output, labels[order[k]], law[SHARPNESS], error)
            else:
                loss += judge_values(output, y[order[k]], error)
            for o in range(outputs):
                error[o] *= share
                if learned[3]:
                    to_head[0, o] += error[o]
                if learned[4]:
                    to_head[0, outputs] += error[o] * sums[o]
                error[o] *= gain
            if learned[2]:
                for o in range(outputs):
                    e = error[o]
                    for row in range(bias.shape[0]):
                        for lane in range(LANES):
                            to_read[o, row, lane] += e * hidden[row, lane]
            if learned[0] or learned[1]:
                blame(read, hidden, error, unit, slope, sample, wrong, to_weight, to_bias, learned)
        total += loss / count
        step, root = tick(law, adam, clock)
        if learned[0]:
            for i in range(weight.shape[0]):
                first, second = weight_moments[0, i], weight_moments[1, i]
                descend(weight[i], first, second, to_weight[i], step, root, law[EPSILON], law[PENALTY1], adam)
        if learned[1]:
            descend(bias, bias_moments[0], bias_moments[1], to_bias, step, root, law[EPSILON], 0.0, adam)
        if learned[2]:
            for o in range(outputs):
                first, second = read_moments[0, o], read_moments[1, o]
                descend(read[o], first, second, to_read[o], step, root, law[EPSILON], law[PENALTY2], adam)
        descend(head, head_moments[0], head_moments[1], to_head, step, root, law[EPSILON], 0.0, adam)
    return total


@kernel
def run_shallow(
    x: Floats, unit: int, slope: float, weight: Floats, bias: Floats, read: Floats, head: Floats, out: Floats
) -> None:
    """What such a network gives: ``out`` (samples, outputs), overwritten."""
    outputs = read.shape[0]
    hidden, lanes = np.zeros(bias.shape, read.dtype), np.zeros((outputs, LANES), read.dtype)
    sums = np.zeros(outputs, read.dtype)
    for k in range(x.shape[0]):
        drive(weight, bias, unit, slope, x[k], hidden)
        read_out(read, hidden, lanes, sums)
        for o in range(outputs):
            out[k, o] = head[0, outputs] * sums[o] + head[0, o]
