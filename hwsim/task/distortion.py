"""Images turned, stretched and moved a little, each by its own draw: more samples to train on than there are.

As Keras' ``ImageDataGenerator`` does it, for which Qiu & Suda's numbers stand: an output pixel at o from the centre
shows the input at R (Z o + t), with rotation R, stretch Z of rows and columns and move t, bilinearly between pixels and
with the nearest pixel where that lies outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Reach:
    """The reach of distortions: degrees, relative stretch, and share of the side, each plus or minus."""

    rotation: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0


def distort(images: NDArray[np.float32], rng: np.random.Generator, reach: Reach) -> NDArray[np.float32]:
    """Vary square images, each by its own uniform draw.

    Args:
        images: float32 (samples, pixels), in the order row, column.
        rng: source of the draws.
        reach: how far they go.

    Example:
        >>> images = np.eye(3, dtype=np.float32).reshape(1, 9)
        >>> np.array_equal(distort(images, np.random.default_rng(0), Reach()), images)
        True
    """
    count, side = len(images), isqrt(images.shape[1])
    angle = np.deg2rad(rng.uniform(-reach.rotation, reach.rotation, count))
    stretch = rng.uniform(1 - reach.zoom, 1 + reach.zoom, (count, 2))
    move = rng.uniform(-reach.shift, reach.shift, (count, 2)) * side
    return place(images, angle, stretch, move)


def place(
    images: NDArray[np.float32], angle: NDArray[np.float64], stretch: NDArray[np.float64], move: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Turn, stretch and move square images.

    Args:
        images: float32 (samples, pixels), in the order row, column.
        angle: radians (samples,).
        stretch: factors of rows and columns (samples, 2); what is above 1 makes the picture smaller.
        move: pixels along rows and columns (samples, 2), against the way the picture goes.

    Example:
        >>> one, whole = np.arange(9, dtype=np.float32).reshape(1, 9), np.ones((1, 2))
        >>> place(one, np.zeros(1), whole, np.array([[0.0, 1.0]])).round(4).tolist()  # to the left, last column twice
        [[1.0, 2.0, 2.0, 4.0, 5.0, 5.0, 7.0, 8.0, 8.0]]
    """
    import torch
    from torch.nn import functional

    side = isqrt(images.shape[1])
    half = max((side - 1) / 2, 0.5)  # a torch grid goes from -1 to 1 over a side
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([cos, -sin], 1), np.stack([sin, cos], 1)], 1)
    affine = np.concatenate([turn * stretch[:, None, :], turn @ (move / half)[:, :, None]], axis=2)
    affine = affine[:, ::-1][:, :, [1, 0, 2]]  # torch says column, row
    field = torch.from_numpy(np.ascontiguousarray(affine, np.float32))
    pictures = torch.from_numpy(np.ascontiguousarray(images)).reshape(-1, 1, side, side)
    grid = functional.affine_grid(field, list(pictures.shape), align_corners=True)
    found = functional.grid_sample(pictures, grid, "bilinear", "border", align_corners=True)
    return found.reshape(images.shape).numpy()
