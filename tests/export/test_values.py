"""The exported values make the chip's own weights again, for every shipped device."""

from __future__ import annotations

import csv
import re
from typing import Any

import numpy as np
import pytest

from hwsim.device import DEVICES, datasheet_values, read_datasheet
from hwsim.export import EXPORTS, Snapshot
from hwsim.files import read_document
from hwsim.files.library import names
from hwsim.model import start
from hwsim.scenario.lookup import sheet_kind
from hwsim.testing.example import CLASSIFIER, classes

SHEETS = {name: path for name, path in names("devices").items() if sheet_kind(path) == "device"}

Columns = dict[str, np.ndarray[Any, np.dtype[np.float64]]]


def chip_of(name: str) -> Any:
    document = read_document(SHEETS[name])
    technology = DEVICES[str(document.data["technology"])]
    device = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ()))
    return device.fabricate(CLASSIFIER, start(CLASSIFIER, 1), classes().train_x, 1)


def columns(chip: Any, layer: int, moved: bool = False) -> tuple[Columns, str]:
    """Quantities by name (units, inputs) from the file alone, and its remarks."""
    if moved:
        chip.connect(layer, np.array([0, 1]), np.array([1, 0]))
    snapshot = Snapshot("0" * 64, 0, "none", CLASSIFIER, (), (), chip)
    text = EXPORTS["values"].files(snapshot)[f"layer{layer}_values.csv"].decode()
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    made = CLASSIFIER.layers[layer]
    assert [(int(row["unit"]), int(row["input"])) for row in rows] == list(np.ndindex(made.units, made.inputs))
    found = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name not in {"unit", "input"}}
    return {name: values.reshape(made.units, made.inputs) for name, values in found.items()}, text


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("name", SHEETS)
def test_weights_follow_from_the_values(name: str, layer: int, moved: bool) -> None:
    chip = chip_of(name)
    found, remarks = columns(chip, layer, moved)
    wanted = start(CLASSIFIER, 1)[layer].weights
    held = np.asarray(chip.cells(layer), np.float64)
    match sorted(found):
        case ["code"]:
            scale = re.search(r"# code: whole number in look-up tables; ([\d.e-]+) of a weight each", remarks)
            assert scale is not None
            assert found["code"] * float(scale[1]) == pytest.approx(chip.nominal(layer), rel=1e-12)
            assert np.array_equal(found["code"], held)
        case ["minus", "plus", "weight"]:
            assert ((found["plus"] == 0) | (found["minus"] == 0)).all()
            share = (found["plus"] - found["minus"]) / max(found["plus"].max(), found["minus"].max())
            assert share * np.abs(wanted).max() == pytest.approx(wanted, rel=1e-9)
            assert found["weight"] == pytest.approx(held, rel=1e-6)
        case ["weight"]:
            assert found["weight"] == pytest.approx(held, rel=1e-6)
        case [*others]:
            assert set(others) - {"level"} == {"compared", "found", "transmission"}
            difference, design = found["transmission"] - found["compared"], chip.nominal(layer)
            assert difference / np.abs(difference).max() == pytest.approx(design / np.abs(design).max(), abs=1e-9)
            assert np.array_equal(found["found"], held)
            if "level" in found:
                order = np.argsort(found["level"], axis=None)
                assert (np.diff(found["transmission"].reshape(-1)[order]) >= 0).all()
                levels = found["level"].reshape(-1)
                for level in np.unique(levels):
                    assert len(np.unique(found["transmission"].reshape(-1)[levels == level])) == 1


def test_a_chip_that_tells_no_more_than_its_cells() -> None:
    class Plain:
        """As a third party may write one."""

        @staticmethod
        def cells(layer: int) -> np.ndarray[Any, np.dtype[np.int64]]:
            made = CLASSIFIER.layers[layer]
            return np.arange(made.units * made.inputs).reshape(made.units, made.inputs)

        @staticmethod
        def connect(*_: Any) -> None:
            """Do nothing."""

    found, _ = columns(Plain(), 1)
    assert np.array_equal(found["cell"], Plain.cells(1))
