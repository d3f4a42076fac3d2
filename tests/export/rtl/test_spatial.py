"""The spatial architecture in simulation accumulates what the emulator does, in the clocks that are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsim.export.netlist import NetlistError
from hwsim.export.rtl.architecture import TOP, Architecture
from hwsim.export.rtl.bench import bench
from hwsim.export.rtl.spatial import spatial
from hwsim.files import DiagnosticError
from hwsim.model import Model
from tests.export import networks
from tests.export.networks import TWO_BY_TWO, Case
from tests.export.rtl import composing
from tests.tools import icarus, lint, yosys


def dense(*sizes: int, signed: bool = False, topology: str = "benes", images: int = 8) -> Case:
    """A network of ReLU layers."""
    hidden = [
        networks.table(kind="dense", units=units, activation="relu", bias="uniform", bias_bound=0.1)
        for units in sizes[1:-1]
    ]
    last = networks.table(kind="dense", units=sizes[-1], activation="identity", bias="uniform", bias_bound=0.1)
    model = networks.read("".join([*hidden, last]), sizes[0])
    return networks.build(model, signed=signed, topology=topology, images=images)


def agree(made: Architecture, case: Case, folder: Path) -> None:
    """Let the exported bench compare every layer: with stalls, and without, where clocks are compared too."""
    files = {**made.sources, **bench(made, case.netlist, case.phases)}
    for plusarg in ("+seed=3", "+even"):
        told = icarus(files, "bench", folder, plusargs=[plusarg])
        assert told.splitlines()[-1].startswith("PASS"), told
    assert not lint(made.sources, TOP, folder)


@given(
    st.sampled_from([networks.dense, composing.image, composing.sequence]),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["", *TWO_BY_TWO]),
    st.booleans(),
    st.integers(2, 8),
    st.integers(2, 10),
    st.integers(0, 3),
)
@settings(max_examples=12)
def test_networks_by_chance(
    tmp_path_factory: pytest.TempPathFactory,
    draw: Callable[[np.random.Generator], Model],
    seed: int,
    topology: str,
    signed: bool,
    weight_bits: int,
    activation_bits: int,
    every: int,
) -> None:
    try:
        model = draw(np.random.default_rng(seed))
    except DiagnosticError:  # a window is larger than what it walks over
        assume(False)
    case = networks.build(
        model,
        topology=topology,
        signed=signed,
        seed=seed,
        weight_bits=weight_bits,
        activation_bits=activation_bits,
        images=4,
    )
    agree(spatial(case.netlist, every), case, tmp_path_factory.mktemp("spatial"))


@pytest.mark.parametrize(("every", "clocks", "latency"), [(0, 9, 20), (3, 9, 26)])
def test_clocks_and_latency(tmp_path: Path, every: int, clocks: int, latency: int) -> None:
    case = dense(16, 8, 4)
    made = spatial(case.netlist, every)
    assert (made.clocks, made.latency) == (clocks, latency)
    agree(made, case, tmp_path)


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
    agree(spatial(case.netlist, every), case, tmp_path)


def test_a_sum_that_holds_the_first_layer_back_does_so_after_some_images(tmp_path: Path) -> None:
    layers = "".join(
        [
            networks.table(kind="conv2d", units=2, kernel=2, activation="relu"),
            networks.table(kind="conv2d", name="a", units=2, kernel=1, activation="relu"),
            networks.table(kind="conv2d", units=2, kernel=3, padding="same", activation="relu"),
            networks.table(kind="add", summand="a", activation="relu"),
            networks.table(kind="flatten"),
            networks.table(kind="dense", units=2, activation="identity"),
        ]
    )
    case = networks.build(networks.read(layers, 9, (1, 3, 3)), activation_bits=2, images=20)
    made = spatial(case.netlist, 1)
    assert 4 < made.settles < 20
    agree(made, case, tmp_path)


def test_yosys_finds_no_latch_and_no_memory(tmp_path: Path) -> None:
    made = spatial(dense(5, 3, 2, signed=True).netlist, 2)
    lint(made.sources, TOP, tmp_path)
    read = [f"read_verilog {' '.join(made.sources)}", f"hierarchy -check -top {TOP}", "proc"]
    none = "select -assert-none t:$mem* t:$dlatch* t:$adlatch* t:$sr t:$dlatchsr"
    yosys([*read, none, f"synth_ice40 -top {TOP}", "check -assert", "select -assert-none t:SB_RAM*"], tmp_path)


def test_remarks_tell_the_order_of_the_configuration() -> None:
    case = dense(7, 5, 3)
    made, configuration = spatial(case.netlist), case.phases[1].configuration
    words = made.words(configuration).tolist()
    rule = re.compile(
        r"//   layer (\d+): unit u from word (\d+) \+ (\d+) u, u < (\d+): "
        r"switch s at bit s, s < (\d+); bias at bits (\d+) to (\d+)"
    )
    seen = 0
    for told in rule.findall(made.sources[f"{TOP}.v"]):
        layer, first, each, units, switches, low, high = map(int, told)
        states = configuration.states[layer]
        assert states is not None
        for unit in range(units):
            at = first + each * unit
            held = sum(word << made.word_bits * k for k, word in enumerate(words[at : at + each]))
            assert [held >> s & 1 for s in range(switches)] == states[unit].tolist()
            bias = held >> low
            assert bias < 1 << high - low + 1
            assert bias - (bias >> high - low << high - low + 1) == configuration.biases[layer][unit]
            seen += each
    assert seen == len(words)


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


def test_no_word_is_taken_from_the_offer_of_a_commit_until_the_last_layer_has_it(tmp_path: Path) -> None:
    made = spatial(dense(4, 3, 2).netlist)
    text = f"""
module bench;
  reg clk = 0, rst = 1, in_valid = 0;
  wire cfg_ready, in_ready, out_valid, tap0_valid, tap1_valid;
  wire [{made.gives.width - 1}:0] out_data, tap1_data; wire [{made.taps[0].width - 1}:0] tap0_data;
  network dut (.clk(clk), .rst(rst), .cfg_valid(1'b0), .cfg_ready(cfg_ready), .cfg_address({made.address_bits}'d0),
    .cfg_data({made.word_bits}'d0), .in_valid(in_valid), .in_ready(in_ready), .in_commit(1'b1),
    .in_data({made.takes.width}'d0), .out_valid(out_valid), .out_ready(1'b1), .out_data(out_data),
    .tap0_valid(tap0_valid), .tap0_data(tap0_data), .tap1_valid(tap1_valid), .tap1_data(tap1_data));
  always #1 clk = !clk;
  initial begin
    repeat (2) @(negedge clk);
    rst = 0;
    @(negedge clk) $display("%b%b", cfg_ready, tap0_valid);
    in_valid = 1;
    #0 $display("%b%b", cfg_ready, tap0_valid);
    @(negedge clk) in_valid = 0;
    while (!tap0_valid) begin #0 $display("%b%b", cfg_ready, tap0_valid); @(negedge clk); end
    $display("%b%b", cfg_ready, tap0_valid);
    repeat (2) @(negedge clk) $display("%b%b", cfg_ready, tap0_valid);
    $finish;
  end
endmodule
"""
    told = re.findall(r"^[01]{2}$", icarus({"bench.v": text, **made.sources}, "bench", tmp_path), re.MULTILINE)
    assert told[0] == "10"
    assert set(told[1:-3]) == {"00"}
    assert told[-3:] == ["01", "00", "10"]  # a clock after its switches the last layer has its biases


@pytest.mark.parametrize("topology", ["butterfly", "cantor", "dilated-benes", "omega"])
def test_topologies_of_a_power_of_two(tmp_path: Path, topology: str) -> None:
    case = dense(8, 4, 2, topology=topology, images=5)
    agree(spatial(case.netlist, 2), case, tmp_path)
