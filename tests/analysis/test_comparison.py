"""Finished runs side by side: what differs, and the numbers of each as its own files have them."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

import hwsim
from hwsim.analysis.comparison import Comparison, NoRunsError
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.files.frame import MissingExtraError
from tests.conftest import TINY_MODEL, TINY_SCENARIO


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three finished runs that differ in period and seed, and two folders that hold none."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "models").mkdir()
    (folder / "models" / "tiny.toml").write_text(TINY_MODEL)
    (folder / "tiny.toml").write_text(TINY_SCENARIO)
    for name, period, seed in (("a", 1, 0), ("b", 2, 0), ("c", 2, 5)):
        settings = ["controller.epochs=2", f"controller.period={period}"]
        hwsim.run(hwsim.load(folder / "tiny.toml", settings, seed), folder / "runs" / name)
    (folder / "runs" / "empty").mkdir()
    (folder / "runs" / "note.txt").write_text("not a run")
    return folder / "runs"


def _compared(runs: Path) -> Comparison:
    with pytest.warns(HwsimWarning, match=r"left out, since no finished run lies there: .*empty$"):
        return hwsim.compare(str(runs / "*"))


def test_a_row_per_run_with_what_differs_and_its_own_final_score(runs: Path) -> None:
    found = _compared(runs)
    assert set(found.differing) == {"seed", "controller.period"}
    assert [(row["controller.period"], row["seed"]) for row in found.rows] == [(1, 0), (2, 0), (2, 5)]
    for row in found.rows:
        said = json.loads((Path(row["run"]) / "answer.json").read_text())
        assert {key: row[key] for key in said["final"]} == said["final"]
        assert row["reference"] == said["reference"]
        assert row["events"] == said["events"]


def test_frames_hold_the_same_numbers(runs: Path) -> None:
    with pytest.warns(HwsimWarning):
        frame, other = hwsim.read(str(runs / "*")), hwsim.read(str(runs / "*"), frame="polars")
    assert list(frame.columns) == list(other.columns)
    accuracies = [row["accuracy"] for row in _compared(runs).rows]
    assert frame["accuracy"].tolist() == other["accuracy"].to_list() == accuracies
    answer = hwsim.show(runs / "a")
    assert isinstance(answer, hwsim.Answer)
    toggles = answer.to_pandas()["toggles"]
    assert toggles.dtype.kind == "i"
    assert toggles.tolist() == answer.to_polars()["toggles"].to_list() == [row["toggles"] for row in answer.rows]


def test_pictures_and_notebook_tables(runs: Path) -> None:
    found = _compared(runs)
    axes = found.figure().axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == found.labels()
    assert sorted(found.labels()[2].split(", ")) == ["controller.period = 2", "seed = 5"]
    html = found._repr_html_()
    assert html.count("<tr>") == 4
    assert "<img src=" in html
    assert "<img src=" in found.answers[0]._repr_html_()
    assert repr(found).startswith("<Comparison of 3 runs")
    alike = hwsim.compare(found.answers[0], runs / "a")  # an answer and a folder; nothing differs
    assert alike.differing == ()
    assert alike.labels() == [str(runs / "a")] * 2


def test_runs_of_two_metrics_are_one_table_and_no_picture(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "a", tmp_path / "z")
    for name in ("answer.json", "score.csv"):
        text = (tmp_path / "z" / name).read_text()
        (tmp_path / "z" / name).write_text(text.replace("accuracy", "max_error"))
    found = hwsim.compare(runs / "a", tmp_path / "z")
    assert "<img" not in found._repr_html_()
    with pytest.raises(NoRunsError, match="scored by accuracy and max_error"):
        found.figure()


def test_nothing_to_compare_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoRunsError, match="no finished run matches"):
        hwsim.compare("nothing/*")
    with pytest.raises(NoRunsError, match="no runs to compare"):
        hwsim.compare()
    with pytest.raises(HwsimError, match="no run folder"):
        hwsim.compare("nothing")
    with pytest.raises(NoRunsError, match="use 'pandas' or 'polars'"):
        hwsim.read("runs/*", frame="excel")


def test_a_missing_library_is_one_line(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"^pandas is not installed; pip install 'hwsim\[pandas\]'$"):
        hwsim.compare(runs / "a").to_pandas()


def test_labels_name_a_device_and_not_each_number_of_its_datasheet() -> None:
    rows = (
        {"run": "a", "device.name": "ideal", "device.bits": None, "seed": 1},
        {"run": "b", "device.name": "fpga", "device.bits": 6, "seed": 2},
    )
    keys = ("seed", "device.name", "device.bits")
    assert Comparison((), keys, rows).labels() == ["seed = 1, device.name = ideal", "seed = 2, device.name = fpga"]
    assert Comparison((), keys[2:], rows).labels() == ["device.bits = None", "device.bits = 6"]
