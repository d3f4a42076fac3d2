"""Cells of one design value may stand for each other, though they differ: wanted levels, real cells, fewer toggles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

import hwsim
from hwsim.cli.run import summary
from hwsim.controller import Reconnection
from hwsim.crossbar import Fabric, crossbar
from hwsim.crossbar.technology import Switch
from hwsim.execution import Machine, first_entry
from hwsim.model import Layer, Model, Registers, Start
from hwsim.schedule import open_schedule
from tests.device.test_photonic import EXACT

UNITS, INPUTS, LEVELS = 3, 16, np.array([-1, -1 / 3, 1 / 3, 1])
SWITCH = Switch("s", "electronic", 1e-9, 1e-9, 1e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 0.0)
CORE = replace(EXACT, tile_rows=4, tile_columns=3, wavelength_vectors=1, level_bits=2, programming_error=0.02)
WEIGHTS = np.random.default_rng(1).uniform(-1, 1, (UNITS, INPUTS))
WEIGHTS[:, 0] = 1.0
DESIGN = LEVELS[np.abs(WEIGHTS[..., None] - LEVELS).argmin(axis=-1)]
"""The level nearest to each weight, worked out here."""


def machine(equivalence: str) -> Machine:
    model = Model("t", (Layer(UNITS, INPUTS, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
    start = [Start(WEIGHTS, np.zeros(UNITS), 1.0)]
    chip = CORE.fabricate(model, start, np.array([[0.0] * INPUTS, [1.0] * INPUTS], np.float32), 5)
    built = Machine(model, chip, [crossbar("benes", INPUTS)], SWITCH, "output", "greedy", equivalence)
    built.execute(first_entry(model, start))
    return built


def walked(fabric: Fabric, state: Any) -> list[int]:
    """The cell that each position meets, found by walking the circuit wire by wire."""
    graph = fabric.graph(state)
    found = [-1] * fabric.ports
    for cell in range(fabric.ports):
        reached = nx.descendants(graph, ("in", cell))
        found[next(node[1] for node in reached if node[0] == "out")] = cell
    return found


def test_positions_meet_cells_of_the_level_that_is_wanted() -> None:
    rng = np.random.default_rng(3)
    plain, free = machine("none"), machine("levels")
    fabric = crossbar("benes", INPUTS)
    x = rng.uniform(0, 1, (20, INPUTS)).astype(np.float32)
    apart = []
    for event in range(1, 6):
        wanted = np.array([rng.permutation(INPUTS) for _ in range(UNITS)])
        for built in (plain, free):
            built.fulfil(event, Reconnection(0, (wanted,), (Registers(np.zeros(UNITS), 1.0),)))
        states = free.circuits.states[0]
        assert states is not None
        met = np.array([walked(fabric, state) for state in states])
        assert np.array_equal(met, free.permutations[0])
        assert np.array_equal(np.sort(met, axis=1), np.tile(np.arange(INPUTS), (UNITS, 1)))
        assert np.array_equal(np.take_along_axis(DESIGN, met, 1), np.take_along_axis(DESIGN, wanted, 1))
        assert not np.array_equal(met, wanted)
        apart.append(float(np.abs(free.infer(x, None) - plain.infer(x, None)).max()))
    assert min(apart) > 0
    assert max(apart) < 0.02 * 2 * 2 * INPUTS  # an error of each product at most, of a swing of 2
    assert free.spent.toggles < 0.5 * plain.spent.toggles
    assert free.spent.moves < plain.spent.moves


def test_what_the_chip_gives_is_of_the_cells_really_connected() -> None:
    """A second chip that is told the very cells gives the same to the last bit."""
    rng = np.random.default_rng(0)
    free, told = machine("levels"), machine("none")
    x = rng.uniform(0, 1, (9, INPUTS)).astype(np.float32)
    for event in range(1, 4):
        wanted = np.array([rng.permutation(INPUTS) for _ in range(UNITS)])
        free.fulfil(event, Reconnection(0, (wanted,), (Registers(np.zeros(UNITS), 1.0),)))
        told.fulfil(event, Reconnection(0, (free.permutations[0],), (Registers(np.zeros(UNITS), 1.0),)))
        assert np.array_equal(free.infer(x, None), told.infer(x, None))


def test_where_no_two_cells_share_a_level_nothing_is_claimed(tiny: Path, tmp_path: Path) -> None:
    settings = ['device.name="ideal"', "crossbar.equivalence=levels", "crossbar.effort=greedy", "controller.epochs=1"]
    found = hwsim.run(hwsim.load(tiny, settings), tmp_path / "run")
    assert found.rows[-1]["router"] == "greedy"
    assert "really connected" not in summary(found)


def test_a_run_says_so_and_its_schedule_names_the_real_cells(tmp_path: Path) -> None:
    found: dict[str, hwsim.Answer] = {}
    met: dict[str, list[NDArray[np.int64]]] = {}
    for word in ("values", "levels"):
        settings = ["controller.epochs=30", "device.level_bits='3 bit'", f"crossbar.equivalence={word}"]
        found[word] = hwsim.run(hwsim.load("sine-photonic-laperm", settings), tmp_path / word)
        with open_schedule(tmp_path / word / "schedule.sqlite") as schedule:
            entries = [entry.permutations[1] for entry in schedule.entries()]
        met[word] = [rows for rows in entries if rows is not None]
    assert found["levels"].final["toggles"] < 0.8 * found["values"].final["toggles"]
    assert "of the cells really connected" in summary(found["levels"])
    assert "of the cells really connected" not in summary(found["values"])
    assert found["levels"].rows[-1]["router"].endswith("+levels")
    assert found["levels"].final["max_error_noiseless"] != found["values"].final["max_error_noiseless"]
    assert len(met["levels"]) == len(met["values"]) > 1
    for one, other in zip(met["levels"], met["values"], strict=True):
        assert np.array_equal(np.sort(one, axis=1), np.sort(other, axis=1))
        assert not np.array_equal(one, other)
