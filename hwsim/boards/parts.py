"""Parts that open tools place: how Yosys maps logic for one, what packs it, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from hwsim.files.diagnostic import Refusal
from hwsim.files.registry import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

Family = Literal["ice40", "ecp5", "gowin", "7-series"]
KINDS = ("LUT", "FF", "memory", "DSP")


@dataclass(frozen=True)
class Part:
    """An FPGA as a target of ``hwsim synth``."""

    name: str
    title: str
    family: Family
    synth: tuple[str, ...]
    """Commands of Yosys behind ``read_verilog``; ``{top}`` is the top module."""
    place: tuple[str, ...]
    """Arguments of nextpnr that name the part; empty where no open tool places it."""
    board: str
    """The board whose pins and clock are taken (:mod:`hwsim.export.rtl.pins`)."""
    has: Mapping[str, int] = field(default_factory=dict)
    """What it has: LUTs (of 4 inputs; of 6 in the 7-series), flip-flops, memory blocks, DSP blocks."""
    memories: tuple[str, ...] = ()
    """Cells that are memory blocks, as Yosys names them."""
    multipliers: tuple[str, ...] = ()
    seed: int = 1
    """Placement starts from it, unless told otherwise."""


_ICE40 = ("synth_ice40 -top {top} -dsp{spram}", "delete t:$scopeinfo")
_ECP5 = ("synth_ecp5 -top {top} -noflatten -nowidelut", "flatten", "delete t:$scopeinfo")
"""Flat and with wide multiplexers, switches take twice as many LUTs and ten times as long (measured on 64-16-10)."""


def _ice40(name: str, title: str, device: str, package: str, board: str, luts: int, memories: int, dsp: int) -> Part:
    spram = " -spram" if dsp else ""
    return Part(
        name,
        title,
        "ice40",
        tuple(command.replace("{spram}", spram).replace(" -dsp", " -dsp" if dsp else "") for command in _ICE40),
        (f"--{device}", "--package", package),
        board,
        {"LUT": luts, "FF": luts, "memory": memories, "DSP": dsp},
        ("SB_RAM40_4K", "SB_SPRAM256KA"),
        ("SB_MAC16",),
    )


def _ecp5(name: str, title: str, device: str, board: str, luts: int, memories: int, dsp: int) -> Part:
    return Part(
        name,
        title,
        "ecp5",
        _ECP5,
        (f"--{device}", "--package", "CABGA381", "--speed", "6"),
        board,
        {"LUT": luts, "FF": luts, "memory": memories, "DSP": dsp},
        ("DP16KD", "PDPW16KD"),
        ("MULT18X18D", "MULT9X9D", "ALU54B"),
    )


_ALL = (
    # Lattice FPGA-DS-02008 (iCE40 UltraPlus) and FPGA-DS-02029 (iCE40 LP/HX); 4 of the memories are SPRAM of 256 kbit
    _ice40("up5k", "Lattice iCE40 UltraPlus 5K", "up5k", "sg48", "icebreaker", 5280, 34, 8),
    _ice40("hx8k", "Lattice iCE40 HX8K", "hx8k", "ct256", "hx8k-b-evn", 7680, 32, 0),
    # Lattice FPGA-DS-02012 (ECP5)
    _ecp5("ecp5-25k", "Lattice ECP5 LFE5U-25F", "25k", "colorlight-i5", 24288, 56, 28),
    _ecp5("ecp5-85k", "Lattice ECP5 LFE5U-85F", "85k", "ulx3s", 83640, 208, 156),
    # Gowin DS117 (GW1NR-9)
    Part(
        "gw1nr-9",
        "Gowin GW1NR-9",
        "gowin",
        ("synth_gowin -top {top} -nowidelut -setundef", "delete t:$scopeinfo"),
        ("--device", "GW1NR-LV9QN88PC6/I5", "--vopt", "family=GW1N-9C"),
        "tang-nano-9k",
        {"LUT": 8640, "FF": 6480, "memory": 26, "DSP": 20},
        ("SP", "SPX9", "SDPB", "SDPX9B", "DPB", "DPX9B", "pROM", "pROMX9"),
        ("MULT9X9", "MULT18X18", "MULT36X36", "MULTALU18X18"),
    ),
    # Xilinx DS190: XC7Z020; no open tool that can be installed from a package places it
    Part(
        "7-series",
        "Xilinx 7-series (counts alone)",
        "7-series",
        ("synth_xilinx -family xc7 -top {top} -nowidelut", "delete t:$scopeinfo"),
        (),
        "",
        {"LUT": 53200, "FF": 106400, "memory": 140, "DSP": 220},
        ("RAMB18E1", "RAMB36E1"),
        ("DSP48E1",),
    ),
)
PARTS: dict[str, Part] = {part.name: part for part in _ALL}


def find_part(name: str) -> Part:
    """Return a part by its name.

    Raises:
        Refusal: there is none.
    """
    if name in PARTS:
        return PARTS[name]
    what, _, hint = unknown("target", name, PARTS).partition("; ")
    raise Refusal(what, hint)
