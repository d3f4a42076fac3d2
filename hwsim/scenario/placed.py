"""A placed design in a scenario: it must be of the scenario's network, and its port is the crossbar's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hwsim.device.placed import describe_network, design_digest
from hwsim.files.quantity import format_quantity

if TYPE_CHECKING:
    from hwsim.crossbar.technology import Switch
    from hwsim.scenario.found import Found
    from hwsim.scenario.lookup import Lookup


def fit_placed(r: Lookup, found: Found) -> Switch | None:
    """Hold a placed design against the network; return the switches with the port that they are written through."""
    switch, placed = found.crossbar.switch, found.device.placed
    model, chosen, sheet = found.model.model, found.crossbar.chosen, found.device.sheet
    if placed is None or model is None or chosen is None or sheet is None or switch is None:
        return switch
    design, port = placed.design, placed.design.port
    wanted = design_digest(model, sheet.values, chosen.topology, chosen.scope, chosen.ports, design.options)
    if wanted != design.design:
        here = describe_network(model, sheet.values, chosen.topology, chosen.scope)
        more = " too, with other ports, activations, windows or registers" if here == design.network else ""
        what = f"placed for another network ({design.network}), and this one is {here}{more}"
        r.diagnostic(("device", "placed"), what, "run this scenario without it, and hwsim synth on that run")
    elif len(port.bank) != len(model.layers) or max(port.bank) > port.words:
        what = (
            f"its port has banks of {port.bank} words, {port.words} in all, for a network of {len(model.layers)} layers"
        )
        r.diagnostic(("device", "placed"), what, "run hwsim synth again")
    own = {"port_width": port.width, "port_clock": design.clock}
    for key, value in own.items():
        if key in (chosen.model_extra or {}) and getattr(switch, key) != value:
            what = f"'{key}' is measured by the placed design, and another one is given here"
            r.diagnostic(("crossbar", key), what, "leave it out")
    sending = found.file.execution.port if found.file else None
    if sending is not None and sending.writes != "full":
        what = f"writes = '{sending.writes}', and the port of a placed design takes whole banks"
        r.diagnostic(("execution", "port", "writes"), what, "give writes = 'full'")
    return replace(switch, port_width=port.width, port_clock=design.clock)


def written_port(found: Found) -> dict[str, str]:
    """Return the numbers of the crossbar that a placed design measured, as a scenario would write them."""
    if found.device.placed is None:
        return {}
    design = found.device.placed.design
    width = format_quantity(design.port.width, "information")
    return {"port_width": width, "port_clock": format_quantity(design.clock, "frequency")}


def kept_placed(found: Found) -> dict[str, str]:
    """Return the file of the placed design as a run folder keeps it."""
    return {found.device.placed.name: found.device.placed.text} if found.device.placed else {}
