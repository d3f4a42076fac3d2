"""A datasheet as a table and as curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwsim.analysis.characterisation import portray
from hwsim.files.library import names
from tests.conftest import Command, answer


@pytest.mark.parametrize("name", names("devices"))
def test_every_number_has_value_status_and_source(name: str) -> None:
    found = portray(name)
    text = names("devices")[name].read_text()
    for row in found.rows:
        assert row.value
        assert row.status in {"measured", "derived", "assumed"}
        assert row.source in text
        assert f"{row.key} = {{" in text
    assert text.count("status = ") == len(found.rows)


def test_curves() -> None:
    """5-bit levels equidistant, a transfer along its weights, noise that grows with the signal; ideal: straight."""
    curves = portray("photonic-feldmann-2021").curves
    assert curves is not None
    assert np.diff(curves.levels) == pytest.approx(2 / 31, rel=1e-6)
    assert curves.transfer[0, -1] == pytest.approx(1, abs=0.05)
    assert curves.transfer[2, -1] == pytest.approx(-1, abs=0.05)
    assert curves.noise[0, -10:].mean() > 2 * curves.noise[0, :10].mean()
    exact = portray("ideal").curves
    assert exact is not None
    assert exact.transfer == pytest.approx(np.outer([1, 0.5, -1], exact.drive), abs=1e-6)
    assert not exact.noise.any()


def test_command(tmp_path: Path, hwsim_command: Command) -> None:
    shown = hwsim_command("show", "device", "photonic-feldmann-2021")
    assert shown.returncode == 0, shown.stderr
    line = next(line for line in shown.stdout.splitlines() if "coupler_loss" in line)
    assert line.split()[:5] == ["L_dc", "coupler_loss", "0.1", "dB", "measured"]
    assert (tmp_path / "photonic-feldmann-2021.png").read_bytes().startswith(b"\x89PNG")
    found = answer(hwsim_command("show", "device", "ideal", "--json", "--picture", tmp_path / "i.svg"))
    assert found["numbers"] == []
    wrong = hwsim_command("show", "device", "photonic-feldman")
    assert wrong.returncode == 2
    assert "did you mean 'photonic-feldmann-2021'" in wrong.stderr
    odd = hwsim_command("show", "devices", "ideal")
    assert (odd.returncode, odd.stderr) == (
        2,
        "devices: what to show? there is no such run folder; give run folders, or: hwsim show device NAME, "
        "hwsim show model NAME, hwsim show variance NAME, hwsim show trajectory NAME, hwsim show timeline NAME\n",
    )
