"""The folder of an exported network: logic, bench, boards, memory files, and a Makefile that runs the tools."""

from __future__ import annotations

import textwrap
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import NetlistError
from hwsim.export.rtl.bench import bench
from hwsim.export.rtl.board import board
from hwsim.export.rtl.makefile import makefile
from hwsim.export.rtl.memory import pack, write_memory
from hwsim.export.rtl.pins import BOARDS
from hwsim.export.snapshot import DIRECTION
from hwsim.files.checksum import REMARKS, checked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsim.export.netlist import Netlist
    from hwsim.export.rtl.architecture import Architecture
    from hwsim.export.trial import Phase
    from hwsim.files.whole import Content


def project(
    architecture: Architecture, netlist: Netlist, phases: Sequence[Phase], head: Sequence[str]
) -> dict[str, Content]:
    """Write all files of a network in one architecture.

    Args:
        architecture: the logic.
        netlist: of which it was made.
        phases: what the bench runs; the last but one is the event that is exported, the last an exercise.
        head: remarks: of which run and event.

    Returns:
        Files by name, each with a last line that has its checksum.
    """
    logic = [name for name in architecture.sources if name.endswith(".v")]
    boards = _boards(architecture)
    made = {
        **architecture.sources,
        **architecture.memories,
        **{name: text for files in boards.values() for name, text in files.items()},
        **_configurations(architecture, phases),
        **_constants(netlist, phases),
    }
    tried = bench(architecture, netlist, phases)
    made |= tried
    made["Makefile"] = makefile(logic, [name for name in tried if name.endswith(".v")], boards)
    made["README.txt"] = _readme(architecture, phases, made)
    return {name: checked(_headed(name, text, head), _language(name)) for name, text in made.items()}


def _language(name: str) -> str:
    if name == "README.txt":
        return "plain"
    return "verilog" if name.endswith((".v", ".mem", ".cst")) else "script"


def _headed(name: str, text: str, head: Sequence[str]) -> str:
    begin, end = REMARKS[_language(name)]
    return "\n".join([*(f"{begin}{line}{end}" for line in head), text])


def _boards(architecture: Architecture) -> dict[str, dict[str, str]]:
    """Return the board's top and its pins for each part; none where the network is too wide for a serial line."""
    found: dict[str, dict[str, str]] = {}
    for one in BOARDS.values():
        try:
            sources = board(architecture, one.clock)
        except NetlistError:
            return {}
        top = sources.pop("board.v")
        found[one.part] = {f"board-{one.part}.v": top, f"board-{one.part}{one.suffix}": one.constraints(), **sources}
    return found


def _configurations(architecture: Architecture, phases: Sequence[Phase]) -> dict[str, str]:
    """Return the whole configuration of the run's own events."""
    found = {}
    for phase in phases[:-1]:
        words = architecture.words(phase.configuration).tolist()
        what = f"configuration of event {phase.configuration.event}: word k goes to address k of the port"
        told = [what, f"direction: {DIRECTION}"]
        found[f"configuration_{phase.name}.mem"] = write_memory(words, architecture.word_bits, told)
    return found


def _constants(netlist: Netlist, phases: Sequence[Phase]) -> dict[str, str]:
    """Return what cells, registers and tables hold, layer by layer, for people and other tools."""
    found = {}
    after = phases[-2].configuration
    for node in netlist.layers:
        banks, cells = node.codes.shape
        what = f"cells of layer {node.layer}: {banks} banks of {cells}, signed codes of {node.weight_bits} bits"
        words = pack(node.codes.reshape(-1, 1), node.weight_bits)
        found[f"layer{node.layer}_cells.mem"] = write_memory(words, node.weight_bits, [what])
        what = f"bias registers of layer {node.layer}: {node.units} units, signed codes of {node.bias_bits} bits"
        words = pack(np.asarray(after.biases[node.layer]).reshape(-1, 1), node.bias_bits)
        found[f"layer{node.layer}_biases.mem"] = write_memory(words, node.bias_bits, [what])
    return found


def _readme(architecture: Architecture, phases: Sequence[Phase], made: Mapping[str, str]) -> str:
    events = ", ".join(f"{phase.name} ({len(phase.inputs)} images)" for phase in phases)
    rule = "Load lists have the words that are not as in the configuration before; after power-up write all."
    if architecture.swaps:
        rule = "A commit swaps two memories: the shadow holds the configuration before last, to which load lists refer."
    told = [line for line in _FILES.items() if any(fnmatch(name, line[0]) for name in made)]
    width = max(len(pattern) for pattern, _ in told)
    text = _README.format(
        name=architecture.name,
        what=_ARCHITECTURES[architecture.name],
        files="\n".join(f"{pattern:<{width}}  {what}" for pattern, what in told),
        words=len(architecture.words(phases[-1].configuration)),
        word=architecture.word_bits,
        takes=architecture.takes,
        gives=architecture.gives,
        clocks=architecture.clocks,
        latency=architecture.latency,
        rule=rule,
        events=events,
        direction=DIRECTION,
    )
    parts = [part if "  " in part else "\n".join(textwrap.wrap(part, 110)) for part in text.split("\n\n")]
    return "\n".join(f"\n{part}" for part in parts) + "\n"


_ARCHITECTURES = {
    "spatial": "every unit has its own circuit of switches and its constants as look-up tables; bits pass one a clock",
    "folded": "one multiplier, or one a lane, computes everything: weights lie in initialised memory, connections in a "
    "memory that is loaded; there is no circuit of switches",
}
_FILES = {
    "network.v": "the top module of the logic; hwsim_*.v are its parts, and those of bench and board",
    "bench.v": "the self-checking bench",
    "board-*": "tops with a serial line and their pins, one a part",
    "Makefile": "make sim, clocks, sim-verilator, lint, synth, pnr, bitstream",
    "configuration_*.mem": "whole configurations: of the event before, and after this one",
    "load_*.mem": "what the bench writes to the configuration port, phase by phase: address and word",
    "stimuli.mem": "codes of the images of all phases",
    "*_expected.mem": "accumulators that the emulator has at every layer, and those that leave",
    "layer*_cells.mem": "constants: what each cell holds",
    "layer*_biases.mem": "bias registers after this event",
    "weights*.mem": "and the other memory files: initial contents of memories of the logic",
}
_README = """\
Architecture: {name}; {what}.

{files}

Configuration: {words} words of {word} bits, written at cfg_address into a shadow; what their bits mean stands at the
top of network.v. An image whose first beat has
in_commit set, and every one after it, runs on what the shadow held then. Before the first commit nothing that leaves is
defined. {rule}

Images: {takes.beats} beats of {takes.values} x {takes.bits}-bit codes. Results: {gives.beats} beats of {gives.values} x
{gives.bits}-bit signed accumulators, those of the last layer. {clocks} clocks from one image to the next, and
{latency} from the last beat of an image to the last of its results, when nothing waits.

Direction: {direction}.

The bench runs the phases {events}. Each configuration is loaded while images of the phase before are under way, and
committed between two images; the accumulators of every layer are compared. It ends with one line and exit code 0, or 1
where a value differs, something is missing, a memory file is another one, or nothing moves any more.

Every file ends with a line that has the CRC-32 of all bytes before it: hwsim check FILE compares."""
