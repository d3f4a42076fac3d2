"""Datasheets: what they must say, and what a scenario may change."""

from __future__ import annotations

from typing import Any

import pytest

from hwsim.device import DEVICES, datasheet_values, read_datasheet
from hwsim.files import DiagnosticError, parse_document, read_document
from hwsim.files.datasheet import CellChoices, settable, written_values
from hwsim.files.library import names
from hwsim.scenario.lookup import sheet_kind

PATH = names("devices")["fpga-lut-bthowen-2022"]
SCHEMA = DEVICES["fpga-lut"].datasheet


def faults(*edits: tuple[str, str]) -> list[str]:
    text = PATH.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(DiagnosticError) as caught:
        read_datasheet(parse_document(text, "d.toml"), SCHEMA)
    return str(caught.value).splitlines()


def line(text: str) -> int:
    return 1 + next(n for n, row in enumerate(PATH.read_text().splitlines()) if row.startswith(text))


def test_a_value_outside_its_own_range() -> None:
    assert faults(("clock = [1e6, 5e8]", "clock = [2e8, 5e8]"), ("weight_bits = [2, 8]", "weight_bits = [2, 5]")) == [
        f"d.toml:{line('weight_bits = [')}:1: the sheet's own value of 'weight_bits' lies outside its range, "
        "found 6 not in 2 to 5, widen the range or mend the value",
        f"d.toml:{line('clock = [')}:1: the sheet's own value of 'clock' lies outside its range, "
        "found 1e+08 not in 2e+08 to 5e+08, widen the range or mend the value",
    ]


def test_a_range_of_nothing() -> None:
    assert faults(("clock = [1e6, 5e8]", "clok = [1e6, 5e8]")) == [
        f"d.toml:{line('clock = [')}:1: range of 'clok', which is not a number of this sheet, "
        "known: weight_bits, activation_bits, bias_bits, headroom_bits, table_bits, folding, "
        "family, architecture, part, part_luts, part_flip_flops, clock, lut_energy"
    ]


def test_every_number_says_where_it_comes_from() -> None:
    (fault,) = faults((', status = "assumed", source = "a design choice: width of a signal"', ', status = "assumed"'))
    assert fault.startswith(f"d.toml:{line('activation_bits = {')}:")
    assert "missing key 'source'" in fault
    (fault,) = faults(('"6 bit", status = "assumed"', '"6 bit", status = "guessed"'))
    assert "'status'" in fault


def given(**overrides: Any) -> dict[str, Any]:
    rows = "".join(f"{key} = {value!r}\n" for key, value in overrides.items())
    scenario = parse_document(f"[device]\n{rows}", "s.toml")
    sheet = read_datasheet(read_document(PATH), SCHEMA)
    return datasheet_values(sheet, scenario.data["device"], scenario, ("device",))


def test_overrides() -> None:
    values = given(weight_bits="3 bit", clock="0.25 GHz", headroom_bits=0)
    assert values == {
        "weight_bits": 3,
        "activation_bits": 8,
        "bias_bits": 24,
        "headroom_bits": 0,
        "table_bits": 8,
        "folding": 1,
        "family": "7-series",
        "architecture": "parallel",
        "part": "XC7Z020",
        "part_luts": 53200,
        "part_flip_flops": 106400,
        "clock": 2.5e8,
        "lut_energy": 2e-13,
    }
    assert given() == {**values, "weight_bits": 6, "clock": 1e8, "headroom_bits": 2}


def test_overrides_that_are_refused() -> None:
    with pytest.raises(DiagnosticError) as caught:
        given(weight_bits="9 bit", clock="501 MHz", headroom_bits=7)
    assert str(caught.value).splitlines() == [
        "s.toml:2:1: 'weight_bits' lies outside the datasheet's valid range, found 9 bit, "
        "give a value from 2 bit to 8 bit",
        "s.toml:3:1: 'clock' lies outside the datasheet's valid range, found 501 MHz, "
        "give a value from 1 MHz to 500 MHz",
        "s.toml:4:1: 'headroom_bits' lies outside the datasheet's valid range, found 7, give a value from 0 to 6",
    ]
    with pytest.raises(DiagnosticError, match=r"^s\.toml:2:1: unknown key 'lut_energy'.*allowed: "):
        given(lut_energy="1 pJ")  # a number of the sheet without a range
    with pytest.raises(DiagnosticError, match=r"^s\.toml:2:1: 'clock' is an energy where a frequency is wanted"):
        given(clock="1 pJ")


@pytest.mark.parametrize("name", [n for n, path in names("devices").items() if sheet_kind(path) == "device"])
def test_written_values_are_read_again(name: str) -> None:
    """What a resolved scenario says of a device gives the same numbers again, and the ends of every range fit."""
    document = read_document(names("devices")[name])
    sheet = read_datasheet(document, DEVICES[document.data["technology"]].datasheet)
    values = datasheet_values(sheet, {}, document, ())
    words = {key for key, value in values.items() if isinstance(value, str)} - {"part"}  # the name of a product
    assert set(settable(sheet).model_fields) == set(sheet.valid) | words | set(CellChoices.model_fields)
    assert datasheet_values(sheet, written_values(sheet, values), document, ()) == values
    for end in (0, 1):
        bounds = {**values, **{key: type(values[key])(ends[end]) for key, ends in sheet.valid.items()}}
        found = datasheet_values(sheet, written_values(sheet, bounds), document, ())
        assert {k: found[k] for k in sheet.valid} == pytest.approx({k: bounds[k] for k in sheet.valid}, rel=1e-12)
        assert {k: v for k, v in found.items() if k not in sheet.valid} == {
            k: v for k, v in values.items() if k not in sheet.valid
        }
