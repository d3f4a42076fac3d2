"""Training behind a frozen layer of rectified units whose weights point along few directions, each with many units.

Along a direction the network is piecewise linear: its slope changes where a unit wakes up, at the unit's breakpoint.
With units in the order of their breakpoints, what all units of a direction give for a sample is one line, ``V0 + V1 t``
between two breakpoints, and running sums make all the lines at once; gradients are running sums the other way. A step
costs samples x directions + units, in place of samples x units. Sums are float64 in a fixed order.
Reference implementation: ``tests/oracles/training.py``. Words as in :mod:`hwsim.kernels.training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.training import EPSILON, PENALTY2, descend, misses, tick

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

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
    x: Floats,
    direction: NDArray[np.float64],
    awake: NDArray[np.uint16],
    y: Floats,
    order: NDArray[np.int64],
    span: NDArray[np.int64],
    law: NDArray[np.float64],
    slope: float,
    learned: NDArray[np.int64],
    clock: NDArray[np.float64],
    factor: NDArray[np.float64],
    shift: NDArray[np.float64],
    read: Floats,
    head: Floats,
    moments: Floats,
    head_moments: Floats,
) -> float:
    """Optimiser steps on read-out weights, bias and gain with mean squared error; one output.

    The network is that of :func:`hwsim.kernels.rectified.train_rectified`.

    Args:
        x: inputs (samples, inputs).
        direction: of the weights (inputs, directions).
        awake: how many units of each direction are above their breakpoints at each sample (samples, directions).
        y: targets (samples,).
        order: the order of the samples in this pass, int64 (samples,).
        span: first batch, batch after the last, samples of a batch.
        law: rate, Adam's epsilon and penalties.
        slope: of the units below their breakpoints.
        learned: whether each is trained: read-out weights, shift, gain; then whether by Adam (1) or plain descent (0).
        clock: powers of Adam's factors, float64 (2,), updated.
        factor: weight of each unit along its direction, not below zero, in the order of breakpoints (units,
            directions); zero for room that is left.
        shift: bias of each unit, like ``factor``.
        read: read-out weights in that order, filled up (rows, 32), updated.
        head: shift and gain (1, 2), updated.
        moments: Adam's moments of ``read`` (2, rows, 32), updated.
        head_moments: Adam's moments of ``head`` (2, 1, 2), updated.

    Returns:
        The sum of the batches' losses, penalties left out.
    """
    (samples, inputs), directions = x.shape, awake.shape[1]
    size = span[2]
    sums, errors = np.zeros(size, read.dtype), np.zeros(size, read.dtype)
    line = np.zeros((len(factor) + 1, directions, 2))
    blame, run = np.zeros(line.shape), np.zeros((directions, 2))
    gradient, head_gradient = np.zeros(read.shape, read.dtype), np.zeros(head.shape, read.dtype)
    # flat, with unsigned places: the compiler then knows that none counts from an array's end
    lines, blames, one = line.reshape(-1), blame.reshape(-1), np.uint64(1)
    here, near = np.zeros((size, directions)), np.zeros((size, directions), np.uint32)
    pitch = np.uint32(2 * directions)
    adam = learned[3] == 1
    total = 0.0
    draw_lines(factor, shift, read.reshape(-1), slope, line)
    for number in range(span[0], span[1]):
        begin = number * size
        chosen = order[begin : begin + min(size, samples - begin)]
        for k in range(chosen.size):  # samples lie far apart: fetched by themselves, their waits overlap
            at = chosen[k]
            for d in range(directions):
                here[k, d] = x[at, 0] * direction[0, d]
                near[k, d] = np.uint32(awake[at, d]) * pitch + np.uint32(2 * d)
            for i in range(1, inputs):
                for d in range(directions):
                    here[k, d] += x[at, i] * direction[i, d]
        for k in range(chosen.size):
            height, rise = 0.0, 0.0
            for d in range(directions):
                n = np.uint64(near[k, d])
                height += lines[n]
                rise += here[k, d] * lines[n + one]
            sums[k] = height + rise
        total += misses(sums, y, chosen, head, learned, errors, head_gradient)
        step, root = tick(law, adam, clock)
        if learned[0]:
            for k in range(chosen.size):
                wrong = np.float64(errors[k])
                for d in range(directions):
                    n = np.uint64(near[k, d])
                    blames[n] += wrong
                    blames[n + one] += wrong * here[k, d]
            gather_blame(factor, shift, slope, blame, run, gradient.reshape(-1))
            descend(read, moments[0], moments[1], gradient, step, root, law[EPSILON], law[PENALTY2], adam)
            draw_lines(factor, shift, read.reshape(-1), slope, line)
        descend(head, head_moments[0], head_moments[1], head_gradient, step, root, law[EPSILON], 0.0, adam)
    return total
