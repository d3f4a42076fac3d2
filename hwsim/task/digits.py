"""Handwritten digits, 8 x 8 pixels, 1,797 real images that travel with the package.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998);
``digits.txt`` beside the data tells form and licence.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from pydantic import Field

from hwsim.files import Section
from hwsim.stream import stream
from hwsim.task.data import DataError, Shape, Task, TaskPlugin
from hwsim.task.pixels import Pixels, arrange

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).with_name("digits.npz")
DIGEST = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
"""SHA-256 of the bytes of all images and then all classes."""


class DigitsParameters(Section):
    """Parameters of the task ``digits``."""

    test_fraction: float = Field(default=0.2, ge=0.001, le=0.999)
    """Share of the 1,797 images kept for the test."""
    split_seed: int = Field(default=0, ge=0)
    """Seed of the shuffle before the split; independent of the run's seed, so that runs share one test set."""
    pixels: Pixels = "plain"
    """Arrangement of the pixels: ``plain``, ``permuted`` once and for all, ``rotated`` by 90 degrees; or a list of
    them, which makes a multi-task: one task after the other, each with its own registers."""
    pixel_seed: int = Field(default=0, ge=0)
    """Seed of the permutation of ``permuted`` pixels; independent of the run's seed."""


def _shape(_: DigitsParameters) -> Shape:
    return Shape(features=64, outputs=10, goal="classification")


def read(path: Path = DATA) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the images and their classes.

    Returns:
        Images, uint8 0..16 (1797, 64), and classes, uint8 0..9 (1797,).

    Raises:
        DataError: the file is missing, damaged or another one.

    Example:
        >>> images, classes = read()
        >>> images.shape, classes[:5].tolist()
        ((1797, 64), [0, 1, 2, 3, 4])
    """
    try:
        with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as found:
            images, classes = found["images"], found["classes"]
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise DataError(f"{path}: the digits cannot be read ({error}); install hwsim again") from error
    if hashlib.sha256(images.tobytes() + classes.tobytes()).hexdigest() != DIGEST:
        raise DataError(f"{path}: these are not the digits that hwsim knows; install hwsim again")
    return images, classes


def load(parameters: DigitsParameters) -> Task:
    """Load the images, scaled to 0..1, split by a fixed shuffle.

    Example:
        >>> load(DigitsParameters()).test_x.shape
        (359, 64)
    """
    pixels, labels = read()
    order = stream(parameters.split_seed, "task/digits/split").permutation(len(labels))
    held_out = round(len(labels) * parameters.test_fraction)
    images = (pixels[order] / 16).astype(np.float32)
    classes = labels[order].astype(np.int64)
    task = Task(
        shape=_shape(parameters),
        train_x=images[held_out:],
        train_y=classes[held_out:],
        test_x=images[:held_out],
        test_y=classes[:held_out],
        input_range=(0.0, 1.0),
    )
    return arrange(task, parameters.pixels, parameters.pixel_seed)


PLUGIN = TaskPlugin(
    name="digits",
    summary="8x8 handwritten digits, 10 classes, no download",
    parameters=DigitsParameters,
    shape=_shape,
    load=load,
)
