"""Machine code that was kept and is damaged is thrown away and compiled anew, with one line that says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hwsim
from tests.conftest import Command

SMALL = """
import numpy as np
from hwsim.kernels.routing.stages import pass_signals
x, a, b = (np.array(v, np.int32) for v in ([5, 7], [0], [1]))
pass_signals(2, np.ones(1, np.uint8), a, b, x)
print(x.tolist())
"""
DAMAGE = (("*.nbi", 0.5), ("*.nbc", 0.0))


def damage(folder: Path, pattern: str, keep: float) -> None:
    files = list(folder.rglob(pattern))
    assert files
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content[: int(keep * len(content))])


def test_damaged_machine_code(tmp_path: Path) -> None:
    def call() -> subprocess.CompletedProcess[str]:
        place = {"PYTHONPATH": str(Path(hwsim.__file__).parent.parent), "XDG_CACHE_HOME": str(tmp_path)}
        words = [sys.executable, "-c", SMALL]
        return subprocess.run(words, env={**os.environ, **place}, capture_output=True, text=True, check=True)

    assert call().stdout == "[7, 5]\n"
    for pattern, keep in DAMAGE:
        damage(tmp_path, pattern, keep)
        again = call()
        assert again.stdout == "[7, 5]\n"
        assert again.stderr.count("machine code kept here is damaged") == 1
        assert call().stderr == ""


@pytest.mark.slow
def test_damaged_machine_code_of_a_command(tmp_path: Path, hwsim_process: Command) -> None:
    (tmp_path / "p.txt").write_text("1 0 3 2\n")
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    whole = hwsim_process("cost", "p.txt", **cache)
    assert whole.returncode == 0
    for pattern, keep in DAMAGE:
        damage(tmp_path / "cache", pattern, keep)
        again = hwsim_process("cost", "p.txt", **cache)
        assert (again.returncode, again.stdout) == (0, whole.stdout)
        assert again.stderr.count("machine code kept here is damaged") == 1
        assert hwsim_process("cost", "p.txt", **cache).stderr == ""
