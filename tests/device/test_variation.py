"""Static variation and stuck cells: the same for every device, measured by reading single cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hwsim
from hwsim.analysis.ablation import active
from hwsim.cli.manual import page
from hwsim.cli.run import summary
from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.device.ideal import Ideal
from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.model import Layer, Model, Registers, Start
from hwsim.scenario.lookup import sheets

UNITS, INPUTS, SEED = 16, 24, 5
NET = Model("t", (Layer(UNITS, INPUTS, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
WEIGHTS = np.random.default_rng(0).uniform(-1, 1, (UNITS, INPUTS))
WEIGHTS[:, 0] = [-1.0, 1.0] * (UNITS // 2)
X = np.vstack([np.ones((1, INPUTS)), np.random.default_rng(1).random((9, INPUTS))]).astype(np.float32)
REGISTERS = [Registers(np.zeros(UNITS), 1.0)]
NEAR = 0.06
"""What converters and neighbouring vectors add to the read of one cell, in units of the largest weight."""


def fabricated(name: str, seed: int = SEED, **settings: Any) -> Any:
    document = read_document(sheets("device")[name])
    technology = DEVICES[str(document.data["technology"])]
    sheet = read_datasheet(document, technology.datasheet)
    wide: dict[str, Any] = {
        key: f"{sheet.valid[key][1]:g} bit" for key in ("adc_bits", "dac_bits") if key in sheet.valid
    }
    alone = {"wavelength_vectors": 1} if "wavelength_vectors" in sheet.valid else {}
    values = datasheet_values(sheet, {**wide, **alone, **settings}, parse_document("", "settings"), ())
    return technology.make(values).fabricate(NET, [Start(WEIGHTS, np.zeros(UNITS), 1.0)], X, seed)


def read(chip: Any) -> NDArray[np.float64]:
    """Weights of all cells as shares of the largest design value, each from a read of its own."""
    x = np.vstack([np.zeros((1, INPUTS)), np.eye(INPUTS)]).astype(np.float32)
    y = infer(NET, chip, x, REGISTERS, None)
    return np.asarray((y[1:] - y[0]).T / np.abs(chip.nominal(0)).max(), np.float64)


@pytest.mark.parametrize("name", sorted(sheets("device")))
def test_every_device_varies_as_it_is_told(name: str) -> None:
    """Spread and mean of 384 cells within 4 standard errors and what reads add: wrong by chance in one of 8,000."""
    plain, none = fabricated(name), fabricated(name, variation=0.0, stuck=0.0, stuck_at="ends")
    assert np.array_equal(plain.cells(0), none.cells(0))
    assert np.array_equal(infer(NET, plain, X, REGISTERS, None), infer(NET, none, X, REGISTERS, None))
    chip = fabricated(name, variation=0.1)
    assert np.array_equal(chip.nominal(0), plain.nominal(0))
    error = read(chip) - read(plain)
    assert abs(error.std() / 0.1 - 1) < 4 / np.sqrt(2 * error.size) + NEAR
    assert abs(error.mean()) < 4 * 0.1 / np.sqrt(error.size) + 0.01
    ideal = read(fabricated("ideal", variation=0.1)) - read(fabricated("ideal"))
    assert np.corrcoef(error.reshape(-1), ideal.reshape(-1))[0, 1] > 0.97  # cut off at the ends of a range, at most
    assert not np.array_equal(read(fabricated(name, seed=6, variation=0.1)), read(chip))


@pytest.mark.parametrize("name", sorted(sheets("device")))
def test_the_same_cells_are_stuck_on_every_device(name: str) -> None:
    known = fabricated("ideal", stuck=0.1).cells(0) == 0
    assert 0.02 < known.mean() < 0.2
    told: list[dict[str, Any]] = [{}, {"stuck": 0.1}, {"stuck": 0.1, "stuck_at": "ends"}]
    plain, dead, ends = (read(fabricated(name, **settings)) for settings in told)
    assert np.abs(dead[known]).max() < NEAR + 0.15  # photonic cells: not what calibration of their path made up for
    assert np.abs(np.abs(ends[known]) - 1).max() < NEAR + 0.15
    assert set(np.sign(ends[known])) == {-1.0, 1.0}
    assert np.abs((dead - plain)[~known]).max() < NEAR
    more = fabricated("ideal", stuck=0.3).cells(0) == 0
    assert (more | ~known).all()
    assert more.sum() > known.sum()


def test_stuck_cells_do_not_vary_and_exchange_keeps_what_cells_hold() -> None:
    chip = fabricated("fpga-lut-bthowen-2022", stuck=0.2, variation=0.1)
    stuck = fabricated("ideal", stuck=0.2).cells(0) == 0
    assert (chip.cells(0)[stuck] == 0).all()
    assert (chip.cells(0)[~stuck] != np.rint(chip.cells(0)[~stuck])).all()
    before = read(chip)
    order = np.random.default_rng(2).permutation(INPUTS)
    chip.connect(0, np.arange(UNITS * INPUTS), np.arange(UNITS * INPUTS).reshape(UNITS, INPUTS)[:, order].reshape(-1))
    assert np.allclose(read(chip), before[:, order], atol=1e-3)


def test_stuck_cells_of_an_fpga_are_whole_numbers() -> None:
    chip = fabricated("fpga-lut-bthowen-2022", stuck=0.2, stuck_at="ends")
    assert np.array_equal(chip.cells(0), np.rint(chip.cells(0)))
    sums = chip.matmul(0, chip.encode(X), None)
    assert np.array_equal(sums, np.asarray(chip.encode(X), np.int64) @ chip.cells(0).astype(np.int64).T)


def test_a_scenario_and_a_setting_say_it(tiny: Path, tmp_path: Path) -> None:
    plain, same = hwsim.load(tiny).plan(), hwsim.load(tiny, ["device.variation=0.0"]).plan()
    assert plain.identity != same.identity  # what was said is kept; the device is the same
    assert plain.device == same.device
    assert "variation" not in plain.resolved["device"]
    settings = ["device.variation=0.2", "device.stuck=0.05", "controller.epochs=1", 'crossbar.equivalence="levels"']
    scenario = hwsim.load(tiny, settings)
    assert scenario.plan().resolved["device"]["variation"] == 0.2
    assert {"variation", "stuck cells"} <= set(active(scenario.plan()))
    assert "variation" not in active(plain)
    answer = hwsim.run(scenario, tmp_path / "run")
    assert "for study alone" in summary(answer)
    exact = hwsim.run(hwsim.load(tiny, settings[2:]), tmp_path / "exact")
    assert answer.final["toggles"] == exact.final["toggles"]  # the same levels, the same routes
    assert answer.final["loss"] != exact.final["loss"]
    assert "for study alone" not in summary(exact)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("device.variation=1.5", "'variation'"),
        ("device.stuck=-0.1", "'stuck'"),
        ("device.stuck_at=middle", "zero"),
        ("device.variation=nan", "'variation'"),
    ],
)
def test_what_no_cell_can_be_is_refused(tiny: Path, setting: str, words: str) -> None:
    with pytest.raises(DiagnosticError, match=words):
        hwsim.load(tiny, [setting]).plan()


def test_a_technology_without_it_says_so() -> None:
    deaf: Any = object()
    plain = replace(DEVICES["ideal"], build=lambda values: deaf)
    assert plain.make({}) is not None
    with pytest.raises(ValueError, match="no variation and no stuck cells"):
        plain.make({"variation": 0.1})
    assert DEVICES["ideal"].make({"stuck_at": "ends"}) == Ideal()


def test_help_tells_of_it() -> None:
    assert all("stuck_at" in page(f"device/{name}") for name in DEVICES)
    assert "every device" in page("variation")
