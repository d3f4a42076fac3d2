"""One multiplier with a permutation memory accumulates what the emulator does, at the clocks that are told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.boards.parts import PARTS
from hwsim.boards.synthesis import synthesise
from hwsim.export.netlist import NetlistError
from hwsim.export.rtl import program
from hwsim.export.rtl.bench import bench
from hwsim.export.rtl.board import board
from hwsim.export.rtl.folded import folded
from hwsim.files import DiagnosticError
from tests import tools
from tests.export import networks
from tests.export.rtl import composing
from tests.export.rtl.test_memory import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hwsim.export.rtl.architecture import Architecture
    from hwsim.model import Model
    from tests.export.networks import Case

SEEDS = st.integers(0, 2**32 - 1)
LANES = st.sampled_from(program.LANES)


def agree(case: Case, made: Architecture, folder: Path, *, even: bool = False) -> None:
    """Let the exported bench compare every layer while configurations are loaded; it measures clocks in an even run."""
    files = {**made.sources, **made.memories, **bench(made, case.netlist, case.phases)}
    told = tools.icarus(files, "bench", folder, plusargs=["+even"] if even else [])
    assert "PASS" in told, told


@given(
    SEEDS,
    st.sampled_from(["", "benes", "bitonic", "crossbar"]),
    st.sampled_from(["output", "layer"]),
    st.booleans(),
    st.integers(2, 8),
    st.integers(2, 16),
    st.booleans(),
    LANES,
)
@pytest.mark.rtl
@settings(max_examples=60, deadline=None)
def test_dense(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    topology: str,
    scope: str,
    signed: bool,
    weight_bits: int,
    activation_bits: int,
    even: bool,
    lanes: int,
) -> None:
    case = networks.build(
        networks.dense(np.random.default_rng(seed)),
        topology=topology,
        scope=scope,
        signed=signed,
        seed=seed,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        images=4,
    )
    agree(case, folded(case.netlist, lanes), tmp_path_factory.mktemp("folded"), even=even)


def composed(draw: Callable[[np.random.Generator], Model], seed: int, **keys: Any) -> Case | None:
    """Build a network by chance; None where a window does not fit into its image."""
    try:
        model = draw(np.random.default_rng(seed))
    except DiagnosticError:
        return None
    return networks.build(model, seed=seed, images=4, **keys)


@given(
    st.sampled_from([composing.image, composing.sequence]),
    SEEDS,
    st.booleans(),
    st.sampled_from(["", "benes", "crossbar"]),
    st.sampled_from(["output", "layer"]),
    st.integers(2, 10),
    st.booleans(),
    LANES,
)
@pytest.mark.rtl
@settings(max_examples=100, deadline=None)
def test_windows_pools_and_sums(
    tmp_path_factory: pytest.TempPathFactory,
    draw: Callable[[np.random.Generator], Model],
    seed: int,
    signed: bool,
    topology: str,
    scope: str,
    activation_bits: int,
    even: bool,
    lanes: int,
) -> None:
    keys = {"signed": signed, "topology": topology, "scope": scope, "activation_bits": activation_bits}
    case = composed(draw, seed, **keys)
    if case is not None:
        agree(case, folded(case.netlist, lanes), tmp_path_factory.mktemp("folded"), even=even)


@given(
    st.sampled_from([networks.dense, composing.image, composing.sequence]),
    SEEDS,
    st.booleans(),
    st.integers(2, 8),
    st.integers(2, 16),
    LANES,
)
@settings(max_examples=10, deadline=None)
def test_no_message_of_the_linter(
    tmp_path_factory: pytest.TempPathFactory,
    draw: Callable[[np.random.Generator], Model],
    seed: int,
    signed: bool,
    weight_bits: int,
    activation_bits: int,
    lanes: int,
) -> None:
    case = composed(draw, seed, signed=signed, weight_bits=weight_bits, activation_bits=activation_bits)
    if case is not None:
        made = folded(case.netlist, lanes)
        assert not tools.lint({**made.sources, **made.memories}, "network", tmp_path_factory.mktemp("lint"))


@pytest.fixture(scope="module")
def wide() -> Case:
    """A network as large as that of digits."""
    table = networks.table
    hidden = table(kind="dense", units=128, activation="relu", bias="uniform", bias_bound=0.1)
    last = table(kind="dense", units=10, activation="identity", bias="uniform", bias_bound=0.1)
    return networks.build(networks.read(hidden + last, 64), images=4)


@pytest.mark.parametrize("lanes", program.LANES)
def test_every_kind_of_node(tmp_path: Path, lanes: int) -> None:
    case = every_kind(8, 6)
    agree(case, folded(case.netlist, lanes), tmp_path)


@pytest.mark.parametrize("topology", [["", "benes", ""], ["benes", "", "crossbar"]])
@pytest.mark.parametrize("scope", ["output", "layer"])
def test_layers_with_fixed_connections_among_others(tmp_path: Path, topology: list[str], scope: str) -> None:
    hidden = networks.table(kind="dense", units=5, activation="relu", bias="uniform", bias_bound=0.1)
    case = networks.build(networks.read(2 * hidden + composing.LAST, 6), topology=topology, scope=scope, images=4)
    agree(case, folded(case.netlist, 2), tmp_path, even=True)


@pytest.mark.rtl
@pytest.mark.parametrize("lanes", program.LANES)
def test_a_product_a_clock_and_lane(wide: Case, tmp_path: Path, lanes: int) -> None:
    made = folded(wide.netlist, lanes)
    agree(wide, made, tmp_path, even=True)
    products = (128 // lanes) * 64 + -(-10 // lanes) * 128
    leaving = 138 - 138 // lanes if lanes > 1 else 0
    assert products + 64 < made.clocks <= products + 64 + leaving + 10


def cells(made: Architecture, synth: str, folder: Path) -> dict[str, int]:
    """Count the cells of a part, once a check of the logic has found nothing and no latch is there."""
    tools.write({**made.sources, **made.memories}, folder)
    large = "-DHWSIM_LARGE " if "-spram" in synth else ""
    script = [f"read_verilog {large}{' '.join(made.sources)}", f"{synth} -top network", "check -assert", "stat"]
    told = tools.yosys(script, folder)
    assert "Latch inferred" not in told
    counted = re.findall(r"^\s+(\d+)\s+([A-Z]\w+)\s*$", told.rpartition("=== network ===")[2], re.MULTILINE)
    return {name: int(count) for count, name in counted}


@pytest.mark.rtl
def test_it_fits_the_smallest_board(wide: Case, tmp_path: Path) -> None:
    found = cells(folded(wide.netlist), "synth_ice40 -dsp -spram", tmp_path)
    assert (found["SB_MAC16"], found["SB_SPRAM256KA"], found["SB_RAM40_4K"]) == (1, 2, 19)
    assert found["SB_LUT4"] <= 330
    assert sum(count for name, count in found.items() if name.startswith("SB_DFF")) <= 170


@pytest.mark.rtl
def test_every_memory_stays_one(tmp_path: Path) -> None:
    """Of a network that has every kind of node and table, on another family."""
    found = cells(folded(every_kind(12, 8).netlist), "synth_ecp5", tmp_path)
    assert found["MULT18X18D"] == 1
    assert found["DP16KD"] >= 7
    assert found["TRELLIS_FF"] <= 300


@pytest.mark.rtl
def test_large_memories_are_taken_where_block_memories_do_not_suffice() -> None:
    tools.need("nextpnr-ice40")
    made, part = folded(every_kind(12, 8).netlist), PARTS["up5k"]
    assert part.board is not None
    found = synthesise(part, {**made.sources, **made.memories, **board(made, part.board.clock)}, seed=1)
    assert (found.area.large_memories, found.area.dsps) == (2, 1)
    assert found.area.memories <= 24
    assert found.area.logic <= 1800
    assert (found.clock or 0) > part.board.clock


def every_kind(side: int, units: int) -> Case:
    """Build a network with every kind of node: convolutions, grouped too, both pools, sum, ReLU, tables, leaky ReLU."""
    rng, table, activated = np.random.default_rng(0), networks.table, networks.activated
    layers = [
        table(kind="conv2d", units=units, kernel=3, padding="same", **activated("look-up", rng)),
        table(kind="max-pool", kernel=2),
        table(kind="conv2d", name="a", units=units, kernel=3, padding="same", **activated("leaky-relu", rng)),
        table(kind="conv2d", units=units, kernel=3, padding="same", groups=2, **activated("relu", rng)),
        table(kind="add", summand="a", activation="identity"),
        table(kind="activation", activation="relu"),
        table(kind="average-pool", kernel=2),
        table(kind="flatten"),
        table(kind="dense", units=5, **activated("step", rng)),
        composing.LAST,
    ]
    return networks.build(networks.read("".join(layers), side * side, (1, side, side)), images=1, signed=True)


EDGES = """
module bench;
  reg clk = 0, rst = 1, cfg_valid = 0, in_valid = 0, in_commit = 0;
  wire cfg_ready, in_ready, out_valid;
  network dut (.clk(clk), .rst(rst), .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address({address}'d0),
    .cfg_data({word}'d7), .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data({code}'d1),
    .out_valid(out_valid), .out_ready(1'b1), .out_data(){taps});
  always #1 clk = !clk;
  task look(input [8*8-1:0] what);
    begin
      #1 $display("%0s: cfg_ready %b, in_ready %b", what, cfg_ready, in_ready);
      #1;
    end
  endtask
  initial begin
    #4 rst = 0;
    {{cfg_valid, in_valid, in_commit}} = 3'b111;
    look("commit");
    in_commit = 0;
    look("second");
    #{some} look("busy");
    rst = 1;
    #2 rst = 0;
    in_commit = 1;
    look("again");
    $finish;
  end
endmodule
"""


def test_a_word_that_meets_a_commit_waits_and_a_reset_starts_anew(tmp_path: Path) -> None:
    case = networks.build(networks.read(composing.LAST, 4), images=1)
    made = folded(case.netlist)
    taps = "".join(f", .tap{k}_valid(), .tap{k}_data()" for k in range(len(made.taps)))
    widths = {"address": made.address_bits, "word": made.word_bits, "code": made.takes.width}
    told = tools.icarus(
        {**made.sources, **made.memories, "bench.v": EDGES.format(taps=taps, some=2 * made.takes.beats, **widths)},
        "bench",
        tmp_path,
    )
    assert told.splitlines()[:4] == [
        "commit: cfg_ready 0, in_ready 1",
        "second: cfg_ready 1, in_ready 1",
        "busy: cfg_ready 1, in_ready 0",
        "again: cfg_ready 0, in_ready 1",
    ]


def test_other_lanes_are_refused(wide: Case) -> None:
    with pytest.raises(NetlistError, match="--lanes: a folded network has 1, 2, 4 or 8 lanes, found 3"):
        folded(wide.netlist, 3)


def test_words_are_told_by_the_address_map_alone(wide: Case) -> None:
    """Decode a configuration with the contents of the weights' memory, and evaluate what is found."""
    made, (_, phase) = folded(wide.netlist), wide.phases
    words = made.words(phase.configuration).astype(np.int64)
    weights = np.array(read(made.memories["weights0.mem"]))
    weights = np.where(weights > 31, weights - 64, weights)
    biases = words[0:276:2] + (words[1:276:2] << 16)
    biases = np.where(biases >> 23 & 1, (biases & 0xFFFFFF) - (1 << 24), biases & 0xFFFFFF)
    cells = words[276 : 276 + 64 * 128].reshape(128, 64), words[276 + 64 * 128 :].reshape(10, 128)
    hidden = np.take_along_axis(weights[: 64 * 128].reshape(128, 64), cells[0], axis=1)
    last = np.take_along_axis(weights[64 * 128 :].reshape(10, 128), cells[1], axis=1)
    sums = phase.inputs @ hidden.T + biases[:128]
    np.testing.assert_array_equal(sums, phase.accumulators[0][:, 0])
    signals = wide.netlist.layers[0].law.apply(sums)
    np.testing.assert_array_equal(signals @ last.T + biases[128:], phase.accumulators[1][:, 0])
