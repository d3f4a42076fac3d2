"""Optical circuits as YAML: light sent through the file alone arrives where, and as weak as, in the emulator."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hwsim.execution.light import path_transmissions
from hwsim.export import EXPORTS, Snapshot
from hwsim.export.netlist import NetlistError
from tests.export.optics import LIGHT, STAGED, is_whole, taken, walk


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


@given(st.integers(0), st.integers(0, 7))
def test_a_flipped_bit_is_found(place: int, bit: int) -> None:
    snapshot = taken("benes", 3, [[2, 0, 1]])
    assert snapshot is not None
    text = bytearray(EXPORTS["photonic-yaml"].files(snapshot)["layer0_bank0.yml"])
    signed = len(text) - len(b"of the lines above\n") - 1  # what follows are words
    text[place % signed] ^= 1 << bit
    assert not is_whole(text.decode(errors="replace"))


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
    assert netlists(dataclasses.replace(snapshot, technology=name)) == plain
