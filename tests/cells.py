"""The cells that Yosys makes of Verilog, as tests and ``docs.counts`` ask for them: look-up tables and flip-flops."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.tools import write, yosys

SYNTHESIS = {
    "7-series": "synth_xilinx -family xc7 -noiopad -noclkbuf -nodsp -nobram -nowidelut",
    "ice40": "synth_ice40",
    "ecp5": "synth_ecp5 -nodsp -nobram -nowidelut",
}
"""Commands by family. Without ``-nowidelut`` tables are joined by multiplexers, which takes more of them."""
TABLES = {
    "7-series": {f"LUT{inputs}": 1 for inputs in range(1, 7)},
    "ice40": {"SB_LUT4": 1},
    "ecp5": {"LUT4": 1, "CCU2C": 2},
}
"""What holds look-up tables, and how many: on ECP5 two bits of a carry chain are one cell of two tables."""
FLIP_FLOPS = {"7-series": "FD", "ice40": "SB_DFF", "ecp5": "TRELLIS_FF"}
"""How the names of flip-flops begin."""


class Cells(NamedTuple):
    """What one module takes, without its submodules."""

    luts: int
    flip_flops: int


def cells(sources: Mapping[str, str], top: str, family: str, folder: Path) -> dict[str, Cells]:
    """Synthesise, and count the cells of every module that is kept.

    Args:
        sources: Verilog by file name; modules with the attribute ``keep_hierarchy`` are counted apart.
        top: the top module.
        family: one of :data:`SYNTHESIS`.
        folder: where Yosys runs.
    """
    return {name: _of(kinds, family) for name, kinds in _kinds(sources, top, family, folder, []).items()}


def parts(sources: Mapping[str, str], top: str, family: str, folder: Path) -> dict[str, Cells]:
    """Synthesise with the borders of all modules kept; sum up the cells of every module written over its instances."""
    kinds = _kinds(sources, top, family, folder, [f"hierarchy -top {top}", "setattr -mod -set keep_hierarchy 1 *"])
    found: dict[str, Cells] = {}
    waiting = [top]
    while waiting:
        name = waiting.pop()
        waiting += [part for part, count in kinds[name].items() if part in kinds for _ in range(count)]
        own = _of(kinds[name], family)
        written = name.split("\\")[1] if "$paramod" in name else name
        before = found.get(written, Cells(0, 0))
        found[written] = Cells(before.luts + own.luts, before.flip_flops + own.flip_flops)
    return found


def _kinds(
    sources: Mapping[str, str], top: str, family: str, folder: Path, before: list[str]
) -> dict[str, dict[str, int]]:
    """Return how many cells of each kind, submodules too, every module has."""
    read = [f"read_verilog {name}" for name in write(sources, folder)]
    yosys([*read, *before, f"{SYNTHESIS[family]} -top {top}", "tee -q -o cells.json stat -json"], folder)
    modules = json.loads((folder / "cells.json").read_text("utf-8"))["modules"]
    return {name.removeprefix("\\"): made["num_cells_by_type"] for name, made in modules.items()}


def _of(kinds: Mapping[str, int], family: str) -> Cells:
    assert not {"PFUMX", "L6MUX21", "MUXF7", "MUXF8"} & set(kinds)
    luts = sum(kinds.get(kind, 0) * each for kind, each in TABLES[family].items())
    return Cells(luts, sum(count for kind, count in kinds.items() if kind.startswith(FLIP_FLOPS[family])))
