"""Shared by tests of exports: a run of the main job."""

from __future__ import annotations

import pytest

import hwsim
from hwsim.export import Snapshot
from hwsim.pipeline.replay import configured
from tests.conftest import run_here
from tests.export.everything import run_on_fpga


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The main job after one reconnection."""
    run = tmp_path_factory.mktemp("digits") / "run"
    scenario = hwsim.load("digits-fpga-laperm", ["controller.epochs=4"])
    run_here("digits-fpga-laperm", run, "controller.epochs=4")
    return configured(scenario.plan(), run / "schedule.sqlite", 1)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A small run on an FPGA array after one event; what its bench runs is reckoned once."""
    return run_on_fpga(tmp_path_factory.mktemp("finished"))
