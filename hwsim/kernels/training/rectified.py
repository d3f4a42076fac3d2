"""Training behind a frozen layer of rectified units that see three inputs or fewer: the networks of Cai et al.

What the units give is never stored: it is worked out again from their weights where it is wanted, eight samples of one
input or four of three at a time. Reference implementation: ``tests/oracles/training.py``.
Words as in :mod:`hwsim.kernels.training.dense_training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.training.dense_training import LANES, descend, fold, misses, tick

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from hwsim.kernels.training.learning import Batches, Learned, Net, Optimiser, Samples

    Floats = NDArray[np.floating[Any]]

GROUP = 8
"""Samples that go through the lanes together."""


@kernel
def forward_one(weight: Floats, bias: Floats, read: Floats, slope: float, x: Floats, lanes: Floats) -> None:
    """Eight samples of one input through rectified units: ``lanes`` (8, 32) sums up ``read * f(weight * x + bias)``."""
    kind = weight.dtype.type
    lean = kind(slope)
    lanes[:] = kind(0)
    x0, x1, x2, x3, x4, x5, x6, x7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    s0, s1, s2, s3, s4, s5, s6, s7 = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4], lanes[5], lanes[6], lanes[7]
    for row in range(weight.shape[0]):
        for lane in range(weight.shape[1]):
            a, b, r = weight[row, lane], bias[row, lane], read[row, lane]
            h = x0 * a + b
            s0[lane] += r * max(h, lean * h)
            h = x1 * a + b
            s1[lane] += r * max(h, lean * h)
            h = x2 * a + b
            s2[lane] += r * max(h, lean * h)
            h = x3 * a + b
            s3[lane] += r * max(h, lean * h)
            h = x4 * a + b
            s4[lane] += r * max(h, lean * h)
            h = x5 * a + b
            s5[lane] += r * max(h, lean * h)
            h = x6 * a + b
            s6[lane] += r * max(h, lean * h)
            h = x7 * a + b
            s7[lane] += r * max(h, lean * h)


@kernel
def backward_one(weight: Floats, bias: Floats, slope: float, x: Floats, error: Floats, gradient: Floats) -> None:
    """Add to ``gradient`` (rows, 32) what eight samples of one input say: sums of ``error * f(weight * x + bias)``."""
    kind = weight.dtype.type
    lean = kind(slope)
    x0, x1, x2, x3, x4, x5, x6, x7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    e0, e1, e2, e3, e4, e5, e6, e7 = (
        error[0], error[1], error[2], error[3], error[4], error[5], error[6], error[7],
    )  # fmt: skip
    for row in range(weight.shape[0]):
        for lane in range(weight.shape[1]):
            a, b = weight[row, lane], bias[row, lane]
            h0, h1, h2, h3 = x0 * a + b, x1 * a + b, x2 * a + b, x3 * a + b
            h4, h5, h6, h7 = x4 * a + b, x5 * a + b, x6 * a + b, x7 * a + b
            low = (e0 * max(h0, lean * h0) + e1 * max(h1, lean * h1)) + (
                e2 * max(h2, lean * h2) + e3 * max(h3, lean * h3)
            )
            high = (e4 * max(h4, lean * h4) + e5 * max(h5, lean * h5)) + (
                e6 * max(h6, lean * h6) + e7 * max(h7, lean * h7)
            )
            gradient[row, lane] += low + high


@kernel
def forward_few(weight: Floats, bias: Floats, read: Floats, slope: float, x: Floats, lanes: Floats) -> None:
    """Eight samples of three inputs, as :func:`forward_one`; ``weight`` (3, rows, 32) and ``x`` (24,)."""
    kind = weight.dtype.type
    lean = kind(slope)
    lanes[:] = kind(0)
    u, v, w = weight[0], weight[1], weight[2]
    for first in range(0, GROUP, 4):
        at = 3 * first
        x0, y0, z0, x1, y1, z1 = x[at], x[at + 1], x[at + 2], x[at + 3], x[at + 4], x[at + 5]
        x2, y2, z2, x3, y3, z3 = x[at + 6], x[at + 7], x[at + 8], x[at + 9], x[at + 10], x[at + 11]
        s0, s1, s2, s3 = lanes[first], lanes[first + 1], lanes[first + 2], lanes[first + 3]
        for row in range(bias.shape[0]):
            for lane in range(bias.shape[1]):
                a, b, c = u[row, lane], v[row, lane], w[row, lane]
                d, r = bias[row, lane], read[row, lane]
                h = ((x0 * a + y0 * b) + z0 * c) + d
                s0[lane] += r * max(h, lean * h)
                h = ((x1 * a + y1 * b) + z1 * c) + d
                s1[lane] += r * max(h, lean * h)
                h = ((x2 * a + y2 * b) + z2 * c) + d
                s2[lane] += r * max(h, lean * h)
                h = ((x3 * a + y3 * b) + z3 * c) + d
                s3[lane] += r * max(h, lean * h)


@kernel
def backward_few(weight: Floats, bias: Floats, slope: float, x: Floats, error: Floats, gradient: Floats) -> None:
    """Eight samples of three inputs, as :func:`backward_one`."""
    kind = weight.dtype.type
    lean = kind(slope)
    u, v, w = weight[0], weight[1], weight[2]
    for first in range(0, GROUP, 4):
        at = 3 * first
        x0, y0, z0, x1, y1, z1 = x[at], x[at + 1], x[at + 2], x[at + 3], x[at + 4], x[at + 5]
        x2, y2, z2, x3, y3, z3 = x[at + 6], x[at + 7], x[at + 8], x[at + 9], x[at + 10], x[at + 11]
        e0, e1, e2, e3 = error[first], error[first + 1], error[first + 2], error[first + 3]
        for row in range(bias.shape[0]):
            for lane in range(bias.shape[1]):
                a, b, c, d = u[row, lane], v[row, lane], w[row, lane], bias[row, lane]
                h0, h1 = ((x0 * a + y0 * b) + z0 * c) + d, ((x1 * a + y1 * b) + z1 * c) + d
                h2, h3 = ((x2 * a + y2 * b) + z2 * c) + d, ((x3 * a + y3 * b) + z3 * c) + d
                gradient[row, lane] += (e0 * max(h0, lean * h0) + e1 * max(h1, lean * h1)) + (
                    e2 * max(h2, lean * h2) + e3 * max(h3, lean * h3)
                )


@kernel
def train_rectified(
    samples: Samples, batches: Batches, law: Optimiser, slope: float, learned: Learned, net: Net, moments: Net
) -> float:
    """Optimiser steps on read-out weights, bias and gain with mean squared error; one output.

    The network gives ``gain * sum_u read[u] * f(sum_i weight[i, u] x[i] + bias[u]) + shift``, where f leaves what is
    positive and multiplies the rest with ``slope``, 0 to 1.

    Args:
        samples: inputs (samples, 1 or 3), those that lack set to zero, and targets (samples,).
        batches: which are taken.
        law: the optimiser; its clock is updated.
        slope: of the units below zero.
        learned: which values are trained, of the read-out alone.
        net: the values; ``read`` (rows, 32) and ``head`` are updated.
        moments: Adam's two moments of each, (2, ...); those of ``read`` and ``head`` are updated.

    Returns:
        The sum of the batches' losses, l2_factors left out.
    """
    weight, bias, read, head = net
    kind = read.dtype.type
    rows, inputs = samples.x.shape
    size = batches.size
    groups = (size + GROUP - 1) // GROUP
    xs, errors, sums = (
        np.zeros(groups * GROUP * inputs, read.dtype),
        np.zeros(groups * GROUP, read.dtype),
        np.zeros(groups * GROUP, read.dtype),
    )
    lanes, part = np.zeros((GROUP, LANES), read.dtype), np.zeros(GROUP, read.dtype)
    gradient, head_gradient = np.zeros(read.shape, read.dtype), np.zeros(head.shape, read.dtype)
    one = weight[0]
    total = 0.0
    for number in range(batches.first, batches.end):
        begin = number * size
        count = min(size, rows - begin)
        used = (count + GROUP - 1) // GROUP
        # the batch's inputs one after the other, the last group filled up with zeros
        for k in range(count):
            for i in range(inputs):
                xs[k * inputs + i] = samples.x[batches.order[begin + k], i]
        xs[count * inputs : used * GROUP * inputs] = kind(0)
        # forward, a group at a time
        for g in range(used):
            seen = xs[g * GROUP * inputs :]
            if inputs == 1:
                forward_one(one, bias, read, slope, seen, lanes)
            else:
                forward_few(weight, bias, read, slope, seen, lanes)
            fold(lanes, part)
            for k in range(GROUP):
                sums[g * GROUP + k] = part[k]
        total += misses(sums, samples.y, batches.order[begin : begin + count], head, learned, errors, head_gradient)
        # back, and one step
        step = tick(law)
        if learned.read:
            gradient[:] = kind(0)
            for g in range(used):
                seen, wrong = xs[g * GROUP * inputs :], errors[g * GROUP :]
                if inputs == 1:
                    backward_one(one, bias, slope, seen, wrong, gradient)
                else:
                    backward_few(weight, bias, slope, seen, wrong, gradient)
            descend(read, moments.read[0], moments.read[1], gradient, step, law.read_penalty)
        descend(head, moments.head[0], moments.head[1], head_gradient, step, 0.0)
    return total
