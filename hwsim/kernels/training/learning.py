"""What the kernels that train networks of one hidden layer take, under names.

Kernels take these tuples as they are; nothing here needs a compiler. Words as in
:mod:`hwsim.kernels.training.dense_training`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECTIFIED, TANH = 0, 1
"""Units: ``max(h, slope h)`` or ``tanh(h)``."""


class Samples(NamedTuple):
    """What is learned from."""

    x: NDArray[Any]
    """Inputs (samples, inputs)."""
    y: NDArray[Any]
    """Targets of mean squared error, (samples, outputs) or (samples,) of one output; none where labels are given."""
    labels: NDArray[Any]
    """Classes of cross-entropy, int64 (samples,); empty where targets are given."""


class Batches(NamedTuple):
    """Which batches of a pass over the samples are taken."""

    order: NDArray[Any]
    """The order of the samples in this pass, int64 (samples,)."""
    first: int
    """The first batch."""
    end: int
    """The batch after the last."""
    size: int
    """Samples of a batch."""


class Optimiser(NamedTuple):
    """How steps are taken."""

    adam: bool
    """Adam, or plain gradient descent."""
    learning_rate: float
    """Learning rate."""
    epsilon: float
    """Adam's."""
    hidden_penalty: float
    """Factor of the L2 l2 on the weights of the hidden layer."""
    read_penalty: float
    """The same of the read-out."""
    sharpness: float
    """Factor of outputs before a softmax."""
    clock: NDArray[Any]
    """Powers of 0.9 and 0.999 that correct Adam's moments, float64 (2,), carried from call to call."""


class Learned(NamedTuple):
    """Which values are trained."""

    weight: bool
    bias: bool
    read: bool
    shift: bool
    gain: bool


class Net(NamedTuple):
    """The values of a network of one hidden layer, or for each of them its gradient or Adam's two moments (2, ...)."""

    weight: NDArray[Any]
    """Weights of the units (inputs, rows, 32)."""
    bias: NDArray[Any]
    """Biases of the units (rows, 32)."""
    read: NDArray[Any]
    """Read-out weights (outputs, rows, 32), or (rows, 32) of one output."""
    head: NDArray[Any]
    """Shifts of the outputs, and last the gain (1, outputs + 1)."""


class Step(NamedTuple):
    """One step of an optimiser."""

    adam: bool
    pace: float
    """Factor on the first moment, or on the gradient."""
    root: float
    """Factor on the root of the second moment."""
    epsilon: float


class Units(NamedTuple):
    """What the units of the hidden layer do."""

    kind: int
    """``RECTIFIED`` or ``TANH``."""
    slope: float
    """Of rectified units below zero, 0 to 1."""


class Points(NamedTuple):
    """Units in the order of their breakpoints along the directions of their weights."""

    direction: NDArray[Any]
    """The directions, float64 (inputs, directions)."""
    awake: NDArray[Any]
    """How many units of each are above their breakpoints at each sample, uint16 (samples, directions)."""
    factor: NDArray[Any]
    """Weight of each unit along its direction, not below zero, float64 (units, directions); zero for room left."""
    shift: NDArray[Any]
    """Bias of each unit, like ``factor``."""
