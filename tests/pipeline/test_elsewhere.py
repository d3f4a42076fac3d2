"""A schedule that leaves as text and comes back gives the same score to the last digit, and fits other circuits."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import hwsim
from hwsim.errors import HwsimWarning
from hwsim.files import DiagnosticError
from hwsim.pipeline.exporting import export_run
from hwsim.pipeline.folder import RunFolder
from hwsim.schedule import open_schedule

QUICK = ["controller.epochs=3", "execution.reference=false", "device.name=ideal"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, hwsim.Answer]:
    """A finished run of the small scenario, its schedule as text beside it."""
    from tests.conftest import TINY_MODEL, TINY_SCENARIO

    folder = tmp_path_factory.mktemp("made")
    (folder / "models").mkdir()
    (folder / "models" / "tiny.toml").write_text(
        TINY_MODEL.replace('activation = "relu"', 'activation = "relu"\ngain = true')
    )
    (folder / "tiny.toml").write_text(TINY_SCENARIO)
    answer = hwsim.run(hwsim.load(folder / "tiny.toml", QUICK), folder / "run")
    export_run(folder / "run", "csv", None, folder / "run.csv")
    export_run(folder / "run", "parquet", None, folder / "run.parquet")
    return folder, answer


def test_a_changed_export_is_refused(made: tuple[Path, hwsim.Answer], tmp_path: Path) -> None:
    folder, _ = made
    text = (folder / "run.csv").read_text()
    changed = text.replace(",1\n", ",2\n", 1)
    assert changed != text
    (tmp_path / "changed.csv").write_text(changed)
    scenario = hwsim.load(folder / "tiny.toml", QUICK)
    told = r"changed.csv:\d+:1: changed since .* remove its first line if you changed it"
    with pytest.raises(DiagnosticError, match=told):
        hwsim.replay(tmp_path / "changed.csv", scenario, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("source", ["run.csv", "run.parquet", "run/schedule.sqlite", "run"])
def test_the_same_score_row_by_row(made: tuple[Path, hwsim.Answer], tmp_path: Path, source: str) -> None:
    folder, answer = made
    again = hwsim.replay(folder / source, hwsim.load(folder / "tiny.toml", QUICK), tmp_path / "again")
    assert again.rows == answer.rows
    assert answer.final["moves"] > 0
    # the copy in the folder stands for the file
    kept = hwsim.run(tmp_path / "again" / "scenario.toml", tmp_path / "again")
    assert kept.identity == again.identity != answer.identity
    assert export_run(tmp_path / "again", "json", None, tmp_path / "c.json")


def stop(_: str, __: float, row: object) -> None:
    """Interrupt a run once its second reconnection is scored."""
    if row is not None and isinstance(row, dict) and row["event"] == 2:
        raise KeyboardInterrupt


def test_a_run_that_was_interrupted_goes_on(made: tuple[Path, hwsim.Answer], tmp_path: Path) -> None:
    folder, answer = made
    scenario = hwsim.load(folder / "tiny.toml", QUICK)

    with pytest.raises(KeyboardInterrupt):
        hwsim.replay(folder / "run.csv", scenario, tmp_path / "cut", stop)
    assert hwsim.replay(folder / "run.csv", scenario, tmp_path / "cut").rows == answer.rows


def test_what_a_run_that_was_killed_has(made: tuple[Path, hwsim.Answer], tmp_path: Path) -> None:
    """Of a schedule whose run has not ended every event is whole, and that is said."""
    folder, answer = made
    scenario = hwsim.load(folder / "tiny.toml", QUICK)

    with pytest.raises(KeyboardInterrupt):
        hwsim.run(scenario, tmp_path / "killed", stop)
    told = r"killed/schedule.sqlite: schedule cut short after event 2: its run has not ended"
    with pytest.warns(HwsimWarning, match=told):
        found = hwsim.replay(tmp_path / "killed", scenario, tmp_path / "again")
    assert found.rows == answer.rows[:3]
    assert RunFolder(tmp_path / "again").answer()["ended"] == "schedule cut short after event 2"
    with pytest.warns(HwsimWarning, match="cut short after event 2"):
        assert hwsim.run(tmp_path / "again" / "scenario.toml", tmp_path / "again").reused


def test_a_file_that_was_cut_in_its_last_line(made: tuple[Path, hwsim.Answer], tmp_path: Path) -> None:
    folder, answer = made
    text = (folder / "run.csv").read_text()
    (tmp_path / "cut.csv").write_text(text[: text.index("\n3,") + 9])
    with pytest.warns(HwsimWarning, match=r"cut.csv: schedule cut short after event 2: its checksum is missing"):
        found = hwsim.replay(tmp_path / "cut.csv", hwsim.load(folder / "tiny.toml", QUICK), tmp_path / "again")
    assert found.rows == answer.rows[:3]
    assert RunFolder(tmp_path / "again").answer()["ended"] == "schedule cut short after event 2"
    assert "ended" not in RunFolder(folder / "run").answer()


def test_on_other_circuits_the_connections_are_the_same(made: tuple[Path, hwsim.Answer], tmp_path: Path) -> None:
    folder, answer = made
    words = ["crossbar.topology=crossbar", 'crossbar.equivalence="none"']
    other = hwsim.replay(folder / "run.csv", hwsim.load(folder / "tiny.toml", [*QUICK, *words]), tmp_path / "other")
    assert [row["accuracy"] for row in other.rows] == [row["accuracy"] for row in answer.rows]
    assert [row["moves"] for row in other.rows] == [row["moves"] for row in answer.rows]
    assert other.final["toggles"] != answer.final["toggles"]
    halves = []
    for run in (folder / "run", tmp_path / "other"):
        with open_schedule(run / "schedule.sqlite") as schedule:
            halves.append(list(schedule.entries()))
    for one, two in zip(*halves, strict=True):
        for rows, others in zip(one.permutations, two.permutations, strict=True):
            assert (rows is None and others is None) or np.array_equal(rows, others)


def test_the_file_is_part_of_the_identity(made: tuple[Path, hwsim.Answer], tmp_path: Path) -> None:
    folder, _ = made

    def identity(path: Path) -> str:
        from hwsim.pipeline.session import with_schedule

        return with_schedule(hwsim.load(folder / "tiny.toml", QUICK), path).plan().identity

    shutil.copy(folder / "run.csv", tmp_path / "elsewhere.csv")
    before = identity(folder / "run.csv")
    assert identity(tmp_path / "elsewhere.csv") == before
    lines = (folder / "run.csv").read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if ",bias," in line)
    head, _, value = lines[place].rpartition(",")
    lines[place] = f"{head},{float(np.nextafter(float(value), 9.0))!r}"
    (tmp_path / "elsewhere.csv").write_text("\n".join(lines[1:-1]) + "\n")  # lines of one's own have no checksum
    assert identity(tmp_path / "elsewhere.csv") != before


def test_the_command(made: tuple[Path, hwsim.Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    from hwsim.cli.ending import ending
    from hwsim.cli.replay import replay

    folder, _ = made
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(ending(replay))
    words = [str(folder / "run.csv"), str(folder / "tiny.toml"), *(word for one in QUICK for word in ("--set", one))]
    done = CliRunner().invoke(app, [*words, "--csv", "--quiet", "--out", "again"])
    assert done.exit_code == 0, done.output
    assert done.stdout == (folder / "run" / "score.csv").read_text()
    (tmp_path / "bad.csv").write_text("event,layer,bank,position,cell\n1,0,0,0,999\n")
    done = CliRunner().invoke(app, ["bad.csv", *words[1:], "--quiet"])
    assert done.exit_code == 2
    assert "bad.csv:2:1: there is no such cell, found 999, layer 0 has 0 to 63" in done.output


def test_of_another_network(made: tuple[Path, hwsim.Answer], tiny: Path) -> None:
    folder, _ = made
    with pytest.raises(DiagnosticError, match="is of 12 banks x 64, 10 banks x 12, and the scenario has"):
        hwsim.replay(folder / "run", hwsim.load(tiny, ["model.name=digits-mlp"]))
