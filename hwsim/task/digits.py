"""Handwritten digits, 8 x 8 pixels, 1,797 real images that come inside scikit-learn.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998).
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from hwsim.scenario import Section
from hwsim.stream import stream
from hwsim.task.data import Shape, Task, TaskPlugin
from hwsim.task.pixels import Pixels, arrange


class DigitsParameters(Section):
    """Parameters of the task ``digits``."""

    test_fraction: float = Field(default=0.2, ge=0.001, le=0.999)
    """Share of the 1,797 images kept for the test."""
    split_seed: int = Field(default=0, ge=0)
    """Seed of the shuffle before the split; independent of the run's seed, so that runs share one test set."""
    pixels: Pixels = "plain"
    """Arrangement of the pixels: ``plain``, ``permuted`` once and for all, ``rotated`` by 90 degrees; or a list of
    them, which makes a task of several parts, learned one after another with registers (or connections) of their own."""
    pixel_seed: int = Field(default=0, ge=0)
    """Seed of the permutation of ``permuted`` pixels; independent of the run's seed."""


def _shape(_: DigitsParameters) -> Shape:
    return Shape(features=64, outputs=10, goal="classification")


def load(parameters: DigitsParameters) -> Task:
    """Load the images, scaled to 0..1, split by a fixed shuffle.

    Example:
        >>> load(DigitsParameters()).test_x.shape
        (359, 64)
    """
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    order = stream(parameters.split_seed, "task/digits/split").permutation(len(labels))
    held_out = round(len(labels) * parameters.test_fraction)
    images = (np.asarray(pixels)[order] / 16).astype(np.float32)
    classes = np.asarray(labels)[order].astype(np.int64)
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
    summary="8x8 handwritten digits from scikit-learn, 10 classes, no download",
    parameters=DigitsParameters,
    shape=_shape,
    load=load,
)
