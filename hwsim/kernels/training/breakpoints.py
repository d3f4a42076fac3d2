"""Training behind a frozen layer of rectified units whose weights point along few directions, each with many units.

Along a direction the network is piecewise linear: its slope changes where a unit wakes up, at the unit's breakpoint.
With units in the order of their breakpoints, what all units of a direction give for a sample is one line, ``V0 + V1 t``
between two breakpoints, and running sums make all the lines at once; gradients are running sums the other way. A step
costs samples x directions + units, in place of samples x units. Sums are float64 in a fixed order.
Reference implementation: ``tests/oracles/training.py``. Words as in :mod:`hwsim.kernels.training.dense_training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.training.dense_training import descend, misses, tick

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from hwsim.kernels.training.learning import Batches, Learned, Net, Optimiser, Points, Samples

    Floats = NDArray[np.floating[Any]]


@kernel
def draw_lines(
    factor: NDArray[np.float64], shift: NDArray[np.float64], read: Floats, slope: float, line: Floats
) -> None:
    """The lines between breakpoints: ``line`` (units + 1, directions, 2), overwritten.

    Args:
        factor: weight of each unit along its direction, in the order of breakpoints (units, directions).
        shift: bias of each unit (units, directions).
        read: read-out weights, as many and more, flat.
        slope: of a unit below its breakpoint.
        line: height at 0 and slope of what all units of a direction give, while as many are awake as the row says.
    """
    units, directions = factor.shape
    line[0] = 0.0
    if slope != 0.0:
        for j in range(units):
            for d in range(directions):
                value = slope * read[j * directions + d]
                line[0, d, 0] += value * shift[j, d]
                line[0, d, 1] += value * factor[j, d]
    rise = 1.0 - slope
    for j in range(units):
        for d in range(directions):
            value = rise * read[j * directions + d]
            line[j + 1, d, 0] = line[j, d, 0] + value * shift[j, d]
            line[j + 1, d, 1] = line[j, d, 1] + value * factor[j, d]


@kernel
def gather_blame(
    factor: NDArray[np.float64],
    shift: NDArray[np.float64],
    slope: float,
    blame: NDArray[np.float64],
    run: NDArray[np.float64],
    gradient: Floats,
) -> None:
    """Slopes of the loss in the read-out weights.

    Args:
        factor: as of :func:`draw_lines`.
        shift: as of :func:`draw_lines`.
        slope: as of :func:`draw_lines`.
        blame: sums over samples of error, and of error times place, by the number of units awake (units + 1,
            directions, 2); set to zero.
        run: scratch (directions, 2).
        gradient: like the read-out weights, flat, overwritten where there are units.
    """
    units, directions = factor.shape
    run[:] = 0.0
    if slope != 0.0:
        for j in range(units + 1):
            for d in range(directions):
                run[d, 0] += slope * blame[j, d, 0]
                run[d, 1] += slope * blame[j, d, 1]
    rise = 1.0 - slope
    for back in range(units):
        j = units - 1 - back
        for d in range(directions):
            run[d, 0] += rise * blame[j + 1, d, 0]
            run[d, 1] += rise * blame[j + 1, d, 1]
            gradient[j * directions + d] = shift[j, d] * run[d, 0] + factor[j, d] * run[d, 1]
    blame[:] = 0.0


@kernel
def train_breakpoints(
    samples: Samples,
    points: Points,
    batches: Batches,
    law: Optimiser,
    slope: float,
    learned: Learned,
    net: Net,
    moments: Net,
) -> float:
    """Optimiser steps on read-out weights, bias and gain with mean squared error; one output.

    The network is that of :func:`hwsim.kernels.training.rectified.train_rectified`.

    Args:
        samples: inputs (samples, inputs) and targets (samples,).
        points: the hidden units.
        batches: which are taken.
        law: the optimiser; its clock is updated.
        slope: of the units below their breakpoints.
        learned: which values are trained, of the read-out alone.
        net: ``read`` in the order of breakpoints, filled up (rows, 32), and ``head`` are updated; the rest is not read.
        moments: Adam's two moments of each, (2, ...); those of ``read`` and ``head`` are updated.

    Returns:
        The sum of the batches' losses, l2_factors left out.
    """
    x, order, size = samples.x, batches.order, batches.size
    direction, awake, factor, shift = points
    read, head = net.read, net.head
    (rows, inputs), directions = x.shape, awake.shape[1]
    sums, errors = np.zeros(size, read.dtype), np.zeros(size, read.dtype)
    line = np.zeros((len(factor) + 1, directions, 2))
    blame, run = np.zeros(line.shape), np.zeros((directions, 2))
    gradient, head_gradient = np.zeros(read.shape, read.dtype), np.zeros(head.shape, read.dtype)
    # flat, with unsigned places: the compiler then knows that none counts from an array's end
    lines, blames, one = line.reshape(-1), blame.reshape(-1), np.uint64(1)
    here, near = np.zeros((size, directions)), np.zeros((size, directions), np.uint32)
    pitch = np.uint32(2 * directions)
    total = 0.0
    draw_lines(factor, shift, read.reshape(-1), slope, line)
    for number in range(batches.first, batches.end):
        begin = number * size
        chosen = order[begin : begin + min(size, rows - begin)]
        # where each sample lies along each direction, and which line it is on
        for k in range(chosen.size):  # samples lie far apart: fetched by themselves, their waits overlap
            at = chosen[k]
            for d in range(directions):
                here[k, d] = x[at, 0] * direction[0, d]
                near[k, d] = np.uint32(awake[at, d]) * pitch + np.uint32(2 * d)
            for i in range(1, inputs):
                for d in range(directions):
                    here[k, d] += x[at, i] * direction[i, d]
        # forward: the heights of those lines
        for k in range(chosen.size):
            height, rise = 0.0, 0.0
            for d in range(directions):
                n = np.uint64(near[k, d])
                height += lines[n]
                rise += here[k, d] * lines[n + one]
            sums[k] = height + rise
        total += misses(sums, samples.y, chosen, head, learned, errors, head_gradient)
        # back: errors summed up by line, running sums of those, and one step
        step = tick(law)
        if learned.read:
            for k in range(chosen.size):
                wrong = np.float64(errors[k])
                for d in range(directions):
                    n = np.uint64(near[k, d])
                    blames[n] += wrong
                    blames[n + one] += wrong * here[k, d]
            gather_blame(factor, shift, slope, blame, run, gradient.reshape(-1))
            descend(read, moments.read[0], moments.read[1], gradient, step, law.read_penalty)
            draw_lines(factor, shift, read.reshape(-1), slope, line)
        descend(head, moments.head[0], moments.head[1], head_gradient, step, 0.0)
    return total
