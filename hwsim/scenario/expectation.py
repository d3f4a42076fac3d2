"""What a run must reach: any of its numbers by name, each with a comparison; a miss ends the command with 1."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic_core import core_schema

from hwsim.files import Refusal, format_quantity, parse
from hwsim.files.quantity import QuantityError
from hwsim.files.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hwsim.crossbar.technology import Switch
    from hwsim.scenario.execution import Execution

COMPARISONS = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_TEXT = re.compile(rf"\s*({'|'.join(COMPARISONS)})(?![<=>])\s*(\S(?:.*\S)?)\s*")
_NUMBER = re.compile(r"[+-]?([0-9]+(_[0-9]+)*\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_TURNED = {"=>": ">=", "=<": "<=", "=": "=="}
_EXAMPLES = {"": "<= 2e6", "share": ">= 0.95", "time": "<= 1 us", "energy": "<= 3 uJ", "frequency": ">= 20 kHz"}
_SHARE = "share"


@dataclass(frozen=True)
class Measure:
    """One number of a run that something may be expected of.

    Args:
        kind: a dimension of quantities, ``share`` for 0 to 1, or empty for plain numbers.
        at: where it stands in the answer; a table there is summed up.
        per: where that stands by which it is divided, if it is.
        bare: the comparison that a number alone means, if any.
        needs: what a run must have for it.
    """

    kind: str
    at: tuple[str, ...]
    per: tuple[str, ...] = ()
    bare: str = ""
    needs: str = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """Check a value as a section is read; it stays as it was written."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: float | str | None) -> float | str | None:
        if value is not None:
            self.read(value)
        return value

    def read(self, value: float | str) -> tuple[str, float]:
        """Take a comparison apart.

        Returns:
            Its sign and the number to compare with, in SI units.

        Raises:
            Refusal: it is none, or compares with another kind of number.

        Example:
            >>> Measure("time", ("execution", "latency_p99_s")).read("<= 1 us")
            ('<=', 1e-06)
        """
        example = f'for example "{_EXAMPLES[self.kind]}"'
        if not isinstance(value, str):
            if not self.bare:
                raise Refusal("needs a comparison", example)
            return self.bare, self._sized(value)
        match = _TEXT.fullmatch(value)
        if match is None:
            sign = (re.match(r"\s*([<=>!~]*)", value) or [""])[1]
            turned = f"write '{_TURNED[sign]}'" if sign in _TURNED else example
            raise Refusal(f"has the unknown comparison '{sign}'" if sign else "needs a comparison", turned)
        sign, text = match.groups()
        if self.kind in ("", _SHARE):
            if not _NUMBER.fullmatch(text):
                raise Refusal(f"compares with '{text}', which is not a plain number", example)
            return sign, self._sized(float(text))
        try:
            return sign, self._sized(parse(text, self.kind))
        except QuantityError as error:
            raise Refusal(f"compares with '{text}', which {error.what}", error.hint) from None

    def _sized(self, number: float) -> float:
        """Refuse a number that the run's own could not be near."""
        if number < 0:
            raise Refusal("compares with a negative number", "write 0 or more")
        if self.kind == _SHARE and number > 1:
            raise Refusal("compares with more than 1", "write a share from 0 to 1, such as 0.95 for 95 %")
        return number

    def find(self, answer: Mapping[str, Any]) -> float | None:
        """Return the number that a run has, in SI units; None where it has none."""
        number = _look(answer, self.at)
        if self.per and number is not None:
            divisor = _look(answer, self.per)
            number = number / divisor if divisor else None
        return number

    def shown(self, number: float) -> str:
        """Write a number as a comparison would."""
        return format_quantity(number, self.kind) if self.kind not in ("", _SHARE) else f"{number:.12g}"


def _look(answer: Mapping[str, Any], at: tuple[str, ...]) -> float | None:
    """Return the number at a path of an answer, None where there is none."""
    found: Any = answer
    for step in at:
        found = found.get(step) if isinstance(found, dict) else None
    if isinstance(found, dict):
        found = sum(found.values())
    return None if found is None else float(found)


Expected = float | str | None


class Expectation(Section):
    """What the run must reach, each number by its name with a comparison; one that it misses ends with exit code 1."""

    accuracy: Annotated[Expected, Measure("share", ("final", "accuracy"), bare=">=", needs="accuracy")] = None
    """Final accuracy, of a multi-task that of the worst task: ``">= 0.95"``, or 0.95 alone for the least."""
    max_error: Annotated[Expected, Measure("", ("final", "max_error"), bare="<=", needs="max_error")] = None
    """Final error: ``"<= 0.002"``, or 0.002 alone for the largest."""
    moves: Annotated[Expected, Measure("", ("final", "moves"))] = None
    """Positions that were given another cell, all told."""
    toggles: Annotated[Expected, Measure("", ("final", "toggles"))] = None
    """Switches that changed state, all told: ``"<= 2e6"``."""
    bias_writes: Annotated[Expected, Measure("", ("final", "bias_writes"))] = None
    """Registers that were written, all told."""
    energy: Annotated[Expected, Measure("energy", ("final", "energy_j"))] = None
    """Energy of all reconnections, as the score bills it: ``"<= 3 uJ"``."""
    time: Annotated[Expected, Measure("time", ("final", "time_s"))] = None
    """Time of all reconnections, as the score bills it."""
    inference_energy: Annotated[Expected, Measure("energy", ("inference_energy_j",))] = None
    """Energy of one inference at the end."""
    inference_time: Annotated[Expected, Measure("time", ("inference_time_s",))] = None
    """Time of one inference at the end."""
    makespan: Annotated[Expected, Measure("time", ("execution", "makespan_s"))] = None
    """When the last reconnection was done."""
    availability: Annotated[Expected, Measure("share", ("execution", "availability"))] = None
    """Share of the watched time in which inferences could be made: ``">= 0.999"``."""
    port_bits: Annotated[Expected, Measure("", ("execution", "port_bits"))] = None
    """Bits that the configuration port sent, all told."""
    resent_bits: Annotated[Expected, Measure("", ("execution", "resent_bits"))] = None
    """Bits of them that were sent again, since a word was lost."""
    port_utilisation: Annotated[Expected, Measure("share", ("execution", "utilisation", "port"))] = None
    """Share of the time in which the configuration port was in use."""
    driver_utilisation: Annotated[
        Expected, Measure("share", ("execution", "utilisation", "drivers"), needs="drivers")
    ] = None
    """Share of the time in which drivers were in use, the mean over all of them."""
    total_energy: Annotated[Expected, Measure("energy", ("execution", "energy_j"))] = None
    """Energy of the machine while it was watched: configuration, toggling, holding, compute, conversion and idle."""
    inferences: Annotated[Expected, Measure("", ("execution", "inferences"), needs="requests")] = None
    """Requests whose inference began."""
    dropped: Annotated[Expected, Measure("", ("execution", "dropped"), needs="requests")] = None
    """Requests that were dropped: ``"== 0"``."""
    throughput: Annotated[Expected, Measure("frequency", ("execution", "throughput"), needs="requests")] = None
    """Requests whose inference began, a second: ``">= 20 kHz"``."""
    mean_latency: Annotated[Expected, Measure("time", ("execution", "latency_mean_s"), needs="requests")] = None
    """Mean time from a request to its answer."""
    p50_latency: Annotated[Expected, Measure("time", ("execution", "latency_p50_s"), needs="requests")] = None
    """Time from a request to its answer that half of them did not exceed."""
    p99_latency: Annotated[Expected, Measure("time", ("execution", "latency_p99_s"), needs="requests")] = None
    """Time from a request to its answer that 99 of 100 did not exceed: ``"<= 1 us"``."""
    mean_wait: Annotated[Expected, Measure("time", ("execution", "wait_mean_s"), needs="requests")] = None
    """Mean time from a request to the beginning of its inference."""
    joules_per_inference: Annotated[
        Expected, Measure("energy", ("execution", "energy_j"), per=("execution", "inferences"), needs="requests")
    ] = None
    """The machine's energy over the inferences that it made, reconnections paid off among them."""
    lifetime: Annotated[Expected, Measure("", ("execution", "lifetime", "switch_reconnections"), needs="endurance")] = (
        None
    )
    """Reconnections like these until the switch that toggled most has worn out: ``">= 1e6"``."""

    def given(self) -> Iterator[tuple[str, Measure, float | str]]:
        """Yield what is expected: name, measure and comparison."""
        for name, field in type(self).model_fields.items():
            measure = next(one for one in field.metadata if isinstance(one, Measure))
            if (value := getattr(self, name)) is not None:
                yield name, measure, value


def find_missing(
    expected: Expectation, metric: str, execution: Execution, switch: Switch | None
) -> Iterator[tuple[str, str, str]]:
    """Yield what a run will not have a number for: name, why, and what would work.

    Args:
        expected: the expectations.
        metric: of the task, ``accuracy`` or ``max_error``.
        execution: the machine in time.
        switch: its switch technology, None where it is not known.

    Example:
        >>> from hwsim.scenario.execution import Execution
        >>> list(find_missing(Expectation(dropped="== 0"), "accuracy", Execution(), None))
        [('dropped', 'there are no requests in this scenario', 'add [execution.requests]')]
    """
    drivers = execution.drivers is not None and (execution.drivers.count or execution.drivers.power)
    lacking = {
        "accuracy": (metric == "accuracy", "a regression task has no accuracy", "expect max_error"),
        "max_error": (metric == "max_error", "a classification task has no max_error", "expect accuracy"),
        "requests": (execution.requests, "there are no requests in this scenario", "add [execution.requests]"),
        "drivers": (drivers, "drivers are not limited in this scenario", "give count or power in [execution.drivers]"),
    }
    if switch is not None:
        what = f"switches of {switch.name} survive any number of toggles"
        lacking["endurance"] = (switch.endurance is not None, what, "leave lifetime out")
    for name, measure, _ in expected.given():
        there, what, hint = lacking.get(measure.needs, (True, "", ""))
        if not there:
            yield name, what, hint


def find_misses(expected: Expectation, answer: Mapping[str, Any]) -> list[str]:
    """Say which expectations a run misses, what it has and what was wanted, one line each.

    Args:
        expected: the expectations.
        answer: the run's answer, as its folder has it.

    Example:
        >>> find_misses(Expectation(accuracy=0.95, energy="<= 3 uJ"), {"final": {"accuracy": 0.9, "energy_j": 2e-6}})
        ['expected accuracy >= 0.95, found 0.9']
    """
    misses = []
    for name, measure, value in expected.given():
        sign, wanted = measure.read(value)
        found = measure.find(answer)
        if found is None or not COMPARISONS[sign](found, wanted):
            has = "found none" if found is None else f"found {measure.shown(found)}"
            misses.append(f"expected {name} {sign} {measure.shown(wanted)}, {has}")
    return misses
