"""The machine in time against what it is made of: its port, its circuits, its task; impossible ones are refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.stuck import never_stuck
from hwsim.crossbar.technology import SELDOM, intact
from hwsim.errors import HwsimWarning
from hwsim.files.arrivals import LATEST
from hwsim.model.registers import REGISTER_BITS
from hwsim.schedule import layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch
    from hwsim.scenario.execution import DriversChoice, Execution, FaultEntry, PortChoice, RequestsChoice
    from hwsim.scenario.found import Found
    from hwsim.scenario.lookup import Lookup
    from hwsim.schedule import Bank

    Refused = Iterator[tuple[tuple[str | int, ...], str, str]]

PICOSECOND = 1e-12


def fit_machine(r: Lookup, found: Found, fabrics: Sequence[Fabric | None] | None, switch: Switch | None) -> None:
    """Hold ``[execution]`` and ``[[fault]]`` against the port, the circuits and the task.

    Args:
        r: where diagnostics go.
        found: the parts of the scenario.
        fabrics: the circuit of each layer, None where there is none; None where that is not known.
        switch: the switch technology with the port that is used, None where it is not known.
    """
    file, model, chosen = found.file, found.model.model, found.crossbar.chosen
    refused = list(_refuse_port(switch)) if switch else []
    if file is not None:
        refused += _refuse_policy(file.execution)
        shape = found.task.shape
        tests = file.execution.faults.test if file.execution.faults else ""
        if shape and shape.metric != "accuracy" and tests == "accuracy":
            what = "a regression task has no accuracy that could fall"
            refused.append((("execution", "faults", "test"), what, "use test = 'read-back'"))
    banks = layout(model, chosen.scope).layers if model and chosen else ()
    built = fabrics is not None and all(fabric or not bank.learned for bank, fabric in zip(banks, fabrics, strict=True))
    if file is not None and switch is not None and fabrics is not None and built:
        switches = sum(bank.banks * fabric.switches for bank, fabric in zip(banks, fabrics, strict=True) if fabric)
        if file.execution.port:
            registers = sum(layer.units + layer.gains for layer in model.layers) if model else 0
            refused += _refuse_loss(file.execution.port, switch, fabrics, registers)
        if file.execution.minimise == "wear":
            refused += _refuse_wear(switch, fabrics)
        if file.execution.drivers:
            refused += _refuse_drivers(file.execution.drivers, switch, switches)
        if file.execution.faults and file.execution.faults.hazard:
            refused += _refuse_hazard(banks, fabrics)
        for number, fault in enumerate(file.fault):
            told = _refuse_fault(fault, banks, fabrics)
            refused += ((("fault", number, *at), what, hint) for at, what, hint in told)
    for at, what, hint in refused:
        r.diagnostic(at, what, hint)


def warn_of_overload(requests: RequestsChoice | None, load: float) -> None:
    """Warn of requests that come faster than they are served, and all wait: the queue grows for as long as one looks.

    That is no impossible machine, and a scenario may ask how fast it fails; so it is not refused.

    Args:
        requests: the stream, None where there is none.
        load: its rate times the time until the next inference may begin.
    """
    if requests and requests.queue is None and load >= 1:
        what = f"execution.requests have a load of {load:.4g} and a queue of any length: waits grow without end"
        warnings.warn(HwsimWarning(f"{what}; set queue, or a load below 1"), stacklevel=2)


def _refuse_port(switch: Switch) -> Refused:
    """Refuse ports that carry nothing, and times that picoseconds cannot tell."""
    if switch.port_width < 1:
        yield ("crossbar", "port_width"), "a port of 0 bits a clock carries nothing", 'give port_width = "32 bit"'
    if not PICOSECOND <= 1 / max(switch.port_clock, PICOSECOND**2) <= LATEST:
        what = f"a port clock of {switch.port_clock:g} Hz cannot be told in picoseconds"
        yield ("crossbar", "port_clock"), what, 'give one of at most 1000 GHz, such as port_clock = "100 MHz"'
    for key in ("set_time", "reset_time"):
        if not 0 <= getattr(switch, key) <= LATEST:
            yield ("crossbar", key), f"'{key}' must lie between 0 s and {LATEST} s", "give the time of one switch"


def _refuse_policy(execution: Execution) -> Refused:
    """Refuse answers from an old configuration that is not kept."""
    if execution.requests and execution.requests.policy == "old" and execution.memory == "single":
        what = "policy 'old' needs the old configuration, and a single memory does not keep it"
        yield ("execution", "requests", "policy"), what, 'set memory = "double" in [execution], or use "wait" or "drop"'


def _refuse_wear(switch: Switch, fabrics: Sequence[Fabric | None]) -> Refused:
    """Refuse to spare switches that do not wear out, or of which there is no choice."""
    at = ("execution", "minimise")
    if switch.endurance is None:
        yield at, f"switches of {switch.name} survive any number of toggles", "use 'toggles', or leave minimise out"
    elif not any(isinstance(fabric, SwitchNetwork) for fabric in fabrics):
        yield at, "no circuit here leaves a choice of which switches toggle", "choose a topology of 2x2 switches"


def _refuse_loss(port: PortChoice, switch: Switch, fabrics: Sequence[Fabric | None], registers: int) -> Refused:
    """Refuse a port that practically never gets a whole configuration through, or all registers."""
    blocks = [fabric.configuration_bits for fabric in fabrics if fabric] + [REGISTER_BITS * registers]
    words = -(-(max(blocks) + port.check_bits) // max(switch.port_width, 1))
    if intact(words, port.loss) < SELDOM:
        what = f"{words:,} words that are sent together get through in less than one of {1 / SELDOM:,.0f} tries"
        most = 1 - SELDOM ** (1 / words)
        yield ("execution", "port", "loss"), what, f"give a loss below {most:.2g}, or a wider port"


def _refuse_drivers(drivers: DriversChoice, switch: Switch, switches: int) -> Refused:
    """Refuse more drivers than switches, and a budget that not one switch can change on."""
    if drivers.count is not None and drivers.count > switches:
        what = f"{drivers.count:,} driver{'s' * (drivers.count > 1)} for {switches:,} switches"
        hint = f"give at most {switches:,}, or leave count out: all at once" if switches else "leave count out"
        yield ("execution", "drivers", "count"), what, hint
    if drivers.power is not None and switch.driven(drivers.power) == 0:
        what = f"a budget of {drivers.power:g} W, and one switch takes {switch.drive_power:.4g} W while it changes"
        yield ("execution", "drivers", "power"), what, "give at least that much"


def _refuse_hazard(banks: Sequence[Bank], fabrics: Sequence[Fabric | None]) -> Refused:
    """Refuse switches that break at random where there is none that could."""
    at = ("execution", "faults", "hazard")
    if not any(fabrics):
        yield at, "no circuit stands in this machine, so no switch can break", "leave hazard out"
    for bank, fabric in zip(banks, fabrics, strict=True):
        if fabric is not None and (unfit := never_stuck(fabric, bank.ports)):
            what, _, hint = unfit.partition("; ")
            yield at, f"before layer {bank.layer} stands {what}", hint


def _refuse_fault(fault: FaultEntry, banks: Sequence[Bank], fabrics: Sequence[Fabric | None]) -> Refused:
    """Refuse a fault of a part that is not there."""
    if fault.layer >= len(banks):
        yield ("layer",), f"no layer {fault.layer}", f"layers are {_numbers(len(banks))}"
        return
    bank, fabric = banks[fault.layer], fabrics[fault.layer]
    where = f"layer {fault.layer}"
    if fault.bank >= bank.banks:
        yield ("bank",), f"no bank {fault.bank} in {where}", f"its banks are {_numbers(bank.banks)}"
    if fault.cell is not None and fault.cell >= bank.ports:
        yield ("cell",), f"no cell {fault.cell} in a bank of {where}", f"its cells are {_numbers(bank.ports)}"
    if fault.switch is None:
        return
    if fabric is None:
        yield ("switch",), f"no circuit stands before {where}, whose connections are fixed", "name another layer"
    elif unfit := never_stuck(fabric, bank.ports):
        what, _, hint = unfit.partition("; ")
        yield ("switch",), f"before {where} stands {what}", hint
    elif fault.switch >= fabric.switches:
        what = f"no switch {fault.switch} in a {fabric.topology} circuit of {fabric.ports} ports"
        yield ("switch",), what, f"its switches are {_numbers(fabric.switches)}"


def _numbers(count: int) -> str:
    """Write the numbers of so many parts.

    Example:
        >>> _numbers(1), _numbers(10)
        ('0 alone', '0 to 9')
    """
    return "0 alone" if count == 1 else f"0 to {count - 1}" if count else "none"
