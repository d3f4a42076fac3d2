"""Statistics and expectations against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hwsim.files import parse_document
from hwsim.study import compare, read_reproduction, table

HEAD = """
title = "t"
source = "s"
scenario = "x"
seeds = [1, 2]
metric = "{metric}"
statistic = "geometric-mean"
[x]
key = "model.width"
label = "n"
values = [10, 20, 40]
[[curve]]
name = "a"
authors = {{ 10 = 2.0, 20 = 1.0, 40 = [0.5, 0.4, 0.6] }}
[[curve]]
name = "b"
paper = {{ 10 = 4.0 }}
"""
# geometric means: a 2, 1.2, 0.25 (ratios 1, 1.2, 0.5; slope from these), b 4, 0.9, 1
VALUES = {
    ("a", "10", 1): 1.0,
    ("a", "10", 2): 4.0,
    ("a", "20", 1): 1.2,
    ("a", "20", 2): 1.2,
    ("a", "40", 1): 0.125,
    ("a", "40", 2): 0.5,
    ("b", "10", 1): 4.0,
    ("b", "10", 2): 4.0,
    ("b", "20", 1): 0.9,
    ("b", "20", 2): 0.9,
    ("b", "40", 1): 1.0,
    ("b", "40", 2): 1.0,
}


def verdicts(expect: str, values: Any = None, metric: str = "max_error") -> list[tuple[bool | None, str]]:
    text = HEAD.format(metric=metric) + "[[expect]]\n" + expect.replace("; ", "\n") + "\n"
    found = read_reproduction(parse_document(text, "f.toml"), Path("f.toml"))
    return [(one.met, one.found) for one in compare(found, VALUES if values is None else values).verdicts]


def test_points() -> None:
    found = read_reproduction(parse_document(HEAD.format(metric="max_error"), "f.toml"), Path("f.toml"))
    a, b = compare(found, VALUES).lines
    assert [p.ours for p in a.points] == [
        pytest.approx((2.0, 1.0, 4.0)),
        pytest.approx((1.2, 1.2, 1.2)),
        pytest.approx((0.25, 0.125, 0.5)),
    ]
    assert [p.ratio for p in a.points] == pytest.approx([1.0, 1.2, 0.5])
    assert b.points[0].ratio == pytest.approx(1.0)  # the paper, where no authors' networks are known
    assert a.slope == pytest.approx(-1.5)  # log2 of 2 and 0.25, two doublings apart
    assert a.others_slope == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("expect", "wanted"),
    [
        ("curve = 'a'; factor = 2.1", [(True, "0.50 to 1.20")]),
        ("curve = 'a'; factor = 1.5", [(False, "factor 0.50 at 40")]),
        ("curve = 'a'; factor = 1.5; x_to = 20", [(True, "1.00 to 1.20")]),
        ("curve = 'b'; factor = 1.5", [(True, "1.00 to 1.00")]),
        ("curve = 'b'; factor = 1.5; against = 'authors'", [(None, "runs are missing")]),
        ("curve = 'a'; slope_most = -1.4", [(True, "-1.500")]),
        ("curve = 'a'; slope_most = -1.6", [(False, "-1.500")]),
        ("curve = 'a'; slope_least = -1.4", [(False, "-1.500")]),
        ("curve = 'a'; slope_least = -1.6; slope_most = -1.4", [(True, "-1.500"), (True, "-1.500")]),
        ("curve = 'a'; slope_most = -0.7; x_to = 20", [(True, "-0.737")]),  # log2(0.6)
        ("curve = 'a'; best = true", [(False, "-0.3 at 20")]),
        ("curve = 'a'; best = true; at = [10, 40]", [(True, "+0.75")]),
        ("curve = 'a'; margin = 0.4; of = 'b'", [(True, "-0.3")]),
        ("curve = 'a'; margin = 0.2; of = 'b'", [(False, "-0.3 at 20")]),
        ("curve = 'a'; most = 2.0", [(True, "2")]),
        ("curve = 'a'; least = 0.3", [(False, "0.25 at 40")]),
        ("least = 0.3", [(False, "0.25 at 40"), (True, "0.9")]),
    ],
)
def test_expectations(expect: str, wanted: list[tuple[bool, str]]) -> None:
    assert verdicts(expect) == wanted


def test_a_higher_accuracy_is_better() -> None:
    assert verdicts("curve = 'a'; best = true; at = [20]", metric="accuracy") == [(True, "+0.3")]
    assert verdicts("curve = 'a'; best = true; at = [40]", metric="accuracy") == [(False, "-0.75 at 40")]
    assert verdicts("curve = 'a'; margin = 0.8; of = 'b'; at = [40]", metric="accuracy") == [(True, "-0.75")]


def test_what_is_missing_is_open_and_what_is_there_may_fail() -> None:
    some = {key: value for key, value in VALUES.items() if key[1] != "20"}
    assert verdicts("curve = 'a'; most = 3.0", some) == [(None, "runs are missing, so far 2")]
    assert verdicts("curve = 'a'; most = 1.0", some) == [(False, "2 at 10")]
    assert verdicts("curve = 'a'; slope_most = -1", some) == [(None, "runs are missing, so far -1.500")]
    assert verdicts("curve = 'a'; most = 3.0", {}) == [(None, "runs are missing")]


def test_a_point_with_a_seed_missing_is_no_verdict() -> None:
    some = {key: value for key, value in VALUES.items() if key != ("a", "40", 1)}  # a is 0.5 at 40 then
    assert verdicts("curve = 'a'; least = 0.6", some) == [(None, "runs are missing, so far 0.5 at 40")]
    assert verdicts("curve = 'a'; least = 1.5", some) == [(False, "1.2 at 20, 0.5 at 40")]
    assert verdicts("curve = 'a'; factor = 1.1; at = [40]", some) == [(None, "runs are missing, so far 1.00 to 1.00")]
    assert verdicts("curve = 'b'; best = true; at = [40]", some) == [(None, "runs are missing")]


def test_the_table_names_what_is_missed() -> None:
    text = HEAD.format(metric="max_error") + "[[expect]]\ncurve = 'a'\nfactor = 1.5\n"
    found = read_reproduction(parse_document(text, "f.toml"), Path("f.toml"))
    lines = [" ".join(line.split()) for line in table(found, compare(found, VALUES)).splitlines()]
    assert "n authors hwsim ratio seeds expected" in lines
    assert "10 2 2 [1, 4] 1.00 2 met" in lines
    assert "40 0.5 [0.4, 0.6] 0.25 [0.125, 0.5] 0.50 2 missed" in lines
    assert "slope -1.00 -1.50" in lines
    assert "MISSED a: within a factor 1.5 of the authors' networks factor 0.50 at 40" in lines
