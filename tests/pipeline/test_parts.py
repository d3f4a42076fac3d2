"""Every number of a datasheet and every key of ``[execution]`` has its place in the machine in time, by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import hwsim
from hwsim.crossbar.technology import Switch
from hwsim.device import Bill
from hwsim.errors import HwsimWarning
from hwsim.execution import ExecutionError
from hwsim.execution.timeline import Compute, Host, Parts, Port, Switching
from hwsim.pipeline.parts import parts_of, refuse_endless

SWITCH = Switch("s", "electronic", 3e-9, 5e-9, 7e-12, 2e-12, 11e-6, 0.0, 0.0, 16, 250e6, 1.3e-12)
"""No two of its numbers are alike, so that none can stand for another one."""
BILL = Bill(1e-9, 40e-9, conversion_j=0.25e-9, pipelined_s=8e-9, idle_w=0.125)


def collected(tiny: Path, *settings: str) -> Parts:
    plan = replace(hwsim.load(tiny, settings).plan(), switch=SWITCH)
    return parts_of(plan, cast("Any", SimpleNamespace(inference_bill=lambda: BILL)))


def requested(tiny: Path, *settings: str) -> dict[str, Any]:
    found = collected(tiny, *(f"execution.requests.{setting}" for setting in settings)).requests
    assert found is not None
    return {key: value for key, value in vars(found).items() if key not in {"times_ps", "traced"}}


def test_datasheets_alone(tiny: Path) -> None:
    plain = collected(tiny)
    assert plain.port == Port(16, 4_000, 1.3e-12)
    assert plain.switching == Switching(3_000, 5_000, 7e-12, 2e-12, 11e-6)
    assert plain.compute == Compute(40_000, 8_000, 1e-9, 0.25e-9, 0.125)
    assert (plain.memory, plain.host, plain.requests) == ("single", Host(), None)


def test_every_key_of_the_port(tiny: Path) -> None:
    keys = ("writes=delta", "burst=9", "pause=6", "loss=1e-6", "check_bits=16", "registers=own")
    told = collected(tiny, *(f"execution.port.{key}" for key in keys)).port
    assert told == Port(16, 4_000, 1.3e-12, "delta", 9, 6, 1e-6, 16, own_registers=True)
    assert collected(tiny, "execution.port.burst=9").port == Port(16, 4_000, 1.3e-12, "shortest", 9, 1)


def test_every_key_of_switches_and_host(tiny: Path) -> None:
    given = ("drivers.count=12", "drivers.order=reset-first", 'guard="17 ns"', "memory=double", 'length="2 us"')
    found = collected(tiny, *(f"execution.{key}" for key in (*given, "issue=steps", 'step_time="300 ns"')))
    assert found.switching == Switching(3_000, 5_000, 7e-12, 2e-12, 11e-6, 12, "reset-first", 17_000)
    assert found.memory == "double"
    assert found.host == Host("steps", 300_000, (), 2_000_000)
    times = collected(tiny, "execution.issue=times", 'execution.issue_times=["10 ns", "25 ns"]')
    assert times.host == Host("times", 0, (10_000, 25_000))


def test_a_budget_is_drivers(tiny: Path) -> None:
    """One switch takes 7 pJ in 3 ns, and is held: 2.344 mW, four times and not five times in 11.7 mW."""
    assert collected(tiny, 'execution.drivers.power="11.7 mW"').switching.drivers == 4


def test_every_key_of_requests(tiny: Path) -> None:
    usual = {"rate": 0.0, "clients": 1, "think_ps": 0, "queue": None, "policy": "wait", "exponential": False}
    rate = {**usual, "arrivals": "poisson", "rate": 20_000.0, "queue": 0, "policy": "drop", "exponential": True}
    assert requested(tiny, 'rate="20 kHz"', "queue=0", "policy=drop", "service=exponential") == rate
    closed = {**usual, "arrivals": "closed", "clients": 3, "think_ps": 21_000}
    assert requested(tiny, "clients=3", 'think="21 ns"') == closed


def test_a_load_is_of_the_interval(tiny: Path) -> None:
    """An inference begins every 8 ns at most, 125 million a second, however long its answer takes."""
    assert requested(tiny, "load=0.5")["rate"] == pytest.approx(62.5e6, rel=1e-12)
    with pytest.warns(HwsimWarning, match="a load of 2 and a queue of any length"):
        requested(tiny, 'rate="250 MHz"')


def test_a_trace_has_its_times(tiny: Path) -> None:
    (tiny.parent / "arrivals.csv").write_text("time_s\n1e-9\n4e-9\n")
    found = collected(tiny, f"execution.requests.file={tiny.parent / 'arrivals.csv'}").requests
    assert found is not None
    assert (found.arrivals, found.times_ps.tolist()) == ("trace", [1_000, 4_000])


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        (("load=0.9", "queue=5"), True),
        (("rate='1000 GHz'",), True),
        (("load=0.999999",), True),
        (("clients=3", "service=exponential"), True),
        (("load=0.9",), False),
        (("clients=1000000",), False),
    ],
)
@pytest.mark.filterwarnings("ignore:execution.requests have a load")
def test_requests_that_would_be_gone_through_for_days(tiny: Path, settings: tuple[str, ...], refused: bool) -> None:
    told = collected(tiny, *(f"execution.requests.{one}" for one in settings), "execution.length='3456000 s'")
    if refused:
        with pytest.raises(ExecutionError, match="gone through one by one"):
            refuse_endless(told)
    else:
        refuse_endless(told)
    refuse_endless(replace(told, host=Host(length_ps=10**9)))
