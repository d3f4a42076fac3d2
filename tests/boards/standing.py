"""A small network by hand that stands in for exported logic: every image is summed up and multiplied by words."""

from __future__ import annotations

import numpy as np

from hwsim.export.netlist import Configuration
from hwsim.export.rtl.architecture import Architecture, Beats

INPUTS, OUTPUTS = 4, 3
NETWORK = """
module network (
  input wire clk, input wire rst,
  input wire cfg_valid, output wire cfg_ready, input wire [1:0] cfg_address, input wire [15:0] cfg_data,
  input wire in_valid, output wire in_ready, input wire in_commit, input wire [7:0] in_data,
  output wire out_valid, input wire out_ready, output wire [24:0] out_data,
  output wire tap0_valid, output wire [24:0] tap0_data
);
  reg signed [15:0] shadow [0:3], active [0:3];
  reg [2:0] taken;
  reg [1:0] given;
  reg signed [24:0] sum;
  reg [9:0] pause;  // it works for a while
  integer n;
  assign cfg_ready = 1'b1;
  assign in_ready  = taken < 4;
  assign out_valid = taken == 4 && pause == 0;
  assign out_data  = sum * active[given];
  assign tap0_valid = 1'b0;
  assign tap0_data  = 25'd0;
  always @(posedge clk) begin
    if (cfg_valid) shadow[cfg_address] <= cfg_data;
    if (rst) begin
      taken <= 0; given <= 0; sum <= 0;
    end else begin
      if (in_valid && in_ready) begin
        if (taken == 0 && in_commit) for (n = 0; n < 4; n = n + 1) active[n] <= shadow[n];
        taken <= taken + 1;
        sum <= sum + $signed({1'b0, in_data});
        pause <= 600;
      end else if (pause != 0) pause <= pause - 1;
      if (out_valid && out_ready) begin
        given <= given + 1;
        if (given == 2) begin given <= 0; taken <= 0; sum <= 0; end
      end
    end
  end
endmodule
"""


def words(configuration: Configuration) -> np.ndarray:
    """The factors as two's complement."""
    return (configuration.biases[0] & 0xFFFF).astype(np.uint64)


LOGIC = Architecture(
    "stand-in",
    {"network.v": NETWORK},
    {},
    Beats(1, INPUTS, 8),
    Beats(1, OUTPUTS, 25),
    (Beats(1, OUTPUTS, 25),),
    2,
    16,
    8,
    8,
    words,
    swaps=False,
)


def configuration(rng: np.random.Generator, event: int = 0) -> Configuration:
    """Draw factors."""
    return Configuration(event, (), (), (rng.integers(-300, 300, 4),))


def expected(given: Configuration, images: np.ndarray) -> np.ndarray:
    """What the network gives."""
    return np.asarray(images.sum(axis=1)[:, None] * given.biases[0][None, :OUTPUTS])
