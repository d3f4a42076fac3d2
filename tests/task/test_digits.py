"""Digits: every image once, split alike for every run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from hwsim.task import TASKS, Task
from hwsim.task.data import DataError
from hwsim.task.digits import DATA, DigitsParameters, load, read


def images(task: Task) -> Counter[tuple[bytes, int]]:
    """Image and class of every sample, train and test."""
    x, y = np.concatenate([task.train_x, task.test_x]), np.concatenate([task.train_y, task.test_y])
    return Counter((row.tobytes(), int(label)) for row, label in zip(x, y, strict=True))


@settings(max_examples=12)
@given(fraction=st.floats(0.001, 0.999), seed=st.integers(0, 2**63))
def test_every_image_once(fraction: float, seed: int) -> None:
    task = load(DigitsParameters(test_fraction=fraction, split_seed=seed))
    pixels, labels = load_digits(return_X_y=True)
    wanted = Counter(((row / 16).astype(np.float32).tobytes(), int(c)) for row, c in zip(pixels, labels, strict=True))
    assert images(task) == wanted
    assert abs(len(task.test_y) - 1797 * fraction) <= 0.5


def test_values() -> None:
    task = TASKS["digits"].load(DigitsParameters())
    assert task.train_x.dtype == task.test_x.dtype == np.float32
    assert task.train_y.dtype == task.test_y.dtype == np.int64
    assert (task.train_x.shape, task.test_x.shape) == ((1438, 64), (359, 64))
    assert set(np.unique(task.train_x * 16)) == set(range(17))
    assert (float(task.test_x.min()), float(task.test_x.max())) == task.input_range == (0.0, 1.0)
    assert set(task.test_y) == set(range(10))


def test_the_split_depends_on_its_own_seed_only() -> None:
    one, same, other = (load(DigitsParameters(split_seed=seed)) for seed in (0, 0, 1))
    assert np.array_equal(one.test_x, same.test_x)
    assert np.array_equal(one.train_y, same.train_y)
    assert not np.array_equal(one.test_x, other.test_x)


def test_the_split_of_every_published_result() -> None:
    """Pinned: a change here makes every accuracy on digits another test."""
    assert load(DigitsParameters()).test_y[:12].tolist() == LABELS


LABELS = [6, 7, 3, 7, 5, 4, 3, 8, 1, 8, 0, 2]


def test_the_data_are_those_of_scikit_learn() -> None:
    pixels, labels = load_digits(return_X_y=True)
    images, classes = read()
    assert images.dtype == classes.dtype == np.uint8
    assert np.array_equal(images, pixels)
    assert np.array_equal(classes, labels)
    assert DATA.stat().st_size < 60_000


def test_data_that_are_damaged_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "digits.npz"
    with pytest.raises(DataError, match=r"digits.npz: the digits cannot be read .*; install hwsim again"):
        read(path)
    path.write_bytes(DATA.read_bytes()[:1000])
    with pytest.raises(DataError, match="cannot be read"):
        read(path)
    images, classes = read()
    np.savez(path, images=images, classes=classes[::-1])
    with pytest.raises(DataError, match="these are not the digits"):
        read(path)
