"""A board in Icarus behind a pseudo-terminal: the host opens its name as it would open a real serial port.

The simulation and a thread here go in step: for every byte time the simulation says what the board sent and asks what
comes next, so that neither waits for the other's clock. The line between can be spoilt.
"""

from __future__ import annotations

import os
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.tools import ICARUS, call, need, write

DIVIDER = 4
BENCH = f"""
`timescale 1ns / 1ns
module line;
  localparam BIT = {10 * DIVIDER};  // ns
  reg clk = 0, rx = 1;
  wire tx;
  always #5 clk = !clk;
  board board (.clk(clk), .rx(rx), .tx(tx));

  // What the board sends: a start bit, 8 data bits sampled in their middles.
  reg [7:0] got;
  integer n;
  always begin
    @(negedge tx);
    #(BIT / 2);
    for (n = 0; n < 8; n = n + 1) begin
      #BIT got[n] = tx;
    end
    #BIT if (tx) $display("s %02x", got);
  end

  // What comes to it: a byte, nothing, or the end.
  reg [8*16:1] told;
  reg [7:0] byte_in;
  integer m, code;
  initial begin
    #400;
    forever begin
      $display("?");
      $fflush;
      code = $fgets(told, 32'h8000_0000);
      if (code == 0) $finish;
      if ($sscanf(told, "%h", byte_in) == 1) begin
        rx = 0;
        for (m = 0; m < 8; m = m + 1) begin
          #BIT rx = byte_in[m];
        end
        #BIT rx = 1;
        #BIT;
      end else begin
        #(10 * BIT);
      end
    end
  end
endmodule
"""

Spoil = Callable[[bytes], bytes]
"""What becomes of each byte on the line: itself, another, or none."""


class Simulated:
    """The thread between the terminal and the simulation."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process, self.terminal = process, terminal
        self.to_board: Spoil = bytes
        self.to_host: Spoil = bytes
        self._waiting = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Kill the simulation; the thread ends with what it says."""
        self.process.kill()
        self._thread.join(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        self.process.wait(10)

    def _serve(self) -> None:
        asked, answers = self.process.stdout, self.process.stdin
        assert asked is not None
        assert answers is not None
        for line in asked:
            if line.startswith(b"s "):
                os.write(self.terminal, self.to_host(bytes([int(line[2:4], 16)])))
            elif line.startswith(b"?"):
                byte = self._next()
                try:
                    answers.write(b"%02x\n" % byte[0] if byte else b"-\n")
                    answers.flush()
                except OSError:  # the simulation was ended
                    return

    def _next(self) -> bytes:
        if not self._waiting:
            try:
                self._waiting = os.read(self.terminal, 4096)
            except BlockingIOError:
                return b""
            except OSError:  # nobody has the other end open
                return b""
        first, self._waiting = self._waiting[:1], self._waiting[1:]
        return self.to_board(first)


@contextmanager
def simulated(sources: Mapping[str, str], folder: Path) -> Iterator[tuple[Simulated, str]]:
    """Compile and start a board, and give the bridge and the name of its port; everything ends with the block."""
    compiler, runner = need("iverilog"), need("vvp")
    verilog = write({**sources, "line.v": BENCH}, folder)
    call([compiler, *ICARUS, "-s", "line", "-o", "line.vvp", *verilog], folder)
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    process = subprocess.Popen([runner, "-n", "line.vvp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    bridge = Simulated(process, master)
    try:
        yield bridge, os.ttyname(slave)
    finally:
        bridge.end()
        os.close(slave)
        os.close(master)
