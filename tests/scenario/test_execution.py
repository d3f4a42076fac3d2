"""The keys of the machine in time: read, written down and read again; what cannot be is refused where it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.files import DiagnosticError, Section, emit, parse_document, validate
from hwsim.scenario.execution import Execution, FaultEntry, written, written_execution
from hwsim.scenario.expectation import Expectation
from tests.conftest import ROOT

UNITS = {"s": 0, "ms": -3, "us": -6, "ns": -9, "ps": -12}
times = st.builds(lambda n, unit: f"{n} {unit}", st.integers(1, 10**6), st.sampled_from(sorted(UNITS)))
counts = st.integers(1, 10**6)


def _some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


hosts = st.one_of(
    st.just({}),
    st.builds(lambda time: {"issue": "steps", "step_time": time}, times),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=4).map(
        lambda found: {"issue": "times", "issue_times": [f"{one} ps" for one in sorted(found)]}
    ),
)
ports = _some(
    writes=st.sampled_from(["shortest", "full", "addressed", "delta"]),
    burst=counts,
    loss=st.floats(0, 0.999),
    registers=st.sampled_from(["same", "own"]),
)
drivers = st.one_of(_some(count=counts, order=st.just("reset-first")), st.just({"power": "0.3 W"}))
requests = st.one_of(
    st.builds(lambda n: {"rate": f"{n} kHz"}, counts),
    st.builds(lambda load, queue: {"load": load, "queue": queue}, st.floats(0.01, 3), counts),
    st.builds(lambda n, time: {"clients": n, "think": time, "service": "exponential"}, st.integers(1, 9), times),
)
faults = _some(hazard=st.just("1e-3 Hz"), test=st.sampled_from(["read-back", "accuracy"]), test_every=times)
machines = st.builds(
    lambda host, tables, rest: {**host, **rest, **tables},
    hosts,
    _some(port=ports, drivers=drivers, requests=requests, faults=faults),
    _some(
        length=times,
        memory=st.sampled_from(["single", "double"]),
        guard=times,
        tiles=counts,
        trace=st.booleans(),
        minimise=st.sampled_from(["toggles", "wear"]),
    ),
)
parts = st.one_of(
    st.fixed_dictionaries({"switch": counts, "stuck": st.sampled_from(["bar", "cross"])}),
    st.fixed_dictionaries({"cell": counts}, optional={"reads": st.floats(-9, 9)}),
)
breaks = st.builds(lambda at, part: {"at": at, "layer": 1, "bank": 7, **part}, times, parts)


def _read(text: str, schema: type[Section], at: tuple[str | int, ...]) -> Any:
    return validate(parse_document(text, "a.toml"), schema, at)


@given(machines)
def test_what_is_written_down_is_read_again(keys: dict[str, Any]) -> None:
    """A run folder's scenario means what the user's meant, and writing that down gives the same text."""
    read: Execution = _read(emit({"execution": keys}), Execution, ("execution",))
    text = emit({"execution": written_execution(read)})
    again: Execution = _read(text, Execution, ("execution",))
    assert again == read
    assert emit({"execution": written_execution(again)}) == text


@given(st.lists(breaks, min_size=1, max_size=3))
def test_faults_are_read_again(tables: list[dict[str, Any]]) -> None:
    text = emit({"fault": tables})
    read = [_read(text, FaultEntry, ("fault", number)) for number in range(len(tables))]
    text = emit({"fault": [written(one) for one in read]})
    assert [_read(text, FaultEntry, ("fault", number)) for number in range(len(tables))] == read
    assert [written(one)["layer"] for one in read] == [1] * len(tables)


def test_the_page_shows_keys_that_are_there() -> None:
    """The example of the page is one machine, and has every key of it but those that exclude others."""
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "time.md").read_text(), re.DOTALL)
    page = parse_document(text, "time.md")
    read = validate(page, Execution, ("execution",))
    validate(page, FaultEntry, ("fault", 0))
    validate(page, Expectation, ("expect",))
    tables = {"": read, "port": read.port, "drivers": read.drivers, "requests": read.requests, "faults": read.faults}
    told = {key for section in tables.values() if section for key in section.model_fields_set}
    others = {"issue_times", "power", "rate", "clients", "think", "file", "digest", "arrivals", "fall"}
    every = {key for section in tables.values() if section for key in type(section).model_fields}
    assert every - told - others == {"torch_threads", "scores", "reference", "torch_device"}
    assert all(key in text for key in others - {"digest", "arrivals", "fall"})


def test_old_scenario_is_written_as_it_was(tiny: Path) -> None:
    resolved = hwsim.load(tiny).plan().resolved
    assert set(resolved["execution"]) == {"torch_threads", "scores", "reference", "torch_device"}
    assert "fault" not in resolved


def test_what_changes_nothing_makes_no_other_run(tiny: Path) -> None:
    plain = hwsim.load(tiny).plan().identity
    same = ['execution.memory="single"', 'execution.guard="0 s"', "execution.trace=false", 'execution.issue="done"']
    assert hwsim.load(tiny, same).plan().identity == plain
    for other in ('execution.memory="double"', "execution.trace=true", "execution.port={}", 'execution.length="1 s"'):
        assert hwsim.load(tiny, [other]).plan().identity != plain


REFUSED = [
    ("burst = 0", "port", "a.toml:2:1: 'burst' must be at least 1, found 0"),
    ("loss = 1.0", "port", "a.toml:2:1: 'loss' must be less than 1, found 1.0"),
    ("loss = -0.1", "port", "a.toml:2:1: 'loss' must be at least 0, found -0.1"),
    (
        "loss = 1e-6\ncheck_bits = 0",
        "port",
        "a.toml:1:1: 'port' loses words (loss), and no checksum (check_bits) finds out, "
        "give check_bits = 32, or leave it out",
    ),
    ("pause = 2", "port", "a.toml:1:1: 'port' has 'pause' without 'burst', give burst too, or leave pause out"),
    ("count = 0", "drivers", "a.toml:2:1: 'count' must be at least 1, found 0"),
    ('power = "0 W"', "drivers", "a.toml:2:1: 'power' must be more than 0 W, found \"0 W\""),
    (
        'count = 8\npower = "1 W"',
        "drivers",
        "a.toml:1:1: 'drivers' has 'count' and 'power', keep one: a budget of watts is a number of drivers",
    ),
    ('rate = "0 Hz"', "requests", "a.toml:2:1: 'rate' must be more than 0 Hz, found \"0 Hz\""),
    (
        "rate = 20000",
        "requests",
        "a.toml:2:1: 'rate' needs a unit, found 20000, for example \"5 GHz\"",
    ),
    (
        'policy = "drop"',
        "requests",
        "a.toml:1:1: 'requests' has neither 'rate' nor 'load', "
        'give one of them, for example rate = "20 kHz" or load = 0.8',
    ),
    (
        'rate = "1 kHz"\nclients = 4',
        "requests",
        "a.toml:1:1: 'requests' has 'clients', which is of arrivals = 'closed', keep the keys of one kind of arrivals",
    ),
    (
        "clients = 4\nqueue = 3",
        "requests",
        "a.toml:1:1: 'requests' drops requests of clients that wait for their answers, "
        "leave queue out, and policy 'drop'",
    ),
    (
        'arrivals = "closed"',
        "requests",
        "a.toml:1:1: 'requests' has no 'clients' for its closed loop, give clients = 4",
    ),
    (
        'arrivals = "trace"',
        "requests",
        "a.toml:1:1: 'requests' has no 'file' for its trace, give file = \"arrivals.csv\"",
    ),
    (
        "load = 0.5\nqueu = 3",
        "requests",
        "a.toml:3:1: unknown key 'queu', did you mean 'queue'? allowed: 'rate', 'load', 'clients', 'think', 'file', "
        "'digest', 'arrivals', 'queue', 'policy', 'service'",
    ),
    (
        "fall = 0.1",
        "faults",
        "a.toml:1:1: 'faults' has 'fall', and test = 'read-back', give test = 'accuracy', or leave fall out",
    ),
    (
        'test = "none"\ntest_every = "1 ms"',
        "faults",
        "a.toml:1:1: 'faults' has 'test_every', and test = 'none', leave one of them out",
    ),
    (
        'issue = "steps"',
        "",
        "a.toml:1:1: the table has issue = 'steps' without 'step_time', give step_time = \"1 ms\"",
    ),
    (
        'issue = "times"',
        "",
        "a.toml:1:1: the table has issue = 'times' without 'issue_times', give issue_times = [\"1 ms\", \"2 ms\"]",
    ),
    (
        'step_time = "1 ms"',
        "",
        "a.toml:1:1: the table has 'step_time', and issue = 'done', give issue = 'steps', or leave step_time out",
    ),
    (
        'issue = "times"\nissue_times = ["2 ms", "3 ms", "1 ms"]',
        "",
        "a.toml:3:1: 'issue_times' must never fall, and time 3 is before time 2, found a list of 3, sort them",
    ),
    ('guard = "-1 ns"', "", "a.toml:2:1: 'guard' must be at least 0 s, found \"-1 ns\""),
    ('length = "1e7 s"', "", "a.toml:2:1: 'length' must be at most 4000000 s, found \"1e7 s\""),
    ("tiles = 0", "", "a.toml:2:1: 'tiles' must be at least 1, found 0"),
    (
        'memory = "triple"',
        "",
        "a.toml:2:1: unknown word for 'memory', found \"triple\", did you mean 'single'? allowed: 'single', 'double'",
    ),
]


@pytest.mark.parametrize(("text", "table", "wanted"), REFUSED)
def test_impossible_numbers_are_refused_where_they_stand(text: str, table: str, wanted: str) -> None:
    header = f"[execution.{table}]" if table else "[execution]"
    with pytest.raises(DiagnosticError) as caught:
        _read(f"{header}\n{text}\n", Execution, ("execution",))
    assert str(caught.value) == wanted


@pytest.mark.parametrize(
    "text",
    [
        'issue = "times"\nissue_times = ["1 ms", "1 ms"]',
        "requests = { clients = 4, queue = 4 }",
        'requests = { clients = 4, policy = "old" }',
        'requests = { load = 0.5, policy = "drop", queue = 0 }',
        'faults = { test = "accuracy", test_every = "1 ms" }',
        "port = { loss = 0.0, check_bits = 0 }",
    ],
)
def test_what_is_possible_is_not_refused(text: str) -> None:
    _read(f"[execution]\n{text}\n", Execution, ("execution",))


def test_what_is_left_out_is_what_the_page_says() -> None:
    keys = "port = { loss = 1e-6, burst = 9 }\nfaults = { test = 'accuracy' }\nrequests = { clients = 2 }"
    read: Execution = _read(f"[execution]\n{keys}\n", Execution, ("execution",))
    assert read.port
    assert read.faults
    assert read.requests
    assert (read.port.check_bits, read.port.pause, read.port.writes, read.port.registers) == (32, 1, "shortest", "same")
    assert (read.faults.fall, read.faults.repair, read.faults.test_every) == (0.05, "route", None)
    assert (read.requests.arrivals, read.requests.queue, read.requests.policy) == ("closed", None, "wait")


BROKEN = [
    ("", "has neither a switch nor a cell, give switch and stuck, or cell; a fault is of one part"),
    ("switch = 1", "has 'switch' without 'stuck', give stuck = 'bar' or stuck = 'cross'"),
    ('stuck = "bar"', "has 'stuck' without 'switch', give switch = 0, its number in the circuit"),
    ("reads = 0.5", "has 'reads' without 'cell', give cell = 0, its number in the bank"),
    (
        'switch = 1\nstuck = "bar"\ncell = 2',
        "has a switch and a cell, give switch and stuck, or cell; a fault is of one part",
    ),
]


@pytest.mark.parametrize(("text", "wanted"), BROKEN)
def test_a_fault_is_of_one_part(text: str, wanted: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        _read(f'[[fault]]\nat = "1 ms"\nlayer = 0\nbank = 0\n{text}\n', FaultEntry, ("fault", 0))
    assert str(caught.value) == f"a.toml:1:1: the table {wanted}"
