"""Reconnecting against rewriting: numbers made by hand, and what must hold of any."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.device import DEVICES, read_datasheet
from hwsim.execution.break_even import YEAR, Rewriting, break_even, lifetime, paid_off, rewriting_of
from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.files.library import names
from hwsim.scenario.lookup import device_technology, sheets

PATH = names("devices")["photonic-feldmann-2021"]
SOME = st.floats(1e-12, 1e3)


def rewriting_in(text: str) -> Rewriting | str:
    sheet = read_datasheet(parse_document(text, "d.toml"), DEVICES["photonic-pcm"].datasheet)
    return rewriting_of(sheet.rewriting)


def edited(old: str, new: str) -> str:
    text = PATH.read_text("utf-8")
    assert old in text
    return text.replace(old, new)


def test_by_hand() -> None:
    """1,000 cells of 5 nJ and 400 ns, one at a time; 20 moves; 10 nJ and 2 us a reconnection, 1 pJ of circuits."""
    every, every_s, changed, changed_s = break_even(Rewriting(5e-9, 4e-7), 1000, 20, (1e-8, 2e-6), (1e-12, 5e-12))
    assert every == {
        "of": "all",
        "in": "joules",
        "rewriting": pytest.approx(5e-6),
        "reconnecting": 1e-8,
        "reconnections": pytest.approx(500),
        "inferences": pytest.approx(4_990_000),
    }
    assert every_s["rewriting"] == pytest.approx(4e-4)
    assert every_s["reconnections"] == pytest.approx(200)
    assert every_s["inferences"] == pytest.approx(398e-6 / 5e-12)
    assert changed["rewriting"] == pytest.approx(1e-7)
    assert changed["reconnections"] == pytest.approx(10)
    assert changed["inferences"] == pytest.approx(90_000)
    assert changed_s["rewriting"] == pytest.approx(8e-6)
    assert changed_s["inferences"] == pytest.approx(1_200_000)


def test_cells_that_are_written_together_take_whole_turns() -> None:
    rows = break_even(Rewriting(1e-9, 1e-6, 64), 65, 1, (1e-9, 1e-6), (0.0, 0.0))
    assert [row["rewriting"] for row in rows] == pytest.approx([65e-9, 2e-6, 1e-9, 1e-6])


def test_where_one_is_always_ahead() -> None:
    rows = break_even(Rewriting(1e-9, 1e-6), 10, 1, (2e-9, 0.0), (0.0, 1e-12))
    assert [row["inferences"] for row in rows] == [None, pytest.approx(1e7), 0.0, pytest.approx(1e6)]
    assert [row["reconnections"] for row in rows] == [pytest.approx(5), None, pytest.approx(0.5), None]
    alike = break_even(Rewriting(1.0, 1.0), 10, 10, (10.0, 10.0), (0.0, 1.0))
    assert [row["inferences"] for row in alike] == [None, 0.0] * 2  # never more, or with every inference


@given(SOME, SOME, st.integers(1, 10**6), st.integers(1, 1000), SOME, st.floats(1e-9, 1e-3))
def test_at_the_break_even_both_take_the_same(
    energy: float, time: float, cells: int, at_once: int, once: float, each: float
) -> None:
    """Up to that many inferences reconnecting takes less, from there on rewriting."""
    for row in break_even(Rewriting(energy, time, at_once), cells, cells / 2, (once, once), (each, each)):
        most = row["inferences"]
        if most:
            assert once + most * each == pytest.approx(row["rewriting"])
            assert once + most / 2 * each < row["rewriting"] < once + 2 * most * each
        else:
            assert once >= row["rewriting"]


def test_paid_off_over_any_number_of_inferences() -> None:
    found = [paid_off(1e-9, 1e-3, n) for n in (1, 10**3, 10**6, 10**9)]
    assert found == pytest.approx([1.000001e-3, 1.001e-6, 2e-9, 1.001e-9])
    with pytest.raises(ValueError, match="more than 0 inferences, found 0"):
        paid_off(1e-9, 1e-3, 0)


@given(SOME, SOME, st.floats(1, 1e9), st.floats(1, 1e9))
def test_more_inferences_pay_off_more(inference: float, reconnection: float, some: float, more: float) -> None:
    assert paid_off(inference, reconnection, some + more) <= paid_off(inference, reconnection, some)
    total = paid_off(inference, reconnection, some) * some
    assert total == pytest.approx(inference * some + reconnection)


def test_lifetime_by_hand() -> None:
    """2,800 toggles; 7 in 4 reconnections, one every quarter of a second; cells survive 5,000 writes."""
    found = lifetime(2800, 7, 4, 1.0, Rewriting(1.0, 1.0, 1, 5000))
    assert found == {
        "switch_reconnections": pytest.approx(1600),
        "switch_years": pytest.approx(400 / YEAR),
        "cell_reconnections": 5000,
        "cell_years": pytest.approx(1250 / YEAR),
    }


def test_nothing_wears_out() -> None:
    nothing = {"switch_reconnections": None, "switch_years": None}
    assert lifetime(None, 7, 4, 1.0) == lifetime(10, 0, 4, 1.0) == lifetime(10, 0, 0, 0.0) == nothing
    forever = {"cell_reconnections": None, "cell_years": None}
    assert lifetime(None, 7, 4, 1.0, Rewriting(1, 1, 1, math.inf)) == nothing | forever
    assert lifetime(None, 7, 4, 1.0, Rewriting(1, 1)) == nothing


def test_the_committed_sheets_say_what_rewriting_takes_or_why_not() -> None:
    told = {}
    for name, path in sheets("device").items():
        document = read_document(path)
        told[name] = rewriting_of(read_datasheet(document, device_technology(document).datasheet).rewriting)
    assert told["photonic-feldmann-2021"] == Rewriting(5e-9, 4e-7, 1, 5000.0)
    assert told["fpga-lut-bthowen-2022"] == Rewriting(8.7e-9, 1.8e-6, 1, math.inf)
    assert str(told["fpga-wired-kosuge-2021"]).startswith("cells are never written again: weights are the wiring")
    assert told["ideal"] == "the datasheet does not say what writing a cell takes"


def test_a_sheet_need_not_say_it() -> None:
    text = PATH.read_text("utf-8").partition("[rewriting]")[0]
    assert rewriting_in(text) == "the datasheet does not say what writing a cell takes"
    assert rewriting_in(f'{text}[rewriting]\nnever = "a mask"\n') == "cells are never written again: a mask"
    lines = [line for line in PATH.read_text("utf-8").splitlines() if not line.startswith("write_endurance")]
    assert rewriting_in("\n".join(lines)) == Rewriting(5e-9, 4e-7, 1, None)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[rewriting]\n", '[rewriting]\nnever = "a mask"\n', "has numbers of writing cells that can never be written"),
        ("write_time = ", "# write_time = ", "lacks write_time, give them, or say under never why"),
        ("writes_at_once = { value = 1,", "writes_at_once = { value = 0,", "'value' must be at least 1, found 0"),
        ("write_endurance = { value = 5000", "write_endurance = { value = -1", "'value' must be a number or"),
        ('write_energy = { value = "5 nJ"', 'write_energy = { value = "5 ns"', "is a time where an energy is wanted"),
    ],
)
def test_half_a_table_is_refused_with_its_line(old: str, new: str, fault: str) -> None:
    text = edited(old, new)
    with pytest.raises(DiagnosticError) as caught:
        rewriting_in(text)
    assert fault in str(caught.value)
    line = 1 + next(n for n, row in enumerate(text.splitlines()) if row.startswith("[rewriting]"))
    assert int(str(caught.value).split(":")[1]) >= line
