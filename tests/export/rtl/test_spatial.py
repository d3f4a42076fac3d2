"""The spatial architecture in simulation accumulates what the emulator does, in the clocks that are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.export.netlist import NetlistError
from hwsim.export.rtl.architecture import TOP
from hwsim.export.rtl.spatial import spatial
from tests.export import networks
from tests.export.networks import TWO_BY_TWO
from tests.export.rtl import streams
from tests.tools import lint, yosys


def dense(*sizes: int, signed: bool = False, topology: str = "benes", images: int = 8) -> networks.Case:
    """A network of ReLU layers."""
    hidden = [
        networks.table(kind="dense", units=units, activation="relu", bias="uniform", bias_bound=0.1)
        for units in sizes[1:-1]
    ]
    last = networks.table(kind="dense", units=sizes[-1], activation="identity", bias="uniform", bias_bound=0.1)
    model = networks.read("".join([*hidden, last]), sizes[0])
    return networks.build(model, signed=signed, topology=topology, images=images)


@pytest.mark.parametrize("every", [0, 3])
@pytest.mark.parametrize("signed", [False, True])
def test_a_configuration_is_loaded_while_images_stream(tmp_path: Path, every: int, signed: bool) -> None:
    case = dense(16, 8, 4, signed=signed)
    streams.check(spatial(case.netlist, every), case.phases, tmp_path)


@pytest.mark.parametrize(("every", "clocks", "latency"), [(0, 9, 20), (3, 13, 26)])
def test_clocks_and_latency_are_those_of_the_simulation(tmp_path: Path, every: int, clocks: int, latency: int) -> None:
    case = dense(16, 8, 4)
    made = spatial(case.netlist, every)
    seen = streams.check(made, case.phases[:1], tmp_path, stalls=False)
    assert (made.clocks, made.latency) == (clocks, latency)
    assert set(np.diff(seen.entered[1:])) == {made.clocks}
    assert set(np.subtract(seen.left, seen.entered)) == {made.latency}


@pytest.mark.parametrize("every", [0, 2])
def test_no_tool_has_a_remark(tmp_path: Path, every: int) -> None:
    made = spatial(dense(5, 3, 2, signed=True).netlist, every)
    assert not lint(made.sources, TOP, tmp_path)
    read = [f"read_verilog {' '.join(made.sources)}", f"hierarchy -check -top {TOP}", "proc"]
    none = "select -assert-none t:$mem* t:$dlatch* t:$adlatch* t:$sr t:$dlatchsr"
    yosys([*read, none, f"synth_ice40 -top {TOP}", "check -assert", "select -assert-none t:SB_RAM*"], tmp_path)


SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.sampled_from(TWO_BY_TWO), st.booleans(), st.integers(2, 8), st.integers(2, 10), st.integers(0, 3))
@settings(max_examples=20)
def test_networks_by_chance(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    topology: str,
    signed: bool,
    weight_bits: int,
    activation_bits: int,
    every: int,
) -> None:
    case = networks.build(
        networks.dense(np.random.default_rng(seed)),
        topology=topology,
        signed=signed,
        seed=seed,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        images=5,
    )
    folder = tmp_path_factory.mktemp("dense")
    made = spatial(case.netlist, every)
    streams.check(made, case.phases, folder, seed=seed % 1000)
    assert not lint(made.sources, TOP, folder)


@given(SEEDS, st.booleans(), st.sampled_from(["", "benes", "waksman"]), st.integers(0, 2))
@settings(max_examples=20)
def test_convolutions_and_pools_by_chance(
    tmp_path_factory: pytest.TempPathFactory, seed: int, signed: bool, topology: str, every: int
) -> None:
    try:
        model = networks.convolved(np.random.default_rng(seed))
    except ValueError:  # the window does not fit
        return
    case = networks.build(model, signed=signed, topology=topology, seed=seed, images=4)
    folder = tmp_path_factory.mktemp("convolved")
    made = spatial(case.netlist, every)
    streams.check(made, case.phases, folder)
    seen = streams.check(made, case.phases[:1], folder, stalls=False)
    assert seen.left[made.gives.beats - 1] - seen.entered[0] == made.latency
    assert seen.entered[-1] - seen.entered[-2] == made.clocks
    assert not lint(made.sources, TOP, folder)


@pytest.mark.parametrize("every", [0, 2])
def test_sums_of_two_maps_wait_for_both(tmp_path: Path, every: int) -> None:
    layers = "".join(
        [
            networks.table(kind="dense", name="a", units=4, activation="relu"),
            networks.table(kind="dense", units=4, activation="relu"),
            networks.table(kind="dense", name="b", units=4, activation="leaky-relu", slope=0.25),
            networks.table(kind="add", summand="a", activation="relu"),
            networks.table(kind="dense", units=4, activation="relu"),
            networks.table(kind="add", summand="b", activation="identity"),
            networks.table(kind="dense", units=2, activation="identity"),
        ]
    )
    case = networks.build(networks.read(layers, 5), images=8)
    made = spatial(case.netlist, every)
    streams.check(made, case.phases, tmp_path)
    seen = streams.check(made, case.phases[:1], tmp_path, stalls=False)
    assert seen.left[0] - seen.entered[0] == made.latency
    assert seen.entered[-1] - seen.entered[-2] == made.clocks
    assert not lint(made.sources, TOP, tmp_path)


@pytest.mark.parametrize(
    ("scope", "topology", "told"),
    [
        ("layer", "benes", r"layer 0: a bank serves 3 units.*folded architecture, or crossbar.scope = \"output\""),
        ("output", "crossbar", r"layer 0: the circuit crossbar is none of 2 x 2 switches.*folded architecture"),
    ],
)
def test_what_has_no_spatial_form_is_refused(scope: str, topology: str, told: str) -> None:
    model = networks.read(networks.table(kind="dense", units=3, activation="identity"), 4)
    with pytest.raises(NetlistError, match=told):
        spatial(networks.build(model, scope=scope, topology=topology).netlist)
