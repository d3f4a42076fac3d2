"""A chip of a third party that breaks its promise: one line that names it, the method and the layer; exit code 3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwsim.device import infer
from hwsim.device.ideal import Ideal, IdealChip
from hwsim.errors import FAILED
from hwsim.files import parse_document
from hwsim.files.registry import PluginError
from hwsim.model import Model, Registers, read_model, start

MODEL = """
title = "residual"
inputs = 32
shape = [2, 4, 4]

[[layer]]
kind = "conv2d"
units = 2
activation = "relu"
kernel = 3
padding = "same"
name = "first"

[[layer]]
kind = "conv2d"
units = 2
activation = "relu"
kernel = 3
padding = "same"

[[layer]]
kind = "add"
summand = "first"

[[layer]]
kind = "average-pool"
kernel = 2

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 3
activation = "relu"
"""
PLACES = {"encode": "the inputs", "matmul": "layer 2", "activate": "layer 2", "add": "node 2", "average": "node 3"}
SHAPES = {"encode": (5, 32), "matmul": (5, 3), "activate": (5, 3), "add": (5, 4, 4, 2), "average": (5, 2, 2, 2)}
BREAKS: dict[str, Any] = {
    "shape": lambda a: a[1:],
    "list": lambda a: a.tolist(),
    "text": lambda a: a.astype(str),
    "complex": lambda a: a * 1j,
    "nan": lambda a: np.where(np.arange(a.size).reshape(a.shape) == a.size - 1, np.nan, a),
    "inf": lambda a: np.where(np.arange(a.size).reshape(a.shape) == a.size - 1, np.inf, a),
}


class Faulty(IdealChip):
    """An ideal chip, one method of which breaks what it gives, of the last layer where layers are told apart."""

    method, wrong = "", ""

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in PLACES or name != type(self).method:
            return found

        def broken(*given: Any) -> Any:
            right = found(*given)
            whole = name in ("matmul", "activate") and given[0] < 2
            return right if whole else BREAKS[type(self).wrong](right)

        return broken


def network() -> Model:
    return read_model(parse_document(MODEL, "residual.toml"))


def outputs(kind: type[IdealChip]) -> np.ndarray:
    net = network()
    values = start(net, 0)
    x = np.random.default_rng(0).random((5, 32)).astype(np.float32)
    chip = Ideal().fabricate(net, values, x, 0)
    registers = [Registers(np.zeros(layer.units), 1.0) for layer in net.layers]
    return infer(net, kind(net, chip.weights), x, registers, None)


def test_a_chip_that_keeps_its_promise() -> None:
    assert np.array_equal(outputs(Faulty), outputs(IdealChip))


@pytest.mark.parametrize("method", PLACES)
@pytest.mark.parametrize("wrong", BREAKS)
def test_a_chip_that_breaks_it(method: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Faulty, "method", method)
    monkeypatch.setattr(Faulty, "wrong", wrong)
    shape = SHAPES[method]
    found = {
        "shape": f"gave an array of the shape {(shape[0] - 1, *shape[1:])}, not {shape}",
        "list": f"gave list, not an array {shape}",
        "text": "gave numbers of the dtype <U",
        "complex": "gave numbers of the dtype complex",
        "nan": f"gave nan at {[size - 1 for size in shape]}, not a finite number",
        "inf": f"gave inf at {[size - 1 for size in shape]}, not a finite number",
    }[wrong]
    with pytest.raises(PluginError) as caught:
        outputs(Faulty)
    words = f"device tests.device.test_wall.Faulty: {method} of {PLACES[method]} {found}"
    assert str(caught.value).startswith(words)
    assert caught.value.exit_code == FAILED
