"""Circuits in Icarus bring every signal to where the permutation says, either way, with and without registers."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.wiring import Wiring
from hwsim.export import Snapshot
from hwsim.export.readmemh import export
from hwsim.export.rtl.circuit import circuit
from hwsim.export.rtl.memory import write_memory
from hwsim.files.whole import split
from tests.export.decoding import PER_STAGE, TAGS
from tests.export.snapshots import built, taken
from tests.tools import icarus, lint

WAYS = {"to_cells": (True, 0), "to_positions": (False, 0), "registered": (True, 2)}
"""Names of circuits, whether signals go from positions to cells, and stages between registers."""
REGISTERED = 16
"""Most ports of a circuit that is tried with registers too."""


def ways(ports: int) -> dict[str, tuple[bool, int]]:
    return {way: given for way, given in WAYS.items() if ports <= REGISTERED or not given[1]}


def wiring_of(fabric: Any) -> Wiring:
    """What a circuit of 2 x 2 switches joins."""
    wiring = fabric.wiring
    assert isinstance(wiring, Wiring)
    return wiring


def every_permutation(name: str, ports: int) -> Snapshot:
    """A snapshot with a bank for every permutation."""
    found = taken(CROSSBARS[name].build(ports), 1, np.random.default_rng(0))
    p = np.array(list(permutations(range(ports))))
    states = found.layers[0].fabric.route_many(p)
    layer = type(found.layers[0])(0, found.layers[0].fabric, p, states, np.zeros(len(p), np.int64))
    return type(found)(found.identity, 1, "none", found.model, (layer,), found.registers, found.chip)


def memory(snapshot: Snapshot) -> tuple[str, list[int]]:
    """The exported words of all banks, and how many bits each word of a bank has.

    Words of circuits that sort are tags, which switches of their own accord would follow; here their states are loaded.
    """
    layer = snapshot.layers[0]
    if layer.fabric.topology in TAGS:
        states = [int("".join(map(str, row[::-1])), 2) for row in layer.states.tolist()]
        return write_memory(states, layer.fabric.switches, ["states"]), [layer.fabric.switches]
    text = b"".join(split(export(snapshot)["layer0.mem"])).decode()
    return text, [bits for _, bits in layer.fabric.words(layer.states[0])]


def simulated(snapshot: Snapshot, number: int) -> tuple[dict[str, str], str]:
    """Files and the part of a bench that sends the numbers of all ports through a circuit, bit by bit."""
    layer = snapshot.layers[0]
    ports, wiring, name = layer.fabric.ports, wiring_of(layer.fabric), f"c{number}"
    text, widths = memory(snapshot)
    words, files, lines = len(widths), {f"{name}.mem": text}, []
    state = ", ".join(f"words[bank*{words}+{k}][{bits - 1}:0]" for k, bits in reversed(list(enumerate(widths))))
    lines += [
        f"reg [{max(widths) - 1}:0] {name}_words [0:{words * len(layer.states) - 1}];",
        f"reg [{sum(widths) - 1}:0] {name}_state; reg [{ports - 1}:0] {name}_given;",
    ]
    shown = []
    for way, (to_cells, every) in ways(ports).items():
        made = circuit(f"{name}_{way}", wiring, to_cells=to_cells, every=every)
        files[f"{name}_{way}.v"] = made.text
        clock = ".clk(clk), " if made.registers else ""
        lines.append(f"wire [{ports - 1}:0] {name}_{way}_found;")
        joined = f"{clock}.state({name}_state), .given({name}_given), .found({name}_{way}_found)"
        lines.append(f"{name}_{way} of_{name}_{way} ({joined});")
        shown.append(f'repeat ({made.delay}) @(negedge clk); $display("{number} {way} %h", {name}_{way}_found);')
    planes = [sum((port >> bit & 1) << port for port in range(ports)) for bit in range((ports - 1).bit_length())]
    drive = [f"{name}_given = {ports}'h{plane:x}; @(negedge clk); {' '.join(shown)}" for plane in planes]
    lines += [
        f'initial $readmemh("{name}.mem", {name}_words);',
        f"task {name}; for (bank = 0; bank < {len(layer.states)}; bank = bank + 1) begin",
        f"  {name}_state = {{{state.replace('words', f'{name}_words')}}};",
        *drive,
        "end endtask",
    ]
    return files, "\n".join(lines)


def arrived(told: str, number: int, way: str, ports: int) -> NDArray[np.int64]:
    """Which port's signal arrived at each port, for every bank."""
    planes = (ports - 1).bit_length()
    words = [int(line.split()[2], 16) for line in told.splitlines() if line.split()[:2] == [str(number), way]]
    bits = np.array([[word >> port & 1 for port in range(ports)] for word in words]).reshape(-1, planes, ports)
    return np.asarray((bits << np.arange(planes)[:, None]).sum(axis=1))


def agree(snapshots: list[Snapshot], folder: Path) -> None:
    files: dict[str, str] = {}
    parts = []
    for number, snapshot in enumerate(snapshots):
        more, part = simulated(snapshot, number)
        files |= more
        parts.append(part)
    calls = " ".join(f"c{number};" for number in range(len(snapshots)))
    bench = "reg clk = 0; always #1 clk = !clk; integer bank;\n" + "\n".join(parts)
    bench = f"module bench;\n{bench}\ninitial begin @(negedge clk); {calls} $finish; end\nendmodule\n"
    told = icarus({"bench.v": bench, **files}, "bench", folder)
    for number, snapshot in enumerate(snapshots):
        p = snapshot.layers[0].permutations
        back = np.argsort(p, axis=1)
        for way, (to_cells, _) in ways(p.shape[1]).items():
            found = arrived(told, number, way, p.shape[1])
            np.testing.assert_array_equal(found, back if to_cells else p, f"{p.shape[1]} ports, {way}")


@pytest.mark.parametrize("topology", sorted(PER_STAGE | TAGS))
def test_signals_arrive_where_the_permutation_says(tmp_path: Path, topology: str) -> None:
    rng = np.random.default_rng(5)
    fabrics = [fabric for ports in (2, 3, 5, 8, 16, 33, 64) if (fabric := built(topology, ports))]
    snapshots = [taken(fabric, 20, rng) for fabric in fabrics]
    if any(fabric.ports == 5 for fabric in fabrics):
        snapshots.append(every_permutation(topology, 5))
    agree(snapshots, tmp_path)


def test_large_circuit(tmp_path: Path) -> None:
    agree([taken(CROSSBARS["benes"].build(784), 20, np.random.default_rng(1))], tmp_path)


@pytest.mark.parametrize("topology", sorted(PER_STAGE | TAGS))
def test_verilator_has_no_remark(tmp_path: Path, topology: str) -> None:
    for ports in (2, 3, 5, 8, 16):
        fabric = built(topology, ports)
        if fabric is None:
            continue
        for way, (to_cells, every) in WAYS.items():
            made = circuit(way, wiring_of(fabric), to_cells=to_cells, every=every)
            assert not lint({f"{way}.v": made.text}, way, tmp_path / f"{ports}"), ports


def test_registers_are_counted() -> None:
    made = circuit("c", wiring_of(CROSSBARS["benes"].build(8)), every=2)
    assert (made.delay, made.registers, made.text.count("reg ")) == (2, 16, 16)
