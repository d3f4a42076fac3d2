"""The exported chain of CFGLUT5 in Icarus Verilog: loaded bit by bit from the file, it leads cells to their places."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from hwsim.export import EXPORTS
from tests.export.decoding import read_mem
from tests.export.snapshots import built, taken
from tests.tools import icarus

PRIMITIVE = """
module CFGLUT5 (output CDO, O5, O6, input CDI, CE, CLK, I0, I1, I2, I3, I4);
  reg [31:0] data = 32'hdeadbeef;
  assign O6 = data[{I4, I3, I2, I1, I0}];
  assign O5 = data[{1'b0, I3, I2, I1, I0}];
  assign CDO = data[31];
  always @(posedge CLK) if (CE) data <= {data[30:0], CDI};
endmodule
"""
"""As UG953 has it, with other contents at power-up, so that what is not loaded is seen."""
BENCH = """
module bench;
  reg clk = 0, ce = 0, cdi = 0;
  reg [31:0] words [0:{last}];
  reg [{top}:0] in;
  wire [{top}:0] out;
  reg [31:0] word;
  integer bank, k, b, from, place;
  circuit dut (.clk(clk), .ce(ce), .cdi(cdi), .in(in), .out(out));
  initial begin
    $readmemh("layer0_cfglut5.mem", words);
    for (bank = 0; bank < {banks}; bank = bank + 1) begin
      ce = 1;
      for (k = {switches} - 1; k >= 0; k = k - 1)
        for (b = 31; b >= 0; b = b - 1) begin
          word = words[bank * {switches} + k]; cdi = word[b];
          #1 clk = 1; #1 clk = 0;
        end
      ce = 0;
      for (from = 0; from < {ports}; from = from + 1) begin
        in = 0; in[from] = 1; #1;
        for (place = 0; place < {ports}; place = place + 1)
          if (out[place]) $display("%0d %0d %0d", bank, place, from);
      end
    end
  end
endmodule
"""


def circuit(wiring: dict[str, list[int]], stages: list[dict[str, list[int]]], ports: int) -> str:
    """One bit of the circuit, wire by wire as the file lists them."""
    lines = [f"module circuit (input clk, ce, cdi, input [{ports - 1}:0] in, output [{ports - 1}:0] out);"]
    now = [""] * int(wiring["wires"])  # type: ignore[call-overload]
    for number, wire in enumerate(wiring["inputs"]):
        now[wire] = f"in[{number}]"
    number = 0
    for stage in stages:
        for a, b in zip(stage["wire_a"], stage["wire_b"], strict=True):
            pins = f".I0({now[a] or 0}), .I1({now[b] or 0}), .I2(1'b0), .I3(1'b0), .I4(1'b1)"
            lines.append(f"  wire a{number}, b{number}, c{number};")
            chained = "cdi" if number == 0 else f"c{number - 1}"
            load = f".CDI({chained}), .CDO(c{number}), .CE(ce), .CLK(clk)"
            lines.append(f"  CFGLUT5 s{number} ({load}, {pins}, .O6(a{number}), .O5(b{number}));")
            now[a], now[b] = f"a{number}", f"b{number}"
            number += 1
    lines += [f"  assign out[{place}] = {now[wire]};" for place, wire in enumerate(wiring["outputs"])]
    return "\n".join([*lines, "endmodule"])


@pytest.mark.parametrize(("name", "ports"), [("benes", 8), ("waksman", 7), ("bitonic", 5), ("omega", 8)])
def test_a_loaded_chain_realises_the_permutations(name: str, ports: int, tmp_path: Path) -> None:
    fabric = built(name, ports)
    assert fabric is not None
    snapshot = taken(fabric, 3, ports)
    ((file, content),) = EXPORTS["cfglut5"].files(snapshot).items()
    _, wiring, banks = read_mem(content.decode())
    sizes = {"switches": fabric.switches, "banks": len(banks), "ports": ports, "top": ports - 1}
    sources = {
        "primitive.v": PRIMITIVE,
        "circuit.v": circuit(wiring, wiring["stages"], ports),
        "bench.v": BENCH.format(last=fabric.switches * len(banks) - 1, **sizes),
        file: content.decode(),
    }
    said = icarus(sources, "bench", tmp_path)
    found = [tuple(map(int, line.split())) for line in said.splitlines()]
    wanted = snapshot.layers[0].permutations
    assert sorted(found) == sorted((bank, place, int(wanted[bank, place])) for bank, place, _ in found)
    assert len(found) == wanted.size
    assert all(one != other for one, other in pairwise(sorted(found)))
