"""The QDQ file gives the chip's outputs wherever no rounding is half-way, and says how many test outputs differ."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.device import infer
from hwsim.device.fpga.numbers import LAST, LEAKY, STEP, TABLE
from hwsim.device.ideal import Ideal
from hwsim.export import EXPORTS, Snapshot
from hwsim.files import Refusal, parse_document
from hwsim.model import Model, Registers, read_model
from tests.export.connected import BRANCHED, RESIDUAL, SMALL, Array, array, fabricated, models, runtime


class Halves:
    """An array in plain fractions, which notes whether anything that it rounds is half-way, or steps at 0."""

    def __init__(self, chip: Any) -> None:
        self._chip, self.met = chip, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chip, name)

    def _rounded(self, value: Array, least: float = -np.inf, largest: float = np.inf) -> Array:
        self.met |= bool((value % 1 == 0.5).any())
        return np.asarray(np.clip(np.floor(value + 0.5), least, largest), np.float32)

    def activate(self, layer: int, accumulators: Array, registers: Registers) -> Array:
        law = self._chip.layers[layer]
        s: Array = accumulators.astype(np.float64) + self._chip.register_codes(layer, registers)
        if law.kind == LAST:
            return np.asarray(s * law.unit)
        if law.kind == STEP:
            self.met |= bool((s == 0).any())
            return np.asarray(s > 0, np.float32)
        s = np.where(s < 0, s * 2.0**-law.slope, s) if law.kind == LEAKY else s
        found = self._rounded(s / 2**law.shift, law.least, law.largest)
        if law.kind == TABLE:
            units = np.arange(s.shape[1]) if len(law.tables) > 1 else 0
            found = law.tables[units, found.astype(np.int64) - law.least]
        return np.asarray(found, np.float32)

    def average(self, node: int, totals: Array, count: int) -> Array:
        del node
        return self._rounded(totals.astype(np.float64) / count)

    def add(self, node: int, one: Array, other: Array) -> Array:
        join = self._chip.joins[node]
        total = one.astype(np.float64) * 2**join.one + other.astype(np.float64) * 2**join.other
        return self._rounded(total / 2**join.shift, join.least, join.largest)


def free_of_halves(snapshot: Snapshot, x: Array, wanted: Array) -> Array:
    """Which samples meet no half on their way; the fractions give what the chip gives."""
    units = [law.unit for law in snapshot.chip.layers]  # type: ignore[attr-defined]
    registers = [Registers(codes * unit, 1.0) for codes, unit in zip(snapshot.registers, units, strict=True)]
    free = []
    for number, row in enumerate(x):
        chip: Any = Halves(snapshot.chip)
        np.testing.assert_array_equal(infer(snapshot.model, chip, row[None], registers, None)[0], wanted[number])
        free.append(not chip.met)
    return np.array(free)


def held(model: Model, bits: int, rng: np.random.Generator, *, signed: bool, wired: bool) -> int:
    """Compare the samples without a half in any of their signals; how many there are."""
    snapshot, x, wanted = fabricated(array(bits, bits, wired=wired), model, rng, signed=signed)
    chip: Any = snapshot.chip
    whole = free_of_halves(snapshot, x, wanted)
    (found,) = runtime(EXPORTS["onnx-qdq"].files(snapshot)["network-qdq.onnx"], x, optimised=True)
    unit = chip.layers[-1].unit
    steps = np.rint(found.reshape(wanted.shape)[whole].astype(np.float64) / unit)
    np.testing.assert_array_equal(steps, np.rint(wanted[whole] / unit))
    return int(whole.sum())


@given(models(), st.integers(2, 8), st.booleans(), st.booleans(), st.integers(0, 1 << 30))
@settings(max_examples=40)
def test_all_but_halves(model: Model, bits: int, signed: bool, wired: bool, seed: int) -> None:
    held(model, bits, np.random.default_rng(seed), signed=signed, wired=wired)


@pytest.mark.parametrize("text", [RESIDUAL, BRANCHED])
def test_sums_of_signals(text: str) -> None:
    model = read_model(parse_document(text, "m.toml"))
    assert sum(held(model, 8, np.random.default_rng(n), signed=n % 2 == 0, wired=False) for n in range(6)) > 20


def test_what_differs_is_told(digits: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """By count of a run of our own; where there is no runtime, or no test input, nothing is made up."""
    assert digits.quiet is not None
    x, wanted = digits.quiet()
    files = EXPORTS["onnx-qdq"].files(digits)
    (found,) = runtime(files["network-qdq.onnx"], x, optimised=True)
    unit = digits.chip.layers[-1].unit  # type: ignore[attr-defined]
    wrong = sum(round(a / unit) != round(b / unit) for a, b in zip(found.ravel().tolist(), wanted.ravel(), strict=True))
    told = {one.key: one.value for one in onnx.load_from_string(files["network-qdq.onnx"]).metadata_props}
    assert told["hwsim.outputs_that_differ"].startswith(f"{wrong} of 3590 of the 359 test inputs, by onnxruntime ")
    assert told["hwsim.outputs_that_differ"] in files["network-qdq.txt"].decode()
    assert 0 < wrong < 180
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    text = EXPORTS["onnx-qdq"].files(digits)["network-qdq.txt"]
    assert b"\noutputs that differ from the chip's: unknown, onnxruntime was not installed\n" in text


def test_a_device_without_codes() -> None:
    model = read_model(parse_document(SMALL, "m.toml"))
    snapshot, _, _ = fabricated(Ideal(), model, np.random.default_rng(0), signed=False)
    with pytest.raises(Refusal, match=r"this run's device has none, use --format onnx$"):
        EXPORTS["onnx-qdq"].files(snapshot)
