"""What is read back is what was exported; a file cut short, or one that contradicts itself, is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.crossbar import CROSSBARS, Fabric
from hwsim.errors import HwsimError
from hwsim.export import EXPORTS
from hwsim.export.reading import open_export, read_configuration
from hwsim.files import DiagnosticError
from hwsim.files.checksum import REMARKS, RULE, check, checked
from tests.export.snapshots import built, taken

FITS = {"crosspoints": "clos"}
READ = [name for name in EXPORTS if EXPORTS[name].read is not None and not name.startswith("photonic")]
"""Those of any circuit, or of all of a kind of circuit."""


@cache
def exported(name: str, topology: str, ports: int) -> dict[str, bytes]:
    fabric = built(topology, ports)
    if fabric is None:
        return {}
    snapshot = taken(fabric, 2, ports, "a title", "a-technology")
    try:
        return EXPORTS[name].files(snapshot)
    except HwsimError:
        return {}


SEALED = [
    name for name in EXPORTS if EXPORTS[name].checksum.startswith(RULE) and exported(name, FITS.get(name, "benes"), 8)
]
GRIDS = {"crossbar", "clos", "clos-strict"}
REFUSED = {"cfglut5": {*GRIDS, "time-multiplexed"}, "crosspoints": set(CROSSBARS) - GRIDS}


@pytest.mark.parametrize("topology", CROSSBARS)
@pytest.mark.parametrize("name", READ)
def test_read_back(name: str, topology: str, tmp_path: Path) -> None:
    seen = 0
    for ports in (1, 8, 13):
        fabric = built(topology, ports)
        for file, content in exported(name, topology, ports).items():
            assert fabric is not None
            wanted = taken(fabric, 2, ports).layers[0]
            (tmp_path / file).write_bytes(content)
            found = hwsim.read_configuration(
                tmp_path / file, _base(fabric, ports, tmp_path) if name == "delta" else None
            )
            (layer,) = found.layers
            assert (found.format, found.run, found.event, found.technology) == (name, "0" * 64, 1, "a-technology")
            told = slice(layer.bank, layer.bank + 1) if "bank" in file else slice(None)
            assert np.array_equal(layer.states, wanted.states[told])
            assert np.array_equal(layer.permutations, wanted.permutations[told])
            assert layer.states.dtype == wanted.states.dtype
            assert layer.fabric.describe() == fabric.describe()
            assert (layer.layer, layer.cells, layer.fabric.topology) == (0, ports, topology)
            seen += 1
    assert bool(seen) == (topology not in REFUSED.get(name, ()))


def _base(fabric: Fabric, seed: int, folder: Path) -> Path:
    """The configuration of the event before, as a file."""
    before = taken(fabric, 2, seed).before()
    assert before is not None
    (content,) = EXPORTS["json"].files(before).values()
    (folder / "base.json").write_bytes(content)
    return folder / "base.json"


def test_changes_of_another_base(tmp_path: Path) -> None:
    fabric = built("benes", 8)
    assert fabric is not None
    (content,) = EXPORTS["delta"].files(taken(fabric, 2, 1)).values()
    (tmp_path / "d.mem").write_bytes(content)
    with pytest.raises(
        DiagnosticError, match=r"d.mem:1:1: holds changes of layer 0 alone, give the configuration of the event before"
    ):
        read_configuration(tmp_path / "d.mem")
    with pytest.raises(DiagnosticError, match="changes other words than those of layer 0 in its base"):
        read_configuration(tmp_path / "d.mem", _base(fabric, 2, tmp_path))
    (content,) = EXPORTS["readmemh"].files(taken(fabric, 2, 1)).values()
    (tmp_path / "now.mem").write_bytes(content)
    with pytest.raises(
        DiagnosticError, match="is laid over event 0 of run 000000000000, and its base is another event or run"
    ):
        read_configuration(tmp_path / "d.mem", tmp_path / "now.mem")


@pytest.mark.parametrize("name", SEALED)
def test_a_file_cut_short(name: str, tmp_path: Path) -> None:
    for file, content in exported(name, FITS.get(name, "benes"), 8).items():
        for cut in (b"", content[:-1], content[: len(content) // 2], content + b"\n"):
            (tmp_path / file).write_bytes(cut)
            with pytest.raises(DiagnosticError, match=re.escape(file)):
                open_export(tmp_path / file)


@pytest.mark.parametrize("language", REMARKS)
@given(content=st.binary(max_size=200))
def test_the_checksum_is_that_of_all_bytes_before(language: str, content: bytes) -> None:
    whole = b"".join(checked(content, language))
    assert whole.startswith(content)
    assert check(whole, Path("x")) == content


def test_what_no_export_wrote(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError, match="there:1:1: cannot be read"):
        read_configuration(tmp_path / "there")
    (tmp_path / "sound").write_bytes(b"".join(checked(b"// of another program\n", "verilog")))
    with pytest.raises(DiagnosticError, match="is no file that hwsim export wrote"):
        read_configuration(tmp_path / "sound")
    (tmp_path / "other").write_bytes(b"".join(checked(b"// hwsim export magic, version 1\n", "verilog")))
    with pytest.raises(DiagnosticError, match="an export 'magic' that is not here"):
        read_configuration(tmp_path / "other")


def _rewire(layer: dict[str, Any]) -> None:
    layer["wiring"]["stages"][0]["wire_a"].reverse()


def _swap(layer: dict[str, Any]) -> None:
    layer["banks"][1]["permutation"].reverse()


def _rename(layer: dict[str, Any]) -> None:
    layer["topology"] = "bens"


def _enlarge(layer: dict[str, Any]) -> None:
    layer["ports"] += 1


def _spoil(layer: dict[str, Any]) -> None:
    layer["banks"][1]["settings_hex"][0] = "3"


def _leave_out(layer: dict[str, Any]) -> None:
    del layer["wiring"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_rewire, "layer 0: its wires are not those of benes circuits of 4 ports"),
        (_swap, "layer 0, bank 1: switches lead cell [0-3] to position 0"),
        (_rename, "unknown crossbar 'bens'"),
        (_enlarge, "layer 0: its wires are not those of benes circuits of 5 ports"),
        (_spoil, "layer 0, bank 1: settings and their crc32 differ"),
        (_leave_out, "'wiring'"),
    ],
)
def test_a_sound_checksum_of_a_file_that_contradicts_itself(
    change: Callable[[dict[str, Any]], None], why: str, tmp_path: Path
) -> None:
    (content,) = exported("json", "benes", 4).values()
    told = json.loads(content)
    del told["checksum"]
    change(told["layers"][0])
    body = json.dumps(told).removesuffix("}") + ",\n"
    (tmp_path / "c.json").write_bytes(b"".join(checked(body, "json")))
    with pytest.raises(DiagnosticError, match=f"c.json:1:1: cannot be read as json: .*{why}"):
        read_configuration(tmp_path / "c.json")
