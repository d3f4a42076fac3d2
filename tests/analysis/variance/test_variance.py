"""Task variance against numpy's on activations computed by hand; clusters that were planted; the command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from hwsim.analysis.variance import find_clusters, k_means, silhouette, task_variance, unit_variances
from hwsim.cli.show import show
from hwsim.files import parse_document
from hwsim.model import Model, Registers, read_model, start
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.folder import FolderError
from tests.conftest import run_here

DEEP = """
title = "deep"
inputs = 8
[[layer]]
kind = "dense"
units = 6
activation = "tanh"
bias = "uniform"
[[layer]]
kind = "dense"
units = 5
activation = "relu"
bias = "uniform"
gain = true
[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
TASKS = (
    'task.pixels=["plain", "rotated"]',
    "controller.name='bias-only'",
    "controller.epochs=3",
    "execution.reference=false",
)


def _deep() -> Model:
    return read_model(parse_document(DEEP, "m.toml"))


@pytest.mark.parametrize("samples", [7, 500, 1203])
def test_variance_is_numpys(samples: int) -> None:
    model = _deep()
    values = start(model, 0)
    x = (np.random.default_rng(1).normal(size=(samples, 8)) + 5).astype(np.float32)
    registers = [Registers(v.bias, 1.7) for v in values]
    found = unit_variances(model, [v.weights.astype(np.float32) for v in values], registers, x)
    one = np.tanh(x @ values[0].weights.T + values[0].bias)
    two = np.maximum(1.7 * (one @ values[1].weights.T) + values[1].bias, 0)
    assert found == pytest.approx(np.concatenate([one.var(axis=0), two.var(axis=0)]), rel=1e-4, abs=1e-9)


def test_planted_clusters_are_found() -> None:
    rng = np.random.default_rng(0)
    kinds = np.array([[1, 0.02, 0.02], [0.02, 1, 0.02], [0.02, 0.02, 1], [1, 1, 0.02]])
    planted = rng.integers(4, size=300)
    variance = kinds[planted] * rng.uniform(0.9, 1, (300, 3)) * rng.lognormal(size=(300, 1))
    variance[::10] = 1e-4  # take part in nothing
    planted[::10] = -1
    found, silhouettes = find_clusters(variance, seed=0)
    assert max(silhouettes, key=lambda k: silhouettes[k]) == 4
    assert np.array_equal(found < 0, planted < 0)
    pairs = set(zip(found.tolist(), planted.tolist(), strict=True))
    assert len(pairs) == 5, "one name for each"
    assert np.array_equal(find_clusters(variance, seed=0)[0], found)


def test_too_few_kinds_of_units_are_one_cluster() -> None:
    found, silhouettes = find_clusters(np.ones((4, 2)), seed=0)
    assert found.tolist() == [0, 0, 0, 0]
    assert silhouettes == {}
    assert find_clusters(np.zeros((3, 2)), seed=0)[0].tolist() == [-1, -1, -1]


def test_variances_of_a_run(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run_here(tiny, run, *TASKS)
    show(["variance", str(run)], json=True, picture=None)
    answer = json.loads(capsys.readouterr().out)
    assert answer["units"] == 12
    assert sum(one["units"] for one in answer["clusters"]) + answer["in_no_task"] == 12
    assert (run / "variance.png").is_file()
    with (run / "variance.csv").open() as file:
        rows = list(csv.DictReader(file))
    plan = plan_of(run)
    found = task_variance(plan, run)
    task = plan.task.load(plan.task_parameters)
    weights = start(plan.model, 0)[0].weights
    for number, one in enumerate(task.tasks):
        bias = np.array([float(row[f"bias_{one.name}"]) for row in rows])
        hidden = np.maximum(one.test_x @ weights.T + bias, 0)
        # the FPGA's cells have 6 bits
        assert found.variance[:, number] == pytest.approx(hidden.var(axis=0), rel=0.2, abs=0.02)
        assert answer["correlation_of_bias_and_variance"][one.name] == pytest.approx(found.correlation[number])
    assert found.variance.max() > 0.1


def test_a_run_of_one_task_has_nothing_to_compare(tiny: Path, tmp_path: Path) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    with pytest.raises(FolderError, match="this run has one task; variances compare the tasks of a multi-task"):
        task_variance(plan_of(tmp_path / "run"), tmp_path / "run")


@pytest.mark.parametrize("seed", range(3))
def test_clusters_against_scikit_learn(seed: int) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal(size=3) * 3 + rng.normal(size=(40, 3)) for _ in range(5)])
    for k in (2, 5, 9):
        labels = k_means(points, k, rng)
        assert set(labels.tolist()) == set(range(k))
        cost = sum(((points[labels == n] - points[labels == n].mean(axis=0)) ** 2).sum() for n in range(k))
        assert cost <= KMeans(k, n_init=10, random_state=0).fit(points).inertia_ * 1.05
        assert silhouette(points, labels) == pytest.approx(silhouette_score(points, labels), abs=1e-12)


def test_k_means_of_every_point_its_own() -> None:
    points = np.arange(6.0)[:, None] ** 2
    assert sorted(k_means(points, 6, np.random.default_rng(0))) == list(range(6))
