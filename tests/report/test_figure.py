"""The picture of a run: the same bytes for the same rows, and the right axes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from matplotlib.text import Text

from hwsim.errors import HwsimWarning
from hwsim.report.figure import draw
from hwsim.report.style import look, save, try_to_save

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


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        paths = [tmp_path / f"{name}{suffix}" for suffix in (".png", ".svg")]
        save(draw(RUN, 0.9, "A title: 1 < 2 & µ"), *paths)
        files.append([path.read_bytes() for path in paths])
    assert files[0] == files[1]
    png, svg = files[0]
    assert png.startswith(b"\x89PNG")
    assert b"<svg" in svg
    save(draw([{**row, "accuracy": 0.1} for row in RUN], 0.9, "A title"), tmp_path / "three.png")
    assert (tmp_path / "three.png").read_bytes() != png


def test_laid_out_once_for_all_files(tmp_path: Path) -> None:
    """Both pictures stand on one layout, nothing is cut off in either, and the figure can be laid out anew later."""
    figure = draw(RUN, 0.9, "A title " * 20, changes="a.b = 1")
    engine = figure.get_layout_engine()
    assert engine is not None
    with mock.patch.object(engine, "execute", wraps=engine.execute) as layout:
        save(figure, tmp_path / "a.png", tmp_path / "a.svg")
        assert layout.call_count == 1
    assert figure.get_layout_engine() is engine
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0 <= box.x0 < box.x1 <= width
    assert 0 <= box.y0 < box.y1 <= height


def test_against_toggles() -> None:
    axes = draw(RUN, 0.9, "t").axes
    (one,) = axes
    assert one.get_xlabel() == "toggles since fabrication; the hardware has 4,584 switches"
    assert one.get_yscale() == "linear"
    labels = {str(line.get_label()): line for line in one.lines}
    assert set(labels) == {"emulated chip", "free training (0.9)"}  # a noiseless line would hide under the first
    assert list(labels["emulated chip"].get_xdata()) == [0, 7, 14, 21]  # type: ignore[arg-type]
    assert list(labels["emulated chip"].get_ydata()) == [row["accuracy"] for row in RUN]  # type: ignore[arg-type]


def test_without_toggles_against_register_writes() -> None:
    axes = draw(QUIET, 0.9, "t").axes
    assert axes[0].get_xlabel() == "register writes since fabrication; no switch toggles"
    assert list(axes[0].lines[-2].get_xdata()) == [0, 3, 6, 9]  # type: ignore[arg-type]


def test_errors_on_a_log_axis() -> None:
    axes = draw(SINE, 0.02, "t").axes
    assert axes[0].get_yscale() == "log"
    assert axes[0].get_ylabel() == "largest error on the test grid"
    assert {str(line.get_label()) for line in axes[0].lines} == {
        "chip, without noise",
        "emulated chip",
        "free training (0.02)",
    }


@pytest.mark.parametrize("title", ["A $5 chip against a $10 chip", "$\\frac{1}{0 % $ _^", "100 % \\alpha $$", "#{}&~"])
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_words_are_no_mathematics(title: str, suffix: str, tmp_path: Path) -> None:
    """Every letter of the title stands in the figure, and it can be saved."""
    figure = draw(RUN, 0.9, title, changes="a.b = $x$")
    (axes,) = figure.axes
    assert axes.get_title("left") == f"{title}\nwith a.b = $x$"
    with look():
        texts = [one for one in figure.findobj(Text) if isinstance(one, Text)]
    assert title in {text.get_text().partition("\n")[0] for text in texts}
    assert not any(text.get_parse_math() for text in texts)
    save(figure, tmp_path / f"a{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_a_backend_that_is_not_there(tmp_path: Path) -> None:
    """A notebook's kernel hands its own backend down to every command."""
    code = """import pathlib, sys
from hwsim.report.style import save, sheet
save(sheet((2, 2)), pathlib.Path(sys.argv[1]))"""
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.png")], env=environment, check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_fails_is_a_warning(tmp_path: Path) -> None:
    with pytest.warns(HwsimWarning, match=r"a\.png: no picture \(list index out of range\)"):
        assert not try_to_save(lambda: draw([], 0.9, "t"), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
