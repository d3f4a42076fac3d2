"""Images with their pixels in several arrangements: other tasks, equally hard for a layer that meets every pixel.

Source: I. J. Goodfellow et al., An Empirical Investigation of Catastrophic Forgetting in Gradient-Based Neural
Networks, 2014 (arXiv 1312.6211), for pixels that are permuted once and for all.
"""

from __future__ import annotations

from dataclasses import replace
from math import isqrt
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import AfterValidator

from hwsim.files.diagnostic import Refusal
from hwsim.stream import stream
from hwsim.task.data import join

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hwsim.task.data import Task

    Augment = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]

Arrangement = Literal["plain", "permuted", "rotated"]


def _sound(pixels: Arrangement | list[Arrangement]) -> Arrangement | list[Arrangement]:
    if not pixels:
        raise Refusal("names no task", "name at least one arrangement")
    twice = [] if isinstance(pixels, str) else [one for one in pixels if pixels.count(one) > 1]
    if twice:
        raise Refusal(f"names {twice[0]!r} twice", "name every task once")
    return pixels


Pixels = Annotated[Arrangement | list[Arrangement], AfterValidator(_sound)]
"""One arrangement, or the tasks of a multi-task."""


def order(arrangement: Arrangement, pixels: int, seed: int) -> NDArray[np.int64]:
    """Return where an arrangement takes its pixels from: pixel i shows pixel ``order[i]`` of the plain image.

    Args:
        arrangement: ``permuted`` by a permutation drawn from ``seed``, ``rotated`` by 90 degrees against the clock.
        pixels: of one square image.
        seed: of the stream ``task/pixels``.

    Example:
        >>> order("rotated", 4, 0).tolist()  # 0 1 above 2 3 becomes 1 3 above 0 2
        [1, 3, 0, 2]
    """
    numbers = np.arange(pixels)
    if arrangement == "permuted":
        return stream(seed, "task/pixels").permutation(pixels)
    if arrangement == "rotated":
        side = isqrt(pixels)
        return np.rot90(numbers.reshape(side, side)).reshape(-1)
    return numbers


def arrange(task: Task, pixels: Pixels, seed: int) -> Task:
    """Rearrange the pixels of a task of square images; several arrangements make a multi-task.

    Args:
        task: images as they are, features in the order row, column.
        pixels: one arrangement or a list of them, which names the tasks.
        seed: of the permutation.
    """
    if not isinstance(pixels, str):
        return join({one: arrange(task, one, seed) for one in pixels})
    if pixels == "plain":
        return task
    p = order(pixels, task.shape.features, seed)
    train, test = (np.ascontiguousarray(x[:, p]) for x in (task.train_x, task.test_x))
    return replace(task, train_x=train, test_x=test, augment=_augmented(task, p))


def _augmented(task: Task, p: NDArray[np.int64]) -> Augment | None:
    """Adapt what augments plain images to images whose pixels stand in another order."""
    plain, inverse = task.augment, np.argsort(p)
    if plain is None:
        return None
    return lambda x, rng: np.ascontiguousarray(plain(np.ascontiguousarray(x[:, inverse]), rng)[:, p])
