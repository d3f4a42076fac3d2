"""Four tiny runs give what they gave when they were pinned: every permutation, register and score row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.pin import HERE, NAMES, pin

RELATIVE = 1e-6
"""What another processor's rounding may change in a number; whole numbers and permutations are compared exactly."""


def _same(found: Any, pinned: Any, at: str) -> None:
    if isinstance(pinned, dict):
        assert isinstance(found, dict), at
        assert sorted(found) == sorted(pinned), at
        for key, value in pinned.items():
            _same(found[key], value, f"{at}.{key}")
    elif isinstance(pinned, list):
        assert len(found) == len(pinned), at
        for number, value in enumerate(pinned):
            _same(found[number], value, f"{at}[{number}]")
    elif isinstance(pinned, float):
        assert found == pytest.approx(pinned, rel=RELATIVE, abs=1e-9), at
    else:
        assert found == pinned, at


@pytest.mark.parametrize("name", NAMES)
def test_a_pinned_run_gives_the_same(name: str, tmp_path: Path) -> None:
    _same(pin(name, tmp_path / "run"), json.loads((HERE / f"{name}.json").read_text()), name)
