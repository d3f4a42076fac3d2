"""Ranges of converters where calibration sees nothing but zeros: what comes later still gets through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.device.range_observer import observe_ranges
from hwsim.files import parse_document, read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Registers, Start


def build(name: str) -> Any:
    path = Path(names("devices")[name])
    document = read_document(path)
    technology = DEVICES[document.data["technology"]]
    values = datasheet_values(read_datasheet(document, technology.datasheet), {}, parse_document("", "t"), ())
    for change in technology.effects.values():
        if "dac_bits" not in change and "adc_bits" not in change:
            values |= change
    return technology.build(values)


def layer(units: int, inputs: int, activation: Any) -> Layer:
    return Layer(units, inputs, activation, "uniform", 1.0, True, "zero", 1.0, False, True)


MODEL = Model("t", (layer(3, 2, "relu"), layer(2, 3, "relu"), layer(1, 2, "identity")))


@pytest.mark.parametrize("name", ["pcm-nandakumar-2019", "photonic-feldmann-2021"])
@pytest.mark.parametrize("dead", ["inputs", "hidden", "weights"])
def test_what_wakes_up_gets_through(name: str, dead: str) -> None:
    """A layer that saw zeros alone at calibration; then its inputs come, or its bias is learned."""
    rng = np.random.default_rng(5)
    values = [Start(rng.uniform(0.2, 0.5, (n.units, n.inputs)), np.zeros(n.units), 1.0) for n in MODEL.layers]
    x = rng.random((40, 2)).astype(np.float32)
    given = np.zeros_like(x) if dead == "inputs" else x
    if dead == "hidden":
        values[0] = Start(values[0].weights, np.full(3, -9.0), 1.0)
    if dead == "weights":
        values[0] = Start(np.zeros((3, 2)), np.zeros(3), 1.0)
    chip = build(name).fabricate(MODEL, values, given, 0)
    first = np.full(3, 0.3 if dead == "weights" else 0.0)
    registers = [Registers(first, 1.0), *(Registers(v.bias, 1.0) for v in values[1:])]
    wanted: Any = x.astype(np.float64)
    for number, one in enumerate(values):
        wanted = wanted @ one.weights.T + registers[number].bias
        wanted = np.maximum(wanted, 0) if number < 2 else wanted
    assert infer(MODEL, chip, x, registers, None) == pytest.approx(wanted, abs=0.1)
    assert wanted.max() > 0.2


def test_ranges_of_zeros() -> None:
    """Inputs lie in 0..1 where none were seen; sums reach as far as the largest weight, or 1."""
    values = [
        Start(np.full((n.units, n.inputs), size), np.zeros(n.units), 1.0)
        for n, size in zip(MODEL.layers, (-2.0, 0.5, 0.0), strict=True)
    ]
    found = observe_ranges(MODEL, values, np.zeros((3, 2), np.float32))
    seen = [(one.low, one.high, one.accumulators) for one in found]
    assert seen == [
        (0.0, 1.0, 2.0),
        (0.0, 1.0, 0.5),
        (0.0, 1.0, 1.0),
    ]
