"""Arrangements of pixels: the same images in another order, and multi-tasks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.files import DiagnosticError
from hwsim.task import Shape, Task, join
from hwsim.task.digits import DigitsParameters, load
from hwsim.task.pixels import arrange, order


def _task(side: int = 5) -> Task:
    rng = np.random.default_rng(0)
    x, y = rng.random((12, side * side), np.float32), rng.integers(3, size=12)
    return Task(Shape(side * side, 3, "classification"), x, y, x[:4], y[:4], (0.0, 1.0))


def test_rotated_is_a_quarter_turn() -> None:
    task = _task()
    turned = arrange(task, "rotated", 0)
    for before, after in zip(task.test_x, turned.test_x, strict=True):
        assert np.array_equal(after.reshape(5, 5), np.rot90(before.reshape(5, 5)))
    assert np.array_equal(arrange(arrange(turned, "rotated", 0), "rotated", 0).train_x[:, ::-1], turned.train_x)


def test_permuted_once_and_for_all() -> None:
    task = _task()
    one, other = arrange(task, "permuted", 0), arrange(task, "permuted", 1)
    assert np.array_equal(one.train_x[:4], one.test_x), "training and test images alike"
    assert np.array_equal(np.sort(one.train_x, axis=1), np.sort(task.train_x, axis=1))
    assert not np.array_equal(one.train_x, other.train_x)
    assert not np.array_equal(one.train_x, task.train_x)
    assert np.array_equal(one.train_x, arrange(task, "permuted", 0).train_x)


def test_what_varies_images_comes_before_their_order() -> None:
    """Pixels that are shifted and then permuted, not permuted and then shifted."""
    plain = _task()
    shifted = Task(**{**vars(plain), "augment": lambda x, rng: np.roll(x, rng.integers(1, 5), axis=1)})
    p = order("permuted", 25, 3)
    made = arrange(shifted, "permuted", 3).augment
    assert made is not None
    found = made(plain.train_x[:, p], np.random.default_rng(2))
    step = np.random.default_rng(2).integers(1, 5)
    assert np.array_equal(found, np.roll(plain.train_x, step, axis=1)[:, p])


def test_tasks_of_a_multi_task_are_the_tasks_alone() -> None:
    both = load(DigitsParameters(pixels=["rotated", "plain"]))
    assert [task.name for task in both.tasks] == ["rotated", "plain"]
    for task, pixels in zip(both.tasks, ("rotated", "plain"), strict=True):
        alone = load(DigitsParameters(pixels=pixels))
        for name in ("train_x", "train_y", "test_x", "test_y"):
            assert np.array_equal(getattr(task, name), getattr(alone, name))
    assert np.array_equal(both.train_x[::2], both.tasks[0].train_x[::2])
    assert np.array_equal(both.train_x[1::2], both.tasks[1].train_x[1::2])


def test_join_takes_the_widest_range() -> None:
    task = _task()
    wide = Task(**{**vars(task), "input_range": (-3.0, 0.5)})
    assert join({"a": task, "b": wide}).input_range == (-3.0, 1.0)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ('["plain", "plain"]', "names 'plain' twice"),
        ('"upside-down"', "'pixels' must be"),
        ('["plain", "mirrored"]', "should be 'plain', 'permuted' or 'rotated'"),
        ("[]", "names no task"),
    ],
)
def test_bad_pixels(tiny: Path, value: str, what: str) -> None:
    with pytest.raises(DiagnosticError) as error:
        hwsim.load(tiny, [f"task.pixels={value}"]).plan()
    assert what in str(error.value)
    assert "pixels" in str(error.value)
