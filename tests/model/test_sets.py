"""Starts of Cai et al.: one set of values used again and again, directions, widths."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Start, read_model, start

SEEDS = st.integers(0, 2**63)


def drawn(units: int, inputs: int, seed: int, **keys: Any) -> Start:
    given = {"weights": "uniform", "weight_bound": 1.0, "bias": "uniform", "bias_bound": 1.0, "gain": False, **keys}
    layer = Layer(
        units=units,
        inputs=inputs,
        activation="relu",
        learned_connections=True,
        learned_registers=True,
        **given,
    )
    return start(Model("t", (layer,)), seed)[0]


@given(sets=st.integers(1, 9), repeats=st.integers(1, 9), seed=SEEDS)
@pytest.mark.parametrize("law", ["uniform", "linspace", "he-normal", "xavier-uniform", "he-uniform"])
def test_a_bias_set_used_again(law: str, sets: int, repeats: int, seed: int) -> None:
    bias = drawn(sets * repeats, 1, seed, bias=law, bias_repeats=repeats, bias_bound=1.75).bias
    assert (bias.reshape(repeats, sets) == bias[:sets]).all()
    if law == "linspace":
        assert bias[:sets] == pytest.approx(np.linspace(-1.75, 1.75, sets))
    else:
        assert len(set(bias.tolist())) == sets
    limit = {"uniform": 1.75, "linspace": 1.75, "xavier-uniform": (12 / (sets + 1)) ** 0.5}.get(law, np.inf)
    assert np.abs(bias).max() <= limit


def test_twice_is_a_set_of_half_the_units() -> None:
    twice, repeated = drawn(10, 1, 3, bias="uniform-twice").bias, drawn(10, 1, 3, bias_repeats=2).bias
    assert np.array_equal(twice, repeated)


@given(sets=st.integers(1, 9), repeats=st.integers(1, 9), seed=SEEDS)
def test_weights_used_again(sets: int, repeats: int, seed: int) -> None:
    weights = drawn(1, sets * repeats, seed, weight_repeats=repeats).weights[0]
    assert set(Counter(weights.tolist()).values()) == {repeats}
    assert np.array_equal(weights[:sets], weights[-sets:])


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_directions(inputs: int) -> None:
    """Every non-zero vector of -1, 0, 1 equally often, and opposites side by side."""
    n = 3**inputs - 1
    rows = drawn(4 * n, inputs, 0, weights="directions", weight_bound=2.0).weights
    counts = Counter(map(tuple, rows.tolist()))
    assert len(counts) == n
    assert set(counts.values()) == {4}
    assert {value for row in counts for value in row} <= {-2.0, 0.0, 2.0}
    assert (0.0,) * inputs not in counts
    blocks = rows.reshape(n, 4, inputs)[:, 0]
    assert np.array_equal(blocks[::2], -blocks[1::2])


def test_one_direction_is_signs() -> None:
    assert np.array_equal(drawn(6, 1, 0, weights="directions").weights, drawn(6, 1, 0, weights="signs").weights)


@pytest.mark.parametrize(
    ("name", "coefficients", "biases"),
    [
        ("cai-random5", stats.uniform(-((12 / 641) ** 0.5), 2 * (12 / 641) ** 0.5), (12 / 321) ** 0.5),
        ("cai-random8", stats.norm(0, (1 / 320) ** 0.5), 1.0),
    ],
)
def test_laws_of_the_paper(name: str, coefficients: Any, biases: float) -> None:
    """H0: n = 320; laws of the authors' code, Kolmogorov-Smirnov, false alarms 1e-3, seed fixed."""
    model = read_model(read_document(names("models")[name]), 320)
    first, second = start(model, 1)
    assert (first.weights.shape, second.weights.shape) == ((640, 1), (1, 640))
    assert np.array_equal(first.bias[:320], first.bias[320:])
    assert stats.kstest(first.bias[:320], stats.uniform(-biases, 2 * biases).cdf).pvalue > 1e-3
    assert stats.kstest(second.weights[0], coefficients.cdf).pvalue > 1e-3


def layer(units: str) -> str:
    return f'[[layer]]\nkind = "dense"\nunits = {units}\nactivation = "relu"\n'


def test_widths() -> None:
    text = 'title = "t"\ninputs = 1\nwidth = 3\n' + layer('"2 width"') + layer('"width"') + layer("5")
    assert [one.units for one in read_model(parse_document(text, "m.toml")).layers] == [6, 3, 5]
    assert [one.units for one in read_model(parse_document(text, "m.toml"), 7).layers] == [14, 7, 5]


@pytest.mark.parametrize(
    ("units", "wanted"),
    [
        ('"2.5 width"', 'must be a whole number or a multiple of the width, found "2.5 width"'),
        ('"400000 width"', "'400000 width' makes 1,200,000 units, make it 1 to 1,000,000"),
        ("0", "'units' must be at least 1, found 0"),
        ("1000001", "'units' must be at most 1000000, found 1000001"),
    ],
)
def test_widths_that_are_none(units: str, wanted: str) -> None:
    with pytest.raises(DiagnosticError, match=r"^m\.toml:6:1: ") as caught:
        read_model(parse_document('title = "t"\ninputs = 1\nwidth = 3\n' + layer(units), "m.toml"))
    assert wanted in str(caught.value)


def test_a_width_that_is_missing() -> None:
    with pytest.raises(DiagnosticError, match=r"^m\.toml:5:1: the file has no 'width', add width = 64"):
        read_model(parse_document('title = "t"\ninputs = 1\n' + layer('"2 width"'), "m.toml"))


def test_too_many_directions() -> None:
    text = 'title = "t"\ninputs = 9\n' + layer("2") + 'weights = "directions"\n'
    with pytest.raises(
        DiagnosticError, match=r"^m\.toml:7:1: 9 inputs have 3\^9 - 1 directions, 'directions' takes at most 8"
    ):
        read_model(parse_document(text, "m.toml"))
