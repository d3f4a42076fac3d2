"""What an inference takes part by part: conversions by hand, arrays that take turns, and when the next may begin."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hwsim
from hwsim.device import Bill
from hwsim.execution import ExecutionError, Machine, first_entry
from hwsim.execution.compute import compute_of
from hwsim.files import DiagnosticError
from hwsim.model import Layer, Model, start
from hwsim.pipeline.fabrication import assemble, initial_values
from hwsim.scenario.lookup import sheets
from tests.device.test_photonic import FELDMANN
from tests.execution.test_hardware import SWITCH
from tests.execution.test_hardware import machine as hardware

ADC, DAC, LIGHT, READ = 32.6e-12, 3.57e-12, 1e-3 / 0.2 * 11e-9, 11e-9
"""Of the photonic core: joules of a column's and of a row's conversion, of a row's light in a read; seconds of it."""


def built(tiny: Path, *given_settings: str) -> Machine:
    plan = hwsim.load(tiny, given_settings).plan()
    task = plan.task.load(plan.task_parameters)
    values = initial_values(plan, task)
    machine = assemble(plan, task, values)
    machine.execute(first_entry(plan.model, values))
    return machine


def core(sizes: list[int], tiles: int | None = None, *, reads: int = 1) -> Machine:
    """A photonic core without circuits, of tiles of 9 x 4; units of the first drive its rows in so many orders."""
    layers = tuple(
        Layer(units, inputs, "identity", "uniform", 1.0, True, "uniform", 1.0, False, True)
        for inputs, units in pairwise(sizes)
    )
    net = Model("t", layers)
    chip = FELDMANN.fabricate(net, start(net, 0), np.ones((2, sizes[0]), np.float32), 0)
    for unit in range(1, reads):
        at = unit * sizes[0] + np.array([0, unit])
        chip.connect(0, at, at[::-1])
    return Machine(net, chip, [None] * len(layers), SWITCH, "output", "greedy", tiles=tiles)


@pytest.mark.parametrize("device", sorted(sheets("device")))
def test_every_device_becomes_a_pipeline(tiny: Path, device: str) -> None:
    """Whole picoseconds next to the bill's seconds; what converts is a part, and numbers convert nothing."""
    machine = built(tiny, f'device.name="{device}"')
    bill, found = machine.inference_bill(), compute_of(machine)
    assert abs(found.latency_ps - bill.time_s * 1e12) <= 0.5
    assert abs(found.interval_ps - bill.interval_s * 1e12) <= 0.5
    assert 0 <= found.interval_ps <= found.latency_ps
    assert found.energy == bill.energy_j
    assert 0 <= found.conversion <= found.energy
    converts = not device.startswith(("fpga", "ideal"))
    assert (found.conversion > 0) is converts
    assert found.idle_power == 0  # no datasheet says what its machine takes when it computes nothing


def test_conversion_of_a_photonic_core_by_hand() -> None:
    """20 inputs x 10 units: 3 x 3 tiles of 9 DACs and 5 ADCs; a tile read twice takes 9 DACs and one ADC again."""
    bill = core([20, 10]).inference_bill()
    assert bill.conversion_j == pytest.approx(9 * (5 * ADC + 9 * DAC))
    assert bill.energy_j - bill.conversion_j == pytest.approx(9 * 9 * LIGHT)
    again = core([20, 10], reads=2).inference_bill()
    assert again.conversion_j == pytest.approx(9 * (5 * ADC + 9 * DAC) + 9 * DAC + ADC)


def test_conversion_of_electronic_cells_by_hand(tiny: Path) -> None:
    """One DAC an input and one ADC an output of each layer; the rest are the cells."""
    machine = built(tiny, 'device.name="hermes-khaddam-aljameh-2023"', "crossbar.effort='greedy'")
    bill, device = machine.chip.inference_bill(), cast("Any", machine.chip).device
    layers = machine.model.layers
    inputs, outputs = sum(layer.inputs for layer in layers), sum(layer.units for layer in layers)
    assert bill.conversion_j == pytest.approx(inputs * device.dac_energy + outputs * device.adc_energy)
    cells = sum(layer.inputs * layer.units for layer in layers)
    assert bill.energy_j - bill.conversion_j == pytest.approx(cells * device.cell_energy, rel=1e-6)


def test_a_core_in_the_dark_only_converts() -> None:
    """Where light costs nothing, conversion is the whole energy, to the last bit."""
    machine = core([20, 10], reads=3)
    dark = replace(cast("Any", machine.chip), device=replace(FELDMANN, launched_power=0.0))
    assert dark.inference_bill().conversion_j == dark.inference_bill().energy_j


@pytest.mark.parametrize(("tiles", "passes"), [(1, 9 + 4), (2, 5 + 2), (3, 3 + 2), (4, 3 + 1), (8, 2 + 1), (9, 1 + 1)])
def test_tiles_take_turns(tiles: int, passes: int) -> None:
    """20-10-5 on tiles of 9 x 4: 3 x 3 of the first layer, then 2 x 2; so many passes, of the same energy."""
    shared, free = core([20, 10, 5], tiles).inference_bill(), core([20, 10, 5]).inference_bill()
    assert shared.time_s == pytest.approx(passes * READ)
    assert (shared.energy_j, shared.conversion_j) == (free.energy_j, free.conversion_j)
    assert shared.interval_s == shared.time_s


@given(
    sizes=st.lists(st.integers(2, 40), min_size=2, max_size=4),
    tiles=st.integers(1, 120),
    reads=st.integers(1, 2),
)
@settings(max_examples=40)
def test_sharing_is_never_faster(sizes: list[int], tiles: int, reads: int) -> None:
    """One tile fewer at a time never helps, and as many as the largest layer has are all that can be used, exactly."""
    free, shared, fewer = (core(sizes, count, reads=reads).inference_bill() for count in (None, tiles + 1, tiles))
    assert free.time_s <= shared.time_s <= fewer.time_s
    most = max(-(-inputs // 9) * -(-units // 4) for inputs, units in pairwise(sizes))
    assert core(sizes, most, reads=reads).inference_bill() == free
    if tiles < most:
        assert fewer.time_s > free.time_s


def test_groups_of_a_resistive_layer_take_turns(tiny: Path) -> None:
    """Every group of a convolution has an array of its own: four groups, three at a time, are two passes a place."""
    machine = built(tiny, 'device.name="reram-wan-2022"')
    chip = cast("Any", machine.chip)
    grouped = replace(machine.model.layers[0], groups=4)
    chip = replace(chip, model=replace(machine.model, layers=(grouped, *machine.model.layers[1:])))
    times = chip.layer_times()
    assert [arrays for arrays, _ in times] == [4] + [1] * (len(times) - 1)
    bare = Machine(machine.model, chip, [None] * len(times), SWITCH, "output", "greedy", tiles=3)
    assert bare.inference_bill().time_s == pytest.approx(chip.inference_bill().time_s + chip.device.read_time)


@pytest.mark.parametrize("tiles", [0, -1])
def test_no_tiles_at_all(tiles: int) -> None:
    with pytest.raises(ExecutionError, match=r"^-?[01] tiles at a time: give at least 1$"):
        core([4, 2], tiles)


def test_tiles_of_what_has_none(tiny: Path) -> None:
    machine = built(tiny)
    with pytest.raises(ExecutionError, match=r"^2 tiles at a time: only arrays .* by folding, in \[device\]$"):
        Machine(machine.model, machine.chip, [None] * len(machine.model.layers), SWITCH, "output", "greedy", tiles=2)


@pytest.mark.parametrize(
    ("pipelined", "pass_time", "interval"),
    [(None, 1e-9, 13e-9), (2e-9, 1e-9, 2e-9), (2e-9, 3e-9, 3e-9), (0.0, 0.0, 0.0), (10e-9, 11e-9, 11e-9)],
)
def test_a_pipeline_is_as_fast_as_its_slowest_part(
    monkeypatch: pytest.MonkeyPatch, pipelined: float | None, pass_time: float, interval: float
) -> None:
    """A core of 10 ns behind a circuit of 3 stages, each of which takes new signals after its pass time."""
    machine = hardware()
    machine.switch = replace(machine.switch, pass_time=pass_time)
    core = Bill(1e-12, 10e-9, pipelined_s=pipelined)
    monkeypatch.setattr(type(machine.chip), "inference_bill", lambda _: core)
    bill = machine.inference_bill()
    assert bill.time_s == pytest.approx(10e-9 + 3 * pass_time)
    assert bill.interval_s == pytest.approx(interval)


def test_images_follow_each_other_through_a_pipelined_array(tiny: Path) -> None:
    """Parallel: a clock apart. In turns: as many clocks as a unit has turns. Bit by bit: one a bit, and one more."""
    apart = []
    for name, *more in (
        ("fpga-lut-bthowen-2022",),
        ("fpga-lut-bthowen-2022", "device.folding=4"),
        ("fpga-serial-ice40-hx8k",),
    ):
        chip = cast("Any", built(tiny, f'device.name="{name}"', *more).chip)
        apart.append(round(chip.inference_bill().interval_s * chip.device.clock, 6))
    assert apart == [1, 4, chip.device.activation_bits + 1]


@pytest.mark.parametrize(("latency", "clocks"), [(31, 9), (9544, 9545)])
def test_a_placed_design_follows_its_clocks(tiny: Path, latency: int, clocks: int) -> None:
    """Spatial designs take images before they answer; a folded one takes one more clock, and is busy up to then."""
    machine = built(tiny, 'device.name="ideal"')
    placed = SimpleNamespace(latency_s=latency / 1e8, interval_s=clocks / 1e8)
    machine.placed = cast("Any", placed)
    found = compute_of(machine)
    assert (found.latency_ps, found.interval_ps) == (max(latency, clocks) * 10_000, clocks * 10_000)
    assert machine.inference_bill().time_s == latency / 1e8


def test_a_scenario_shares_tiles(tiny: Path) -> None:
    """One tile at a time: as many reads one after another as there are tiles; and an inference of a run takes them."""
    device = 'device.name="photonic-feldmann-2021"'
    free, shared = built(tiny, device), built(tiny, device, "execution.tiles=1")
    tiles = free.chip.resources().cores
    layers = len(free.model.layers)
    assert tiles > layers
    longer = shared.inference_bill().time_s - free.inference_bill().time_s
    assert longer == pytest.approx((tiles - layers) * READ)
    assert shared.inference_bill().energy_j == free.inference_bill().energy_j


@pytest.mark.parametrize(
    ("device", "says"),
    [
        (
            "fpga-lut-bthowen-2022",
            "fpga-lut has no arrays that could take turns, leave tiles out; units take their inputs in turns by "
            "folding = 4 in [device]",
        ),
        (
            "ideal",
            "ideal has no arrays that could take turns, leave tiles out, or use a photonic or resistive device",
        ),
        (
            "fpga-wired-kosuge-2021",
            "fpga-wired has no arrays that could take turns, leave tiles out, or use a photonic or resistive device",
        ),
    ],
)
def test_a_scenario_with_nothing_to_share(tiny: Path, device: str, says: str) -> None:
    lines = [*tiny.read_text().splitlines(), "[execution]", "tiles = 4"]
    tiny.write_text("\n".join(lines) + "\n")
    with pytest.raises(DiagnosticError) as found:
        hwsim.load(tiny, [f'device.name="{device}"']).plan()
    assert f"tiny.toml:{len(lines)}:1: {says}" in str(found.value)


@pytest.mark.parametrize(
    "device",
    ["photonic-zhou-2023", "reram-wan-2022", "fpga-lut-bthowen-2022", "fpga-wired-kosuge-2021", "fpga-serial-ecp5-85f"],
)
def test_idle_power_of_a_datasheet(tiny: Path, device: str) -> None:
    """A number that a datasheet may have: it reaches the pipeline, and stands in no inference's energy."""
    number = 'idle_power = { value = "250 mW", status = "measured", source = "on a bench" }'
    sheet = sheets("device")[device].read_text().replace("[cost]", f"[cost]\n{number}")
    (tiny.parent / "mine.toml").write_text(sheet)
    plain = compute_of(built(tiny, f'device.name="{device}"'))
    tiny.write_text(tiny.read_text().replace("fpga-lut-bthowen-2022", "mine.toml"))
    assert compute_of(built(tiny)) == replace(plain, idle_power=0.25)
