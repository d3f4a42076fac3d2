"""A run is resolved once, and its expectation is that of what was carried out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

import hwsim.scenario
from hwsim.cli.run import run
from hwsim.pipeline import flow as pipeline
from hwsim.pipeline.folder import RunFolder

FINAL = {"accuracy": 0.5, "accuracy_noiseless": 0.5, "toggles": 0, "moves": 0, "bias_writes": 0}
ROW = {"switches": "1", "inference_energy_j": "0", "inference_time_s": "0"}


@pytest.mark.parametrize(("least", "missed"), [(0.4, False), (0.6, True)])
def test_one_resolve(least: float, missed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[Any] = []
    real = hwsim.scenario.resolve

    def counted(*given: Any) -> Any:
        calls.append(given)
        return real(*given)

    monkeypatch.setattr(hwsim.scenario, "resolve", counted)
    final = {**FINAL, "energy_j": 0.0, "time_s": 0.0}
    found = {"identity": "", "events": 1, "final": final, "reference": None, "made_at": "", "reused": False}
    monkeypatch.setattr(pipeline, "run", lambda *_: found)
    monkeypatch.setattr(RunFolder, "rows", lambda _: [ROW])
    monkeypatch.setattr(RunFolder, "answer", lambda _: found)
    name, settings = "digits-fpga-laperm", [f"expect.accuracy={least}"]
    if missed:
        with pytest.raises(typer.Exit):
            run(name, out=tmp_path, set_=settings, seed=None, json=True, quiet=True)
    else:
        run(name, out=tmp_path, set_=settings, seed=None, json=True, quiet=True)
    assert len(calls) == 1
