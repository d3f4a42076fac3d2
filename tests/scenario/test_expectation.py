"""What is expected of a run: comparisons are read as they are meant or refused, and a miss is told in full."""

from __future__ import annotations

import json
import operator
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.files import DiagnosticError, parse_document, validate
from hwsim.scenario.expectation import Expectation, find_misses
from tests.conftest import ROOT, Command, diagnosed, run_here

ANSWER: dict[str, Any] = {
    "final": {"accuracy": 0.93, "moves": 70, "toggles": 1234, "bias_writes": 5, "energy_j": 2.5e-6, "time_s": 3e-6},
    "inference_energy_j": 4e-12,
    "inference_time_s": 5e-8,
    "execution": {
        "makespan_s": 2.5e-6,
        "port_bits": 640,
        "resent_bits": 32,
        "toggles": 1234,
        "utilisation": {"port": 0.25, "drivers": 0.5},
        "availability": 0.75,
        "energy_j": {"configuration": 1e-9, "toggling": 2e-9, "idle": 5e-9},
        "inferences": 4,
        "dropped": 3,
        "throughput": 1.6e6,
        "latency_mean_s": 2e-7,
        "latency_p50_s": 1e-7,
        "latency_p99_s": 9e-7,
        "wait_mean_s": None,
        "lifetime": {"switch_reconnections": 5000.0, "switch_years": 1.5},
    },
}
HAS = {
    "accuracy": 0.93,
    "moves": 70,
    "toggles": 1234,
    "bias_writes": 5,
    "energy": "2.5 uJ",
    "time": "3 us",
    "inference_energy": "4 pJ",
    "inference_time": "50 ns",
    "makespan": "2.5 us",
    "availability": 0.75,
    "port_bits": 640,
    "resent_bits": 32,
    "port_utilisation": 0.25,
    "driver_utilisation": 0.5,
    "total_energy": "8 nJ",
    "inferences": 4,
    "dropped": 3,
    "throughput": "1.6 MHz",
    "mean_latency": "200 ns",
    "p50_latency": "100 ns",
    "p99_latency": "900 ns",
    "joules_per_inference": "2 nJ",
    "lifetime": 5000,
}
"""What that answer has, reckoned by hand, by every name that it has."""


def test_every_number_is_found_by_its_name() -> None:
    assert set(HAS) | {"max_error", "mean_wait"} == set(Expectation.model_fields)
    for name, value in HAS.items():
        assert find_misses(Expectation(**{name: f">= {value}"}), ANSWER) == [], name
        assert find_misses(Expectation(**{name: f"<= {value}"}), ANSWER) == [], name
        assert find_misses(Expectation(**{name: f"> {value}"}), ANSWER) == [f"expected {name} > {value}, found {value}"]


@given(
    sign=st.sampled_from([(">=", operator.ge), ("<=", operator.le), (">", operator.gt), ("<", operator.lt)]),
    wanted=st.integers(0, 10**6),
    found=st.integers(0, 10**6),
    space=st.sampled_from(["", " ", "  "]),
)
def test_a_miss_is_what_python_calls_one(sign: tuple[str, Any], wanted: int, found: int, space: str) -> None:
    word, holds = sign
    misses = find_misses(Expectation(toggles=f"{word}{space}{wanted}"), {"final": {"toggles": found}})
    assert bool(misses) != holds(found, wanted)


@given(st.integers(0, 10**9), st.sampled_from(["s", "ms", "us", "ns", "ps"]))
def test_units_are_read(number: int, unit: str) -> None:
    seconds = float(f"{number}e{ {'s': 0, 'ms': -3, 'us': -6, 'ns': -9, 'ps': -12}[unit] }")
    assert find_misses(Expectation(time=f"== {number} {unit}"), {"final": {"time_s": seconds}}) == []


def test_all_of_it_may_be_wanted() -> None:
    assert find_misses(Expectation(accuracy="== 1", availability=">= 1"), {"final": {"accuracy": 1.0}}) == [
        "expected availability >= 1, found none"
    ]


def test_nobody_served_is_no_cheap_service() -> None:
    """Joules over no inference at all are no number, and no joules either."""
    nobody = {"execution": {**ANSWER["execution"], "inferences": 0}}
    assert find_misses(Expectation(joules_per_inference="<= 1 J"), nobody) == [
        "expected joules_per_inference <= 1 J, found none"
    ]


def test_misses_are_told_in_order_with_both_numbers() -> None:
    expected = Expectation(
        accuracy=0.95, toggles="<= 1e3", energy="<= 3 uJ", p99_latency="<= 800 ns", mean_wait="< 1 s"
    )
    assert find_misses(expected, ANSWER) == [
        "expected accuracy >= 0.95, found 0.93",
        "expected toggles <= 1000, found 1234",
        "expected p99_latency <= 800 ns, found 900 ns",
        "expected mean_wait < 1 s, found none",
    ]
    assert find_misses(Expectation(max_error=0.1), {"final": {"max_error": 0.2}}) == [
        "expected max_error <= 0.1, found 0.2"
    ]


REFUSED = [
    (
        "accuracy = 1.5",
        "'accuracy' compares with more than 1, found 1.5, write a share from 0 to 1, such as 0.95 for 95 %",
    ),
    (
        'accuracy = ">= 95 %"',
        "'accuracy' compares with '95 %', which is not a plain number, found \">= 95 %\", for example \">= 0.95\"",
    ),
    ('accuracy = "95 %"', '\'accuracy\' needs a comparison, found "95 %", for example ">= 0.95"'),
    ('accuracy = "=> 0.95"', "'accuracy' has the unknown comparison '=>', found \"=> 0.95\", write '>='"),
    ('accuracy = "=< 0.95"', "'accuracy' has the unknown comparison '=<', found \"=< 0.95\", write '<='"),
    ('toggles = "= 7"', "'toggles' has the unknown comparison '=', found \"= 7\", write '=='"),
    ('toggles = "!= 7"', "'toggles' has the unknown comparison '!=', found \"!= 7\", for example \"<= 2e6\""),
    ('toggles = "<="', "'toggles' has the unknown comparison '<=', found \"<=\", for example \"<= 2e6\""),
    ("toggles = 2e6", "'toggles' needs a comparison, found 2000000.0, for example \"<= 2e6\""),
    ('toggles = "<= -1"', "'toggles' compares with a negative number, found \"<= -1\", write 0 or more"),
    (
        'toggles = "<= nan"',
        "'toggles' compares with 'nan', which is not a plain number, found \"<= nan\", for example \"<= 2e6\"",
    ),
    (
        'toggles = "<= 1 us"',
        "'toggles' compares with '1 us', which is not a plain number, found \"<= 1 us\", for example \"<= 2e6\"",
    ),
    (
        'p99_latency = "<= 1e-6"',
        "'p99_latency' compares with '1e-6', which needs a unit, found \"<= 1e-6\", for example \"25 ns\"",
    ),
    (
        'p99_latency = "<= 3 uJ"',
        "'p99_latency' compares with '3 uJ', which is an energy where a time is wanted, "
        'found "<= 3 uJ", write a time such as "25 ns" (units: s, ms, us, ns, ps)',
    ),
    ('energy = "<= 3"', "'energy' compares with '3', which needs a unit, found \"<= 3\", for example \"1.7 nJ\""),
    ("energy = true", "'energy' must be a number or text, found true"),
]


@pytest.mark.parametrize(("text", "wanted"), REFUSED)
def test_other_comparisons_are_refused(text: str, wanted: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        validate(parse_document(f"[expect]\n{text}\n", "a.toml"), Expectation, ("expect",))
    assert str(caught.value) == f"a.toml:2:1: {wanted}"


def test_the_page_has_every_name() -> None:
    """Each stands in the row of what it is compared with."""
    rows = [
        line.split("|")[1:3] for line in (ROOT / "docs" / "time.md").read_text().splitlines() if line.startswith("| `")
    ]
    named = {name: what for names, what in rows for name in re.findall(r"`(\w+)`", names)}
    words = {"": "plain number", "share": "share", "time": "time", "energy": "energy", "frequency": "frequency"}
    every = Expectation(**{name: f">= {value}" for name, value in {**HAS, "max_error": 1, "mean_wait": "1 s"}.items()})
    for name, measure, _ in every.given():
        assert words[measure.kind] in named[name].partition(",")[0], name


def test_unknown_names_are_refused_with_what_is_near() -> None:
    with pytest.raises(DiagnosticError) as caught:
        validate(parse_document('[expect]\np9_latency = "<= 1 us"\n', "a.toml"), Expectation, ("expect",))
    assert str(caught.value).startswith(
        "a.toml:2:1: unknown key 'p9_latency', did you mean 'p99_latency'? allowed: 'accuracy', 'max_error', 'moves',"
    )


def _told(path: Path, *settings: str) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        hwsim.load(path, settings).plan()
    return [str(one).partition(": ")[2] for one in caught.value.diagnostics]


def test_what_a_run_will_not_have_is_refused_before_it(tiny: Path) -> None:
    (found,) = _told(tiny, 'expect.lifetime=">= 1e6"')
    assert found == "switches of fpga-register-ug474-2016 survive any number of toggles, leave lifetime out"
    limits = ["expect.max_error=0.1", 'expect.p99_latency="<= 1 us"', 'expect.driver_utilisation="<= 0.5"']
    assert sorted(_told(tiny, *limits)) == [
        "a classification task has no max_error, expect accuracy",
        "drivers are not limited in this scenario, give count or power in [execution.drivers]",
        "there are no requests in this scenario, add [execution.requests]",
    ]
    sine = ROOT / "scenarios" / "sine-constructive.toml"
    assert _told(sine, "expect.accuracy=0.9") == ["a regression task has no accuracy, expect max_error"]
    able = ["execution.requests.load=0.5", "execution.drivers.count=3", *limits[1:]]
    hwsim.load(tiny, able).plan()


def test_expectations_make_no_other_run(tiny: Path) -> None:
    plan = hwsim.load(tiny).plan()
    expecting = hwsim.load(tiny, ['expect.toggles="<= 2e6"', "expect.accuracy=0.1"]).plan()
    assert expecting.identity == plan.identity
    assert expecting.resolved["expect"] == {"accuracy": 0.1, "toggles": "<= 2e6"}


def test_a_run_has_every_number(tiny: Path, tmp_path: Path) -> None:
    """Every name but that of the other metric is found in the answer of a run that has all parts."""
    settings = [
        "crossbar.technology=pcm-gst-chen-2022",
        "device.name=photonic-feldmann-2021",
        "execution.requests.load=0.5",
        "execution.drivers.count=8",
        "execution.memory=double",
        'execution.length="10 s"',
        "controller.epochs=1",
        "execution.reference=false",
    ]
    answer = run_here(tiny, tmp_path / "run", *settings)
    every = Expectation(**{name: f">= {value}" for name, value in {**HAS, "mean_wait": "1 s"}.items()})
    assert [name for name, measure, _ in every.given() if measure.find(answer) is None] == []


def test_a_miss_exits_with_1(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    out = ("--out", tmp_path / "run")
    first = hwsim_command(
        "run", tiny, "--set", "expect.toggles=< 1", "--set", "expect.accuracy=>= 0.01", *out, "--json"
    )
    assert first.returncode == 1
    toggles = json.loads(first.stdout)["final"]["toggles"]
    assert diagnosed(first.stderr)[-1] == f"expected toggles < 1, found {toggles}"
    met = hwsim_command("run", tiny, "--set", f"expect.toggles=== {toggles}", *out)
    assert met.returncode == 0
