"""Model files: shapes, starting values by their laws, diagnostics with their places."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, read_model, start

SIZES = st.integers(1, 24)
SEEDS = st.integers(0, 2**63)


def layer(units: int, inputs: int, weights: Any = "he-uniform", bias: Any = "zero", bound: float = 1.0) -> Layer:
    return Layer(units, inputs, "relu", weights, bound, True, bias, bound, False, True)


def text(inputs: int, *units: int) -> str:
    layers = (f'[[layer]]\nkind = "dense"\nunits = {n}\nactivation = "relu"\n' for n in units)
    return f'title = "t"\ninputs = {inputs}\n' + "".join(layers)


@given(sizes=st.lists(st.integers(1, 10**6), min_size=2, max_size=7))
def test_layers_chain(sizes: list[int]) -> None:
    model = read_model(parse_document(text(*sizes), "m.toml"))
    assert (model.inputs, model.outputs) == (sizes[0], sizes[-1])
    assert [(one.inputs, one.units) for one in model.layers] == list(pairwise(sizes))


def test_what_a_file_leaves_out() -> None:
    (one,) = read_model(parse_document(text(3, 2), "m.toml")).layers
    assert one == Layer(2, 3, "relu", "he-uniform", 1.0, True, "zero", 1.0, False, True)


def test_the_sine_network() -> None:
    first, second = read_model(read_document(names("models")["sine-cai"])).layers
    assert (first.units, first.inputs, first.learned_connections, first.learned_registers) == (320, 1, False, False)
    assert (second.units, second.inputs, second.gain, second.activation) == (1, 320, True, "identity")


@given(units=SIZES, inputs=SIZES, bound=st.floats(1e-6, 1e6), seed=SEEDS)
def test_weight_starts(units: int, inputs: int, bound: float, seed: int) -> None:
    def drawn(law: str) -> np.ndarray:
        (values,) = start(Model("t", (layer(units, inputs, law, bound=bound),)), seed)
        assert values.weights.shape == (units, inputs)
        assert values.weights.dtype == np.float64
        return values.weights

    size = units * inputs
    assert np.abs(drawn("he-uniform")).max() <= (6 / inputs) ** 0.5
    assert np.abs(drawn("uniform")).max() <= bound
    ramp = [-bound + 2 * bound * k / (size - 1) for k in range(size)] if size > 1 else [-bound]
    assert np.sort(drawn("linspace-shuffled"), axis=None) == pytest.approx(np.array(ramp), rel=1e-12, abs=1e-12 * bound)
    pairs = Counter(drawn("pairwise").reshape(-1).tolist())
    lonely = [value for value in pairs if pairs[value] != pairs[-value]]
    assert len(lonely) == size % 2
    signs = drawn("signs")
    assert signs.sum(axis=1).tolist() == [inputs] * (units - units // 2) + [-inputs] * (units // 2)
    assert set(signs.reshape(-1)) <= {1.0, -1.0}


@given(units=SIZES, bound=st.floats(1e-6, 1e6), seed=SEEDS)
def test_bias_starts(units: int, bound: float, seed: int) -> None:
    def drawn(law: str) -> np.ndarray:
        (values,) = start(Model("t", (layer(units, 2, bias=law, bound=bound),)), seed)
        assert (values.bias.shape, values.gain) == ((units,), 1.0)
        return values.bias

    half = units - units // 2
    assert drawn("zero").tolist() == [0] * units
    assert np.abs(drawn("uniform")).max() <= bound
    for law in ("uniform-twice", "linspace-twice"):
        twice = drawn(law)
        assert np.abs(twice).max() <= bound
        assert twice[half:].tolist() == twice[: units - half].tolist()
    ramp = drawn("linspace-twice")[:half]
    wanted = np.array([-bound + 2 * bound * k / max(half - 1, 1) for k in range(half)])
    assert ramp == pytest.approx(wanted, rel=1e-12, abs=1e-12 * bound)


@pytest.mark.parametrize(("law", "bound"), [("he-uniform", (6 / 50) ** 0.5), ("uniform", 0.3), ("pairwise", 0.3)])
def test_draws_are_uniform(law: str, bound: float) -> None:
    """H0: 2500 independent values uniform in -bound..bound; Kolmogorov-Smirnov, false alarms 1e-3, seed fixed.

    Pairwise draws half as many and mirrors them: only its first half is independent.
    """
    (values,) = start(Model("t", (layer(100, 50, law, bound=0.3),)), 5)
    assert stats.kstest(values.weights.reshape(-1)[:2500], stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3


@given(units=SIZES, inputs=SIZES, seed=SEEDS, value=st.floats(-9, 9).filter(bool), keep=st.floats(0.01, 1))
def test_one_value_or_none(units: int, inputs: int, seed: int, value: float, keep: float) -> None:
    law = replace(layer(units, inputs, "constant"), weight_value=value, keep=keep)
    (values,) = start(Model("t", (law,)), seed)
    assert set(values.weights.reshape(-1)) <= {0.0, value}
    if keep == 1:
        assert (values.weights == value).all()


@given(units=SIZES, inputs=SIZES, seed=SEEDS, keep=st.floats(0.01, 0.99))
def test_zeros_replace_what_is_drawn_and_change_nothing_else(units: int, inputs: int, seed: int, keep: float) -> None:
    dense = replace(layer(units, inputs, "he-normal", "uniform"))
    (whole,) = start(Model("t", (dense,)), seed)
    (sparse,) = start(Model("t", (replace(dense, keep=keep),)), seed)
    assert ((sparse.weights == whole.weights) | (sparse.weights == 0)).all()
    assert np.array_equal(sparse.bias, whole.bias)


@given(units=SIZES, inputs=SIZES, seed=SEEDS, keep=st.floats(0.01, 0.99))
def test_every_unit_keeps_as_many(units: int, inputs: int, seed: int, keep: float) -> None:
    law = replace(layer(units, inputs, "constant"), keep=keep, keeps_count=True)
    (values,) = start(Model("t", (law,)), seed)
    assert (values.weights != 0).sum(axis=1).tolist() == [round(keep * inputs)] * units


@pytest.mark.parametrize("keep", [0.6, 1 / 15])
def test_how_many_are_kept(keep: float) -> None:
    """H0: each of 10,000 weights is kept with the probability named; binomial, false alarms 1e-3, seed fixed."""
    (values,) = start(Model("t", (replace(layer(100, 100, "constant"), keep=keep),)), 4)
    assert stats.binomtest(int((values.weights != 0).sum()), 10_000, keep).pvalue > 1e-3
    rows = (values.weights != 0).sum(axis=1)  # and independently of each other: the spread of 100 rows is binomial
    assert 61 < 99 * rows.var(ddof=1) / (100 * keep * (1 - keep)) < 149  # chi-square, 99 degrees, 1e-3 on both sides


@pytest.mark.parametrize(
    ("law", "more", "deviation"),
    [
        ("he-normal", {}, 0.2),
        ("he-normal", {"weight_gain": 3.0}, 0.6),
        ("normal", {"weight_deviation": 0.7}, 0.7),
    ],
)
def test_draws_are_normal(law: str, more: dict[str, Any], deviation: float) -> None:
    """H0: 5000 independent normal values; Kolmogorov-Smirnov, false alarms 1e-3 each, seed fixed."""
    (values,) = start(Model("t", (replace(layer(100, 50, law), **more),)), 6)
    assert stats.kstest(values.weights.reshape(-1), stats.norm(0, deviation).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("places", "outputs"), [(1, 100), (9, 900)])
def test_xavier_counts_inputs_and_outputs(places: int, outputs: int) -> None:
    """H0: 5000 values uniform within sqrt(6 / (inputs + outputs)), a kernel's places counted; as above, 1e-3."""
    (values,) = start(Model("t", (replace(layer(100, 50, "xavier-uniform"), places=places),)), 7)
    bound = (6 / (50 + outputs)) ** 0.5
    assert stats.kstest(values.weights.reshape(-1), stats.uniform(-bound, 2 * bound).cdf).pvalue > 1e-3


def test_he_uniform_biases_count_their_own_length() -> None:
    """Keras takes the length of a vector for its fan-in. H0 as above, 2400 values, false alarms 1e-3."""
    (values,) = start(Model("t", (layer(2400, 3, bias="he-uniform"),)), 8)
    assert stats.kstest(values.bias, stats.uniform(-0.05, 0.1).cdf).pvalue > 1e-3


def test_linspace_rises() -> None:
    (values,) = start(Model("t", (layer(2, 3, "linspace", bound=5.0),)), 0)
    assert values.weights.tolist() == [[-5, -3, -1], [1, 3, 5]]


@given(sizes=st.lists(SIZES, min_size=3, max_size=6), seed=SEEDS)
def test_a_layer_more_changes_no_other(sizes: list[int], seed: int) -> None:
    laws = [layer(units, inputs, bias="uniform") for inputs, units in pairwise(sizes)]
    whole, fewer = (start(Model("t", tuple(layers)), seed) for layers in (laws, laws[:-1]))
    for one, other in zip(whole[:-1], fewer, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.bias, other.bias)


def test_a_bias_drawn_changes_no_weight() -> None:
    one, other = (start(Model("t", (layer(4, 3, bias=bias),)), 1)[0] for bias in ("zero", "uniform"))
    assert np.array_equal(one.weights, other.weights)
    (seeded,) = start(Model("t", (layer(4, 3, bias="uniform"),)), 2)
    assert not np.array_equal(seeded.weights, other.weights)
    assert not np.array_equal(seeded.bias, other.bias)


FAULTY = """title = "t"
inputs = 0
layers = 2

[[layer]]
kind = "conv"
units = 3
activation = "relu"

[[layer]]
kind = "dense"
units = "3"
activation = "tanhh"
weights = "he-unifrom"
weight_bound = 1e31
  bias_bound = -1
"""


def test_faults_stand_at_their_places() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_model(parse_document(FAULTY, "m.toml"))
    lines = str(caught.value).splitlines()
    assert [line.split(", ")[0] for line in lines] == [
        "m.toml:2:1: 'inputs' must be at least 1",
        "m.toml:3:1: unknown key 'layers'",
        "m.toml:6:1: unknown word for 'kind'",
        "m.toml:12:1: 'units' must be a whole number or a multiple of the width",
        "m.toml:13:1: unknown word for 'activation'",
        "m.toml:14:1: unknown word for 'weights'",
        "m.toml:15:1: 'weight_bound' must be at most 1e+30",
        "m.toml:16:3: 'bias_bound' must be more than 0",
    ]


def test_a_model_without_layers() -> None:
    with pytest.raises(DiagnosticError, match=r"^m\.toml:1:1: missing key 'layer'"):
        read_model(parse_document('title = "t"\ninputs = 3\n', "m.toml"))
