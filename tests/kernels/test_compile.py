"""Where machine code is kept, what is counted, and how it goes without a compiler or a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import hwsim
from hwsim.kernels.compile import threading, threads

ROUTE = """
import numpy as np
from hwsim.kernels import compile as c
from hwsim.kernels.routing.stages import pass_signals
x, a, b = (np.array(v, np.int32) for v in ([5, 7], [0], [1]))
pass_signals(2, np.ones(1, np.uint8), a, b, x)
print(x.tolist(), c.compiled(), c._CACHE is not None)
"""


LINES = """
import warnings
with warnings.catch_warnings(record=True) as said:
    import hwsim.kernels.compile
print(*(one.message for one in said), sep=chr(10))
"""


def python(code: str, **environment: str) -> str:
    root = Path(hwsim.__file__).parent.parent
    path = {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_second_run_compiles_nothing(tmp_path: Path) -> None:
    assert python(ROUTE, XDG_CACHE_HOME=str(tmp_path)) == "[7, 5] 1 True"
    (folder,) = (tmp_path / "hwsim" / "kernels").iterdir()
    assert any(folder.rglob("*.nbi"))
    assert python(ROUTE, XDG_CACHE_HOME=str(tmp_path)) == "[7, 5] 0 True"


@pytest.mark.parametrize("name", ["XDG_CACHE_HOME", "NUMBA_CACHE_DIR"])
def test_no_folder_no_cache(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    assert python(ROUTE, **{name: str(tmp_path / "file")}) == "[7, 5] 1 False"
    (line,) = python(LINES, **{name: str(tmp_path / "file")}).splitlines()
    assert line.startswith(f"{tmp_path / 'file' / 'hwsim' / 'kernels'}")
    assert "machine code of kernels cannot be kept here (Not a directory), so every process compiles its own" in line


def test_numbas_own_variable_comes_first(tmp_path: Path) -> None:
    """Below it lies a folder for these kernel sources, so that an edit of them is never served old machine code."""
    places = {"NUMBA_CACHE_DIR": str(tmp_path / "numba"), "XDG_CACHE_HOME": str(tmp_path / "xdg")}
    assert python(ROUTE, **places) == "[7, 5] 1 True"
    assert not (tmp_path / "xdg").exists()
    (folder,) = (tmp_path / "numba" / "hwsim" / "kernels").iterdir()
    assert list(folder.rglob("*.nbi"))
    assert python(ROUTE, **places) == "[7, 5] 0 True"


def test_without_the_compiler() -> None:
    code = """
import numpy as np
from hwsim.crossbar import crossbar
from hwsim.kernels import compile as c
rng = np.random.default_rng(0)
for n in (1, 2, 5, 16, 33):
    p = rng.permutation(n)
    f = crossbar("benes", n)
    one = f.route(p)
    two = f.route(p[::-1], one)
    three = f.route(p, cost=rng.random((f.switches, 2)))
    assert (one.permutation() == p).all() and (two.permutation() == p[::-1]).all() and (three.permutation() == p).all()
c.threads(1)
print(c.compiled(), sorted(c.threading()))
"""
    assert python(code, NUMBA_DISABLE_JIT="1", PYTHONWARNINGS="error") == "0 ['layer', 'threads']"


def test_threads() -> None:
    before = numba.get_num_threads()
    try:
        threads(1)
        assert threading()["threads"] == 1
        threads(None)
        assert threading()["threads"] == 1
        with pytest.raises(ValueError, match=r"^kernels cannot use 0 threads; use 1 to \d+ \(NUMBA_NUM_THREADS sets"):
            threads(0)
    finally:
        threads(before)


def test_serial_and_parallel_code_are_kept_apart_on_disk(tmp_path: Path) -> None:
    """One function compiled both ways: a second process must not be served one's machine code for the other."""
    code = (
        "import numpy as np; from hwsim.kernels.routing import benes as k\n"
        "network = k.Network(2, 1, np.array([0, 2, 0, 0, 0, 0, 0], np.uint32))\n"
        "state = np.zeros(1, np.uint8)\n"
        "costs = k.Costs(k.ANY, state, k.WEIGHT, np.zeros(0))\n"
        "for route in (k.route_rows, k.route_many):\n"
        "    route(network, np.arange(2), costs, np.zeros(8, np.uint32), state)\n"
        "print(*sorted({path for d in (k.route_rows, k.route_many) for path in [d._cache._impl.filename_base]}))"
    )
    names = python(code, XDG_CACHE_HOME=str(tmp_path)).split()
    assert len(names) == 2
