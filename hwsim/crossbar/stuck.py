"""Circuits whose switches can be stuck as it is modelled here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.crossbar.stages import SwitchNetwork

if TYPE_CHECKING:
    from hwsim.crossbar.fabric import Fabric


def never_stuck(fabric: Fabric, cells: int) -> str | None:
    """Tell why no switch of a circuit can be stuck as it is modelled here, None where it can.

    Args:
        fabric: the circuit.
        cells: those that it stands before.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> never_stuck(crossbar("benes", 4), 4), never_stuck(crossbar("crossbar", 4), 4)
        (None, 'a crossbar circuit, whose switches have no two states; only 2x2 switches can be stuck')
    """
    name = f"a {fabric.topology} circuit"
    if not isinstance(fabric, SwitchNetwork):
        return f"{name}, whose switches have no two states; only 2x2 switches can be stuck"
    if fabric.configuration_bits != fabric.switches:
        return f"{name}, whose switches set themselves; name a topology that is configured"
    if fabric.wires > fabric.ports:
        return f"{name}, where a stuck switch leaves outputs without a signal; this is not modelled"
    if fabric.ports > cells:
        what = f"a circuit of {fabric.ports} ports before {cells} cells"
        return f"{what}, where a stuck switch leads to ports without a cell; this is not modelled"
    return None
