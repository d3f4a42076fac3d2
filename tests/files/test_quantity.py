from __future__ import annotations

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.files import DIMENSIONS, Bits, QuantityError, Seconds, Section, describe, format_quantity, parse

TIMES = 'write a time such as "25 ns" (units: s, ms, us, ns, ps)'


class Reading(Section):
    time: Seconds = pydantic.Field(default=1e-9, gt=0)
    word: Bits = 8


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("25 ns", "time", 25e-9),
        ("25ns", "time", 25e-9),
        (" 1.5e3  ps ", "time", 1.5e-9),
        ("3 \u00b5s", "time", 3e-6),
        ("3 \u03bcs", "time", 3e-6),
        ("1_000 s", "time", 1000.0),
        ("1.7 nJ", "energy", 1.7e-9),
        ("4 aJ", "energy", 4e-18),
        ("3 mW", "power", 3e-3),
        ("5 GHz", "frequency", 5e9),
        ("-0.12 dB", "ratio", -0.12),
        ("-150 dB/Hz", "relative intensity noise", -150.0),
        ("10 pA/rtHz", "current noise density", 10e-12),
        (".8 A/W", "responsivity", 0.8),
        ("20 um", "length", 20e-6),
        ("300 K", "temperature", 300.0),
        ("8 bit", "information", 8.0),
    ],
)
def test_reads(text: str, dimension: str, value: float) -> None:
    assert parse(text, dimension) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("25", 'needs a unit, for example "25 ns"'),
        ("3 pJ", f"is an energy where a time is wanted, {TIMES}"),
        ("3 dB", f"is a ratio where a time is wanted, {TIMES}"),
        ("3 parsec", f"has the unknown unit 'parsec', {TIMES}"),
        ("3 NS", f"has the unknown unit 'NS', {TIMES}"),
        ("nan s", f"is not a finite number, {TIMES}"),
        ("-inf ns", f"is not a finite number, {TIMES}"),
        ("1e999 s", f"is beyond what a float can hold, {TIMES}"),
        ("1e-999 s", f"is beyond what a float can hold, {TIMES}"),
        ("fast", f"is not a time, {TIMES}"),
        ("", f"is not a time, {TIMES}"),
    ],
)
def test_wording(text: str, message: str) -> None:
    with pytest.raises(QuantityError) as caught:
        parse(text, "time")
    assert str(caught.value) == message


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(DIMENSIONS)))
def test_format_and_parse_are_inverse(value: float, dimension: str) -> None:
    assert parse(format_quantity(value, dimension), dimension) == value


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (2.5e-8, "time", "25 ns"),
        (0.0, "time", "0 s"),
        (1e-30, "time", "1e-18 ps"),
        (1500.0, "time", "1500 s"),
        (-3e-3, "power", "-3 mW"),
        (1.7e-9, "energy", "1.7 nJ"),
        (8, "information", "8 bit"),
    ],
)
def test_format_wording(value: float, dimension: str, text: str) -> None:
    assert format_quantity(value, dimension) == text


def test_endless_values_are_not_formatted() -> None:
    with pytest.raises(QuantityError, match="is not a finite number"):
        format_quantity(float("nan"), "time")


def test_types_take_text_and_parsed_values_only_where_told() -> None:
    assert Reading.model_validate({"time": "3 ns", "word": "16 bit"}) == Reading.model_construct(time=3e-9, word=16)
    assert Reading.model_validate({"time": 3e-9}, context={"si": True}).time == 3e-9
    wrong: tuple[object, ...] = (3e-9, True, None, [], "0 s")
    for value in wrong:
        with pytest.raises(pydantic.ValidationError):
            Reading.model_validate({"time": value})
    with pytest.raises(pydantic.ValidationError, match="is not a whole number of bits"):
        Reading.model_validate({"word": "1.5 bit"})


def test_describe() -> None:
    assert describe(Seconds) == "time"
    assert describe(tuple[Seconds, ...] | None) == "list of times"
    assert describe(bool) == "true or false"
    assert describe(dict[str, Reading]) == "table of table"
