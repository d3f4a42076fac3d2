"""Optical circuits as SPICE netlists, one file for each bank: voltages stand for the power of light.

One subcircuit is a switch, one a wire, one the circuit, whose ``.param`` lines hold the states: a reconnection changes
them and nothing else. Sources are linear and of one direction, from the positions to the cells, as light goes.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from hwsim.export.optical import (
    LIGHT,
    NO_TAPE_OUT,
    PORTS,
    check_optical,
    identify,
    network_of,
    place,
    remark,
    signed,
    waveguides,
)
from hwsim.export.snapshot import ExportPlugin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hwsim.crossbar.technology import Switch
    from hwsim.export.snapshot import LayerSnapshot, Snapshot

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


def _wires(layer: LayerSnapshot) -> str:
    """Write what all banks of a layer have in common: the instances of switches and wires."""
    network = network_of(layer)
    lines = []
    for number in range(network.switches):
        ports = " ".join(f"switch{number}_o{port}" for port in (1, 2, 3, 4))
        lines.append(f"Xswitch{number} {ports} switch2x2 state={{state{number}}}\n")
    for number, guide in enumerate(waveguides(network)):
        left, right = guide.left.replace(",", "_"), guide.right.replace(",", "_")
        lines.append(f"Xwire{number} {left} {right} wire crossings={guide.crossings}\n")
    return "".join(lines)


def _bank(snapshot: Snapshot, layer: LayerSnapshot, switch: Switch, bank: int, wires: str) -> str:
    fabric, name = layer.fabric, f"layer{layer.layer}_bank{bank}"
    what = f"optical circuit, a {fabric.topology} of {fabric.ports} ports and {fabric.switches} switches"
    head = [
        *identify(snapshot, what),
        place(snapshot, layer, bank),
        LIGHT,
        PORTS,
        "a volt is a watt of light",
        NO_TAPE_OUT,
    ]
    losses = {"bar": switch.bar_loss, "cross": switch.cross_loss, "crossing": switch.crossing_loss}
    states = layer.states[bank].tolist()
    ports = [f"{side}{port}" for side in ("position", "cell") for port in range(fabric.ports)]
    parts = [
        remark(head, "*"),
        PARTS.format(**{key: repr(float(value)) for key, value in losses.items()}),
        _wrapped([".subckt", name, *ports]),
        _wrapped([".param", *(f"state{number}={state}" for number, state in enumerate(states))]) if states else "",
        wires,
        f".ends {name}\n",
    ]
    return signed("".join(parts), "*")


def _files(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    switch = check_optical(snapshot)
    for layer in snapshot.layers:
        wires = _wires(layer)
        for bank in range(len(layer.states)):
            yield f"layer{layer.layer}_bank{bank}.cir", _bank(snapshot, layer, switch, bank, wires)


def export(snapshot: Snapshot) -> dict[str, str]:
    """Write one ``layer<k>_bank<b>.cir`` for every optical circuit.

    Raises:
        NetlistError: switches are electronic, or a circuit is not made of 2 x 2 switches.
    """
    return dict(_files(snapshot))


PLUGIN = ExportPlugin(
    name="photonic-spice",
    summary="optical circuits as SPICE subcircuits, one file per bank: volts for power, states as parameters",
    export=export,
)
