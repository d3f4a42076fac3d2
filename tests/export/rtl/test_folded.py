"""One multiplier with a permutation memory accumulates what the emulator does, at the clocks that are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.export.rtl.folded import folded
from tests import tools
from tests.export import networks
from tests.export.rtl.folding import expected, simulate
from tests.export.rtl.test_memory import read

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.export.rtl.architecture import Architecture
    from tests.export.networks import Case

SEEDS = st.integers(0, 2**32 - 1)
STALLS = st.sampled_from([0, 2, 5])


def agree(case: Case, made: Architecture, images: int, folder: pytest.TempPathFactory, stalls: int) -> None:
    """Compare accumulators of every layer, and the clocks where nothing waits."""
    seen = simulate(made, case.phases, images, folder.mktemp("folded"), stalls)
    for layer, (got, told) in enumerate(zip(seen.taps, expected(case.phases, images), strict=True)):
        np.testing.assert_array_equal(got, told, f"layer {layer}")
    assert seen.outputs == seen.taps[-1]
    if not stalls:
        ends = np.array(seen.given)[made.gives.beats - 1 :: made.gives.beats]
        assert set((ends - seen.taken).tolist()) == {made.latency}
        assert set(np.diff(seen.started[:images])) | set(np.diff(seen.started[images:])) == {made.clocks}


@given(
    SEEDS,
    st.sampled_from(["", "benes", "bitonic", "crossbar"]),
    st.sampled_from(["output", "layer"]),
    st.booleans(),
    st.integers(2, 8),
    st.integers(2, 16),
    STALLS,
)
@settings(max_examples=25, deadline=None)
def test_dense(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    topology: str,
    scope: str,
    signed: bool,
    weight_bits: int,
    activation_bits: int,
    stalls: int,
) -> None:
    case = networks.build(
        networks.dense(np.random.default_rng(seed)),
        topology=topology,
        scope=scope,
        signed=signed,
        seed=seed,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        images=3,
    )
    agree(case, folded(case.netlist), 3, tmp_path_factory, stalls)


@given(SEEDS, st.booleans(), st.sampled_from(["", "benes", "crossbar"]), STALLS)
@settings(max_examples=20, deadline=None)
def test_convolutions_and_pools(
    tmp_path_factory: pytest.TempPathFactory, seed: int, signed: bool, topology: str, stalls: int
) -> None:
    try:
        model = networks.convolved(np.random.default_rng(seed))
    except ValueError:  # the window does not fit
        return
    case = networks.build(model, signed=signed, topology=topology, seed=seed, images=2)
    agree(case, folded(case.netlist), 2, tmp_path_factory, stalls)


@pytest.fixture(scope="module")
def wide() -> Case:
    """A network as large as that of digits."""
    table = networks.table
    hidden = table(kind="dense", units=128, activation="relu", bias="uniform", bias_bound=0.1)
    last = table(kind="dense", units=10, activation="identity", bias="uniform", bias_bound=0.1)
    return networks.build(networks.read(hidden + last, 64), images=2)


def test_a_product_a_clock(wide: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = folded(wide.netlist)
    agree(wide, made, 2, tmp_path_factory, 0)
    products = 64 * 128 + 128 * 10
    assert products + 64 < made.clocks <= products + 64 + 38


def test_it_fits_the_smallest_board(wide: Case, tmp_path: Path) -> None:
    made = folded(wide.netlist)
    assert not tools.lint({**made.sources, **made.memories}, "network", tmp_path)
    names = " ".join(name for name in made.sources)
    script = [f"read_verilog {names}", "synth_ice40 -dsp -spram -top network", "check -assert", "stat"]
    told = tools.yosys(script, tmp_path)
    cells = {name: int(count) for count, name in re.findall(r"^\s+(\d+)\s+(SB_\w+|\$\w+)\s*$", told, re.MULTILINE)}
    assert (cells["SB_MAC16"], cells["SB_SPRAM256KA"]) == (1, 2)
    assert cells["SB_RAM40_4K"] <= 20
    assert cells["SB_LUT4"] <= 400
    assert sum(count for name, count in cells.items() if name.startswith("SB_DFF")) <= 200
    assert not any("latch" in name.lower() for name in cells)


def test_words_are_told_by_the_address_map_alone(wide: Case) -> None:
    """Decode a configuration with the contents of the weights' memory, and evaluate what is found."""
    made, (_, phase) = folded(wide.netlist), wide.phases
    words = made.words(phase.configuration).astype(np.int64)
    weights = np.array(read(made.memories["weights.mem"]))
    weights = np.where(weights > 31, weights - 64, weights)
    biases = words[0:276:2] + (words[1:276:2] << 16)
    biases = np.where(biases >> 23 & 1, (biases & 0xFFFFFF) - (1 << 24), biases & 0xFFFFFF)
    hidden = weights[words[276 : 276 + 64 * 128]].reshape(128, 64)
    last = weights[words[276 + 64 * 128 :]].reshape(10, 128)
    sums = phase.inputs @ hidden.T + biases[:128]
    np.testing.assert_array_equal(sums, phase.accumulators[0][:, 0])
    signals = wide.netlist.layers[0].law.apply(sums)
    np.testing.assert_array_equal(signals @ last.T + biases[128:], phase.accumulators[1][:, 0])
