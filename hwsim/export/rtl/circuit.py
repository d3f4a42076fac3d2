"""Verilog of one permutation circuit of 2 x 2 switches, signals passing it in either direction.

Every wire between two stages is a net of its own: with a bus a stage, an event-driven simulator would evaluate all of
the stage whenever one wire changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsim.export.rtl.module import joined, module

if TYPE_CHECKING:
    from hwsim.crossbar.wiring import Wiring

IDLE = "1'b0"
"""What stands on a wire without a signal."""


class Circuit(NamedTuple):
    """One module: its text, clocks from input to output, and the flip-flops between its stages.

    ``groups``: the first switch and the end of each group of stages between two registers, as signals pass them.
    """

    text: str
    delay: int
    registers: int
    groups: tuple[tuple[int, int], ...]


def circuit(name: str, wiring: Wiring, *, to_cells: bool = True, every: int = 0) -> Circuit:
    """Write the module of a circuit.

    Its ports are ``state`` (bit j is 1 where switch j crosses; left out where there are no switches), ``given`` and
    ``found`` (bit i is port i), and ``clk`` where there are registers.

    Args:
        name: of the module.
        wiring: what is joined to what.
        to_cells: signals enter at the circuit's outputs, the positions, and pass the stages from last to first;
            otherwise they enter at the inputs, the cells.
        every: stages between two registers; 0 for none.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> print(circuit("pair", crossbar("benes", 2).wiring).text)
        // 2 ports, 1 switches in 1 stages, from positions to cells
        module pair (
          input  wire [0:0] state,
          input  wire [1:0] given,
          output wire [1:0] found
        );
          // stage 0
          wire w0_s0 = state[0] ? given[1] : given[0];
          wire w1_s0 = state[0] ? given[0] : given[1];
          assign found = {w1_s0, w0_s0};
        endmodule
        <BLANKLINE>
    """
    order = range(wiring.depth)[:: -1 if to_cells else 1]
    enter, leave = (wiring.outputs, wiring.inputs) if to_cells else (wiring.inputs, wiring.outputs)
    needed = _needed(wiring, list(order), set(leave.tolist()))
    at = [IDLE] * wiring.wires
    for port, wire in enumerate(enter.tolist()):
        at[wire] = f"given[{port}]"
    lines: list[str] = []
    unused: set[int] = set()
    delay = registers = 0
    groups: list[list[int]] = [[]]
    for passed, stage in enumerate(order):
        if every and passed and passed % every == 0:
            held = [wire for wire in sorted(needed[passed]) if at[wire] != IDLE]
            lines += _register(at, held, stage)
            delay, registers = delay + 1, registers + len(held)
            groups.append([])
        groups[-1] += wiring.starts[stage : stage + 2].tolist()
        lines += _stage(wiring, stage, needed[passed + 1], at, unused)
    lines += joined("assign found", [at[wire] for wire in leave.tolist()])
    lines += [f"wire unused_{switch} = state[{switch}];" for switch in sorted(unused)]
    ports = ["input  wire clk"] if registers else []
    ports += [f"input  wire [{wiring.switches - 1}:0] state"] if wiring.switches else []
    ports += [f"{way} wire [{wiring.ports - 1}:0] {port}" for way, port in (("input ", "given"), ("output", "found"))]
    way = "from positions to cells" if to_cells else "from cells to positions"
    head = f"{wiring.ports} ports, {wiring.switches} switches in {wiring.depth} stages, {way}"
    spans = tuple((min(group), max(group)) for group in groups if group)
    return Circuit(module(name, ports, lines, head), delay, registers, spans)


def _needed(wiring: Wiring, order: list[int], last: set[int]) -> list[set[int]]:
    """Return which wires somebody reads, before the first stage that is passed and behind each."""
    found = [last]
    for stage in reversed(order):
        read = set(found[-1])
        for a, b in zip(*(wires.tolist() for wires in wiring.pairs(stage)), strict=True):
            if a in read or b in read:
                read |= {a, b}
        found.append(read)
    return found[::-1]


def _stage(wiring: Wiring, stage: int, needed: set[int], at: list[str], unused: set[int]) -> list[str]:
    """Write the switches of a stage, and note in ``at`` which net now stands on each wire."""
    lines = [f"// stage {stage}"]
    first = int(wiring.starts[stage])
    for switch, (a, b) in enumerate(zip(*(wires.tolist() for wires in wiring.pairs(stage)), strict=True), first):
        upper, lower = at[a], at[b]
        if upper == lower or not needed & {a, b}:  # without a signal on either wire, or nobody behind it
            unused.add(switch)
            continue
        for wire, straight, crossed in ((a, upper, lower), (b, lower, upper)):
            if wire in needed:
                at[wire] = f"w{wire}_s{stage}"
                lines.append(f"wire {at[wire]} = state[{switch}] ? {crossed} : {straight};")
    return lines


def _register(at: list[str], held: list[int], stage: int) -> list[str]:
    """Write the registers in front of a stage."""
    lines = [f"reg w{wire}_r{stage};" for wire in held]
    lines += ["always @(posedge clk) begin", *(f"  w{wire}_r{stage} <= {at[wire]};" for wire in held), "end"]
    for wire in held:
        at[wire] = f"w{wire}_r{stage}"
    return lines
