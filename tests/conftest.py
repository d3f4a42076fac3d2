"""Shared by all tests: small scenarios that run in seconds, and the command, here or as a fresh process."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

# before NumPy and torch come: of tests side by side, threads of linear algebra only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

import hwsim
from hwsim.cli import main
from hwsim.pipeline.folder import RunFolder

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("house", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("house")

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hwsim_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give a command in this process, which has its libraries loaded already, in an empty folder.

    Folder, words, warnings and streams are as before afterwards. What only a process of its own can show (threads that
    are set at start, limits, kills, what is compiled) is asked of ``hwsim_process``.
    """

    def call(*words: str | Path, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with (
            monkeypatch.context() as here,
            warnings.catch_warnings(),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            here.chdir(cwd)
            here.setattr(sys, "argv", ["hwsim", *map(str, words)])
            with pytest.raises(SystemExit) as end:
                main()
        code = end.value.code or 0
        assert isinstance(code, int)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def hwsim_process(tmp_path: Path) -> Command:
    """Give a command as a fresh process, in an empty folder, with environment variables of its own."""

    def call(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "hwsim", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


def diagnosed(told: str) -> list[str]:
    """The lines of what a command said, without the lines of files that diagnostics show and the carets below them."""
    return [line for line in told.strip().splitlines() if not re.match(r" +[0-9]* \|( |$)", line)]


TINY_MODEL = """
title = "64-12-10"
inputs = 64

[[layer]]
kind = "dense"
units = 12
activation = "relu"

[[layer]]
kind = "dense"
units = 10
activation = "identity"
"""

TINY_SCENARIO = """
title = "Tiny digits"

[task]
name = "digits"

[model]
name = "tiny"

[device]
name = "fpga-lut-bthowen-2022"

[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"
effort = "greedy"

[controller]
name = "laperm"
epochs = 6
batch = 64
learning_rate = 3e-3
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A scenario file of a small network that runs in about a second, with its model beside it."""
    (tmp_path / "models").mkdir()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "models" / "tiny.toml").write_text(TINY_MODEL)
    path = tmp_path / "scenarios" / "tiny.toml"
    path.write_text(TINY_SCENARIO)
    return path


def run_here(scenario: str | Path, out: Path, *settings: str, seed: int | None = None) -> dict[str, Any]:
    """Run a scenario in this process, and draw no picture, which takes longer; what ``run --json`` would print."""
    with mock.patch("hwsim.report.style.try_to_save"):
        hwsim.run(hwsim.load(scenario, settings, seed), out)
    return _of_any_time(RunFolder(out).answer())


def answer(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON object that a command printed."""
    assert result.returncode == 0, result.stderr
    return _of_any_time(json.loads(result.stdout))


def _of_any_time(found: dict[str, Any]) -> dict[str, Any]:
    """An answer without when it was made and whether it was there, which are other ones in every run."""
    return {key: value for key, value in found.items() if key not in {"made_at", "reused"}}
