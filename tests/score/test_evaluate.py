"""Scores against scikit-learn, SciPy and by hand."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, log_loss, max_error, mean_squared_error

from hwsim.score import NotFiniteError, Score, evaluate, interval, write_table
from hwsim.task import Shape, Task

NONE = np.zeros((0, 1), np.float32)


def classes(labels: Any, outputs: int) -> Task:
    return Task(Shape(1, outputs, "classification"), NONE, NONE, NONE, np.array(labels, np.int64), (0, 1))


def values(targets: Any) -> Task:
    y = np.array(targets, np.float32)
    return Task(Shape(1, y.shape[1], "regression"), NONE, NONE, NONE, y, (0, 1))


@given(samples=st.integers(1, 40), outputs=st.integers(2, 12), spread=st.floats(0, 30), seed=st.integers(0, 2**32))
def test_classification(samples: int, outputs: int, spread: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, logits = rng.integers(0, outputs, samples), rng.normal(0, spread, (samples, outputs))
    found = evaluate(classes(labels, outputs), logits)
    assert found.metric == accuracy_score(labels, logits.argmax(axis=1))
    shares = [[math.exp(v - max(row)) for v in row] for row in logits]
    shares = [[v / math.fsum(row) for v in row] for row in shares]
    # scikit-learn clips shares below the machine's precision, hence 36 nats at most
    wanted = log_loss(labels, shares, labels=list(range(outputs)))
    if found.loss < 1:
        assert found.loss == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert found.loss >= wanted - 1e-9


@given(samples=st.integers(1, 40), outputs=st.integers(1, 5), seed=st.integers(0, 2**32))
def test_regression(samples: int, outputs: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(samples, outputs)).astype(np.float32)
    given_ = rng.normal(size=(samples, outputs))
    found = evaluate(values(y), given_)
    assert found.metric == max_error(y.reshape(-1), given_.reshape(-1))
    assert found.loss == pytest.approx(mean_squared_error(y, given_), rel=1e-9)


def test_by_hand() -> None:
    """Shares 1/4, 3/4 and 1/2, 1/2: losses ln 4 and ln 2; the tie goes to class 0."""
    found = evaluate(classes([0, 0], 2), np.log([[1.0, 3.0], [5.0, 5.0]]))
    assert found.metric == 0.5
    assert found.loss == pytest.approx((math.log(4) + math.log(2)) / 2, rel=1e-15)
    regression = evaluate(values([[1.0, -2.0], [0.5, 0.0]]), np.array([[1.5, -2.0], [0.5, -1.0]]))
    assert (regression.metric, regression.loss) == (1.0, (0.25 + 1) / 4)


def test_large_outputs_do_not_overflow() -> None:
    found = evaluate(classes([1, 0], 2), np.array([[1e300, -1e300], [1e5, 0.0]]))
    assert found.metric == 0.5
    assert found.loss == 1e300  # half of 2e300
    assert evaluate(classes([0], 1), np.array([[123.0]])).loss == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("task", [classes([0, 1], 2), values([[0, 1], [1, 1]])])
def test_outputs_that_are_not_finite(bad: float, task: Task) -> None:
    words = "^the network's outputs are not finite numbers; lower the learning rate or its initial values$"
    with pytest.raises(NotFiniteError, match=words):
        evaluate(task, np.array([[0.0, 1.0], [bad, 0.0]]))


@given(trials=st.integers(1, 100_000), share=st.floats(0, 1))
def test_the_wilson_interval(trials: int, share: float) -> None:
    """SciPy's, for every number of successes."""
    successes = round(trials * share)
    wanted = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    low, high = interval(successes / trials, trials)
    assert (low, high) == pytest.approx((wanted.low, wanted.high), rel=1e-9, abs=1e-12)
    assert 0 <= low <= successes / trials <= high <= 1


ROW = Score(3, 1.5, 0.9, 0.8, 0.95, 0.91, 0.3, 4, 3, 2, 1e-9, 2001, 6, 2e-9, 1e-7, "greedy")


def test_rows() -> None:
    row = ROW.row("accuracy")
    assert row["time_s"] == 2001e-12
    assert list(row)[:6] == ["event", "epoch", "accuracy", "accuracy_low", "accuracy_high", "accuracy_noiseless"]
    bare = Score(3, 1.5, 0.9, None, None, 0.91, 0.3, 4, 3, 2, 1e-9, 2001, 6, 2e-9, 1e-7, "greedy").row("max_error")
    assert list(bare)[:4] == ["event", "epoch", "max_error", "max_error_noiseless"]
    assert "time_ps" not in bare


@given(energy=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5), text=st.text())
def test_a_table_reads_back_bit_for_bit(energy: list[float], text: str) -> None:
    rows = [{"event": n, "energy_j": joules, "router": text} for n, joules in enumerate(energy)]
    read = list(csv.DictReader(io.StringIO(write_table(rows), newline="")))
    assert [(int(r["event"]), float(r["energy_j"]), r["router"]) for r in read] == [
        (n, joules, text) for n, joules in enumerate(energy)
    ]


def test_a_table_by_hand() -> None:
    assert write_table([{"event": 0, "router": "a,b"}, {"router": "c", "event": 1}]) == 'event,router\n0,"a,b"\n1,c\n'
