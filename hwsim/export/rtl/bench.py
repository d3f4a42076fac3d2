"""A self-checking bench for any architecture: configurations loaded while images stream, and every layer compared.

``bench.v`` connects the network to parts of the library; stimuli, expected accumulators and configurations are memory
files beside it. What leaves every layer is compared, since a wrong bit hides behind rectifiers and roundings.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.rtl.memory import pack, write_memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsim.export.netlist import Matmul, Netlist
    from hwsim.export.rtl.architecture import Architecture, Beats
    from hwsim.export.trial import Phase

BENCH = "bench"
"""The name of the bench's module."""
PARTS = tuple(f"hwsim_{part}.v" for part in ("file", "stall", "loader", "feeder", "check", "verdict"))
MOST = 10
"""Differences that are told before the simulation ends."""


@dataclass(frozen=True)
class Contents:
    """The words of a memory file, and what stands in it."""

    name: str
    words: list[int]
    bits: int
    remarks: tuple[str, ...]

    def text(self) -> str:
        """Return the file."""
        return write_memory(self.words, self.bits, self.remarks)

    def instance(self, label: str, address: str, word: str) -> str:
        """Return the Verilog that reads the file and holds it to the sum of its words."""
        given = f'.FILE("{self.name}"), .WIDTH({self.bits}), .DEPTH({len(self.words)}), .SUM({fold(self)})'
        return f"  hwsim_file #({given}) {label} (.address({address}), .word({word}));"


def fold(contents: Contents) -> str:
    """Return the sum by which the bench knows a file: ``31 * sum + part`` over the 32-bit parts of its words.

    Example:
        >>> fold(Contents("a.mem", [1, 2], 8, ()))
        "32'd33"
    """
    total, parts = 0, range(-(-contents.bits // 32))
    for word in contents.words:
        for part in parts:
            total = (31 * total + (word >> (32 * part) & 0xFFFFFFFF)) & 0xFFFFFFFF
    return f"32'd{total}"


def load_lists(architecture: Architecture, phases: Sequence[Phase]) -> list[Contents]:
    """Return what is written to the configuration port for each phase: all words, or those that change.

    A shadow keeps what was loaded last; where memories are swapped, it holds the configuration before last.
    """
    found = []
    wanted = [architecture.words(phase.configuration) for phase in phases]
    for number, (phase, words) in enumerate(zip(phases, wanted, strict=True)):
        base = number - 2 if architecture.swaps else number - 1
        changed = np.arange(len(words)) if base < 0 else np.flatnonzero(words != wanted[base])
        if not changed.size:
            changed = np.arange(1)  # a file without words is none
        what = "all words" if base < 0 else f"the words that are not as in {phases[base].name}"
        why = ", which a swapped shadow holds then" if architecture.swaps and base >= 0 else ""
        rule = f"a word is its address, and the {architecture.word_bits} bits of the configuration word below it"
        pairs = [(int(at) << architecture.word_bits) | int(words[at]) for at in changed]
        bits = architecture.address_bits + architecture.word_bits
        told = (f"load list of phase {phase.name}: {what}{why}", rule)
        found.append(Contents(f"load_{phase.name}.mem", pairs, bits, told))
    return found


def stimuli(architecture: Architecture, phases: Sequence[Phase]) -> Contents:
    """Return the codes of all images, beat by beat."""
    takes = architecture.takes
    rows = np.concatenate([phase.inputs for phase in phases]).reshape(-1, takes.values)
    what = (
        f"codes of the images, {takes.beats} words each, {takes.values} of {takes.bits} bits a word, the first lowest"
    )
    return Contents("stimuli.mem", pack(rows, takes.bits), takes.width, (what,))


def expected(phases: Sequence[Phase], layer: int, name: str, beats: Beats) -> Contents:
    """Return the accumulators that the emulator has at one layer, beat by beat."""
    sums = np.concatenate([phase.accumulators[layer].reshape(len(phase.inputs), -1) for phase in phases])
    filled = np.zeros((len(sums), beats.values * beats.beats), np.int64)
    filled[:, : sums.shape[1]] = sums
    order = "place by place and there unit by unit, the first lowest"
    what = f"accumulators of layer {layer}, {beats.beats} words an image, {beats.values} of {beats.bits} bits a word"
    packed = pack(filled.reshape(-1, beats.values), beats.bits)
    return Contents(name, packed, beats.width, (what, order))


def bench(architecture: Architecture, netlist: Netlist, phases: Sequence[Phase]) -> dict[str, str]:
    """Write the bench of an architecture.

    Args:
        architecture: what is tried.
        netlist: of which it was made.
        phases: what is loaded and offered, up to three; all have equally many images, only the last may have fewer.

    Returns:
        Files by name: ``bench.v``, the library's parts of it, and its memory files.

    Raises:
        ValueError: phases have other numbers of images.
    """
    counts = [len(phase.inputs) for phase in phases]
    if len(set(counts[:-1])) > 1 or not 0 < counts[-1] <= counts[0]:
        raise ValueError(f"phases of {counts} images: all have equally many, and the last at least one")
    loads = load_lists(architecture, phases)
    given = stimuli(architecture, phases)
    streams = [
        (node, 0, f"layer{node.layer}_expected.mem", tap)
        for node, tap in zip(netlist.layers, architecture.taps, strict=True)
    ]
    streams.append((netlist.layers[-1], 1, "output_expected.mem", architecture.gives))
    checks = [(node, out, beats, expected(phases, node.layer, name, beats)) for node, out, name, beats in streams]
    text = _Text(architecture, phases, loads, given, checks)
    written = {contents.name: contents.text() for contents in [*loads, given, *(check[3] for check in checks)]}
    folder = files("hwsim.export.rtl") / "verilog"
    parts = {name: (folder / name).read_text("ascii") for name in PARTS}
    return {f"{BENCH}.v": "\n".join([*text.lines(), ""]), **parts, **written}


class _Text:
    """The text of ``bench.v``."""

    def __init__(
        self,
        architecture: Architecture,
        phases: Sequence[Phase],
        loads: Sequence[Contents],
        given: Contents,
        checks: Sequence[tuple[Matmul, int, Beats, Contents]],
    ) -> None:
        self.architecture, self.phases, self.loads, self.given, self.checks = architecture, phases, loads, given, checks
        self.images = sum(len(phase.inputs) for phase in phases)
        self.share = len(phases[0].inputs)

    def lines(self) -> Iterator[str]:
        """Yield all lines."""
        yield "module bench;"
        yield from self._signals()
        yield from self._network()
        yield from self._loading()
        yield from self._feeding()
        for number in range(len(self.checks)):
            yield from self._checking(number)
        yield from self._verdict()
        yield "endmodule"

    def _signals(self) -> Iterator[str]:
        made = self.architecture
        yield f"""\
  reg clk, rst;
  wire even;
  wire [2:0] go;
  wire cfg_valid, cfg_ready;
  wire [{made.address_bits - 1}:0] cfg_address;
  wire [{made.word_bits - 1}:0] cfg_data;
  wire in_valid, in_ready, in_commit, out_valid;
  wire [{made.takes.width - 1}:0] in_data;
  wire [{made.gives.width - 1}:0] out_data;
  wire out_ready = go[2];
  wire first, last;
  wire [1:0] loaded;

  initial begin
    clk = 1'b0;
    rst = 1'b1;
    #8 rst = 1'b0;  // between two edges
  end

  always #1 clk = !clk;

  hwsim_stall chance (.clk(clk), .even(even), .go(go));
"""

    def _network(self) -> Iterator[str]:
        yield from (f"  wire tap{n}_valid;\n  wire [{tap.width - 1}:0] tap{n}_data;" for n, tap in self._taps())
        taps = "".join(f",\n    .tap{n}_valid(tap{n}_valid), .tap{n}_data(tap{n}_data)" for n, _ in self._taps())
        yield f"""
  network dut (
    .clk(clk), .rst(rst),
    .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address(cfg_address), .cfg_data(cfg_data),
    .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data(in_data),
    .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data){taps}
  );
"""

    def _taps(self) -> Iterator[tuple[int, Beats]]:
        return enumerate(self.architecture.taps)

    def _loading(self) -> Iterator[str]:
        made = self.architecture
        width = made.address_bits + made.word_bits
        ends = np.cumsum([len(load.words) for load in self.loads]).tolist()
        chosen = "".join(f"load_next < {end} ? load_word{n} : " for n, end in enumerate(ends[:-1]))
        starts = [0, *ends]
        yield "  wire [31:0] load_next, words;"
        for n, load in enumerate(self.loads):
            yield f"  wire [{width - 1}:0] load_word{n};"
            yield load.instance(f"load{n}", f"load_next - 32'd{starts[n]}", f"load_word{n}")
        full = [*ends, ends[-1], ends[-1]]
        yield f"""\
  wire [{width - 1}:0] load_word = {chosen}load_word{len(ends) - 1};

  hwsim_loader #(
    .ADDRESS({made.address_bits}), .DATA({made.word_bits}), .END0({full[0]}), .END1({full[1]}), .END2({full[2]})
  ) loader (
    .clk(clk), .rst(rst), .go(go[0]), .commit(first && in_commit), .next(load_next), .word(load_word),
    .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_address(cfg_address), .cfg_data(cfg_data),
    .loaded(loaded), .at(words)
  );
"""

    def _feeding(self) -> Iterator[str]:
        takes = self.architecture.takes
        yield f"  wire [31:0] feed_next;\n  wire [{takes.width - 1}:0] feed_word;"
        yield self.given.instance("feed", "feed_next", "feed_word")
        given = f"images{len(self.checks) - 1}"
        yield f"""
  wire [31:0] {given};
  hwsim_feeder #(.WIDTH({takes.width}), .BEATS({takes.beats}), .SHARE({self.share}), .IMAGES({self.images})) feeder (
    .clk(clk), .rst(rst), .go(go[1]), .even(even), .loaded(loaded), .given({given}),
    .next(feed_next), .word(feed_word),
    .in_valid(in_valid), .in_ready(in_ready), .in_commit(in_commit), .in_data(in_data), .first(first), .last(last)
  );
"""

    def _checking(self, n: int) -> Iterator[str]:
        node, out, beats, contents = self.checks[n]
        images = "" if out else f"\n  wire [31:0] images{n};"
        strobe, data = ("out_valid && out_ready", "out_data") if out else (f"tap{n}_valid", f"tap{n}_data")
        where = f"output, layer {node.layer}" if out else f"layer {node.layer}"
        names = ", ".join(f'.PHASE{k}("{phase.name}")' for k, phase in enumerate(self.phases))
        yield f"  wire [31:0] check_next{n}, values{n}, wrong{n};{images}\n  wire last{n};"
        yield f"  wire [{beats.width - 1}:0] check_word{n};"
        yield contents.instance(f"expected{n}", f"check_next{n}", f"check_word{n}")
        yield f"""
  hwsim_check #(
    .WHERE("{where}"), .VALUES({beats.values}), .BITS({beats.bits}), .BEATS({beats.beats}),
    .UNITS({node.units}), .SIZE({node.places * node.units}), .SHARE({self.share}), .IMAGES({self.images}),
    {names}, .MOST({MOST})
  ) check{n} (
    .clk(clk), .rst(rst), .strobe({strobe}), .data({data}), .next(check_next{n}), .word(check_word{n}),
    .image(images{n}), .values(values{n}), .wrong(wrong{n}), .last(last{n})
  );
"""

    def _verdict(self) -> Iterator[str]:
        made, count = self.architecture, len(self.checks)
        limit = 8 * (made.clocks + made.latency) + 1000
        each = range(count)
        yield f"""\
  hwsim_verdict #(
    .LAYERS({count - 1}), .PHASES({len(self.phases)}), .SHARE({self.share}), .IMAGES({self.images}),
    .WORDS({sum(len(load.words) for load in self.loads)}), .CLOCKS({made.clocks}), .LATENCY({made.latency}),
    .SETTLES({made.settles}), .LIMIT({limit}), .MOST({MOST})
  ) verdict (
    .clk(clk), .rst(rst), .even(even), .loads(cfg_valid && cfg_ready), .first(first), .last(last),
    .gives(last{count - 1}), .moves((cfg_valid && cfg_ready) || (in_valid && in_ready) || (out_valid && out_ready)),
    .complete({" && ".join(f"images{n} == 32'd{self.images}" for n in each)}),
    .values({" + ".join(f"values{n}" for n in each[:-1])}), .outputs(values{count - 1}),
    .wrong({" + ".join(f"wrong{n}" for n in each)})
  );"""
