"""Functions on a cube: their closed forms, their grids, their points."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from hwsim.score import evaluate
from hwsim.task import TASKS

CLOSED: dict[str, tuple[int, Callable[..., float]]] = {
    "legendre": (1, lambda x: special.eval_legendre(3, x)),
    "sine-2d": (2, lambda x, y: -math.sin(math.pi * x * y)),
    "sine-3d": (3, lambda x, y, z: math.sin(3 * x) * math.cos(y) * math.sin(2 * z)),
}


@pytest.mark.parametrize("name", CLOSED)
def test_the_closed_form(name: str) -> None:
    """Within what rounding the point and the target to single precision can do: slopes are below 8."""
    dimensions, target = CLOSED[name]
    plugin = TASKS[name]
    task = plugin.load(plugin.parameters.model_validate({"points": 50, "grid": 5}))
    assert plugin.shape(plugin.parameters()) == task.shape
    assert (task.shape.features, task.shape.outputs, task.shape.goal) == (dimensions, 1, "regression")
    assert task.train_x.shape == (50, dimensions)
    assert task.test_x.tolist() == [list(at) for at in itertools.product([-1, -0.5, 0, 0.5, 1], repeat=dimensions)]
    for x, y in ((task.train_x, task.train_y), (task.test_x, task.test_y)):
        wanted = [target(*row) for row in x.astype(float)]
        assert np.abs(y[:, 0] - wanted).max() <= 9 * dimensions * 2.0**-25


@pytest.mark.parametrize(("name", "points", "grid"), [("legendre", 1600, 400), ("sine-2d", 51200, 113**2)])
def test_sizes_of_the_paper(name: str, points: int, grid: int) -> None:
    task = TASKS[name].load(TASKS[name].parameters())
    assert (len(task.train_x), len(task.test_x)) == (points, grid)


def test_points_are_uniform_and_independent() -> None:
    """H0: both coordinates uniform, and uncorrelated; 51,200 points, false alarms 1e-3 each, seed fixed."""
    x = TASKS["sine-2d"].load(TASKS["sine-2d"].parameters()).train_x.astype(float)
    for axis in (0, 1):
        assert stats.kstest(x[:, axis], stats.uniform(-1, 2).cdf).pvalue > 1e-3
    assert stats.pearsonr(x[:, 0], x[:, 1]).pvalue > 1e-3


def test_errors_of_planes() -> None:
    """The mean of the planes' largest errors, here 1, 2 and 3 in planes of one x1 each; the largest is 3."""
    plugin = TASKS["sine-3d"]
    for planes, wanted in ((True, 2.0), (False, 3.0)):
        task = plugin.load(plugin.parameters.model_validate({"points": 5, "grid": 3, "planes": planes}))
        outputs = task.test_y.astype(float)
        for number, x in enumerate((-1, 0, 1)):
            outputs[np.flatnonzero(task.test_x[:, 0] == x)[4]] += number + 1
        assert evaluate(task, outputs).metric == pytest.approx(wanted)


def test_the_grid_of_the_paper_is_laid_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """113^3 points in 113 planes of one x1 each, in little more memory than they take; the same points in any parts."""
    plugin = TASKS["sine-3d"]
    plugin.load(plugin.parameters.model_validate({"points": 5}))
    tracemalloc.start()
    try:
        task = plugin.load(plugin.parameters.model_validate({"points": 5, "grid": 113, "planes": True}))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(task.test_x), task.planes) == (113**3, 113)
    assert (task.test_x[:, 0].reshape(113, -1) == np.linspace(-1, 1, 113, dtype=np.float32)[:, None]).all()
    assert peak < 7 * (task.test_x.nbytes + task.test_y.nbytes)
    monkeypatch.setattr("hwsim.task.function.AT_ONCE", 1000)
    again = plugin.load(plugin.parameters.model_validate({"points": 5, "grid": 23}))
    assert again.test_x.tolist() == [list(at) for at in itertools.product(np.linspace(-1, 1, 23, dtype="f4"), repeat=3)]
    assert again.test_y == pytest.approx(again.target(again.test_x.astype(float)) if again.target else None, abs=1e-6)
