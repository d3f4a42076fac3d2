"""Optical circuits as YAML: light sent through the file alone arrives where, and as weak as, in the emulator."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.execution.light import path_transmissions
from hwsim.export import EXPORTS, Snapshot
from hwsim.export.netlist import NetlistError
from hwsim.files import DiagnosticError
from hwsim.files.checksum import checked
from tests.export.optics import STAGED, is_whole, taken, walk
from tests.export.snapshots import LIGHT


def netlists(snapshot: Snapshot) -> list[dict[str, Any]]:
    files = EXPORTS["photonic-yaml"].files(snapshot)
    assert list(files) == [f"layer0_bank{bank}.yml" for bank in range(len(files))]
    assert all(is_whole(text.decode()) for text in files.values())
    return [yaml.load(text, yaml.CSafeLoader) for text in files.values()]


def check(snapshot: Snapshot) -> None:
    """Light from every position reaches its cell, and so much of it as the emulator says."""
    (layer,) = snapshot.layers
    shares = path_transmissions(layer.fabric, LIGHT, layer.states)
    found = netlists(snapshot)
    assert len(found) == len(layer.states)
    for netlist, p, share in zip(found, layer.permutations, shares, strict=True):
        ways = [walk(netlist, f"position{i}") for i in range(layer.fabric.ports)]
        assert [cell for cell, _ in ways] == [f"cell{cell}" for cell in p]
        np.testing.assert_allclose([10 ** (-lost / 10) for _, lost in ways], share, rtol=1e-12)
        kinds = [part["component"] for part in netlist["instances"].values()]
        assert kinds.count("switch2x2") == layer.fabric.switches
        crossings = sum(part["settings"].get("crossings", 0) for part in netlist["instances"].values())
        assert crossings == 2 * layer.fabric.crossings[0]
        ends = [*netlist["connections"], *netlist["connections"].values(), *netlist["ports"].values()]
        assert len(ends) == len(set(ends)), "a port is joined once"
        assert 2 * kinds.count("wire") == len([end for end in ends if end.startswith("wire")])
        assert netlist["info"]["run"] == snapshot.identity


@pytest.mark.parametrize("topology", STAGED)
def test_light_arrives_as_in_the_emulator(topology: str) -> None:
    sizes = []
    for ports in (1, 2, 3, 5, 8, 13, 32):
        if snapshot := taken(topology, ports):
            check(snapshot)
            sizes.append(ports)
    assert sizes in ([1, 2, 3, 5, 8, 13, 32], [1, 2, 8, 32])


@given(st.sampled_from(["benes", "waksman", "spanke", "odd-even-transposition"]), st.data())
def test_any_permutation(topology: str, data: st.DataObject) -> None:
    p = data.draw(st.integers(1, 12).flatmap(lambda n: st.permutations(range(n))))
    snapshot = taken(topology, len(p), [p])
    assert snapshot is not None
    check(snapshot)


@pytest.mark.parametrize("name", ["photonic-yaml", "photonic-spice"])
@pytest.mark.parametrize("topology", STAGED)
def test_banks_are_read_back(name: str, topology: str, tmp_path: Path) -> None:
    for ports in (1, 5, 8):
        if (snapshot := taken(topology, ports)) is None:
            continue
        (wanted,) = snapshot.layers
        for bank, (file, content) in enumerate(EXPORTS[name].files(snapshot).items()):
            (tmp_path / file).write_bytes(content)
            found = hwsim.read_configuration(tmp_path / file)
            assert (found.format, found.run, found.event, found.technology) == (name, snapshot.identity, 1, "light")
            (layer,) = found.layers
            assert layer.states.tolist() == [wanted.states[bank].tolist()]
            assert layer.permutations.tolist() == [wanted.permutations[bank].tolist()]
            assert (layer.layer, layer.cells, layer.fabric.topology) == (0, ports, topology)


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("photonic-yaml", "state: 1", "state: 0", "switches lead cell"),
        ("photonic-yaml", "wire3,o1", "wire2,o1", "line [0-9]+ is not that of this circuit"),
        ("photonic-yaml", "crossings: 1", "crossings: 2", "line [0-9]+ is not that of this circuit"),
        ("photonic-yaml", '"ports": 4', '"ports": 5', "6 switches are not those of its circuit"),
        ("photonic-spice", "wire crossings=1", "wire crossings=0", "line [0-9]+ is not that of this circuit"),
        ("photonic-spice", "E1 o1 a o4", "E1 o1 a o3", "line [0-9]+ is not that of this circuit"),
    ],
)
def test_a_sound_checksum_of_a_file_that_contradicts_itself(
    name: str, old: str, new: str, why: str, tmp_path: Path
) -> None:
    snapshot = taken("benes", 4, [[3, 1, 0, 2]])
    assert snapshot is not None
    ((file, content),) = EXPORTS[name].files(snapshot).items()
    assert old in content.decode()
    body = content.decode().rpartition("\n")[0].rpartition("\n")[0].replace(old, new, 1) + "\n"
    language = {"photonic-yaml": "script", "photonic-spice": "spice"}[name]
    (tmp_path / file).write_bytes(b"".join(checked(body, language)))
    with pytest.raises(DiagnosticError, match=why):
        hwsim.read_configuration(tmp_path / file)


@given(st.floats(0, 1e3))
def test_losses_are_numbers_to_yaml(loss: float) -> None:
    snapshot = taken("benes", 2)
    assert snapshot is not None
    switch = dataclasses.replace(LIGHT, bar_loss=loss, crossing_loss=loss)
    parts = netlists(dataclasses.replace(snapshot, switch=switch))[0]["instances"]
    assert parts["switch0"]["settings"]["bar_loss"] == parts["wire0"]["settings"]["crossing_loss"] == loss


def test_what_is_not_light_is_refused() -> None:
    snapshot = taken("benes", 4)
    assert snapshot is not None
    copper = dataclasses.replace(LIGHT, name="copper", medium="electronic")
    with pytest.raises(NetlistError, match="electronic"):
        EXPORTS["photonic-yaml"].files(dataclasses.replace(snapshot, switch=copper))
    with pytest.raises(NetlistError, match="layer 0: the circuit is a crossbar"):
        EXPORTS["photonic-yaml"].files(taken("crossbar", 4))  # type: ignore[arg-type]


@given(st.text(max_size=200))
def test_no_name_breaks_the_file(name: str) -> None:
    snapshot = taken("benes", 2)
    assert snapshot is not None
    plain = netlists(snapshot)
    found = netlists(dataclasses.replace(snapshot, technology=name))
    technologies = {one["info"].pop("technology") for one in found}
    assert len(technologies) == 1
    for one in plain:
        one["info"].pop("technology")
    assert found == plain
