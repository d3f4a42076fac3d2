"""Optical circuits as SPICE, solved by a reader of our own and by ngspice: power arrives as in the emulator."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.light import path_transmissions
from hwsim.export import EXPORTS, Snapshot
from tests.export import spice_reading as spice
from tests.export.optics import STAGED, is_whole, taken
from tests.export.snapshots import LIGHT
from tests.tools import call


def expected(snapshot: Snapshot) -> Any:
    """Shares of power from position to cell, (banks, positions, cells)."""
    (layer,) = snapshot.layers
    found = np.zeros((len(layer.states), layer.fabric.ports, layer.fabric.ports))
    shares = path_transmissions(layer.fabric, LIGHT, layer.states)
    np.put_along_axis(found, layer.permutations[:, :, None], shares[:, :, None], axis=2)
    return found


def check(snapshot: Snapshot) -> None:
    files = EXPORTS["photonic-spice"].files(snapshot)
    ports = snapshot.layers[0].fabric.ports
    sides = [[f"{side}{port}" for port in range(ports)] for side in ("position", "cell")]
    for bank, (text, shares) in enumerate(zip(files.values(), expected(snapshot), strict=True)):
        assert is_whole(text.decode())
        lines = text.decode().splitlines()
        assert max(len(line) for line in lines if not line.startswith("* info: ")) <= 120
        parts = spice.read(text.decode())
        assert list(parts) == ["switch2x2", "wire", f"layer0_bank{bank}"]
        whole = parts[f"layer0_bank{bank}"]
        assert whole.nodes == sides[0] + sides[1]
        sources = spice.flatten(parts, whole.name, {node: node for node in whole.nodes}, {})
        np.testing.assert_allclose(spice.solve(sources, *sides), shares, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("topology", STAGED)
def test_power_arrives_as_in_the_emulator(topology: str) -> None:
    sizes = []
    for ports in (1, 2, 3, 5, 8):
        if snapshot := taken(topology, ports):
            check(snapshot)
            sizes.append(ports)
    assert sizes in ([1, 2, 3, 5, 8], [1, 2, 8])


@given(st.integers(1, 9).flatmap(lambda n: st.permutations(range(n))))
def test_any_permutation(p: list[int]) -> None:
    snapshot = taken("waksman", len(p), [p])
    assert snapshot is not None
    check(snapshot)


def test_banks_differ_in_states_alone() -> None:
    snapshot = taken("benes", 8)
    assert snapshot is not None
    texts = [text.decode() for text in EXPORTS["photonic-spice"].files(snapshot).values()]
    plain = [re.sub(r"\* info: .*|state\d+=[01]|_bank\d|crc32 \w+", "", text) for text in texts]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(("topology", "ports"), [("benes", 8), ("spanke", 3), ("cantor", 4)])
def test_ngspice_finds_the_same(topology: str, ports: int, tmp_path: Path) -> None:
    ngspice = shutil.which("ngspice") or pytest.skip("ngspice is not installed; apt install ngspice")
    snapshot = taken(topology, ports)
    assert snapshot is not None
    (tmp_path / "circuit.cir").write_bytes(EXPORTS["photonic-spice"].files(snapshot)["layer0_bank0.cir"])
    cells = [f"c{at}_{cell}" for at in range(ports) for cell in range(ports)]
    lines = ["hwsim", ".include circuit.cir"]
    for at in range(ports):  # one copy of the circuit for each position that light enters at
        lines += [f"V{at}_{i} p{at}_{i} 0 {int(i == at)}" for i in range(ports)]
        nodes = [f"p{at}_{i}" for i in range(ports)] + cells[at * ports : (at + 1) * ports]
        lines += [f"X{at}", *(f"+ {node}" for node in nodes), "+ layer0_bank0"]
    lines += [".control", "set numdgt=14", "op", *(f"print v({cell})" for cell in cells), "quit 0", ".endc", ".end"]
    (tmp_path / "bench.cir").write_text("\n".join(lines) + "\n")
    told = call([ngspice, "-b", "bench.cir"], tmp_path, seconds=100)
    assert "error" not in told.lower(), told
    volts = dict(re.findall(r"v\((\w+)\) = ([-+.\de]+)", told))
    powers = np.array([float(volts[cell]) for cell in cells]).reshape(ports, ports)
    np.testing.assert_allclose(powers, expected(snapshot)[0], rtol=1e-9, atol=1e-12)
