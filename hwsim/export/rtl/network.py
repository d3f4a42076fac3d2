"""The top module of the spatial architecture: layers, what stands between them, and the streams that join them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsim.export.netlist import Join, Matmul, Netlist, Node
from hwsim.export.rtl.architecture import TOP
from hwsim.export.rtl.between import between
from hwsim.export.rtl.module import bus, module

if TYPE_CHECKING:
    from hwsim.export.netlist import Join, Netlist, Node, Pool, Rectify
    from hwsim.export.rtl.layer import Layer, Port


class Stream(NamedTuple):
    """Nets by which one map after the other is handed on."""

    valid: str
    ready: str
    commit: str
    map: str


class Network:
    """Writes the top module, node by node."""

    def __init__(self, netlist: Netlist, layers: dict[int, Layer], port: Port, remarks: list[str]) -> None:
        self.netlist, self.layers, self.port, self.remarks = netlist, layers, port, remarks
        self.last = len(netlist.nodes) - 1
        self.lines: list[str] = []
        self.files: dict[str, str] = {}
        self._streams: dict[int, list[Stream]] = {}
        """Per source, one stream for each taker that has yet to come."""

    def write(self) -> dict[str, str]:
        """Return the top module, and the modules of nodes without cells, by file name."""
        self._offer(-1, Stream("in_valid", "in_ready", "in_commit", "in_data"))
        for number, node in enumerate(self.netlist.nodes):
            if isinstance(node, Matmul):
                self._layer(number, self.layers[number])
            else:
                self._between(number, node)
        taps = self.netlist.layers
        waiting = " || ".join(f"pending{number}" for number in self.layers)
        self.lines += [
            f"assign out_data = tap{len(taps) - 1}_data;",
            "// no word is written while a commit has yet to reach a layer",
            f"assign cfg_ready = !(in_valid && in_commit) && !({waiting});",
            "assign cfg_write = cfg_valid && cfg_ready;",
            f"wire unused_last = commit{self.last};",
        ]
        top = module(TOP, self._ports(), ["wire cfg_write;", *self.lines], *self.remarks)
        return {**self.files, f"{TOP}.v": top}

    def _ports(self) -> list[str]:
        takes, port = self.netlist.takes, self.port
        widths = [node.units * node.accumulator_bits for node in self.netlist.layers]
        ports = ["input  wire clk", "input  wire rst", "input  wire cfg_valid", "output wire cfg_ready"]
        ports += [f"input  wire {bus(port.address_bits)} cfg_address", f"input  wire {bus(port.word_bits)} cfg_data"]
        ports += ["input  wire in_valid", "output wire in_ready", "input  wire in_commit"]
        ports += [f"input  wire {bus(takes.size * takes.bits)} in_data"]
        ports += ["output wire out_valid", "input  wire out_ready", f"output wire {bus(widths[-1])} out_data"]
        for tap, width in enumerate(widths):
            ports += [f"output wire tap{tap}_valid", f"output wire {bus(width)} tap{tap}_data"]
        return ports

    def _offer(self, source: int, stream: Stream) -> None:
        """Make what a node gives ready for everyone who takes it."""
        takers = sum(self.netlist.sources(node).count(source) for node in self.netlist.nodes)
        if takers == 1:
            self._streams[source] = [stream]
            return
        name = f"fork{source}" if source >= 0 else "fork_in"
        self.lines += [
            f"wire {bus(takers)} {name}_valid, {name}_ready;",
            f"hwsim_fork #(.COUNT({takers})) {name} (.clk(clk), .rst(rst), .in_valid({stream.valid}),",
            f"  .in_ready({stream.ready}), .out_valid({name}_valid), .out_ready({name}_ready));",
        ]
        self._streams[source] = [
            Stream(f"{name}_valid[{k}]", f"{name}_ready[{k}]", stream.commit, stream.map) for k in range(takers)
        ]

    def _declare(self, number: int, node: Node) -> Stream:
        self.lines += [
            f"wire valid{number}, ready{number}, commit{number};",
            f"wire {bus(node.gives.size * node.gives.bits)} map{number};",
        ]
        return Stream(f"valid{number}", f"ready{number}", f"commit{number}", f"map{number}")

    def _layer(self, number: int, layer: Layer) -> None:
        node, own = layer.node, self.port.narrowed(layer.held)
        given, tap = self._streams[node.source].pop(), self.netlist.layers.index(node)
        found = Stream("out_valid", "out_ready", f"commit{number}", "")
        if number == self.last:
            self.lines.append(f"wire commit{number};")
        else:
            found = self._declare(number, node)
        out_map = f".out_map({found.map}), " if found.map else ""
        self.lines += [
            f"wire pending{number};",
            f"{layer.name} layer{node.layer} ({own.joined}, .rst(rst),",
            f"  .in_valid({given.valid}), .in_ready({given.ready}), .in_commit({given.commit}), .in_map({given.map}),",
            f"  .out_valid({found.valid}), .out_ready({found.ready}), .out_commit({found.commit}), {out_map}",
            f"  .tap_valid(tap{tap}_valid), .totals(tap{tap}_data), .pending(pending{number}));",
        ]
        if number != self.last:
            self._offer(number, found)

    def _between(self, number: int, node: Pool | Join | Rectify) -> None:
        """Write a node without cells: it gives when all that it takes is there."""
        kind = type(node).__name__.lower()
        name = f"hwsim_{kind}{number}"
        sources = self.netlist.sources(node)
        given = [self._streams[source].pop() for source in sources]
        self.files[f"{name}.v"] = between(name, node, *(self.netlist.given(source) for source in sources))
        found = self._declare(number, node)
        maps = ", ".join(f".{port}({stream.map})" for port, stream in zip(("one", "other"), given, strict=False))
        self.lines += [
            f"{name} {kind}{number} ({maps}, .found({found.map}));",
            f"assign {found.valid} = {' && '.join(stream.valid for stream in given)};",
            f"assign {found.commit} = {given[0].commit};",
        ]
        for place, stream in enumerate(given):
            others = [each.valid for each in given[:place] + given[place + 1 :]]
            self.lines.append(f"assign {stream.ready} = {' && '.join([found.ready, *others])};")
        self._offer(number, found)
