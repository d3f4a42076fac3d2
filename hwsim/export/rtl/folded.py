"""The folded architecture: one multiplier or a few compute the whole network; a permutation memory tells which weight.

It fits the smallest boards, and is named for what it is: weights in initialised memory, connections in a memory that is
loaded, no circuit of switches. Any network with any circuit can be folded, since only permutations count.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from hwsim.export.netlist import LEAKY, STEP, TABLE
from hwsim.export.rtl.architecture import TOP, Architecture, Beats
from hwsim.export.rtl.contents import contents
from hwsim.export.rtl.program import Program, program_of
from hwsim.export.rtl.sizes import Sizes, count_bits, sizes_of
from hwsim.files.remark import one_line

if TYPE_CHECKING:
    from hwsim.export.netlist import Netlist
    from hwsim.export.rtl.loops import Loop

PARTS = ("rom", "ram", "single", "swap", "sequencer", "law", "lane", "folded")
"""Library files, ``hwsim_<part>.v``."""
DRAIN = 4
"""Clocks from a node's last position to its last result; the next node's first position follows one later."""


def folded(netlist: Netlist, lanes: int = 1) -> Architecture:
    """Write a network as one multiplier that is used again and again.

    A beat is one code, or one accumulator. Words of the configuration are all biases, low half first where one takes
    two words, and then the cell in its bank that feeds each position, layer by layer and unit by unit; layers of fixed
    connections have none. With more lanes, words for unit after unit stand side by side, lane by lane.

    Args:
        netlist: the network.
        lanes: multipliers, 1, 2, 4 or 8, each for a unit of its own.

    Raises:
        NetlistError: groups of a node read windows that are not equally far apart, or there are no such lanes.
    """
    program = program_of(netlist, lanes)
    sizes = sizes_of(netlist, program)
    folder = files("hwsim.export.rtl") / "verilog"
    sources = {f"hwsim_{part}.v": (folder / f"hwsim_{part}.v").read_text("ascii") for part in PARTS}
    late = sizes.parameters["TABLES"]
    latency = program.products + (DRAIN + 1 + late) * len(program.loops) - 1 - late
    taps = tuple(Beats(1, node.places * node.units, node.accumulator_bits) for node in netlist.layers)
    return Architecture(
        name="folded",
        sources={f"{TOP}.v": _network(netlist, program, sizes), **sources},
        memories=contents(program, sizes),
        takes=Beats(1, netlist.takes.size, netlist.takes.bits),
        gives=taps[-1],
        taps=taps,
        address_bits=sizes.parameters["ADDRESS"] + sizes.parameters["LANE"],
        word_bits=program.word_bits,
        clocks=netlist.takes.size + latency + late,
        latency=latency,
        words=program.configure,
        swaps=True,
    )


def _network(netlist: Netlist, program: Program, sizes: Sizes) -> str:
    """Write the top module: ports, what each node is, laws, and the core."""
    wide, layers = sizes.parameters, netlist.layers
    taps = ",\n".join(
        f"    output wire                tap{node.layer}_valid,\n"
        f"    output wire {_range(node.accumulator_bits)} tap{node.layer}_data"
        for node in layers
    )
    return f"""\
// run {one_line(netlist.identity)}
{_head(program)}
module {TOP} (
    input  wire                clk,
    input  wire                rst,
    input  wire                cfg_valid,
    output wire                cfg_ready,
    input  wire {_range(wide["ADDRESS"] + wide["LANE"])} cfg_address,
    input  wire {_range(wide["WORD"])} cfg_data,
    input  wire                in_valid,
    output wire                in_ready,
    input  wire                in_commit,
    input  wire {_range(wide["TAKEN"])} in_data,
    output wire                out_valid,
    input  wire                out_ready,
    output wire {_range(layers[-1].accumulator_bits)} out_data,
{taps}
);
{_nodes(program, sizes)}
{_laws(sizes)}
{_core(netlist, program, sizes)}
endmodule
"""


def _head(program: Program) -> str:
    """Write what the network is, and what each word of the configuration means."""
    lanes = program.lanes
    lines = [
        f"// A network folded onto {'one multiplier' if lanes == 1 else f'{lanes} multipliers, a lane each'}.",
        "// Weights stand in initialised memory, and a permutation MEMORY tells which of them a position meets: no",
        "// circuit of switches, no fixed-weight logic. Words of the configuration, from address 0: biases"
        + (", low half before high half;" if program.bias_words > 1 else ";"),
        "// then the cell in its bank that feeds each position, in the order in which the positions are met.",
    ]
    if lanes > 1:
        lines.append("// Words of the lanes stand side by side: those of unit after unit.")
    for loop, at in zip(program.loops, program.addresses, strict=True):
        if loop.cells:
            entries = "fixed connections" if at.word < 0 else f"permutation from {at.word * lanes}"
            lines.append(
                f"//   layer {loop.cells.layer}: biases from {at.bias * program.bias_words * lanes}, {entries}"
            )
    return "\n".join(lines)


def _range(width: int) -> str:
    return f"[{width - 1}:0]".ljust(14) if width > 1 else " " * 14


def _nodes(program: Program, sizes: Sizes) -> str:
    """Write what each node is as a table by its number."""
    wide = sizes.parameters["NODE"]
    rows = [sizes.fields(loop, at) for loop, at in zip(program.loops, program.addresses, strict=True)]
    lines = ["  // nodes, one computed after another", f"  wire [{wide - 1}:0] node;"]
    lines += [f"  reg {_range(width)} node_{name};" for name, (width, _) in rows[0].items()]
    lines += ["  always @*", "    case (node)"]
    for number, (row, loop) in enumerate(zip(rows, program.loops, strict=True)):
        label = "default" if number == len(rows) - 1 else f"{wide}'d{number}"
        lines.append(f"      {label}: begin  // {_told(loop)}")
        lines += [f"        node_{name} = {width}'d{value};" for name, (width, value) in row.items()]
        lines.append("      end")
    return "\n".join([*lines, "    endcase"])


def _told(loop: Loop) -> str:
    kind = f"layer {loop.cells.layer}" if loop.cells else type(loop.node).__name__.lower()
    counts = f"{loop.places} places, {loop.groups} groups, {loop.units} units, {loop.nest.channels} channels"
    return f"{kind}: {counts}, {loop.nest.taps.shape[1]} taps"


def _laws(sizes: Sizes) -> str:
    """Write a part for every distinct law, and which of them the node has."""
    wide, count = sizes.parameters, len(sizes.laws)
    signal = f"[{wide['SIGNAL'] - 1}:0]"
    lines = ["  // accumulators become signals", f"  wire signed [{wide['SUM'] - 1}:0] sum;"]
    for number, law in enumerate(sizes.laws):
        bounds = {"LEAST": law.least, "LARGEST": law.largest, "BASE": law.least if law.kind == TABLE else 0}
        parameters = {
            "SUM": wide["SUM"],
            "SIGNAL": wide["SIGNAL"],
            "STEP": int(law.kind == STEP),
            "SLOPE": law.slope if law.kind == LEAKY else 0,
            "SHIFT": law.shift,
            **{name: f"{'-' * (bound < 0)}{wide['SIGNAL'] + 1}'sd{abs(bound)}" for name, bound in bounds.items()},
        }
        given = ", ".join(f".{name}({value})" for name, value in parameters.items())
        lines.append(f"  wire {signal} signal{number};")
        lines.append(f"  hwsim_law #({given}) law{number} (.sum(sum), .signal(signal{number}));")
    chosen = "".join(f"node_law == {count_bits(count)}'d{n} ? signal{n} : " for n in range(count - 1))
    last = f"signal{count - 1}" if count else f"{wide['SIGNAL']}'d0"
    return "\n".join([*lines, f"  wire {signal} signal = {chosen}{last};"])


def _core(netlist: Netlist, program: Program, sizes: Sizes) -> str:
    wide = sizes.parameters["NODE"]
    ports = "clk rst cfg_valid cfg_ready cfg_address cfg_data in_valid in_ready in_commit in_data out_valid out_ready"
    names = [*ports.split(), "node", "sum", "done", "signal"]
    names += [f"node_{name}" for name in sizes.fields(program.loops[0], program.addresses[0]) if name != "law"]
    parameters = ",\n".join(f"      .{name}({value})" for name, value in sizes.parameters.items())
    connections = ",\n".join(f"      .{name}({name})" for name in names)
    lines = [f"  wire done;\n  hwsim_folded #(\n{parameters}\n  ) core (\n{connections}\n  );"]
    for number, loop in enumerate(program.loops):
        if loop.cells:
            tap, top = f"tap{loop.cells.layer}", loop.cells.accumulator_bits - 1
            lines.append(f"  assign {tap}_valid = done && node == {wide}'d{number};")
            lines.append(f"  assign {tap}_data = sum[{top}:0];")
    return "\n".join([*lines, f"  assign out_data = tap{netlist.layers[-1].layer}_data;"])
