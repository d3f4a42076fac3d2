"""Light through optical permutation circuits: each path's loss on the weight behind it, and what correction costs."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch

import hwsim
from hwsim.crossbar import Fabric, crossbar
from hwsim.crossbar.technology import Switch
from hwsim.device.ideal import Ideal
from hwsim.device.photonic.chip import Photonic
from hwsim.execution import ExecutionError, Machine, first_entry
from hwsim.execution.light import mean_transmission, path_transmissions, straight_transmissions
from hwsim.model import Layer, Model, Start
from hwsim.schedule import Entry
from tests.device.test_photonic import EXACT

LIGHT = Switch("s", "optical", 1e-9, 1e-9, 1e-12, 1e-12, 0.0, 0.0, 0.0, 32, 1e8, 0.0, 2.0, 0.96, 0.25)
FLOORED = replace(EXACT, modulator_extinction=15.0)
"""With the floor of shut modulators, which is measured and subtracted, a constant goes through every path."""
CORE = replace(FLOORED, tile_rows=3, tile_columns=2, wavelength_vectors=1)
WEIGHTS = np.array([[0.9, -0.5, 0.3, 1.0], [-1.0, 0.25, 0.7, -0.1], [0.2, 0.4, -0.6, 0.8]])
X = np.random.default_rng(0).uniform(-0.5, 1, (9, 4)).astype(np.float32)
RANGE = np.array([[-0.5] * 4, [1.0] * 4], np.float32)


def machine(
    *, calibrated: bool, device: Photonic = CORE, topology: str = "benes", switch: Switch = LIGHT
) -> tuple[Machine, Fabric]:
    model = Model("t", (Layer(3, 4, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
    start = [Start(WEIGHTS, np.zeros(3), 1.0)]
    fabric = crossbar(topology, 4)
    chip = device.fabricate(model, start, RANGE, 0)
    built = Machine(model, chip, [fabric], switch, "output", "greedy", calibrated=calibrated)
    built.execute(first_entry(model, start))
    return built, fabric


def walked(fabric: Fabric, state: Any, p: Any) -> np.ndarray:
    """Decibels of each position's path, summed edge by edge on the routing graph."""
    graph = fabric.graph(state, LIGHT)
    ways = [nx.shortest_path(graph, ("in", int(cell)), ("out", i)) for i, cell in enumerate(p)]
    return np.array([sum(graph.edges[edge].get("loss", 0.0) for edge in nx.utils.pairwise(way)) for way in ways])


def settled(built: Machine, p: Any) -> list[np.ndarray]:
    """Reconnect all units to one permutation; returns decibels of the paths of each unit."""
    wanted = np.tile(np.array(p), (3, 1))
    built.execute(Entry(1, 0, (wanted,), tuple(built.registers)))
    assert built.circuits.states[0] is not None
    fabric = built.circuits.fabrics[0]
    assert fabric is not None
    return [walked(fabric, state, p) for state in built.circuits.states[0]]


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("topology", ["benes", "crossbar"])
def test_all_permutations_of_four_ports(topology: str, calibrated: bool) -> None:
    """Weights after every reconnection are the cells', times what their paths leave over the mean path's share.

    Nothing is rounded or noisy: calibrated, paths leave no trace. Offsets and the floor of shut modulators are dealt
    with by electronics that know the mean path alone where uncalibrated; the floor's rest is part of the expectation.
    """
    built, fabric = machine(calibrated=calibrated, topology=topology)
    mean, floor = mean_transmission(fabric, LIGHT), 10**-1.5
    for p in permutations(range(4)):
        losses = settled(built, p)
        factor = np.array([10 ** (-loss / 10) for loss in losses]) / mean
        met = WEIGHTS[:, list(p)]
        if calibrated:
            wanted = X @ met.T
        else:
            drive = (X.astype(float) + 0.5) / 1.5
            lit = (floor + (1 - floor) * drive) @ (met * factor).T - floor * met.sum(axis=1)
            wanted = 1.5 * lit / (1 - floor) - 0.5 * met.sum(axis=1)
        assert built.infer(X, None) == pytest.approx(wanted, abs=1e-9)


def test_power_up_has_paths_too() -> None:
    built, fabric = machine(calibrated=False)
    loss = walked(fabric, fabric.power_up(1)[0], range(4))
    assert loss == pytest.approx([6.0, 6.5, 6.5, 6.0])  # three switches in bar, two crossings on the inner two
    assert straight_transmissions(fabric, LIGHT) == pytest.approx(10 ** (-loss / 10))
    ones = np.eye(4, dtype=np.float32)
    weights = built.infer(ones, None) - built.infer(np.zeros((1, 4), np.float32), None)
    wanted = WEIGHTS * 10 ** (-loss / 10) / mean_transmission(fabric, LIGHT)
    assert pytest.approx(wanted, abs=1e-9) == weights.T


def test_the_mean_path_of_all_permutations() -> None:
    """The mean over 32 draws is within 3 standard errors of the mean over all 24 permutations."""
    fabric = crossbar("benes", 4)
    rows = np.array(list(permutations(range(4))))
    every = path_transmissions(fabric, LIGHT, fabric.route_many(rows, effort="any")).mean(axis=1)
    assert abs(mean_transmission(fabric, LIGHT) - every.mean()) < 3 * every.std() / 32**0.5


def test_correction_costs_range_of_the_converter() -> None:
    """A drive weakened by the path's advantage has fewer codes left: rounding by rint(255 d s) / (255 s)."""
    built, _ = machine(calibrated=True, device=replace(CORE, dac_bits=8))
    (losses, *_) = settled(built, (1, 3, 2, 0))
    weak = 10 ** ((losses - losses.max()) / 10)
    drive = (X.astype(float) + 0.5) / 1.5
    seen = np.rint(drive * weak * 255) / 255 / weak
    assert np.ptp(losses) > 1
    assert built.infer(X, None) == pytest.approx((1.5 * seen - 0.5) @ WEIGHTS[:, [1, 3, 2, 0]].T, abs=1e-9)


@pytest.mark.parametrize("calibrated", [False, True])
def test_correction_amplifies_noise(calibrated: bool) -> None:
    """H0: a read's standard deviation by amplifier noise is that without a circuit times the gain behind the read-out.

    The gain is 1 over the mean path's share, or over the worst path's of the bank. Chi-square on n = 20,000 reads of
    each of 3 units, two-sided false alarms 1e-3 each, seed fixed.
    """
    device = replace(CORE, amplifier_noise=1e-10, tile_rows=4)
    built, fabric = machine(calibrated=calibrated, device=device)
    losses = settled(built, (2, 0, 1, 3))
    n = 20_000
    x = np.full((n, 4), 0.5, np.float32)
    reads = built.infer(x, np.random.default_rng(1))
    plain = Machine(
        built.model,
        device.fabricate(built.model, [Start(WEIGHTS, np.zeros(3), 1.0)], RANGE, 0),
        [None],
        LIGHT,
        "output",
        "greedy",
    )
    plain.registers = built.registers
    unlit = plain.infer(x, np.random.default_rng(2)).std(axis=0).mean()
    quiet = built.infer(x[:1], None)
    for unit, loss in enumerate(losses):
        gain = 10 ** (loss.max() / 10) if calibrated else 1 / mean_transmission(fabric, LIGHT)
        found = ((reads[:, unit] - quiet[0, unit]) ** 2).sum() / (unlit * gain) ** 2
        # the spread without a circuit is itself an estimate, from 3n reads
        assert abs(found / n - 1) < 3.3 * (2 / n * (1 + 1 / 3)) ** 0.5


def test_every_banks_own_path() -> None:
    """Banks that are connected differently lose differently; those that stay keep their factors."""
    built, _ = machine(calibrated=False)
    before = built.infer(X, None)
    rows = np.array([[0, 1, 2, 3], [3, 1, 0, 2], [0, 1, 2, 3]])
    built.execute(Entry(1, 0, (rows,), tuple(built.registers)))
    after = built.infer(X, None)
    assert np.array_equal(after[:, [0, 2]], before[:, [0, 2]])
    assert not np.allclose(after[:, 1], before[:, 1])
    again, _ = machine(calibrated=False)
    again.execute(Entry(1, 0, (rows,), tuple(again.registers)), built.circuits.states)
    assert np.array_equal(again.infer(X, None), after)


def test_light_before_electrons_is_refused() -> None:
    model = Model("t", (Layer(3, 4, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
    chip = Ideal().fabricate(model, [Start(WEIGHTS, np.zeros(3), 1.0)], RANGE, 0)
    with pytest.raises(ExecutionError, match=r"^an optical crossbar stands before a chip whose signals are electrical"):
        Machine(model, chip, [crossbar("benes", 4)], LIGHT, "output", "greedy")
    Machine(model, chip, [None], LIGHT, "output", "greedy")  # no circuit, no light


def test_emulated_modules() -> None:
    """Through hwsim.emulate: the published switch before the published core, and what a gain of passive optics is."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 4))
    words: dict[str, Any] = {"device": "photonic-feldmann-2021", "crossbar": "benes", "technology": "eo-mzi-lu-2016"}
    x = np.random.default_rng(0).random((5, 6)).astype(np.float32)
    known, unknown = (hwsim.emulate(net, **words, calibrated=c)(x, noise=False) for c in (True, False))
    exact = hwsim.emulate(net, device="photonic-feldmann-2021")(x, noise=False)
    assert np.abs(known - exact).max() < np.abs(unknown - exact).max()
    with pytest.raises(
        ValueError, match=r"^eo-mzi-lu-2016 is optical, but the signals of ideal are electrical; use an"
    ):
        hwsim.emulate(net, crossbar="benes", technology="eo-mzi-lu-2016")
    chip = hwsim.emulate(net, **words).machine.chip
    assert isinstance(chip, hwsim.device.OpticalChip)
    with pytest.raises(
        ValueError, match=r"^the path to position 3 leaves 1.5 of the light; passive optics leaves more"
    ):
        chip.update_path_loss(0, np.array([2, 3]), np.array([0.5, 1.5]))
