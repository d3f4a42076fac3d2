"""Electronics beside the cells, where signals are numbers: activations, layer normalisation, factors and shifts.

Exact, in float64, and not billed: the datasheets have no costs of such electronics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model.activation import activate_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.model import Node

BESIDE = (
    "use a device whose signals are numbers, such as 'ideal', an electronic memory or a photonic core, or leave this "
    "part to torch with hwsim.nn.convert"
)
"""What works where signals are not numbers."""
_IMAGE = 3


def reckon(node: Node, signals: NDArray[Any]) -> NDArray[Any]:
    """Compute a node of kind ``activation``, ``layer-norm`` or ``scale``.

    Args:
        node: the node.
        signals: (samples, features), (samples, steps, features) or (samples, rows, columns, channels).

    Returns:
        As many signals, of the same dtype.

    Example:
        >>> from hwsim.model import Node
        >>> norm = Node("layer-norm", (2,), (2,), factors=(1.0, 10.0), shifts=(5.0,), epsilon=1e-12)
        >>> reckon(norm, np.array([[1.0, 3.0]])).round(3).tolist()
        [[4.0, 15.0]]
    """
    if node.kind == "activation":
        rows = signals.reshape(-1, signals.shape[-1])
        return activate_in(signals.dtype, node.activation, node.parameters, rows).reshape(signals.shape)
    x = np.asarray(signals, np.float64)
    if node.kind == "layer-norm":
        together = (1, 2, 3) if len(node.taken) == _IMAGE else -1
        x = x - x.mean(axis=together, keepdims=True)
        x = x / np.sqrt(np.square(x).mean(axis=together, keepdims=True) + node.epsilon)
    return (x * spread(node, node.factors) + spread(node, node.shifts)).astype(signals.dtype)


def spread(node: Node, values: Sequence[float]) -> NDArray[np.float64]:
    """Return factors or shifts of a node, in the shape in which they meet its signals.

    Example:
        >>> from hwsim.model import Node
        >>> spread(Node("scale", (2, 1, 3), (2, 1, 3)), range(6)).shape
        (1, 3, 2)
    """
    found = np.array(values, np.float64)
    shape = node.taken
    if len(shape) == _IMAGE and found.size == np.prod(shape) and found.size > shape[0]:
        return np.ascontiguousarray(found.reshape(shape).transpose(1, 2, 0))
    return found if found.size in {1, shape[0 if len(shape) == _IMAGE else -1]} else found.reshape(shape)
