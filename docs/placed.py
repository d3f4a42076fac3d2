# ruff: noqa: INP001 - a script beside pages
"""Designs on real parts, trained, mapped, placed and packed: ``python -m docs.placed [NAME ...]``.

Without names all of them, which takes hours on one core: the large ECP5 parts are placed by tools in WebAssembly. Each
leaves the datasheet of its place as ``docs/placements/NAME.toml``; the table of all of them is ``docs/placed.txt``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SCENARIO = "digits-fpga-laperm"
SMALL = """title = "Four digits of 4 x 4 pixels"
task = { name = "arrays", file = "small.npz", inputs = "x", targets = "y", scaling = "none" }
model = { hidden = [8] }
device = { name = "fpga-lut-bthowen-2022" }
crossbar = { topology = "benes", technology = "fpga-register-ug474-2016" }
controller = { name = "laperm", epochs = 12, batch = 32, learning_rate = 4e-3, rate_decay = 0.96, period = 4 }
"""


@dataclass(frozen=True)
class Design:
    """A network and the part it goes to: hidden units of a digits network (0: 16-8-4), and options of hwsim synth."""

    hidden: int
    target: str
    options: tuple[str, ...]
    epochs: int = 24


DESIGNS = {
    "64-128-10-folded-up5k": Design(128, "up5k", ("--arch", "folded"), 8),
    "16-8-4-hx8k": Design(0, "hx8k", ("--pipeline", "3")),
    "64-4-10-ecp5-25k": Design(4, "ecp5-25k", ("--pipeline", "3")),
    "64-16-10-ecp5-85k": Design(16, "ecp5-85k", ("--pipeline", "3")),
    "64-48-10-ecp5-85k": Design(48, "ecp5-85k", ("--pipeline", "3")),
    "16-8-4-gw1nr-9": Design(0, "gw1nr-9", ("--pipeline", "3")),
}


def train(design: Design, folder: Path) -> Path:
    """Run the scenario of a design, and return its run folder."""
    run = folder / "run"
    if design.hidden:
        words = [
            SCENARIO,
            "--set",
            f"model={{hidden=[{design.hidden}]}}",
            "--set",
            f"controller.epochs={design.epochs}",
        ]
    else:
        from hwsim.task.digits import read

        x, y = read()
        pixels = x.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16) / 16
        np.savez(folder / "small.npz", x=pixels[y < 4].astype(np.float32), y=y[y < 4])  # noqa: PLR2004
        (folder / "small.toml").write_text(SMALL)
        words = [str(folder / "small.toml")]
    hwsim("run", *words, "--out", str(run), "--quiet")
    return run


def hwsim(*words: str) -> None:
    """Call the command line."""
    subprocess.run([sys.executable, "-m", "hwsim", *words], check=True)  # noqa: S603 - ourselves


def make(name: str) -> None:
    """Train, place and pack one design, and keep the datasheet of its place."""
    design = DESIGNS[name]
    with tempfile.TemporaryDirectory() as folder:
        run = train(design, Path(folder))
        words = ["--target", design.target, *design.options, "--minutes", "180", "--quiet"]
        hwsim("synth", str(run), *words)
        (made,) = (run / "synth").glob("*.toml")
        (HERE / "placements").mkdir(exist_ok=True)
        (HERE / "placements" / f"{name}.toml").write_bytes(made.read_bytes())


def table() -> str:
    """Tell what every design takes of its part, from the datasheets that are kept."""
    lines = [
        f"{'design':24}{'logic':>8}{'FF':>8}{'memories':>10}{'DSP':>5}{'MHz':>7}{'clocks':>8}{'latency':>9}{'us':>9}"
    ]
    for name in DESIGNS:
        kept = HERE / "placements" / f"{name}.toml"
        if not kept.is_file():
            continue
        sheet = tomllib.loads(kept.read_text())
        takes, clock = sheet["takes"], float(sheet["clock"].split()[0])
        memories = takes["memories"] + takes.get("large_memories", 0)
        lines.append(
            f"{name:24}{takes['logic']:8,}{takes['flip_flops']:8,}{memories:10}{takes['dsps']:5}{clock:7.1f}"
            f"{sheet['clocks']:8,}{sheet['latency']:9,}{sheet['latency'] / clock:9.3f}"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    for wanted in sys.argv[1:] or DESIGNS:
        make(wanted)
    (HERE / "placed.txt").write_text(table())
    sys.stdout.write(table())
