"""Pictures of reproductions: the same bytes again, for every kind of axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.report.activity import draw_activity
from hwsim.report.study import draw_reproduction
from hwsim.report.style import save

WORDS = {"title": "t", "metric": "error", "source": "nobody"}


def line(name: str, *xs: Any) -> dict[str, Any]:
    points = [
        {"x": x, "ours": (0.2 / (n + 1), 0.1 / (n + 1), 0.3 / (n + 1)), "authors": (0.25, 0.2, 0.3), "paper": None}
        for n, x in enumerate(xs)
    ]
    points[-1] = {**points[-1], "ours": None, "paper": (0.5, 0.5, 0.5), "authors": None}
    return {"label": name, "points": points}


AXES: list[dict[str, Any] | None] = [
    {"label": "n", "scale": "log", "values": [10, 20, 40], "marks": [15.0]},
    {"label": "g", "scale": "linear", "values": [0.5, 1.0, 1.5], "marks": []},
    {"label": "way", "scale": "words", "values": ["a", "b", "c"], "marks": []},
    None,
]


@pytest.mark.parametrize("axis", AXES, ids=["log", "linear", "words", "none"])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_the_same_bytes(axis: dict[str, Any] | None, scale: str, tmp_path: Path) -> None:
    xs = [None] if axis is None else axis["values"]
    files = [tmp_path / "a.svg", tmp_path / "b.svg"]
    for file in files:
        lines = [line("one", *xs), line("two", *xs)]
        save(draw_reproduction(lines, axis, scale, WORDS), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert b"<svg" in first


def test_an_activity_map(tmp_path: Path) -> None:
    moved = np.random.default_rng(0).random((20, 30)) < 0.3
    scores: list[dict[str, float]] = [{"event": n, "max_error": 1 / n} if n % 2 else {"event": n} for n in range(1, 21)]
    scores[-1]["max_error"] = 0.01
    for name in ("a.png", "b.png"):
        save(draw_activity(moved, scores, [5.0], WORDS), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
