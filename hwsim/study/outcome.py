"""What the runs of a reproduction came to, point by point, and whether it is what was expected."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hwsim.scenario.reproduction import listed, numbers, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hwsim.scenario.reproduction import CurveFile, ExpectFile, Reproduction, X

MISSING = "runs are missing"
Key = tuple[str, str, int]
"""A run's place: curve, value of the axis as shown, seed."""
Spread = tuple[float, float, float]
"""Middle, least, largest."""


@dataclass(frozen=True)
class Point:
    """One point of one curve; ``ours`` is None where no run is there. ``wanted`` counts the seeds of the file."""

    x: X | None
    ours: Spread | None
    runs: int
    wanted: int
    paper: Spread | None
    authors: Spread | None
    off: list[str] = field(default_factory=list)
    """The expectations that this point misses."""
    held: list[str] = field(default_factory=list)
    """The expectations that it meets."""

    @property
    def whole(self) -> bool:
        """Tell whether all its runs are there."""
        return self.runs == self.wanted > 0

    @property
    def ratio(self) -> float | None:
        """Return ours over the authors', or over the paper's where the authors' is not known."""
        other = self.authors or self.paper
        return None if self.ours is None or other is None or not other[0] else self.ours[0] / other[0]


@dataclass(frozen=True)
class Line:
    """One curve: its points, and the slopes of log against log where it has any."""

    name: str
    label: str
    points: list[Point]
    slope: float | None
    others_slope: float | None


@dataclass(frozen=True)
class Verdict:
    """The verdict on one expectation: met or not, or None if it cannot be said because runs are missing."""

    text: str
    met: bool | None
    found: str


@dataclass(frozen=True)
class Outcome:
    """Curves and verdicts of a reproduction."""

    lines: list[Line]
    verdicts: list[Verdict]


def middle(values: Sequence[float], statistic: str) -> float:
    """Return the number that stands for a point's runs.

    Example:
        >>> middle([1.0, 4.0], "geometric-mean"), middle([1.0, 2.0, 9.0], "median")
        (2.0, 2.0)
    """
    if statistic == "geometric-mean":
        return 0.0 if min(values) <= 0 else statistics.geometric_mean(values)
    return statistics.median(values) if statistic == "median" else statistics.fmean(values)


def slope(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Compute the least-squares slope of log y against log x; None for fewer than two points, or a y of 0.

    Example:
        >>> round(slope([(1.0, 8.0), (2.0, 4.0), (4.0, 2.0)]), 12)
        -1.0
    """
    if len({x for x, _ in pairs}) < 2 or min(y for _, y in pairs) <= 0:  # noqa: PLR2004 - a line
        return None
    logs = [(math.log(x), math.log(y)) for x, y in pairs]
    return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope


def compare(reproduction: Reproduction, values: Mapping[Key, float]) -> Outcome:
    """Put the runs' metrics beside the others' numbers and hold them against what is expected.

    Args:
        reproduction: the file.
        values: the metric of every run that is there.
    """
    lines = [_line(reproduction, curve, values) for curve in reproduction.file.curve]
    verdicts = [verdict for one in reproduction.file.expect for verdict in _verdicts(reproduction, one, lines)]
    return Outcome(lines, verdicts)


def _line(reproduction: Reproduction, curve: CurveFile, values: Mapping[Key, float]) -> Line:
    paper, authors = numbers(curve.paper), numbers(curve.authors)
    seeds, points = curve.seeds or reproduction.file.seeds, []
    for x in reproduction.places(curve):
        here = [values[key] for seed in seeds if (key := (curve.name, shown(x), seed)) in values]
        ours = (middle(here, reproduction.file.statistic), min(here), max(here)) if here else None
        points.append(Point(x, ours, len(here), len(seeds), paper.get(shown(x)), authors.get(shown(x))))
    slopes = not reproduction.along_events
    other = [(p.x, (p.authors or p.paper or (0.0,))[0]) for p in points if p.authors or p.paper]
    return Line(
        curve.name,
        curve.label or curve.name,
        points,
        _slope([(p.x, p.ours[0]) for p in points if p.ours]) if slopes else None,
        _slope(other) if slopes else None,
    )


def _slope(pairs: Sequence[tuple[X | None, float]]) -> float | None:
    numeric = [(float(x), y) for x, y in pairs if isinstance(x, int | float) and x > 0]
    return slope(numeric) if len(numeric) == len(pairs) else None


def higher_is_better(reproduction: Reproduction) -> bool:
    """Tell whether a higher metric is better."""
    file = reproduction.file
    return file.better == "higher" if file.better else file.metric.startswith("accuracy")


def _verdicts(reproduction: Reproduction, one: ExpectFile, lines: list[Line]) -> Iterator[Verdict]:
    """Yield one verdict for each curve and each thing expected of it."""
    for line in lines:
        if one.curve is not None and line.name not in listed(one.curve):
            continue
        points = [point for point in line.points if _meant(one, point)]
        others = [o for o in lines if o.name != line.name and (one.of is None or o.name in listed(one.of))]
        judge = _Judge(reproduction, line, points)
        if one.least is not None:
            yield judge.bound(one.least, at_least=True)
        if one.most is not None:
            yield judge.bound(one.most, at_least=False)
        if one.factor is not None:
            yield judge.factor(one.factor, one.against)
        for limit, at_least in ((one.slope_least, True), (one.slope_most, False)):
            if limit is not None:
                yield judge.slope(limit, at_least=at_least)
        for other in others if one.best else ():
            yield judge.margin(other, 0.0)
        for other in others if one.margin is not None else ():
            yield judge.margin(other, one.margin or 0.0)


def _meant(one: ExpectFile, point: Point) -> bool:
    if one.at is not None and point.x not in one.at:
        return False
    if isinstance(point.x, int | float):
        return (one.x_from is None or point.x >= one.x_from) and (one.x_to is None or point.x <= one.x_to)
    return True


@dataclass(frozen=True)
class _Judge:
    """One curve at the points that an expectation means."""

    reproduction: Reproduction
    line: Line
    points: list[Point]

    def _where(self) -> str:
        axis = self.reproduction.file.x
        if axis is None or not self.points or len(self.points) == len(self.line.points):
            return ""
        if len(self.points) == 1:
            return f" at {axis.label} = {shown(self.points[0].x)}"
        return f" at {axis.label} = {shown(self.points[0].x)} to {shown(self.points[-1].x)}"

    def _say(self, text: str, there: Sequence[tuple[Point, bool, str]], found: str) -> Verdict:
        """Put together what was found: at each point, whether it is right, and how much it is.

        Points whose seeds are not all there are no verdict yet, right or wrong.
        """
        text = f"{self.line.label}: {text}{self._where()}"
        for point, right, _ in there:
            if point.whole:
                (point.held if right else point.off).append(text)
        wrong = [(point, how) for point, right, how in there if not right]
        named = ", ".join(f"{how} at {shown(point.x)}" if point.x is not None else how for point, how in wrong)
        if any(point.whole for point, _ in wrong):
            return Verdict(text, met=False, found=named)
        if len(there) < len(self.points) or not all(point.whole for point, _, _ in there) or not there:
            return Verdict(text, met=None, found=f"runs are missing, so far {named or found}" if there else MISSING)
        return Verdict(text, met=True, found=found)

    def bound(self, limit: float, *, at_least: bool) -> Verdict:
        """Compare the statistic with a limit that it must reach or stay below."""
        values = [(p, p.ours[0]) for p in self.points if p.ours]
        there = [(p, v >= limit if at_least else v <= limit, f"{v:.4g}") for p, v in values]
        extreme = (min if at_least else max)((v for _, v in values), default=math.nan)
        return self._say(f"{'at least' if at_least else 'at most'} {limit:g}", there, f"{extreme:.4g}")

    def factor(self, factor: float, against: str | None) -> Verdict:
        """Tell whether the statistic is within a factor of others' numbers, where they are known."""
        whose = against or ("authors" if any(p.authors for p in self.points) else "paper")
        known = replace(self, points=[p for p in self.points if getattr(p, whose)])
        ratios = [(p, p.ours[0] / getattr(p, whose)[0]) for p in known.points if p.ours]
        there = [(p, 1 / factor <= r <= factor, f"factor {r:.2f}") for p, r in ratios]
        name = "the authors' networks" if whose == "authors" else "the paper"
        span = f"{min(r for _, r in ratios):.2f} to {max(r for _, r in ratios):.2f}" if ratios else ""
        return known._say(f"within a factor {factor:g} of {name}", there, span)  # noqa: SLF001 - of this class

    def slope(self, limit: float, *, at_least: bool) -> Verdict:
        """Compare the slope of log against log with a limit that it must reach or stay below."""
        there = [(p.x, p.ours[0]) for p in self.points if p.ours]
        found = _slope(there)
        text = f"{self.line.label}: slope {'at least' if at_least else 'at most'} {limit:g}{self._where()}"
        if found is None:
            return Verdict(text, met=None, found=MISSING)
        if not all(point.whole for point in self.points):
            return Verdict(text, met=None, found=f"runs are missing, so far {found:.3f}")
        return Verdict(text, met=found >= limit if at_least else found <= limit, found=f"{found:.3f}")

    def margin(self, other: Line, margin: float) -> Verdict:
        """Tell whether the statistic is no worse than another curve's by more than a margin; 0 means better."""
        sign = 1 if higher_is_better(self.reproduction) else -1
        theirs = {shown(p.x): p.ours[0] for p in other.points if p.ours and p.whole}
        better = [(p, sign * (p.ours[0] - theirs[shown(p.x)])) for p in self.points if p.ours and shown(p.x) in theirs]
        there = [(p, v >= -margin if margin else v > 0, f"{v:+.4g}") for p, v in better]
        text = f"within {margin:g} of {other.label}" if margin else f"better than {other.label}"
        return self._say(text, there, f"{min((v for _, v in better), default=math.nan):+.4g}")
