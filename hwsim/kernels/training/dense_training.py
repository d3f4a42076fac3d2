"""Training of networks with one hidden layer, batch by batch. Reference: ``tests/oracles/training.py``.

Units stand in rows of 32 lanes, (rows, 32), the last row filled up with units whose weights are zero; those stay at
zero by themselves. Sums over units run in 32 lanes side by side and are then folded in a fixed order, so that the bits
depend neither on the machine's vector width nor on anything else. All floats of a call have one type.

Optimisers: Adam as torch has it (moments 0.9 and 0.999), or plain gradient descent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.compile import kernel
from hwsim.kernels.training.learning import Step

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from hwsim.kernels.training.learning import Learned, Optimiser

    Floats = NDArray[np.floating[Any]]

LANES = 32
BETA1, BETA2 = 0.9, 0.999


@kernel
def tick(law: Optimiser) -> Step:
    """The next step."""
    if not law.adam:
        return Step(law.adam, law.learning_rate, 1.0, law.epsilon)
    law.clock[0] *= BETA1
    law.clock[1] *= BETA2
    return Step(law.adam, law.learning_rate / (1 - law.clock[0]), 1 / np.sqrt(1 - law.clock[1]), law.epsilon)


@kernel
def descend(weight: Floats, first: Floats, second: Floats, gradient: Floats, step: Step, l2: float) -> None:
    """One optimiser step on values (rows, lanes) with Adam's two moments."""
    kind = weight.dtype.type
    twice = kind(2 * l2)
    if not step.adam:
        slow = kind(step.pace)
        for row in range(weight.shape[0]):
            for lane in range(weight.shape[1]):
                weight[row, lane] -= slow * (gradient[row, lane] + twice * weight[row, lane])
        return
    fast, keep, new = kind(1 - BETA1), kind(BETA2), kind(1 - BETA2)
    pace, rise, least = kind(step.pace), kind(step.root), kind(step.epsilon)
    for row in range(weight.shape[0]):
        for lane in range(weight.shape[1]):
            slope = gradient[row, lane] + twice * weight[row, lane]
            mean = first[row, lane] + (slope - first[row, lane]) * fast
            square = second[row, lane] * keep + new * slope * slope
            first[row, lane] = mean
            second[row, lane] = square
            weight[row, lane] -= pace * mean / (np.sqrt(square) * rise + least)


@kernel
def misses(
    sums: Floats,
    y: Floats,
    chosen: NDArray[np.int64],
    head: Floats,
    learned: Learned,
    errors: Floats,
    head_gradient: Floats,
) -> float:
    """Mean squared error of one output ``gain * sums + shift``, and its slopes.

    Args:
        sums: of the batch's samples (count,) or more.
        y: targets of all samples.
        chosen: the batch's samples (count,).
        head: shift and gain (1, 2).
        learned: whether shift and gain are trained.
        errors: slope of the loss in each sum, overwritten (count,); more than those are set to zero.
        head_gradient: slope of the loss in shift and gain, overwritten (1, 2).
    """
    kind = sums.dtype.type
    count = chosen.size
    shift, gain = head[0, 0], head[0, 1]
    loss, to_shift, to_gain = kind(0), kind(0), kind(0)
    twice = kind(2 / count)
    for k in range(count):
        miss = (gain * sums[k] + shift) - y[chosen[k]]
        loss += miss * miss
        error = twice * miss
        to_shift += error
        to_gain += error * sums[k]
        errors[k] = gain * error
    errors[count:] = kind(0)
    head_gradient[0, 0] = to_shift if learned.shift else kind(0)
    head_gradient[0, 1] = to_gain if learned.gain else kind(0)
    return float(loss / count)


@kernel
def fold(lanes: Floats, sums: Floats) -> None:
    """Sums of rows of 32 lanes: ``sums[row]``."""
    for row in range(lanes.shape[0]):
        a, b, c, d = lanes[row, 0], lanes[row, 1], lanes[row, 2], lanes[row, 3]
        for lane in range(4, LANES, 4):
            a += lanes[row, lane]
            b += lanes[row, lane + 1]
            c += lanes[row, lane + 2]
            d += lanes[row, lane + 3]
        sums[row] = (a + c) + (b + d)
