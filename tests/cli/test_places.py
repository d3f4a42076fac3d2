"""Results that cannot be written where they should go, and settings of libraries, are refused before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Command

WHY = "cannot write there (Not a directory); give a writable place with"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("ablate {tiny} --quiet --picture file/a.png", f"file/a.png: {WHY} --picture"),
        ("ablate {tiny} --quiet --out file/run", f"file/run/ablation.png: {WHY} --out"),
        ("show device pcm-nandakumar-2019 --picture file/a.png", f"file/a.png: {WHY} --picture"),
        ("cost --random 4 --plot file/a.png", f"file/a.png: {WHY} --plot"),
        ("cost missing.txt --plot file/a.png", f"file/a.png: {WHY} --plot"),
        ("import missing.onnx --out file", f"file/models: {WHY} --out"),
        ("run {tiny} --quiet --out file/run", "file/run: cannot write there (Not a directory); give a writable folder"),
        ("reproduce laperm-f1 --out file/runs", f"file/runs: {WHY} --out"),
        ("import missing.onnx --name ../../x", "--name:1:1: '../../x' is not a plain name for a model file"),
        ("import missing.onnx --name a/b", "--name:1:1: 'a/b' is not a plain name for a model file"),
        ("import missing.onnx --name=", "--name:1:1: '' is not a plain name for a model file"),
        ("import missing.onnx --name ..", "--name:1:1: '..' is not a plain name for a model file"),
    ],
)
def test_refused_before_anything_is_computed(
    tiny: Path, tmp_path: Path, hwsim_command: Command, words: str, line: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    before = sorted(tmp_path.rglob("*"))
    result = hwsim_command(*words.format(tiny=tiny).split())
    assert (result.returncode, result.stdout) == (2, "")
    (told,) = result.stderr.splitlines()
    assert told.startswith(line)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NUMBA_NUM_THREADS", "0"),
        ("NUMBA_NUM_THREADS", "two"),
        ("OMP_NUM_THREADS", "-1"),
        ("NUMBA_THREADING_LAYER", "string"),
    ],
)
def test_environment_variables(tmp_path: Path, hwsim_process: Command, name: str, text: str) -> None:
    (tmp_path / "p.txt").write_text("1 0\n")
    result = hwsim_process("cost", "p.txt", **{name: text})
    assert (result.returncode, result.stdout) == (2, "")
    (told,) = result.stderr.splitlines()
    assert told.startswith(f"environment variable {name}={text!r}: ")


def test_a_variable_that_only_numba_knows(tmp_path: Path, hwsim_process: Command) -> None:
    (tmp_path / "p.txt").write_text("1 0\n")
    result = hwsim_process("cost", "p.txt", NUMBA_OPT="fast")
    line = "environment variable NUMBA_OPT cannot be read: leave it out, or see Numba's list of environment variables\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", line)
