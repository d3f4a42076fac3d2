"""Reproduction files: a figure or table of a paper as runs of one scenario, beside the numbers to compare them with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from hwsim.files.diagnostic import DiagnosticError, Diagnostics, Refusal
from hwsim.files.document import Document, validate
from hwsim.files.section import Section
from hwsim.files.setting import parse_setting
from hwsim.files.validation import choose

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.files.diagnostic import Diagnostic
    from hwsim.files.position import KeyPath

X = int | float | str


def _spread(value: list[float]) -> list[float]:
    low = 1
    if len(value) != low + 2 or not value[low] <= value[0] <= value[low + 1]:
        raise Refusal("must be a middle, the least and the largest value", "for example [0.31, 0.14, 0.51]")
    return value


Number = float | Annotated[list[float], AfterValidator(_spread)]
Numbers = dict[str, Number]


class AxisFile(Section):
    """What is varied from point to point."""

    key: str
    """The scenario's key that is set to each value, such as ``model.width``; ``event`` for the reconnections of one
    run, whose score rows then give the metric, and ``moved``, the moves of that event alone."""
    values: list[X] = Field(min_length=1)
    """Its values in order: numbers or words."""
    label: str
    """What the table and the picture call it."""
    scale: Literal["log", "linear", "words"] = "log"
    """How the picture lays it out; ``words`` at equal distances."""
    marks: list[float] = Field(default_factory=list)
    """Where the picture draws a line across, such as the bounds of stages that a paper names."""


class CurveFile(Section):
    """One ``[[curve]]``: the runs of one variant, and what others found for it."""

    name: str
    """What expectations call it."""
    label: str = ""
    """What table and legend call it; its name when left out."""
    set: list[str] = Field(default_factory=list)
    """Values that differ from the scenario's, each as ``--set`` takes it: ``["controller.batch=16"]``."""
    x: list[X] | None = Field(default=None, min_length=1)
    """Values of the axis where this curve has points; all when left out."""
    seeds: list[int] | None = Field(default=None, min_length=1)
    """Seeds of this curve; those of the file when left out."""
    metric: str | None = None
    """Metric of this curve; that of the file when left out."""
    paper: Numbers | float | None = None
    """What the paper says, by value of the axis (``paper.160 = 0.08``); one number where there is no axis."""
    authors: Numbers | float | None = None
    """What the authors' own networks give; ``[middle, least, largest]`` where the spread is known."""


class ExpectFile(Section):
    """One ``[[expect]]``: what must come out; several in one table hold one by one."""

    curve: str | list[str] | None = None
    """The curves meant; all when left out."""
    at: list[X] | None = None
    """The values of the axis meant; all when left out."""
    x_from: float | None = None
    """Only values of the axis from here on."""
    x_to: float | None = None
    """Only values of the axis up to here."""
    least: float | None = None
    """The statistic is at least this."""
    most: float | None = None
    """The statistic is at most this."""
    factor: float | None = Field(default=None, gt=1)
    """The statistic is within this factor of the other's number, above or below."""
    against: Literal["authors", "paper"] | None = None
    """Whose numbers ``factor`` means; the authors' where there are any when left out."""
    slope_least: float | None = None
    """The slope of log statistic against log x is at least this."""
    slope_most: float | None = None
    """The slope of log statistic against log x is at most this."""
    best: bool = False
    """The curve is better than every other one, or than those of ``of``."""
    of: str | list[str] | None = None
    """The curves that ``best`` and ``margin`` compare with."""
    margin: float | None = Field(default=None, ge=0)
    """The statistic is worse than that of ``of`` by no more than this."""


class ReproductionFile(Section):
    """A reproduction: ``scenarios/papers/<paper>-<figure>.toml``."""

    title: str
    """What is shown, in one line; heading of the table and the picture."""
    source: str
    """Paper and figure or table."""
    notes: str = ""
    """What must be known to compare: traps, what differs from the paper and why."""
    scenario: str
    """The scenario that is run: a file beside this one, or a name that ``hwsim list scenarios`` prints."""
    set: list[str] = Field(default_factory=list)
    """Values of the scenario that differ for all curves, each as ``--set`` takes it."""
    long: bool = False
    """Whether it takes more than half an hour on two cores."""
    seeds: list[int] = Field(min_length=1)
    """Seeds of the runs of every point."""
    metric: str
    """Number of a run's answer that is compared: ``accuracy``, ``max_error``, ``loss``, ``toggles``, ... of the last
    event, or ``reference``, what free training reached."""
    better: Literal["higher", "lower"] | None = None
    """Which way the metric is better; ``higher`` for ``accuracy``, ``lower`` for all others when left out."""
    statistic: Literal["median", "geometric-mean", "mean"] = "median"
    """What stands for a point's seeds."""
    x: AxisFile | None = None
    """The axis; each curve is one point without it."""
    y_scale: Literal["log", "linear"] = "linear"
    """How the picture lays out the metric."""
    picture: Literal["curves", "activity"] = "curves"
    """``curves``: the metric over the axis; ``activity``: what each reconnection of each run's last layer moved."""
    curve: list[CurveFile] = Field(min_length=1)
    """The variants."""
    expect: list[ExpectFile] = Field(default_factory=list)
    """What must come out; the command ends with exit code 1 where it does not."""


@dataclass(frozen=True)
class Reproduction:
    """A reproduction as read."""

    name: str
    path: Path
    document: Document
    file: ReproductionFile

    @property
    def along_events(self) -> bool:
        """Tell whether the axis runs over the reconnections of one run, instead of over runs."""
        return self.file.x is not None and self.file.x.key == "event"

    def places(self, curve: CurveFile) -> list[X | None]:
        """Return the values of the axis where a curve has points; one None if there is no axis."""
        return [None] if self.file.x is None else list(curve.x or self.file.x.values)

    def settings(self, curve: CurveFile, x: X | None) -> list[str]:
        """Return the settings of a point; later ones replace earlier ones of the same key."""
        texts = {parse_setting(text).path: text for text in [*self.file.set, *curve.set]}
        if self.file.x is not None and x is not None and not self.along_events:
            text = f"{self.file.x.key}={written(x)}"
            texts[parse_setting(text).path] = text
        return list(texts.values())


def written(x: X) -> str:
    """Write a value as a setting takes it.

    Example:
        >>> written(160), written(0.5), written("exact")
        ('160', '0.5', '"exact"')
    """
    return json.dumps(x)


def shown(x: X | None) -> str:
    """Write a value as tables show it, and as ``paper`` and ``authors`` name it.

    Example:
        >>> shown(160), shown(0.5), shown("exact"), shown(None)
        ('160', '0.5', 'exact', '')
    """
    return "" if x is None else x if isinstance(x, str) else f"{x:g}" if isinstance(x, float) else str(x)


def numbers(given: Numbers | float | None) -> dict[str, tuple[float, float, float]]:
    """Return others' numbers by value of the axis, each as middle, least, largest.

    Example:
        >>> numbers({"10": 0.5, "20": [0.3, 0.1, 0.4]}), numbers(0.8)
        ({'10': (0.5, 0.5, 0.5), '20': (0.3, 0.1, 0.4)}, {'': (0.8, 0.8, 0.8)})
    """
    if given is None:
        return {}
    table: Numbers = {"": given} if isinstance(given, float | int) else given
    return {
        key: (value, value, value) if isinstance(value, float | int) else (value[0], value[1], value[2])
        for key, value in table.items()
    }


def is_reproduction(document: Document) -> bool:
    """Tell whether a file shows the figure of a paper, with runs of a scenario that it names."""
    return "curve" in document.data and not {"task", "layer", "kind"} & set(document.data)


def read_reproduction(document: Document, path: Path) -> Reproduction:
    """Check a reproduction file by itself; what its runs name is checked when they are planned.

    Raises:
        DiagnosticError: every diagnostic at once, each with file, line and column.
    """
    found = Reproduction(path.stem, path, document, validate(document, ReproductionFile))
    diagnostics = Diagnostics()
    diagnostics.extend(_names(found))
    diagnostics.extend(_settings(found))
    for number, curve in enumerate(found.file.curve):
        diagnostics.extend(_points(found, number, curve))
    for number, one in enumerate(found.file.expect):
        diagnostics.extend(_expectation(found, number, one))
    diagnostics.check()
    return found


def _names(found: Reproduction) -> list[Diagnostic]:
    names = [curve.name for curve in found.file.curve]
    return [
        found.document.diagnostic(
            ("curve", number, "name"), f"a second curve is called {name!r}", "", "choose another name"
        )
        for number, name in enumerate(names)
        if name in names[:number]
    ]


def _settings(found: Reproduction) -> list[Diagnostic]:
    """Report settings that cannot be read, at their places in this file."""
    places: list[tuple[KeyPath, str]] = [(("set", n), text) for n, text in enumerate(found.file.set)]
    for number, curve in enumerate(found.file.curve):
        places += [(("curve", number, "set", n), text) for n, text in enumerate(curve.set)]
    if found.file.x is not None:
        places.append((("x", "key"), f"{found.file.x.key}=1"))
    diagnostics = []
    for at, text in places:
        try:
            parse_setting(text)
        except DiagnosticError as error:
            diagnostics += [found.document.diagnostic(at, one.what, one.found, one.hint) for one in error.diagnostics]
    return diagnostics


def _points(found: Reproduction, number: int, curve: CurveFile) -> list[Diagnostic]:
    """Report points off the axis, and numbers for points that are not there."""
    axis, diagnostics = found.file.x, []
    events = axis.values if axis is not None and found.along_events else []
    if any(not isinstance(x, int) or x < 0 for x in events):
        diagnostics.append(found.document.diagnostic(("x", "values"), "events are whole numbers from 0 on"))
    if axis is None and curve.x is not None:
        what, hint = "'x' of a curve needs an axis", "add the table [x], or leave it out"
        diagnostics.append(found.document.diagnostic(("curve", number, "x"), what, "", hint))
    for x in curve.x or [] if axis is not None else []:
        if axis is not None and x not in axis.values:
            what, hint = f"{shown(x)} is no value of the axis", choose(shown(x), map(shown, axis.values))
            diagnostics.append(found.document.diagnostic(("curve", number, "x"), what, "", hint))
    known = [shown(x) for x in found.places(curve)]
    for key in ("paper", "authors"):
        given = getattr(curve, key)
        if axis is not None and isinstance(given, float | int):
            what, hint = f"'{key}' must say for which value of the axis", f"write {key}.{known[0]} = {given}"
            diagnostics.append(found.document.diagnostic(("curve", number, key), what, str(given), hint))
            continue
        for name in given if isinstance(given, dict) else ():
            if name not in known:
                what = f"the curve has no point at {name!r}"
                hint = choose(name, known) if axis is not None else f"write {key} = ... : there is no axis"
                diagnostics.append(found.document.diagnostic(("curve", number, key, name), what, "", hint))
    return diagnostics


def _expectation(found: Reproduction, number: int, one: ExpectFile) -> list[Diagnostic]:
    """Report expectations of curves that are not there, or of nothing."""
    names, diagnostics = [curve.name for curve in found.file.curve], []
    for key in ("curve", "of"):
        for name in listed(getattr(one, key)):
            if name not in names:
                diagnostic = found.document.diagnostic(
                    ("expect", number, key), f"unknown curve {name!r}", "", choose(name, names)
                )
                diagnostics.append(diagnostic)
    kinds = ("least", "most", "factor", "slope_least", "slope_most", "margin")
    if not one.best and all(getattr(one, kind) is None for kind in kinds):
        hint = f"add one of {', '.join(kinds)}, best"
        diagnostics.append(found.document.diagnostic(("expect", number), "nothing is expected", "", hint))
    if one.margin is not None and one.of is None:
        diagnostics.append(
            found.document.diagnostic(("expect", number, "margin"), "'margin' needs 'of'", "", "name a curve")
        )
    slopes = one.slope_least is not None or one.slope_most is not None
    numeric = found.file.x is not None and all(not isinstance(x, str) and x > 0 for x in found.file.x.values)
    if slopes and not numeric:
        what = "a slope needs an axis of numbers above 0"
        diagnostics.append(found.document.diagnostic(("expect", number), what, "", "leave the slope out"))
    if (one.x_from is not None or one.x_to is not None) and (
        found.file.x is None or any(isinstance(x, str) for x in found.file.x.values)
    ):
        what = "'x_from' and 'x_to' need an axis of numbers"
        diagnostics.append(found.document.diagnostic(("expect", number), what, "", "name the values with at = [...]"))
    return diagnostics


def listed(names: str | list[str] | None) -> list[str]:
    """Return one name or several as a list."""
    return [] if names is None else [names] if isinstance(names, str) else names
