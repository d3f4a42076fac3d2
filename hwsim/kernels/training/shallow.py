"""Training of a network with one hidden layer of any units, inputs and outputs, both layers free or frozen.

Reference implementation: ``tests/oracles/training.py``. Words as in :mod:`hwsim.kernels.training.dense_training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.training.dense_training import LANES, descend, fold, tick
from hwsim.kernels.training.learning import TANH, Net

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from hwsim.kernels.training.learning import Batches, Learned, Optimiser, Samples, Units

    Floats = NDArray[np.floating[Any]]


@kernel
def drive(weight: Floats, bias: Floats, units: Units, x: Floats, hidden: Floats) -> None:
    """What the units give for one sample: x (inputs,), weight (inputs, rows, 32), hidden (rows, 32).

    Inputs of zero are passed over; the others are added four at a time.
    """
    kind = weight.dtype.type
    lean = kind(units.slope)
    some = np.empty(4, np.int64)
    for row in range(bias.shape[0]):
        for lane in range(bias.shape[1]):
            hidden[row, lane] = bias[row, lane]
    found = 0  # inputs that are not zero and wait for their company
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
    for n in range(found):  # up to three are left over
        i0 = some[n]
        x0 = x[i0]
        for row in range(bias.shape[0]):
            for lane in range(bias.shape[1]):
                hidden[row, lane] += x0 * weight[i0, row, lane]
    for row in range(bias.shape[0]):
        for lane in range(bias.shape[1]):
            h = hidden[row, lane]
            hidden[row, lane] = np.tanh(h) if units.kind == TANH else max(h, lean * h)


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
    units: Units,
    x: Floats,
    wrong: Floats,
    gradient: Net,
    learned: Learned,
) -> None:
    """Add one sample's share to the gradients of the hidden layer; ``wrong`` (rows, 32) is room to work in."""
    kind = read.dtype.type
    one, lean = kind(1), kind(units.slope)
    # the loss's slope in what each unit gives: over all outputs
    for row in range(hidden.shape[0]):
        for lane in range(hidden.shape[1]):
            wrong[row, lane] = error[0] * read[0, row, lane]
    for o in range(1, read.shape[0]):
        e = error[o]
        for row in range(hidden.shape[0]):
            for lane in range(hidden.shape[1]):
                wrong[row, lane] += e * read[o, row, lane]
    # in what enters it
    for row in range(hidden.shape[0]):
        for lane in range(hidden.shape[1]):
            h = hidden[row, lane]
            if units.kind == TANH:
                wrong[row, lane] *= one - h * h
            else:
                wrong[row, lane] *= one if h > kind(0) else lean
    # in biases, and in the weights of inputs that are not zero
    if learned.bias:
        for row in range(hidden.shape[0]):
            for lane in range(hidden.shape[1]):
                gradient.bias[row, lane] += wrong[row, lane]
    if learned.weight:
        for i in range(x.shape[0]):
            xi = x[i]
            if xi != kind(0):
                for row in range(hidden.shape[0]):
                    for lane in range(hidden.shape[1]):
                        gradient.weight[i, row, lane] += xi * wrong[row, lane]


@kernel
def train_shallow(
    samples: Samples, batches: Batches, law: Optimiser, units: Units, learned: Learned, net: Net, moments: Net
) -> float:
    """Optimiser steps on a network of one hidden layer.

    It gives ``gain * sum_u read[o, u] * f(sum_i weight[i, u] x[i] + bias[u]) + shift[o]``.

    Args:
        samples: inputs, and targets or labels.
        batches: which are taken.
        law: the optimiser; its clock is updated.
        units: what f is.
        learned: which values are trained.
        net: the values, updated.
        moments: Adam's two moments of each, (2, ...), updated.

    Returns:
        The sum of the batches' losses, l2_factors left out.
    """
    weight, bias, read, head = net
    kind = read.dtype.type
    outputs, classes = read.shape[0], samples.labels.shape[0] > 0
    # room for one sample's signals and for one batch's gradients
    hidden, wrong = np.zeros(bias.shape, read.dtype), np.zeros(bias.shape, read.dtype)
    lanes, sums = np.zeros((outputs, LANES), read.dtype), np.zeros(outputs, read.dtype)
    output, error = np.zeros(outputs, read.dtype), np.zeros(outputs, read.dtype)
    to_weight, to_bias = np.zeros(weight.shape, read.dtype), np.zeros(bias.shape, read.dtype)
    to_read, to_head = np.zeros(read.shape, read.dtype), np.zeros(head.shape, read.dtype)
    gradient = Net(to_weight, to_bias, to_read, to_head)
    total = 0.0
    for number in range(batches.first, batches.end):
        begin = number * batches.size
        count = min(batches.size, samples.x.shape[0] - begin)
        share = kind(1) / kind(count)
        gain = head[0, outputs]
        loss = 0.0
        to_read[:] = kind(0)
        to_head[:] = kind(0)
        if learned.weight:
            to_weight[:] = kind(0)
        if learned.bias:
            to_bias[:] = kind(0)
        for k in range(begin, begin + count):
            # forward
            at = batches.order[k]
            sample = samples.x[at]
            drive(weight, bias, units, sample, hidden)
            read_out(read, hidden, lanes, sums)
            for o in range(outputs):
                output[o] = gain * sums[o] + head[0, o]
            if classes:
                loss += judge_class(output, samples.labels[at], law.sharpness, error)
            else:
                loss += judge_values(output, samples.y[at], error)
            # back: shifts and gain, the read-out, the hidden layer
            for o in range(outputs):
                error[o] *= share
                if learned.shift:
                    to_head[0, o] += error[o]
                if learned.gain:
                    to_head[0, outputs] += error[o] * sums[o]
                error[o] *= gain
            if learned.read:
                for o in range(outputs):
                    e = error[o]
                    for row in range(bias.shape[0]):
                        for lane in range(LANES):
                            to_read[o, row, lane] += e * hidden[row, lane]
            if learned.weight or learned.bias:
                blame(read, hidden, error, units, sample, wrong, gradient, learned)
        total += loss / count
        # one step on everything that is trained
        step = tick(law)
        if learned.weight:
            for i in range(weight.shape[0]):
                first, second = moments.weight[0, i], moments.weight[1, i]
                descend(weight[i], first, second, to_weight[i], step, law.hidden_penalty)
        if learned.bias:
            descend(bias, moments.bias[0], moments.bias[1], to_bias, step, 0.0)
        if learned.read:
            for o in range(outputs):
                descend(read[o], moments.read[0, o], moments.read[1, o], to_read[o], step, law.read_penalty)
        descend(head, moments.head[0], moments.head[1], to_head, step, 0.0)
    return total


@kernel
def run_shallow(x: Floats, units: Units, net: Net, out: Floats) -> None:
    """What such a network gives: ``out`` (samples, outputs), overwritten."""
    outputs = net.read.shape[0]
    hidden, lanes = np.zeros(net.bias.shape, net.read.dtype), np.zeros((outputs, LANES), net.read.dtype)
    sums = np.zeros(outputs, net.read.dtype)
    for k in range(x.shape[0]):
        drive(net.weight, net.bias, units, x[k], hidden)
        read_out(net.read, hidden, lanes, sums)
        for o in range(outputs):
            out[k, o] = net.head[0, outputs] * sums[o] + net.head[0, o]
