"""A plan and its machine become the parts of a machine in time: datasheets give numbers, ``[execution]`` the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.execution import ExecutionError
from hwsim.execution.compute import compute_of
from hwsim.execution.timeline import PICOSECONDS, Compute, Host, Parts, Port, Requests, Switching
from hwsim.scenario.machine import warn_of_overload

if TYPE_CHECKING:
    from hwsim.crossbar.technology import Switch
    from hwsim.execution import Machine
    from hwsim.scenario import Plan
    from hwsim.scenario.execution import DriversChoice, Execution, PortChoice, RequestsChoice

MOST = 1e11
"""Requests that are gone through one by one at most, where no law counts them: about an hour."""


def parts_of(plan: Plan, machine: Machine) -> Parts:
    """Collect the parts of a plan's machine.

    Args:
        plan: a resolved scenario.
        machine: what it is executed on; it tells what an inference takes.

    Raises:
        ExecutionError: a load, or clients that always ask, of a machine whose inferences take no time.
    """
    execution, compute = plan.scenario.execution, compute_of(machine)
    return Parts(
        _port(plan.switch, execution.port),
        _switching(plan.switch, execution.drivers, execution.guard),
        compute,
        execution.memory,
        _host(execution),
        None if execution.requests is None else _requests(execution.requests, compute, plan),
    )


def refuse_endless(parts: Parts) -> None:
    """Refuse requests that would have to be gone through one after the other for hours.

    Raises:
        ExecutionError: no law counts them, and the host watches for longer than :data:`MOST` of them take.
    """
    requests, interval = parts.requests, parts.compute.interval_ps
    if requests is None or requests.arrivals == "trace":
        return
    load, served = requests.rate * interval / PICOSECONDS, parts.host.length_ps / max(interval, 1)
    count = parts.host.length_ps * requests.rate / PICOSECONDS
    if requests.arrivals == "closed":
        count = served if requests.exponential else 0.0
    elif requests.queue is None:
        from hwsim.execution.timeline.recursion import windows  # loads compiled code

        count = min(count, windows(load)[1]) if 0 < load < 1 else min(count, served)
    if count > MOST:
        what = f"{count:.3g} requests would be gone through one by one, since no law counts them, {MOST:.0e} at most"
        raise ExecutionError(f"execution.requests: {what}; make execution.length shorter, or rate or load smaller")


def _ps(seconds: float) -> int:
    return round(seconds * PICOSECONDS)


def _port(switch: Switch, chosen: PortChoice | None) -> Port:
    plain = Port(switch.port_width, round(PICOSECONDS / switch.port_clock), switch.port_energy)
    if chosen is None:
        return plain
    return Port(
        plain.width,
        plain.clock_ps,
        plain.bit_energy,
        writes=chosen.writes,
        burst=chosen.burst,
        pause=chosen.pause or 0,
        loss=chosen.loss,
        check_bits=chosen.check_bits,
        own_registers=chosen.registers == "own",
    )


def _switching(switch: Switch, chosen: DriversChoice | None, guard: float) -> Switching:
    drivers = None if chosen is None else chosen.count
    if chosen is not None and chosen.power is not None:
        drivers = switch.driven(chosen.power)
    return Switching(
        _ps(switch.set_time),
        _ps(switch.reset_time),
        switch.set_energy,
        switch.reset_energy,
        switch.hold_power,
        drivers=drivers,
        order="together" if chosen is None else chosen.order,
        guard_ps=_ps(guard),
    )


def _host(execution: Execution) -> Host:
    times = tuple(_ps(time) for time in execution.issue_times)
    return Host(execution.issue, _ps(execution.step_time or 0.0), times, _ps(execution.length or 0.0))


def _requests(chosen: RequestsChoice, compute: Compute, plan: Plan) -> Requests:
    rate, given = chosen.rate or 0.0, "clients" if chosen.load is None else "load"
    if getattr(chosen, given) is not None and not compute.interval_ps:
        what = f"execution.requests.{given}: an inference of this machine takes no time, so that nothing loads it"
        raise ExecutionError(f"{what}; give a rate, or another device")
    if chosen.load is not None:
        rate = chosen.load * PICOSECONDS / compute.interval_ps
    elif chosen.rate is not None:
        warn_of_overload(chosen, rate * compute.interval_ps / PICOSECONDS)
    times = np.zeros(0, np.int64) if plan.arrivals is None else plan.arrivals.times_ps
    return Requests(
        chosen.arrivals,
        rate=rate,
        clients=chosen.clients or 1,
        think_ps=_ps(chosen.think or 0.0),
        times_ps=times,
        queue=chosen.queue,
        policy=chosen.policy,
        exponential=chosen.service == "exponential",
    )
