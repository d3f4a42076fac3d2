"""Runs with optical permutation circuits: they end, resume to the same bits, and their losses are accounted for."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.analysis.ablation import account, active, without
from hwsim.files import DiagnosticError
from hwsim.schedule import ScheduleFile
from tests.conftest import run_here

LIT = (
    'device.name="photonic-feldmann-2021"',
    'crossbar.technology="eo-mzi-lu-2016"',
    "controller.epochs=4",
    "controller.period=2",
)


def test_a_stopped_run_goes_on_to_the_same_bits(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch states, and so losses, are those of the undisturbed run although routing depends on the way there."""
    settings = (*LIT, "crossbar.calibrated=false")
    calm = run_here(tiny, tmp_path / "calm", *settings)

    class Stop(BaseException):
        pass

    real = ScheduleFile.append

    def append(self: ScheduleFile, entry: object, *rest: object) -> None:
        real(self, entry, *rest)  # type: ignore[arg-type]
        if getattr(entry, "event", -1) == 1:
            raise Stop

    monkeypatch.setattr(ScheduleFile, "append", append)
    with pytest.raises(Stop):
        hwsim.run(hwsim.load(tiny, settings), tmp_path / "stopped")
    monkeypatch.setattr(ScheduleFile, "append", real)
    again = run_here(tiny, tmp_path / "stopped", *settings)
    assert again["final"] == calm["final"]
    assert again["schedule_digest"] == calm["schedule_digest"]
    resolved = run_here(tmp_path / "calm" / "scenario.toml", tmp_path / "again")
    assert resolved["identity"] == calm["identity"]
    assert "calibrated = false" in (tmp_path / "calm" / "scenario.toml").read_text()


def test_what_the_paths_cost(tiny: Path, tmp_path: Path) -> None:
    """A circuit of great losses, uncalibrated, is what costs most; with them switched off it is a clear circuit."""
    settings = (*LIT, "crossbar.calibrated=false", 'crossbar.bar_loss="6 dB"', 'crossbar.cross_loss="0 dB"')
    scenario = hwsim.load(tiny, settings)
    found = account(scenario, 1, tmp_path / "run")
    costs = {item.effect: item for item in found.items}
    assert costs["crossbar loss"].alone == max(item.alone for item in found.items) > 0.1
    plan = scenario.plan()
    assert "crossbar loss" in active(plan)
    clear = without(plan, ["crossbar loss"])
    assert (clear.switch.bar_loss, clear.device) == (0.0, plan.device)
    electronic = hwsim.load(tiny, LIT[:1]).plan()
    assert "crossbar loss" not in active(electronic)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            LIT[1:2],
            "an optical crossbar cannot stand before fpga-lut, whose signals are electrical, use an electronic switch",
        ),
        (
            ("crossbar.calibrated=true",),
            "fpga-register-ug474-2016 is electronic: no path loses light, and there is nothing to calibrate, leave",
        ),
    ],
)
def test_refusals(tiny: Path, settings: tuple[str, ...], says: str) -> None:
    with pytest.raises(DiagnosticError) as found:
        hwsim.load(tiny, settings).plan()
    assert says in str(found.value)
