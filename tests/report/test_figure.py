"""The picture of a run: the same bytes for the same rows, and the right axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from hwsim.report.figure import draw

ROW = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "accuracy_noiseless": 0.5, "switches": 4584}
RUN = [
    {**ROW, **dict.fromkeys(("accuracy", "accuracy_noiseless"), 0.5 + n / 20), "toggles": 7 * n, "bias_writes": 3 * n}
    for n in range(4)
]
QUIET = [{**row, "toggles": 0} for row in RUN]
SINE = [
    {"max_error": e, "max_error_noiseless": e / 2, "toggles": n, "bias_writes": 0, "switches": 20}
    for n, e in enumerate((1.0, 0.1, 0.01))
]


@pytest.fixture
def axes(monkeypatch: pytest.MonkeyPatch) -> list[Axes]:
    """The axes of every picture drawn."""
    seen: list[Axes] = []
    real: Any = plt.subplots

    def subplots(**named: Any) -> Any:
        figure, made = real(**named)
        seen.append(made)
        return figure, made

    monkeypatch.setattr(plt, "subplots", subplots)
    return seen


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        paths = [tmp_path / f"{name}{suffix}" for suffix in (".png", ".svg")]
        draw(RUN, 0.9, "A title: 1 < 2 & µ", paths)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    png, svg = files[0]
    assert png.startswith(b"\x89PNG")
    assert b"<svg" in svg
    draw([{**row, "accuracy": 0.1} for row in RUN], 0.9, "A title", [tmp_path / "three.png"])
    assert (tmp_path / "three.png").read_bytes() != png
    assert plt.get_fignums() == []


def test_against_toggles(axes: list[Axes], tmp_path: Path) -> None:
    draw(RUN, 0.9, "t", [tmp_path / "a.svg"])
    (one,) = axes
    assert one.get_xlabel() == "toggles since fabrication; the hardware has 4,584 switches"
    assert one.get_yscale() == "linear"
    labels = {str(line.get_label()): line for line in one.lines}
    assert set(labels) == {"emulated chip", "free training (0.9)"}  # a noiseless line would hide under the first
    assert list(labels["emulated chip"].get_xdata()) == [0, 7, 14, 21]  # type: ignore[arg-type]
    assert list(labels["emulated chip"].get_ydata()) == [row["accuracy"] for row in RUN]  # type: ignore[arg-type]


def test_without_toggles_against_register_writes(axes: list[Axes], tmp_path: Path) -> None:
    draw(QUIET, 0.9, "t", [tmp_path / "a.svg"])
    assert axes[0].get_xlabel() == "register writes since fabrication; no switch toggles"
    assert list(axes[0].lines[-2].get_xdata()) == [0, 3, 6, 9]  # type: ignore[arg-type]


def test_errors_on_a_log_axis(axes: list[Axes], tmp_path: Path) -> None:
    draw(SINE, 0.02, "t", [tmp_path / "a.svg"])
    assert axes[0].get_yscale() == "log"
    assert axes[0].get_ylabel() == "largest error on the test grid"
    assert {str(line.get_label()) for line in axes[0].lines} == {
        "chip, without noise",
        "emulated chip",
        "free training (0.02)",
    }
