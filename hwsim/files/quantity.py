"""Quantities: text with a unit in files, SI floats in code."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from hwsim.files.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

_MICRO, _MU = "\u00b5", "\u03bc"
_NUMBER = r"[+-]?(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)"
_QUANTITY = re.compile(rf"\s*(?P<number>{_NUMBER})(?:[eE](?P<power>[+-]?[0-9]{{1,4}}))?\s*(?P<unit>\S(?:.*\S)?)?\s*")
_ENDLESS = re.compile(r"\s*[+-]?(?:inf|infinity|nan)\b", re.IGNORECASE)


class QuantityError(Refusal):
    """A text or value is not the quantity that is wanted; `what` says why, `hint` what would work.

    Example:
        >>> str(QuantityError("needs a unit", 'for example "25 ns"'))
        'needs a unit, for example "25 ns"'

    """


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity and the units it may be written in.

    Args:
        name: what it is called, for example ``"time"``.
        units: the power of ten of each unit in SI; largest first.
        example: a well-formed text.

    Example:
        >>> DIMENSIONS["time"].wanted
        'a time such as "25 ns" (units: s, ms, us, ns, ps)'

    """

    name: str
    units: dict[str, int]
    example: str
    __hash__ = object.__hash__

    @property
    def noun(self) -> str:
        """Return the name with its article."""
        return f"an {self.name}" if self.name[0] in "aeiou" else f"a {self.name}"

    @property
    def wanted(self) -> str:
        """Say what a file should have, in words."""
        return f'{self.noun} such as "{self.example}" (units: {", ".join(self.units)})'

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        """Say in JSON Schema that a file has text with a unit here, which an editor can check while one types."""
        units = "|".join(re.escape(unit).replace("u", f"[u{_MICRO}{_MU}]") for unit in self.units)
        number = _NUMBER.replace("?:", "")  # ECMAScript, whose regular expressions JSON Schema has, groups plainly
        pattern = rf"^\s*{number}([eE][+-]?[0-9]{{1,4}})?\s*({units})\s*$"
        return {"type": "string", "pattern": pattern, "examples": [self.example]}


def _prefixed(unit: str, prefixes: str) -> dict[str, int]:
    powers = {"G": 9, "M": 6, "k": 3, "-": 0, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18}
    return {prefix.strip("-") + unit: powers[prefix] for prefix in prefixes}


DIMENSIONS: dict[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("time", _prefixed("s", "-munp"), "25 ns"),
        Dimension("energy", _prefixed("J", "-munpfa"), "1.7 nJ"),
        Dimension("power", _prefixed("W", "-mun"), "3 mW"),
        Dimension("frequency", _prefixed("Hz", "GMk-"), "5 GHz"),
        Dimension("ratio", {"dB": 0}, "0.12 dB"),
        Dimension("relative intensity noise", {"dB/Hz": 0}, "-150 dB/Hz"),
        Dimension("current noise density", _prefixed("A/rtHz", "-unpf"), "10 pA/rtHz"),
        Dimension("responsivity", {"A/W": 0}, "0.8 A/W"),
        Dimension("length", _prefixed("m", "-cmun"), "20 um"),
        Dimension("temperature", {"K": 0}, "300 K"),
        Dimension("information", {"bit": 0}, "8 bit"),
    )
}
_OWNER = {unit: dimension for dimension in DIMENSIONS.values() for unit in dimension.units}


def parse(text: str, dimension: str) -> float:
    """Read a quantity: a number and a unit give the value in SI (decibels stay decibels).

    The result is the float nearest to the decimal number written: ``"25 ns"`` is exactly ``25e-9``.

    Args:
        text: for example ``"25 ns"``; the space may be left out.
        dimension: a name in ``DIMENSIONS``.

    Raises:
        QuantityError: no unit, an unknown one, one of another dimension, not a finite number.
        KeyError: no such dimension.

    Example:
        >>> parse("25 ns", "time")
        2.5e-08

    """
    wanted = DIMENSIONS[dimension]
    hint = f"write {wanted.wanted}"
    if _ENDLESS.match(text):
        what = "is not a finite number"
        raise QuantityError(what, hint)
    match = _QUANTITY.fullmatch(text)
    if match is None:
        what = f"is not {wanted.noun}"
        raise QuantityError(what, hint)
    if match["unit"] is None:
        what = "needs a unit"
        raise QuantityError(what, f'for example "{wanted.example}"')
    unit = match["unit"].replace(_MU, "u").replace(_MICRO, "u")
    if unit not in wanted.units:
        owner = _OWNER.get(unit)
        what = f"is {owner.noun} where {wanted.noun} is wanted" if owner else f"has the unknown unit '{match['unit']}'"
        raise QuantityError(what, hint)
    value = float(f"{match['number']}e{int(match['power'] or 0) + wanted.units[unit]}")
    if not math.isfinite(value) or (value == 0 and float(match["number"]) != 0):
        what = "is beyond what a float can hold"
        raise QuantityError(what, hint)
    return value


def format_quantity(value: float, dimension: str) -> str:
    """Write a value in SI as text with a unit of sensible size; `parse` gives exactly the same value back.

    Args:
        value: in SI units, finite.
        dimension: a name in ``DIMENSIONS``.

    Raises:
        QuantityError: the value is not finite.
        KeyError: no such dimension.

    Example:
        >>> format_quantity(2.5e-8, "time")
        '25 ns'

    """
    units = DIMENSIONS[dimension].units
    if not math.isfinite(value):
        what = "is not a finite number"
        raise QuantityError(what)
    size = abs(value)
    fitting = [unit for unit, power in units.items() if size >= float(f"1e{power}")]
    neutral = next(unit for unit, power in units.items() if power == 0)
    unit = neutral if value == 0 else fitting[0] if fitting else list(units)[-1]
    number = Decimal(repr(value)).scaleb(-units[unit]).normalize()
    plain = -6 <= number.adjusted() <= 15  # noqa: PLR2004 - beyond these, powers of ten read better
    return f"{number:f} {unit}" if plain else f"{str(number).lower()} {unit}"


def readable(value: float, dimension: str) -> str:
    """Write a value in SI for people: three digits and a unit of sensible size.

    Raises:
        QuantityError: the value is not finite.
        KeyError: no such dimension.

    Example:
        >>> readable(1.13535e-05, "energy")
        '11.4 uJ'

    """
    return format_quantity(float(f"{value:.3g}"), dimension)


def _reader(dimension: str) -> Callable[[object, ValidationInfo], float]:
    wanted = DIMENSIONS[dimension]

    def read(value: object, info: ValidationInfo) -> float:
        if isinstance(value, str):
            return parse(value, dimension)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not math.isfinite(value):
                what = "is not a finite number"
                raise QuantityError(what, f"write {wanted.wanted}")
            if isinstance(info.context, dict) and info.context.get("si") is True:
                return value
            what = "needs a unit"
            raise QuantityError(what, f'for example "{wanted.example}"')
        what = f"is not {wanted.noun}"
        raise QuantityError(what, f"write {wanted.wanted}")

    return read


def _read_bits(value: object, info: ValidationInfo) -> int:
    bits = _reader("information")(value, info)
    if bits != int(bits):
        what = "is not a whole number of bits"
        raise QuantityError(what, 'for example "8 bit"')
    return int(bits)


Seconds = Annotated[float, DIMENSIONS["time"], BeforeValidator(_reader("time"))]
Joules = Annotated[float, DIMENSIONS["energy"], BeforeValidator(_reader("energy"))]
Watts = Annotated[float, DIMENSIONS["power"], BeforeValidator(_reader("power"))]
Hertz = Annotated[float, DIMENSIONS["frequency"], BeforeValidator(_reader("frequency"))]
Decibels = Annotated[float, DIMENSIONS["ratio"], BeforeValidator(_reader("ratio"))]
DecibelsPerHertz = Annotated[
    float, DIMENSIONS["relative intensity noise"], BeforeValidator(_reader("relative intensity noise"))
]
AmpsPerRootHertz = Annotated[
    float, DIMENSIONS["current noise density"], BeforeValidator(_reader("current noise density"))
]
AmpsPerWatt = Annotated[float, DIMENSIONS["responsivity"], BeforeValidator(_reader("responsivity"))]
Metres = Annotated[float, DIMENSIONS["length"], BeforeValidator(_reader("length"))]
Kelvin = Annotated[float, DIMENSIONS["temperature"], BeforeValidator(_reader("temperature"))]
Bits = Annotated[int, DIMENSIONS["information"], BeforeValidator(_read_bits)]
