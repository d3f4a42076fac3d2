"""Machine code that was kept and is damaged is thrown away and compiled anew, with one line that says so."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import hwsim
from hwsim.kernels.compile import _seal
from tests.conftest import Command

SMALL = """
import numpy as np
from hwsim.kernels.routing.stages import pass_signals
x, a, b = (np.array(v, np.int32) for v in ([5, 7], [0], [1]))
pass_signals(2, np.ones(1, np.uint8), a, b, x)
print(x.tolist())
"""
DAMAGE = (("*.nbi", 0.5), ("*.nbc", 0.0), ("*.nbc", 1.0))
"""Which files, and what share of each is left; of a whole one a bit in the middle is flipped."""


def damage(folder: Path, pattern: str, keep: float) -> None:
    files = list(folder.rglob(pattern))
    assert files
    for path in files:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
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


def test_every_flipped_bit_of_a_kept_file_is_noticed(tmp_path: Path) -> None:
    """Of a file like Numba's, by the methods that read it; the program above shows that its own go this way."""
    numba: Any = import_module("numba.core.caching")  # which has no types

    def file() -> Any:
        made = numba.IndexDataCacheFile(str(tmp_path), "k-1.py", (1.0, 2))
        _seal(made)
        return made

    file().save("key", {"code": b"machine code"})
    assert file().load("key") == {"code": b"machine code"}
    assert file().load("other") is None
    for path in tmp_path.iterdir():
        whole = path.read_bytes()
        for bit in range(8 * len(whole)):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            with pytest.raises(ValueError, match="its digest is another one"):
                file().load("key")
        path.write_bytes(whole)
    index, data = sorted(tmp_path.iterdir(), key=lambda path: path.suffix)[::-1]
    other = tmp_path / data.name.replace(".1.", ".2.")
    other.write_bytes(data.read_bytes())  # the right content under another kernel's name
    index.unlink()
    assert file().load("key") is None
    with pytest.raises(ValueError, match="its digest"):
        file()._load_data(other.name)


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
