"""A bench for folded networks: loads, commits and streams two phases through Icarus, and tells what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tests import tools

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.export.rtl.architecture import Architecture
    from hwsim.export.trial import Phase


class Seen(NamedTuple):
    """What a bench saw: numbers of each tap and of the output in order, and at which clock what was taken and given."""

    taps: list[list[int]]
    outputs: list[int]
    started: list[int]
    """Clock at which an image's first beat was taken."""
    taken: list[int]
    """Of its last beat."""
    given: list[int]
    """Of every result."""


def bench(made: Architecture, words: int, images: Sequence[int], stalls: int) -> str:
    """Write a bench: the first configuration is loaded before the first image, the second while it computes."""
    taps = range(len(made.taps))
    first, second = images
    wires = "\n".join(f"  wire tap{k}_valid; wire signed [{made.taps[k].bits - 1}:0] tap{k}_data;" for k in taps)
    ports = "".join(f", .tap{k}_valid(tap{k}_valid), .tap{k}_data(tap{k}_data)" for k in taps)
    shown = "\n".join(f'    if (tap{k}_valid) $display("T {k} %0d", tap{k}_data);' for k in taps)
    return f"""
module bench;
  reg clk = 0, rst = 1; integer clock = 0;
  reg cfg_valid = 0; wire cfg_ready; reg [{made.address_bits - 1}:0] cfg_address = 0;
  reg [{made.word_bits - 1}:0] cfg_data = 0;
  reg in_valid = 0; wire in_ready; reg in_commit = 0; reg [{made.takes.width - 1}:0] in_data = 0;
  wire out_valid; reg out_ready = 1; wire signed [{made.gives.width - 1}:0] out_data;
{wires}
  network dut (.clk(clk), .rst(rst), .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address(cfg_address),
    .cfg_data(cfg_data), .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data(in_data),
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data){ports});
  reg [{made.word_bits - 1}:0] words [0:{2 * words - 1}];
  reg [{made.takes.width - 1}:0] codes [0:{(first + second) * made.takes.beats - 1}];
  integer loaded = 0, word = 0, beat = 0, image = 0, results = 0, rate = {stalls}, seed = 1;
  integer loads;
  initial begin $readmemh("words.hex", words); $readmemh("codes.hex", codes); #27 rst = 0; end
  always #5 clk = !clk;
  always @(posedge clk) begin
    clock <= clock + 1;
    if (cfg_valid && cfg_ready) loaded = loaded + 1;
    if (in_valid && in_ready) begin
      if (beat == 0) $display("S %0d", clock);
      beat = beat + 1;
      if (beat == {made.takes.beats}) begin $display("L %0d", clock); beat = 0; image = image + 1; end
    end
{shown}
    if (out_valid && out_ready) begin
      $display("O %0d %0d", clock, out_data);
      results = results + 1;
      if (results == {(first + second) * made.gives.beats}) $finish;
    end
    if (clock > 100000000) $finish;
  end
  // what is offered changes half a clock later, and stays until it is taken
  always @(negedge clk) if (!rst) begin
    loads = loaded < {words} || (loaded < {2 * words} && image > 0);
    cfg_valid = loads && ((cfg_valid && loaded == word) || $urandom(seed) % 8 >= rate);
    word = loaded;
    if (loads) begin cfg_address = loaded % {words}; cfg_data = words[loaded]; end
    if (!(in_valid && !in_ready)) in_valid = 0;
    if (image < {first + second}) begin
      in_valid = loaded >= (image < {first} ? {words} : {2 * words}) && (in_valid || $urandom(seed) % 8 >= rate);
      in_commit = beat == 0 && (image == 0 || image == {first});
      in_data = in_valid ? codes[image * {made.takes.beats} + beat] : 0;
    end
    out_ready = $urandom(seed) % 8 >= rate;
  end
endmodule
"""


def files(made: Architecture, phases: Sequence[Phase], images: int, stalls: int = 0) -> dict[str, str]:
    """Return sources, memories, bench and stimuli."""
    counts = [min(images, len(phase.inputs)) for phase in phases]
    loaded = [made.words(phase.configuration) for phase in phases]
    codes = np.concatenate([phase.inputs[:count].reshape(-1) for phase, count in zip(phases, counts, strict=True)])
    return {
        **made.sources,
        **made.memories,
        "bench.v": bench(made, len(loaded[0]), counts, stalls),
        "words.hex": "\n".join(f"{int(word):x}" for word in np.concatenate(loaded)),
        "codes.hex": "\n".join(f"{int(code) & ((1 << made.takes.bits) - 1):x}" for code in codes),
    }


def told(text: str, taps: int) -> Seen:
    """Read what a bench printed."""
    seen = Seen([[] for _ in range(taps)], [], [], [], [])
    for line in text.splitlines():
        kind, *numbers = line.split()
        if kind == "T":
            seen.taps[int(numbers[0])].append(int(numbers[1]))
        elif kind == "O":
            seen.given.append(int(numbers[0]))
            seen.outputs.append(int(numbers[1]))
        elif kind in {"S", "L"}:
            (seen.started if kind == "S" else seen.taken).append(int(numbers[0]))
    return seen


def simulate(made: Architecture, phases: Sequence[Phase], images: int, folder: Path, stalls: int = 0) -> Seen:
    """Run a bench in Icarus."""
    return told(tools.icarus(files(made, phases, images, stalls), "bench", folder), len(made.taps))


def expected(phases: Sequence[Phase], images: int) -> list[NDArray[np.int64]]:
    """Return what each tap must give, flat."""
    layers = zip(*(phase.accumulators for phase in phases), strict=True)
    return [np.concatenate([one[:images].reshape(-1) for one in layer]) for layer in layers]
