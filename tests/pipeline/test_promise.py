"""A controller that hands out what is no reconnection of the network is named in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.controller import Controller
from hwsim.controller.multi_task import begin
from hwsim.files.registry import PluginError

WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "no reconnection": (lambda _: "x", "advance gives str, not a Reconnection"),
    "too few": (lambda r: replace(r, registers=r.registers[:1]), r"a reconnection holds 1 registers, not a tuple of 2"),
    "list": (lambda r: replace(r, permutations=list(r.permutations)), "a reconnection holds list of permutations"),
    "biases": (
        lambda r: replace(r, registers=(replace(r.registers[0], bias=np.zeros(3)), r.registers[1])),
        r"the biases of layer 0 have the shape \(3,\)",
    ),
    "nan bias": (
        lambda r: replace(r, registers=(r.registers[0], replace(r.registers[1], bias=r.registers[1].bias * np.nan))),
        "the biases of layer 1 hold nan, not a finite number; if training diverged",
    ),
    "endless gain": (
        lambda r: replace(r, registers=(replace(r.registers[0], gain=np.inf), r.registers[1])),
        "the gains of layer 0 hold inf, not a finite number",
    ),
    "text": (
        lambda r: replace(r, registers=(replace(r.registers[0], bias=r.registers[0].bias.astype(str)), r.registers[1])),
        "the biases of layer 0 are of the dtype <U32, not numbers",
    ),
    "no registers": (
        lambda r: replace(r, registers=(None, r.registers[1])),
        "the registers of layer 0 are NoneType, not Registers",
    ),
    "shape": (
        lambda r: replace(r, permutations=(np.zeros((2, 2), np.int64), None)),
        r"the permutations of layer 0 are int64 \(2, 2\), not whole numbers",
    ),
    "floats": (
        lambda r: replace(r, permutations=tuple(None if p is None else p * 1.0 for p in r.permutations)),
        "the permutations of layer 0 are float64",
    ),
    "range": (
        lambda r: replace(r, permutations=tuple(None if p is None else p - 1 for p in r.permutations)),
        "the permutations of layer 0 name cells from -1 to",
    ),
    "twice": (
        lambda r: replace(r, permutations=tuple(None if p is None else p * 0 for p in r.permutations)),
        "bank 0: no permutation: cell 0 stands at positions 0 and 1; give every cell once",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_faulty_controller(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    spoil, says = WRONG[wrong]

    def spoilt(*job: Any) -> Controller:
        real: Any = begin(*job)
        advance = real.advance
        real.advance = lambda report: spoil(advance(report))
        return real  # type: ignore[no-any-return]

    monkeypatch.setattr("hwsim.pipeline.flow.begin", spoilt)
    with pytest.raises(PluginError, match=f"^controller 'laperm': event 1: {says}") as caught:
        hwsim.run(tiny, tmp_path / "run")
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.exit_code == 3
