"""Optical permutation circuits as gdsfactory-style netlists in YAML, one file for each bank, which ``sax`` evaluates.

A file has ``instances`` (component, and settings by state), ``connections``, ``ports`` and ``info``. The models of the
components, for ``sax``, are in :mod:`hwsim.export.sax_models`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hwsim.export.optical import (
    LIGHT,
    NO_TAPE_OUT,
    PORTS,
    decimal,
    identify,
    read_bank,
    remark,
    waveguides,
    write_banks,
)
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.crossbar.stages import SwitchNetwork
    from hwsim.export.snapshot import Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content

NAME = "photonic-yaml"
MODELS = "models for sax: from hwsim.export.sax_models import MODELS"
"""Where a reader finds what the components do."""
_STATE = r"^  switch\d+: .*\bstate: ([01])\b"


def _wires(network: SwitchNetwork, crossing_loss: float) -> str:
    """Write what all banks of a layer have in common: the waveguides, what they join, and the ports."""
    instances, connections, ports = [], ["connections:\n"], ["ports:\n"]
    for number, guide in enumerate(waveguides(network)):
        wire = f"wire{number}"
        settings = f"crossings: {guide.crossings}, crossing_loss: {decimal(crossing_loss)}"
        instances.append(f"  {wire}: {{component: wire, settings: {{{settings}}}}}\n")
        for end, port in ((guide.left, f"{wire},o1"), (guide.right, f"{wire},o2")):
            if "," in end:
                connections.append(f"  {end}: {port}\n")
            else:
                ports.append(f"  {end}: {port}\n")
    if len(connections) == 1:
        connections = ["connections: {}\n"]
    return "".join([*instances, *connections, *ports])


def _netlist(told: dict[str, Any], states: list[int], wires: str) -> Iterator[str]:
    """Yield the netlist of one bank."""
    losses = f"bar_loss: {decimal(told['bar_loss'])}, cross_loss: {decimal(told['cross_loss'])}"
    yield f"name: layer{told['layer']}_bank{told['bank']}\ninstances:\n"
    for number, state in enumerate(states):
        yield f"  switch{number}: {{component: switch2x2, settings: {{state: {state}, {losses}}}}}\n"
    yield wires


def _bank(snapshot: Snapshot, told: dict[str, Any], states: list[int], wires: str) -> Iterator[bytes]:
    what = f"optical circuit, a {told['topology']} of {told['ports']} ports and {len(states)} switches"
    spare = f"ports from {told['cells']} on are spare"
    leak = f"what a switch leaks (crosstalk, dB) is in no setting; {NO_TAPE_OUT}"
    yield remark([*identify(snapshot, NAME, what), spare, LIGHT, PORTS, MODELS, leak], "#").encode()
    yield f"info: {json.dumps(told)}\n".encode()
    for text in _netlist(told, states, wires):
        yield text.encode()


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one ``layer<k>_bank<b>.yml`` for every optical circuit.

    Raises:
        NetlistError: switches are electronic, or a circuit is not made of 2 x 2 switches.
    """
    return write_banks(
        snapshot, "yml", "script", lambda network, switch: _wires(network, float(switch.crossing_loss)), _bank
    )


def read(content: bytes) -> Told:
    """Read one bank back."""
    return read_bank(
        content,
        "info: ",
        _STATE,
        lambda network, told, states: "".join(_netlist(told, states, _wires(network, told["crossing_loss"]))),
    )


PLUGIN = ExportPlugin(
    name="photonic-yaml",
    summary="optical circuits as gdsfactory-style YAML netlists for sax, one file per bank",
    export=export,
    named="layer<k>_bank<b>.yml",
    checksum=RULE,
    read=read,
)
