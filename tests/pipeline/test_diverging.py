"""Training that diverges ends a run in one line, and what was reconnected before is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hwsim
from hwsim.controller import TrainingError
from hwsim.pipeline.replay import configured
from hwsim.schedule import open_schedule
from tests.conftest import Command

SINE = """
title = "Sine, a learning rate that is too high"

[task]
name = "sine"
points = 64
grid = 20

[model]
name = "sine-cai"

[device]
name = "ideal"

[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"

[controller]
name = "laperm"
epochs = 400
batch = 64
optimiser = "sgd"
learning_rate = 0.6
"""


@pytest.fixture
def steep(tmp_path: Path) -> Path:
    """Its registers grow without bound while its weights are snapped back after every epoch."""
    path = tmp_path / "steep.toml"
    path.write_text(SINE)
    return path


@pytest.mark.parametrize("path", ["torch", "compiled"])
def test_the_last_good_reconnection_is_named_and_kept(steep: Path, tmp_path: Path, path: str) -> None:
    scenario = hwsim.load(steep, [f"controller.path={path}"])
    with pytest.raises(TrainingError) as caught:
        hwsim.run(scenario, tmp_path / "run")
    found = re.fullmatch(
        r"the loss of training is (inf|nan) in epoch (\d+) of 400; lower the learning rate or the initial values; "
        r"the last good reconnection is event (\d+) \(epoch (\d+)\) kept in (.*)",
        str(caught.value),
    )
    assert found, str(caught.value)
    epoch, event, last, kept = int(found[2]), int(found[3]), int(found[4]), Path(found[5])
    assert event == last == epoch - 1 > 2
    with open_schedule(kept) as schedule:
        assert schedule.events() == event + 1
        assert not schedule.complete
    assert configured(scenario.plan(), kept, event).event == event
    with pytest.raises(TrainingError) as again:  # taken up from there, it ends the same way
        hwsim.run(scenario, tmp_path / "run")
    assert str(again.value) == str(caught.value)


def test_before_the_first_reconnection(steep: Path, hwsim_command: Command) -> None:
    result = hwsim_command("run", steep, "--quiet", "--out", "run", "--set", "controller.learning_rate=10", "--set",
                           "controller.batch=1")  # fmt: skip
    assert result.returncode == 3
    assert re.fullmatch(
        r"the loss of training is (inf|nan) in epoch 1 of 400; lower the learning rate or the initial values; the last "
        r"good reconnection is event 0, the chip as fabricated, kept in run/schedule.sqlite\n",
        result.stderr,
    )
