"""The board top: a network behind a serial line, with frames that a host sends (:mod:`hwsim.boards.host`)."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from hwsim.export.netlist import NetlistError

if TYPE_CHECKING:
    from hwsim.export.rtl.architecture import Architecture

BOARD_TOP = "board"
"""The name of the board's module."""
PARTS = ("hwsim_uart_rx.v", "hwsim_uart_tx.v", "hwsim_host_port.v")
MOST_BYTES = 255
"""An answer's payload holds no more."""
BAUD = 115_200
SILENCE = 0.02
"""A line that is silent for about so many seconds within a frame ends it: up to twice as long, at least this."""


def design_digest(architecture: Architecture) -> bytes:
    """Return 8 bytes that name the logic and its constants: a host refuses another network's bitstream."""
    digest = hashlib.sha256(architecture.name.encode())
    for name, text in sorted({**architecture.sources, **architecture.memories}.items()):
        digest.update(name.encode() + b"\0" + text.encode() + b"\0")
    return digest.digest()[:8]


def sum_bytes(architecture: Architecture) -> int:
    """Count the bytes of an accumulator in an answer."""
    return -(-architecture.gives.bits // 8)


def board(architecture: Architecture, clock: float, *, baud: int = BAUD, silence: float = SILENCE) -> dict[str, str]:
    """Return the sources of the board top, without those of the network.

    Args:
        architecture: the network.
        clock: of the board, Hz.
        baud: of the serial line.
        silence: seconds after which a frame that stopped coming is given up.

    Raises:
        NetlistError: an answer would be longer than a frame, or the line is too fast for the clock.
    """
    gives, takes = architecture.gives, architecture.takes
    answer = gives.beats * gives.values * sum_bytes(architecture)
    if answer > MOST_BYTES:
        what = f"the sums of the last layer take {answer} bytes, and an answer of the board holds {MOST_BYTES}"
        raise NetlistError(f"{what}; use a network of fewer outputs, or your own top around the module network")
    divider = round(clock / baud)
    if divider < 4:  # noqa: PLR2004 - a bit is sampled in its middle
        raise NetlistError(f"{baud} baud leave {clock / baud:.1f} clocks a bit; at least 4 are needed: lower the baud")
    taps = "".join(f"    .tap{number}_valid(),\n    .tap{number}_data(),\n" for number in range(len(architecture.taps)))
    top = f"""// The network behind a serial line: {baud} baud of a clock of {clock:.0f} Hz.

module {BOARD_TOP} (
  input  wire clk,
  input  wire rx,
  output wire tx
);
  // Reset for 15 clocks after the configuration of the part, when registers hold 0.
  reg [3:0] awake = 4'd0;
  wire      rst   = awake != 4'd15;
  always @(posedge clk) if (rst) awake <= awake + 4'd1;

  wire       rx_valid, tx_valid, tx_ready, network_rst;
  wire [7:0] rx_data, tx_data;
  wire       cfg_valid, cfg_ready, in_valid, in_ready, in_commit, out_valid, out_ready;
  wire [{architecture.address_bits - 1}:0] cfg_address;
  wire [{architecture.word_bits - 1}:0] cfg_data;
  wire [{takes.width - 1}:0] in_data;
  wire [{gives.width - 1}:0] out_data;

  hwsim_uart_rx #(.DIVIDER({divider})) receiver (
    .clk(clk), .rst(rst), .rx(rx), .valid(rx_valid), .data(rx_data)
  );

  hwsim_uart_tx #(.DIVIDER({divider})) transmitter (
    .clk(clk), .rst(rst), .valid(tx_valid), .ready(tx_ready), .data(tx_data), .tx(tx)
  );

  hwsim_host_port #(
    .CODE_BITS({takes.bits}), .CODES({takes.values}), .BEATS({takes.beats}),
    .SUM_BITS({gives.bits}), .SUMS({gives.values}), .SUM_BEATS({gives.beats}),
    .ADDRESS_BITS({architecture.address_bits}), .WORD_BITS({architecture.word_bits}),
    .DESIGN(64'h{design_digest(architecture)[::-1].hex()}),
    .SILENCE_BITS({max(round(clock * silence).bit_length(), 4)})
  ) port (
    .clk(clk), .rst(rst),
    .rx_valid(rx_valid), .rx_data(rx_data), .tx_valid(tx_valid), .tx_ready(tx_ready), .tx_data(tx_data),
    .network_rst(network_rst),
    .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address(cfg_address), .cfg_data(cfg_data),
    .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data(in_data),
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
  );

  network network (
    .clk(clk), .rst(network_rst),
    .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address(cfg_address), .cfg_data(cfg_data),
    .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data(in_data),
{taps}    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
  );
endmodule
"""
    library = files("hwsim.export.rtl") / "verilog"
    return {f"{BOARD_TOP}.v": top, **{name: (library / name).read_text() for name in PARTS}}
