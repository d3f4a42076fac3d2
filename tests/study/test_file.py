"""Reproduction files: what they mean, and every diagnostic at its place."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.pipeline.session import find
from hwsim.study import plan_jobs, read_reproduction
from hwsim.study.stored import called

HEAD = 'title = "t"\nsource = "s"\nscenario = "short"\nseeds = [1]\nmetric = "loss"\n'
AXIS = '[x]\nkey = "model.width"\nlabel = "n"\nvalues = [4, 8]\n'


def diagnostics(text: str) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        read_reproduction(parse_document(text, "f.toml"), Path("f.toml"))
    return str(caught.value).splitlines()


CASES = [
    (HEAD, "f.toml:1:1: missing key 'curve'"),
    (HEAD + '[[curve]]\nname = "a"\n[[curve]]\nname = "a"\n', "f.toml:9:1: a second curve is called 'a'"),
    (HEAD + AXIS + '[[curve]]\nname = "a"\nset = ["b"]\n', "f.toml:12:8: '=' is missing after the key"),
    (HEAD + AXIS + '[[curve]]\nname = "a"\nx = [5]\n', "f.toml:12:1: 5 is no value of the axis, allowed: '4', '8'"),
    (HEAD + '[[curve]]\nname = "a"\nx = [5]\n', "f.toml:8:1: 'x' of a curve needs an axis"),
    (HEAD + AXIS + '[[curve]]\nname = "a"\npaper.5 = 1\n', "f.toml:12:7: the curve has no point at '5', allowed: '4'"),
    (HEAD + AXIS + '[[curve]]\nname = "a"\npaper = 1\n', "f.toml:12:1: 'paper' must say for which value of the axis"),
    (HEAD + AXIS + '[[curve]]\nname = "a"\npaper.4 = [1.0, 2.0, 3.0]\n', "must be a middle, the least and the"),
    (HEAD + '[[curve]]\nname = "a"\n[[expect]]\n', "f.toml:8:1: nothing is expected, add one of least, most"),
    (
        HEAD + '[[curve]]\nname = "a"\n[[expect]]\ncurve = "b"\nleast = 1\n',
        "f.toml:9:1: unknown curve 'b'",
    ),
    (HEAD + '[[curve]]\nname = "a"\n[[expect]]\nmargin = 1\n', "f.toml:9:1: 'margin' needs 'of', name a curve"),
    (HEAD + '[[curve]]\nname = "a"\n[[expect]]\nslope_most = 1\n', "f.toml:8:1: a slope needs an axis of numbers"),
    (
        HEAD + '[[curve]]\nname = "a"\n[[expect]]\nleast = 1\nx_from = 3\n',
        "'x_from' and 'x_to' need an axis",
    ),
    (HEAD + '[[curve]]\nname = "a"\n[[expect]]\nfactor = 1\n', "f.toml:9:1: 'factor' must be more than 1, found 1"),
    (HEAD.replace("[1]", "[]") + '[[curve]]\nname = "a"\n', "f.toml:4:1: 'seeds' must have at least 1 element"),
    (
        HEAD + AXIS.replace("model.width", "event").replace("4, 8", "1.5") + '[[curve]]\nname = "a"\n',
        "events are",
    ),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_faults(text: str, wanted: str) -> None:
    assert any(wanted in line for line in diagnostics(text)), diagnostics(text)


def test_all_faults_at_once() -> None:
    text = HEAD + AXIS + '[[curve]]\nname = "a"\nset = ["b"]\nx = [5]\npaper.5 = 1\n[[expect]]\ncurve = "c"\n'
    assert [line.split(":")[1] for line in diagnostics(text)] == ["12", "13", "15", "16"]


def test_later_settings_go_before_earlier_ones(short: Path) -> None:
    found = read_reproduction(read_document(short), short)
    quick, plain = found.file.curve
    assert found.settings(quick, 8) == ["controller.learning_rate=4e-3", "model.width=8"]
    assert found.settings(plain, 4) == ["controller.learning_rate=2e-3", "model.width=4"]


def test_every_point_and_seed_is_a_job_the_costliest_first(short: Path) -> None:
    jobs = plan_jobs(read_reproduction(read_document(short), short))
    assert sorted(place for job in jobs for place in job.places) == sorted(
        (curve, x, seed) for curve in ("quick", "plain") for x in ("4", "8") for seed in (1, 2)
    )
    assert len({job.key for job in jobs}) == 8
    assert [place[1] for job in jobs for place in job.places] == ["8"] * 4 + ["4"] * 4


def test_curves_with_the_same_runs_share_them(short: Path) -> None:
    text = short.read_text().replace('set = ["controller.learning_rate=4e-3"]', 'metric = "loss"')
    jobs = plan_jobs(read_reproduction(parse_document(text, str(short)), short))
    assert len(jobs) == 4
    assert all({place[0] for place in job.places} == {"quick", "plain"} for job in jobs)


def test_faults_of_the_runs_stand_in_this_file(short: Path) -> None:
    text = (
        short.read_text()
        .replace("controller.learning_rate=4e-3", "controller.learning_rte=4e-3")
        .replace("[4, 8]", "[4, 8.5]")
    )
    text = text.replace("8 = 1.1", "8.5 = 1.1".replace("8.5", '"8.5"')).replace("paper.8", 'paper."8.5"')
    text = text.replace("at = [8]", "at = [8.5]")
    with pytest.raises(DiagnosticError) as caught:
        plan_jobs(read_reproduction(parse_document(text, "f.toml"), short))
    lines = str(caught.value).splitlines()
    assert any(
        line.startswith("f.toml:17:8: unknown key 'learning_rte', did you mean 'learning_rate'?") for line in lines
    )
    assert any(line.startswith("f.toml:11:1: 'width' must be a whole number, found 8.5") for line in lines)


def test_an_unknown_scenario(short: Path) -> None:
    text = short.read_text().replace('"short"', '"shrot"')
    with pytest.raises(DiagnosticError, match=r"^f\.toml:4:1: unknown scenario 'shrot'"):
        plan_jobs(read_reproduction(parse_document(text, "f.toml"), short))


def test_a_command_names_a_file_so_that_it_is_found_again(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shipped one by its name; a file by its path, in quotes where a shell needs them, whatever else has its name."""
    elsewhere = tmp_path / "my figures"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    shipped = find("laperm-f2", "reproduction")
    copies = [elsewhere / "laperm-f2.toml", elsewhere / "figure.toml"]
    copies[0].write_bytes(shipped.read_bytes())
    copies[1].write_bytes(short.read_bytes())
    said = [called(read_reproduction(read_document(path), path)) for path in (shipped, *copies)]
    assert said[0] == "laperm-f2"
    assert [find(shlex.split(word)[0], "reproduction") for word in said] == [shipped, *copies]
