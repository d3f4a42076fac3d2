"""A permutation circuit as optics: 2 x 2 switches, and one waveguide for every wire between two of them.

The netlists and the layout are printers of what stands here. The chip is seen as it is drawn (:mod:`hwsim.crossbar.
drawing`): cells on the left, positions on the right, stage 0 at the cells. A switch has the ports of gdsfactory's
2 x 2 components: ``o1`` lower left, ``o2`` upper left, ``o3`` upper right, ``o4`` lower right.
"""

from __future__ import annotations

import json
import re
import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.technology import LOSSES
from hwsim.export.netlist import NetlistError
from hwsim.export.told import Told, ToldLayer
from hwsim.files.checksum import checked
from hwsim.files.remark import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.crossbar.technology import Switch
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.files.whole import Content

PORTS = (
    "o1 of a switch is lower left, o2 upper left, o3 upper right, o4 lower right; state 0 (bar) joins o1-o4 and o2-o3, "
    "state 1 (cross) o1-o3 and o2-o4; o1 of a wire is left, o2 right"
)
LIGHT = "light enters at a position and leaves at the cell whose weight it meets; losses are those of power, in dB"
NO_TAPE_OUT = (
    "not for a tape-out: crossings are a loss, without cells of their own; phase shifters have no driver and no pads"
)
"""What every optical file says of itself."""


class Waveguide(NamedTuple):
    """One wire from a switch or a cell to the next switch or a position, past all stages that leave it alone.

    ``begin`` and ``end`` are columns of the drawing: 0 the cells, k + 1 stage k, depth + 1 the positions. ``left`` and
    ``right`` say what it joins: ``cell3``, ``position3`` or ``switch5,o3``. ``crossings`` counts the wires it crosses.
    """

    wire: int
    begin: int
    end: int
    crossings: int
    left: str
    right: str


def check_optical(snapshot: Snapshot) -> Switch:
    """Return the switch technology of a run whose circuits are 2 x 2 switches of light.

    Raises:
        NetlistError: switches are electronic, or a circuit is one of crosspoints or of several cycles.
    """
    switch = snapshot.switch
    if switch is None or switch.medium != "optical":
        raise NetlistError(
            f"the switches of this run ({snapshot.technology}) are electronic, and this format writes circuits of "
            "light; run with an optical crossbar.technology such as eo-mzi-lu-2016, or use --format json"
        )
    for layer in snapshot.layers:
        network_of(layer)
    return switch


def network_of(layer: LayerSnapshot) -> SwitchNetwork:
    """Return the circuit of a layer's banks.

    Raises:
        NetlistError: it is not made of stages of 2 x 2 switches.
    """
    if not isinstance(layer.fabric, SwitchNetwork):
        raise NetlistError(
            f"layer {layer.layer}: the circuit is a {layer.fabric.topology}, and this format writes stages of 2 x 2 "
            "switches; use a topology such as benes, or --format json"
        )
    return layer.fabric


def waveguides(network: SwitchNetwork) -> Iterator[Waveguide]:
    """Yield the waveguides of a circuit, stage by stage; wires that lead nowhere are not there.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> for one in waveguides(crossbar("benes", 2)):
        ...     print(one.left, one.right, one.crossings)
        cell0 switch0,o2 0
        cell1 switch0,o1 0
        switch0,o3 position0 0
        switch0,o4 position1 0
    """
    drawn, live = network.drawn, network.live
    begun = {wire: (0, f"cell{cell}") for cell, wire in enumerate(network.inputs.tolist())}

    def finish(wire: int, end: int, right: str) -> Waveguide:
        begin, left = begun.pop(wire)
        return Waveguide(wire, begin, end, sum(drawn.at(gap, wire) for gap in range(begin, end)), left, right)

    columns = network.draw()
    next(columns)
    for stage in range(network.depth):
        for number, pair in enumerate(_pairs(network, stage, next(columns)), int(network.starts[stage])):
            for wire, port in zip(pair, ("o2", "o1"), strict=True):
                if live[stage, wire]:
                    yield finish(wire, stage + 1, f"switch{number},{port}")
            for wire, port in zip(pair, ("o3", "o4"), strict=True):
                if live[stage + 1, wire]:
                    begun[wire] = (stage + 1, f"switch{number},{port}")
    for position, wire in enumerate(network.outputs.tolist()):
        yield finish(wire, network.depth + 1, f"position{position}")


def _pairs(network: SwitchNetwork, stage: int, order: NDArray[np.int32]) -> list[tuple[int, int]]:
    """List the wires of every switch of a stage, the upper one of the drawing first."""
    row = {wire: place for place, wire in enumerate(order.tolist())}
    pairs = zip(*(wires.tolist() for wires in network.pairs(stage)), strict=True)
    return [(a, b) if row[a] < row[b] else (b, a) for a, b in pairs]


def identify(snapshot: Snapshot, name: str, what: str) -> list[str]:
    """Return the first remarks of a file: the format, what it is, and of which run and event."""
    return [f"hwsim export {name}, version 1: {one_line(what)}", f"run {snapshot.identity}, event {snapshot.event}"]


def tell(snapshot: Snapshot, layer: LayerSnapshot, switch: Switch, bank: int) -> dict[str, Any]:
    """Return what a file says of one bank, by which it is read back; a name that is no harmless line is cut to one."""
    return {
        "run": snapshot.identity,
        "event": snapshot.event,
        "technology": one_line(snapshot.technology),
        "layer": layer.layer,
        "bank": bank,
        "topology": one_line(layer.fabric.topology),
        "ports": layer.fabric.ports,
        "cells": snapshot.cells(layer),
        **{name: float(getattr(switch, name)) for name in LOSSES},
        "crosstalk": None if switch.crosstalk is None else float(switch.crosstalk),
        "permutation": layer.permutations[bank].tolist(),
    }


def write_banks(
    snapshot: Snapshot,
    ending: str,
    language: str,
    wires: Callable[[SwitchNetwork, Switch], str],
    bank: Callable[[Snapshot, dict[str, Any], list[int], str], Iterator[bytes]],
) -> dict[str, Content]:
    """Write one ``layer<k>_bank<b>.ENDING`` for every optical circuit.

    Args:
        snapshot: a run at one event.
        ending: of the files' names.
        language: whose remark the last line is (:func:`hwsim.files.checksum.checked`).
        wires: text of a circuit's wires, written once for all its banks.
        bank: content of one bank, of what is told of it, its states and the wires.

    Raises:
        NetlistError: switches are electronic, or a circuit is not made of 2 x 2 switches.
    """
    switch = check_optical(snapshot)
    files: dict[str, Content] = {}
    for layer in snapshot.layers:
        text = wires(network_of(layer), switch)
        for number, states in enumerate(layer.states):
            content = bank(snapshot, tell(snapshot, layer, switch, number), states.tolist(), text)
            files[f"layer{layer.layer}_bank{number}.{ending}"] = checked(content, language)
    return files


def read_bank(
    content: bytes, info: str, state: str, body: Callable[[SwitchNetwork, dict[str, Any], list[int]], str]
) -> Told:
    """Read one bank back, and hold every line of its netlist to how its circuit and its states would be written.

    Args:
        content: of the file.
        info: what begins the line that holds what :func:`tell` gives.
        state: pattern of a switch's state.
        body: writes the netlist, with which the file ends, of a circuit, what the file says of it, and its states.

    Raises:
        ValueError: a line is another one.
    """
    text = content.decode()
    told = json.loads(re.findall(rf"^{info}(.*)$", text, re.MULTILINE)[0])
    states = [int(one) for one in re.findall(state, text, re.MULTILINE)]
    network = CROSSBARS[told["topology"]].build(told["ports"])
    if not isinstance(network, SwitchNetwork) or len(states) != network.switches:
        raise ValueError(f"{len(states)} switches are not those of its circuit")
    wanted = body(network, told, states)
    first = text.count("\n") - wanted.count("\n")
    for number, (line, other) in enumerate(zip_longest(text.splitlines()[first:], wanted.splitlines()), first + 1):
        if line != other:
            raise ValueError(f"line {number} is not that of this circuit and its states")
    where = (told["layer"], told["topology"], told["ports"], told["cells"])
    layer = ToldLayer(*where, states=[states], permutations=[told["permutation"]])
    return Told(told["run"], told["event"], told["technology"], (layer,))


def decimal(value: float) -> str:
    """Write a number so that YAML 1.1 takes it for one: with a point, the nearest float64 and no other.

    Example:
        >>> decimal(0.02), decimal(1e-05)
        ('0.02', '1.0e-05')
    """
    text = repr(float(value))
    return text if "." in text else text.replace("e", ".0e")


def remark(texts: Iterable[str], mark: str) -> str:
    r"""Write remarks as lines of at most 120 characters that begin with a mark; continued ones are indented.

    Example:
        >>> remark(["one", "two"], "#")
        '# one\n# two\n'
    """
    first, other = f"{mark} ", f"{mark}   "
    lines = (textwrap.fill(text, 120, initial_indent=first, subsequent_indent=other) for text in texts)
    return "".join(f"{line}\n" for line in lines)
