"""Optical circuits as SPICE netlists, one file for each bank: voltages stand for the power of light.

One subcircuit is a switch, one a wire, one the circuit, whose ``.param`` lines hold the states: a reconnection changes
them and nothing else. Sources are linear and of one direction, from the positions to the cells, as light goes.
"""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from hwsim.export.optical import (
    LIGHT,
    NO_TAPE_OUT,
    PORTS,
    identify,
    read_bank,
    remark,
    waveguides,
    write_banks,
)
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hwsim.crossbar.stages import SwitchNetwork
    from hwsim.export.snapshot import Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content

NAME = "photonic-spice"
_STATE = r"\bstate\d+=([01])\b"
PARTS = """\
.subckt switch2x2 o1 o2 o3 o4 state=0
.param bar={{(1-state)*10**(-({bar})/10)}} cross={{state*10**(-({cross})/10)}}
E1 o1 a o4 0 {{bar}}
E2 a 0 o3 0 {{cross}}
E3 o2 b o3 0 {{bar}}
E4 b 0 o4 0 {{cross}}
R3 o3 0 1G
R4 o4 0 1G
.ends switch2x2
.subckt wire o1 o2 crossings=0
.param share={{10**(-crossings*({crossing})/10)}}
E1 o1 0 o2 0 {{share}}
R2 o2 0 1G
.ends wire
"""
"""A switch and a wire; resistors give a potential to ports where no light comes from."""


def _wrapped(words: Iterable[str]) -> str:
    """Write one statement in lines of at most 120 characters, with SPICE's mark of continued ones."""
    return textwrap.fill(" ".join(words), 120, subsequent_indent="+ ", break_long_words=False) + "\n"


def _wires(network: SwitchNetwork) -> str:
    """Write what all banks of a layer have in common: the instances of switches and wires."""
    lines = []
    for number in range(network.switches):
        ports = " ".join(f"switch{number}_o{port}" for port in (1, 2, 3, 4))
        lines.append(f"Xswitch{number} {ports} switch2x2 state={{state{number}}}\n")
    for number, guide in enumerate(waveguides(network)):
        left, right = guide.left.replace(",", "_"), guide.right.replace(",", "_")
        lines.append(f"Xwire{number} {left} {right} wire crossings={guide.crossings}\n")
    return "".join(lines)


def _netlist(told: dict[str, Any], states: list[int], wires: str) -> Iterator[str]:
    """Yield the subcircuits of one bank."""
    name = f"layer{told['layer']}_bank{told['bank']}"
    yield PARTS.format(bar=told["bar_loss"], cross=told["cross_loss"], crossing=told["crossing_loss"])
    yield _wrapped([".subckt", name, *(f"{side}{n}" for side in ("position", "cell") for n in range(told["ports"]))])
    if states:
        yield _wrapped([".param", *(f"state{number}={state}" for number, state in enumerate(states))])
    yield wires
    yield f".ends {name}\n"


def _bank(snapshot: Snapshot, told: dict[str, Any], states: list[int], wires: str) -> Iterator[bytes]:
    what = f"optical circuit, a {told['topology']} of {told['ports']} ports and {len(states)} switches"
    spare = f"ports from {told['cells']} on are spare; a volt is a watt of light"
    yield remark([*identify(snapshot, NAME, what), spare, LIGHT, PORTS, NO_TAPE_OUT], "*").encode()
    yield f"* info: {json.dumps(told)}\n".encode()
    for text in _netlist(told, states, wires):
        yield text.encode()


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one ``layer<k>_bank<b>.cir`` for every optical circuit.

    Raises:
        NetlistError: switches are electronic, or a circuit is not made of 2 x 2 switches.
    """
    return write_banks(snapshot, "cir", "spice", lambda network, _: _wires(network), _bank)


def read(content: bytes) -> Told:
    """Read one bank back."""
    return read_bank(
        content,
        r"\* info: ",
        _STATE,
        lambda network, told, states: "".join(_netlist(told, states, _wires(network))),
    )


PLUGIN = ExportPlugin(
    name="photonic-spice",
    summary="optical circuits as SPICE subcircuits, one file per bank: volts for power, states as parameters",
    export=export,
    named="layer<k>_bank<b>.cir",
    checksum=RULE,
    read=read,
)
