"""The picture of toggles against moved ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hwsim.report.style import save
from hwsim.report.toggles import _told_apart, draw_toggles

LINES: list[dict[str, Any]] = [
    {"topology": "crossbar", "effort": "any", "moved": [2, 4, 8], "mean": [4.0, 8.0, 16.0], "p95": [4.0, 8.0, 16.0]},
    {"topology": "crossbar", "effort": "greedy", "moved": [2, 4, 8], "mean": [4.0, 8.0, 16.0], "p95": [4.0, 8.0, 16.0]},
    {"topology": "benes", "effort": "any", "moved": [2, 4, 8], "mean": [7.0, 9.0, 10.0], "p95": [8.0, 9.5, 11.0]},
    {"topology": "omega", "effort": "any", "blocked": "outputs collide"},
]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_lines_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    first, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    for path in (first, again):
        save(draw_toggles(LINES, "8 ports"), path)
    assert first.read_bytes() == again.read_bytes()
    assert first.stat().st_size > 5000


def test_lines_on_each_other_are_drawn_once_and_the_highest_first() -> None:
    assert [(line["topology"], efforts) for line, efforts in _told_apart(LINES)] == [
        ("crossbar", ["any", "greedy"]),
        ("benes", ["any"]),
        ("omega", ["any"]),
    ]
