"""Operations of a traced module, one at a time: name, arguments, shapes, and constants as they meet signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.model.imports.graph import IMAGE
from hwsim.model.imports.refusal import CONVERT

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch.fx import Node as Operation

    Array = NDArray[np.float64]


class UntakenError(HwsimError, ValueError):
    """An operation is not taken, said where its layer is not known; it becomes a refusal with the layer's name."""

    exit_code = BAD_INPUT

    def __init__(self, what: str, hint: str = CONVERT) -> None:
        """Say what is wrong, a phrase that goes on from the layer's name, and what would work."""
        super().__init__(what)
        self.what, self.hint = what, hint


def name_operation(one: Operation) -> str:
    """Return the name of an operation, without library and overload."""
    schema = getattr(one.target, "_schema", None)
    return schema.name.rpartition(":")[2] if schema is not None else getattr(one.target, "__name__", str(one.target))


def name_arguments(one: Operation) -> dict[str, Any]:
    """Return the arguments of an operation by name, defaults included."""
    schema = getattr(one.target, "_schema", None)
    if schema is None:
        return {}
    given = dict(zip((argument.name for argument in schema.arguments), one.args, strict=False))
    defaults = {a.name: a.default_value for a in schema.arguments if a.has_default_value()}
    return {**defaults, **given, **one.kwargs}


def sample_shape(one: Operation) -> tuple[int, ...]:
    """Return the shape of one sample of what an operation gives; of the first, if it gives several."""
    given = one.meta.get("val")
    if isinstance(given, (list, tuple)) and given:
        given = given[0]
    return tuple(int(n) for n in getattr(given, "shape", ())[1:])


def by_sample(part: Array, shape: tuple[int, ...]) -> Array:
    """Return a constant for a batch of signals as it meets one sample."""
    if part.ndim == len(shape) + 1 and part.shape[0] > 1:
        if (part != part[:1]).any():
            raise UntakenError("is another one for each sample of a batch")
        part = part[:1]
    try:
        return np.asarray(np.broadcast_to(part, (1, *shape))[0])
    except ValueError:
        raise UntakenError(f"takes a constant of shape {part.shape} to signals of shape {shape}") from None


def unit_axis(shape: tuple[int, ...]) -> int:
    """Return the axis of a sample's signals that numbers units: channels of images, features of all else."""
    return 0 if len(shape) == IMAGE else -1


def shortest(part: Array) -> Array:
    """Shorten a constant of one sample's shape to one number, or to one per unit, if that says the same.

    Example:
        >>> shortest(np.ones((2, 3, 3))), shortest(np.array([1.0, 2.0])).shape, shortest(np.eye(2)).shape
        (array([1.]), (2,), (4,))
    """
    if (part == part.flat[0]).all():
        return np.asarray(part.reshape(-1)[:1], np.float64)
    rows = np.moveaxis(part, unit_axis(part.shape), 0).reshape(part.shape[unit_axis(part.shape)], -1)
    return np.array(rows[:, 0] if (rows == rows[:, :1]).all() else part.reshape(-1), np.float64)


def by_unit(part: Array) -> Array:
    """Return the largest value per unit of a constant with the shape of one sample.

    Example:
        >>> by_unit(np.arange(8).reshape(2, 2, 2)).tolist(), by_unit(np.arange(2)).tolist()
        ([3, 7], [0, 1])
    """
    axis = unit_axis(part.shape) % part.ndim
    return np.asarray(part.max(axis=tuple(other for other in range(part.ndim) if other != axis)))


def moved_axes(one: Operation, value: Operation) -> list[int]:
    """Return the axes of a value in the order in which an operation gives them."""
    import torch

    marks = torch.empty(tuple(range(1, value.meta["val"].ndim + 1)), device="meta")
    args = [marks if arg is value else arg for arg in one.args]
    return [n - 1 for n in one.target(*args, **one.kwargs).shape]  # type: ignore[operator]


def pair(size: Any) -> tuple[int, int]:
    """Return rows and columns, which torch lets callers give as one number.

    Example:
        >>> pair(3), pair([2]), pair([1, 2])
        ((3, 3), (2, 2), (1, 2))
    """
    if isinstance(size, int):
        return size, size
    return int(size[0]), int(size[-1])


def place_padding(given: Any, kernel: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return zeros above and left, and below and right, as torch puts them."""
    if given == "same":
        need = [k - 1 for k in kernel]
        return (need[0] // 2, need[1] // 2), (need[0] - need[0] // 2, need[1] - need[1] // 2)
    pads = (0, 0) if given == "valid" else pair(given)
    return pads, pads
