"""Relabellings: the function stays, the count counts them, and another run's order is found again."""

from __future__ import annotations

from itertools import permutations
from math import factorial, log10
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.analysis.symmetry import (
    compare_binary,
    compare_real,
    describe_model,
    find_groups,
    relabel,
    reorder,
    symmetry_count,
    value_freedom,
)
from hwsim.controller import Job, TrainingSettings
from hwsim.controller.forward import forward
from hwsim.controller.free import train_values
from hwsim.files import read_document
from hwsim.model import Layer, Model, Start, read_model, start
from hwsim.task import TASKS

DENSE = """
[[layer]]
kind = "dense"
units = 5
activation = "relu"
[[layer]]
kind = "batch-norm"
activation = "tanh"
[[layer]]
kind = "dense"
units = 4
activation = "sigmoid"
[[layer]]
kind = "dense"
units = 2
activation = "identity"
""".replace('units = 5\nactivation = "relu"', 'units = 5\nactivation = "identity"')
CONVOLUTION = """
[[layer]]
kind = "conv2d"
units = 3
kernel = 2
activation = "relu"
name = "a"
[[layer]]
kind = "conv2d"
units = 3
kernel = 3
padding = "same"
activation = "relu"
[[layer]]
kind = "add"
summand = "a"
[[layer]]
kind = "max-pool"
kernel = 2
[[layer]]
kind = "flatten"
[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
RECURRENT = """
[[layer]]
kind = "rnn"
units = 4
activation = "tanh"
sequence = true
[[layer]]
kind = "rnn"
units = 3
activation = "tanh"
[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
HEADS = {
    "dense": ("inputs = 6", DENSE, factorial(5) * factorial(4)),
    "convolution": ("inputs = 50\nshape = [2, 5, 5]", CONVOLUTION, factorial(3)),
    "recurrent": ("inputs = 12\nshape = [4, 3]", RECURRENT, factorial(4) * factorial(3)),
}


def model_of(name: str, folder: Path) -> Model:
    path = folder / "m.toml"
    path.write_text(f'title = "m"\n{HEADS[name][0]}\n{HEADS[name][1]}')
    return read_model(read_document(path))


def outputs(model: Model, values: list[Start], x: np.ndarray) -> np.ndarray:
    import torch

    w, b, g = ([torch.tensor(getattr(v, name)) for v in values] for name in ("weights", "bias", "gain"))
    return np.asarray(forward(model, torch.tensor(x), w, b, g))


@pytest.mark.parametrize("name", HEADS)
@settings(max_examples=20)
@given(seed=st.integers(0, 9999))
def test_the_function_stays(name: str, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    model = model_of(name, tmp_path_factory.mktemp("m"))
    rng = np.random.default_rng(seed)
    values = [
        Start(v.weights, rng.normal(size=len(v.bias)), v.gain * rng.uniform(0.5, 2, np.shape(v.gain)))
        for v in start(model, seed)
    ]
    chosen = {g.layers[0]: rng.permutation(g.units) for g in find_groups(model) if not g.fixed}
    x = rng.normal(size=(7, model.inputs))
    assert np.allclose(outputs(model, values, x), outputs(model, relabel(model, values, chosen), x), atol=1e-12)


@pytest.mark.parametrize("name", HEADS)
def test_counts(name: str, tmp_path: Path) -> None:
    count = symmetry_count(model_of(name, tmp_path))
    assert count.exact == HEADS[name][2]
    assert count.log10 == pytest.approx(log10(HEADS[name][2]))


def test_every_counted_relabelling_is_another_network(tmp_path: Path) -> None:
    """As many different weights as the count says, and one function."""
    model = model_of("recurrent", tmp_path)
    values = start(model, 0)
    x = np.random.default_rng(1).normal(size=(3, model.inputs))
    seen = set()
    for a in permutations(range(4)):
        for b in permutations(range(3)):
            new = relabel(model, values, {0: np.array(a), 1: np.array(b)})
            assert np.allclose(outputs(model, new, x), outputs(model, values, x), atol=1e-12)
            seen.add(b"".join(v.weights.tobytes() for v in new))
    assert len(seen) == symmetry_count(model).exact


def test_what_cannot_be_relabelled(tmp_path: Path) -> None:
    model = model_of("dense", tmp_path)
    values = start(model, 0)
    with pytest.raises(ValueError, match="units of layer 2 cannot be relabelled: the network's outputs"):
        relabel(model, values, {2: np.arange(2)})
    with pytest.raises(ValueError, match=r"layer 0 needs a permutation of 0\.\.4"):
        relabel(model, values, {0: np.zeros(5, np.int64)})
    own = Layer(2, 6, "look-up", "uniform", 1.0, True, "zero", 1.0, False, True, parameters=(-1, 1, 2, 0, 1, 2, 3))
    last = Layer(1, 2, "identity", "uniform", 1.0, True, "zero", 1.0, False, True)
    assert "look-up table of its own" in find_groups(Model("m", (own, last)))[0].fixed


def test_large_counts_have_no_integer() -> None:
    wide = Layer(2000, 8, "relu", "uniform", 1.0, True, "zero", 1.0, False, True)
    last = Layer(1, 2000, "identity", "uniform", 1.0, True, "zero", 1.0, False, True)
    count = symmetry_count(Model("m", (wide, last)))
    assert count.exact is None
    assert count.log10 == pytest.approx(5735.52, abs=0.01)  # of 2000!, by Stirling's series
    assert describe_model(Model("m", (wide, last))).rows[0].collisions == pytest.approx(1999 * 1000 / 2**8)


def test_value_freedom_by_counting() -> None:
    bank = np.array([1, 1, 2, 2, 2])
    alike = sum(np.array_equal(bank[list(p)], bank) for p in permutations(range(5)))
    assert 10 ** value_freedom(bank[None, :]) == pytest.approx(alike)


def test_a_planted_relabelling_of_a_trained_layer() -> None:
    plugin = TASKS["digits"]
    task = plugin.load(plugin.parameters())
    layers = (
        Layer(256, 64, "relu", "he-uniform", 1.0, True, "zero", 1.0, False, True),
        Layer(10, 256, "identity", "he-uniform", 1.0, True, "zero", 1.0, False, True),
    )
    model = Model("64-256-10", layers)
    values = start(model, 0)
    job = Job(task, model, values, [v.weights for v in values], seed=0, threads=1)
    trained = train_values(job, TrainingSettings(3, 64, 3e-3, 1.0, 1), lambda _: None)
    p = np.random.default_rng(5).permutation(256)
    other = relabel(model, trained, {0: p})
    similarity = compare_real(trained[0].weights, other[0].weights)
    for method in ("assignment", "greedy"):
        found = reorder(similarity, method)
        assert np.array_equal(p[found], np.arange(256))
    masks = [each[0].weights > 0 for each in (trained, other)]
    assert np.array_equal(p[reorder(compare_binary(*masks))], np.arange(256))


def test_orders_of_other_sizes() -> None:
    with pytest.raises(ValueError, match="as many units in both"):
        reorder(np.zeros((2, 3)))


@given(seed=st.integers(0, 999), units=st.integers(1, 5))
def test_assignment_by_brute_force(seed: int, units: int) -> None:
    table = np.random.default_rng(seed).random((units, units))
    best = max(sum(table[i, p[i]] for i in range(units)) for p in permutations(range(units)))
    assert table[np.arange(units), reorder(table)].sum() == pytest.approx(best)
    greedy = reorder(table, "greedy")
    assert sorted(greedy.tolist()) == list(range(units))
    assert table.max() in table[np.arange(units), greedy]
