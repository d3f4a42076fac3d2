"""A small bench: phases stream through an architecture in Icarus, and what its taps show is compared with the emulator.

The words of a phase are written while images of the one before it still stream; its first image commits them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.export.rtl.architecture import Architecture, Beats
from hwsim.export.trial import Phase
from tests.tools import icarus

BENCH = """
module bench;
  reg clk = 0, rst = 1;
  always #1 clk = !clk;
  integer now = 0;
  always @(posedge clk) now <= now + 1;
  reg [{word}-1:0] words [0:{words}-1];
  reg [{image}-1:0] images [0:{images}-1];
  reg [0:0] commits [0:{images}-1];
  reg cfg_valid = 0, in_valid = 0, out_ready = 0, in_commit = 0;
  reg [{address}-1:0] cfg_address = 0;
  reg [{word}-1:0] cfg_data = 0;
  reg [{image}-1:0] in_data = 0;
  wire cfg_ready, in_ready, out_valid;
  wire [{out}-1:0] out_data;
  {wires}
  network dut (.clk(clk), .rst(rst), .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address(cfg_address),
    .cfg_data(cfg_data), .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data(in_data),
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data){ports});
  integer written = 0, committed = 0, w, i, seed = {seed};
  initial begin
    $readmemh("words.mem", words);
    $readmemh("images.mem", images);
    $readmemh("commits.mem", commits);
    repeat (3) @(posedge clk);
    rst <= 0;
  end
  initial begin  // configurations
    wait (!rst);
    for (w = 0; w < {words}; w = w + 1) begin
      if (w % {each} == 0) wait (committed == w / {each});
      cfg_valid <= 1;
      cfg_address <= w % {each};
      cfg_data <= words[w];
      @(posedge clk);
      while (!cfg_ready) @(posedge clk);
      cfg_valid <= 0;
      if (w % {each} == {each} - 1) written = written + 1;
    end
  end
  initial begin  // images
    wait (!rst);
    for (i = 0; i < {images}; i = i + 1) begin
      if (commits[i]) wait (written == committed + 1);
      while ({stalls} && $random(seed) % 4 == 0) @(posedge clk);
      in_valid <= 1;
      in_commit <= commits[i];
      in_data <= images[i];
      @(posedge clk);
      while (!in_ready) @(posedge clk);
      $display("in %0d", now);
      if (commits[i]) committed = committed + 1;
      in_valid <= 0;
    end
  end
  integer left = {results};
  always @(posedge clk) begin
    {shown}
    out_ready <= !{stalls} || $random(seed) % 3 == 0;
    if (!rst && out_valid && out_ready) begin
      $display("out %0d %h", now, out_data);
      left = left - 1;
      if (left == 0) #4 $finish;
    end
  end
  initial #{most} begin
    $display("stuck");
    $finish;
  end
endmodule
"""


class Seen(NamedTuple):
    """What a bench showed: sums of every layer, outputs, and the clocks at which images entered and results left."""

    taps: list[NDArray[np.int64]]
    outputs: NDArray[np.int64]
    entered: list[int]
    left: list[int]


def packed(values: NDArray[np.int64], bits: int) -> str:
    """Values side by side, the first lowest, in hexadecimal."""
    return f"{sum((int(value) & (1 << bits) - 1) << k * bits for k, value in enumerate(values)):x}"


def unpacked(word: str, beats: Beats) -> list[int]:
    """The signed numbers in a beat."""
    assert not set(word) - set("0123456789abcdef"), f"undefined bits: {word}"
    whole, sign = int(word, 16), 1 << beats.bits - 1
    return [((whole >> k * beats.bits & 2 * sign - 1) ^ sign) - sign for k in range(beats.values)]


def stream(made: Architecture, phases: Sequence[Phase], folder: Path, *, stalls: bool = True, seed: int = 1) -> Seen:
    """Run phases one after another."""
    words = [made.words(phase.configuration) for phase in phases]
    images = [packed(one, made.takes.bits) for phase in phases for one in phase.inputs]
    commits = [int(number == 0) for phase in phases for number in range(len(phase.inputs))]
    memories = {
        "words.mem": [f"{word:x}" for one in words for word in one.tolist()],
        "images.mem": images,
        "commits.mem": [str(one) for one in commits],
    }
    for name, numbers in memories.items():
        (folder / name).write_text("\n".join(numbers) + "\n")
    results = len(images) * made.gives.beats
    taps = range(len(made.taps))
    bench = BENCH.format(
        word=made.word_bits,
        words=sum(map(len, words)),
        each=len(words[0]),
        image=made.takes.width,
        images=len(images),
        address=made.address_bits,
        out=made.gives.width,
        wires=" ".join(f"wire tap{k}_valid; wire [{made.taps[k].width - 1}:0] tap{k}_data;" for k in taps),
        ports="".join(f", .tap{k}_valid(tap{k}_valid), .tap{k}_data(tap{k}_data)" for k in taps),
        shown=" ".join(f'if (!rst && tap{k}_valid) $display("tap{k} %h", tap{k}_data);' for k in taps),
        results=results,
        stalls=int(stalls),
        seed=seed,
        most=(len(images) * (made.clocks + made.latency) * 16 + sum(map(len, words)) * 16 + 1000),
    )
    told = icarus({"bench.v": bench, **made.sources, **made.memories}, "bench", folder)
    assert "stuck" not in told
    lines = [line.split() for line in told.splitlines()]
    return Seen(
        [_sums([line[1] for line in lines if line[0] == f"tap{k}"], made.taps[k]) for k in taps],
        _sums([line[2] for line in lines if line[0] == "out"], made.gives),
        [int(line[1]) for line in lines if line[0] == "in"],
        [int(line[1]) for line in lines if line[0] == "out"],
    )


def _sums(words: list[str], beats: Beats) -> NDArray[np.int64]:
    """(images, beats, values) of the words of a stream."""
    return np.array([unpacked(word, beats) for word in words]).reshape(-1, beats.beats, beats.values)


def check(made: Architecture, phases: Sequence[Phase], folder: Path, *, stalls: bool = True, seed: int = 1) -> Seen:
    """Compare every layer's sums and the outputs with the emulator's."""
    seen = stream(made, phases, folder, stalls=stalls, seed=seed)
    for layer, got in enumerate(seen.taps):
        told = np.concatenate([phase.accumulators[layer] for phase in phases])
        np.testing.assert_array_equal(got, told.reshape(got.shape), f"layer {layer}")
    np.testing.assert_array_equal(seen.outputs, seen.taps[-1])
    return seen
