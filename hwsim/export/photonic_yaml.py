"""Optical permutation circuits as gdsfactory-style netlists in YAML, one file for each bank, which ``sax`` evaluates.

A file has ``instances`` (component, and settings by state), ``connections``, ``ports`` and ``info``. The models of the
components, for ``sax``, are in :mod:`hwsim.export.sax_models`.
"""

from __future__ import annotations

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
    from collections.abc import Iterator

    from hwsim.crossbar.technology import Switch
    from hwsim.export.snapshot import LayerSnapshot, Snapshot

MODELS = "models for sax: from hwsim.export.sax_models import MODELS"


def _wires(layer: LayerSnapshot, switch: Switch) -> str:
    """Write what all banks of a layer have in common: the waveguides, what they join, and the ports."""
    instances, connections, ports = [], ["connections:\n"], ["ports:\n"]
    for number, guide in enumerate(waveguides(network_of(layer))):
        wire = f"wire{number}"
        settings = f"crossings: {guide.crossings}, crossing_loss: {float(switch.crossing_loss)!r}"
        instances.append(f"  {wire}: {{component: wire, settings: {{{settings}}}}}\n")
        for end, port in ((guide.left, f"{wire},o1"), (guide.right, f"{wire},o2")):
            if "," in end:
                connections.append(f"  {end}: {port}\n")
            else:
                ports.append(f"  {end}: {port}\n")
    if len(connections) == 1:
        connections = ["connections: {}\n"]
    return "".join([*instances, *connections, *ports])


def _bank(snapshot: Snapshot, layer: LayerSnapshot, switch: Switch, bank: int, wires: str) -> str:
    fabric = layer.fabric
    what = f"optical circuit, a {fabric.topology} of {fabric.ports} ports and {fabric.switches} switches"
    crosstalk = "null" if switch.crosstalk is None else repr(float(switch.crosstalk))
    losses = f"bar_loss: {float(switch.bar_loss)!r}, cross_loss: {float(switch.cross_loss)!r}"
    states = layer.states[bank].tolist()
    lines = [
        remark(
            [
                *identify(snapshot, what),
                place(snapshot, layer, bank),
                LIGHT,
                PORTS,
                MODELS,
                f"what a switch leaks (info: crosstalk, dB) is in no setting; {NO_TAPE_OUT}",
            ],
            "#",
        ),
        f"name: layer{layer.layer}_bank{bank}\n",
        f"info: {{run: '{snapshot.identity}', event: {snapshot.event}, layer: {layer.layer}, bank: {bank}, "
        f"crosstalk: {crosstalk}}}\n",
        "instances:\n",
        *(
            f"  switch{number}: {{component: switch2x2, settings: {{state: {state}, {losses}}}}}\n"
            for number, state in enumerate(states)
        ),
        wires,
    ]
    return signed("".join(lines), "#")


def _files(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    switch = check_optical(snapshot)
    for layer in snapshot.layers:
        wires = _wires(layer, switch)
        for bank in range(len(layer.states)):
            yield f"layer{layer.layer}_bank{bank}.yml", _bank(snapshot, layer, switch, bank, wires)


def export(snapshot: Snapshot) -> dict[str, str]:
    """Write one ``layer<k>_bank<b>.yml`` for every optical circuit.

    Raises:
        NetlistError: switches are electronic, or a circuit is not made of 2 x 2 switches.
    """
    return dict(_files(snapshot))


PLUGIN = ExportPlugin(
    name="photonic-yaml",
    summary="optical circuits as gdsfactory-style YAML netlists for sax, one file per bank",
    export=export,
)
