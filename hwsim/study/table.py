"""The table of a reproduction: ours beside the paper's and the authors', point by point, and what was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.scenario.reproduction import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.scenario.reproduction import Reproduction
    from hwsim.study.outcome import Line, Outcome, Point, Spread

MARKS = {True: "met", False: "MISSED", None: "open"}


def table(reproduction: Reproduction, outcome: Outcome) -> str:
    """Write the whole table as text: one block per curve, then one line per expectation."""
    file = reproduction.file
    head = [file.title, file.source, f"{file.metric}: {file.statistic.replace('-', ' ')} [least, largest] of the seeds"]
    if file.x is None:
        rows = [_row(line.label, point) for line in outcome.lines for point in line.points]
        body = ["", *_columns([_heads(""), *rows])]
    else:
        body = [text for line in outcome.lines for text in ("", line.label, *_block(file.x.label, line))]
    verdicts = [(MARKS[v.met], v.text, v.found) for v in outcome.verdicts]
    body += ["", *_columns([("", "expected", "found"), *verdicts])] if verdicts else []
    body += ["", " ".join(file.notes.split())] if file.notes else []
    return "\n".join([*head, *body])


def _heads(first: str) -> tuple[str, ...]:
    return (first, "paper", "authors", "hwsim", "ratio", "seeds", "expected")


def _row(name: str, point: Point) -> tuple[str, ...]:
    ratio = "" if point.ratio is None else f"{point.ratio:.2f}"
    seeds = f"{point.runs}" if point.runs in {0, point.wanted} else f"{point.runs} of {point.wanted}"
    verdict = "missed" if point.off else "met" if point.held else ""
    return (name, _spread(point.paper), _spread(point.authors), _spread(point.ours), ratio, seeds, verdict)


def _block(axis: str, line: Line) -> list[str]:
    rows = [_heads(axis), *(_row(shown(point.x), point) for point in line.points)]
    if line.slope is not None or line.others_slope is not None:
        whose = "authors" if any(point.authors for point in line.points) else "paper"
        slopes = {whose: line.others_slope, "hwsim": line.slope}
        found = [f"{slopes[key]:.2f}" if slopes.get(key) is not None else "" for key in ("paper", "authors", "hwsim")]
        rows.append(("slope", *found, "", "", ""))
    return _columns(rows)


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    centre, low, high = (f"{value:.4g}" for value in spread)
    return centre if low == high else f"{centre} [{low}, {high}]"


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Write rows as lines, with columns left out that are empty except for their head."""
    used = [n for n in range(len(rows[0])) if n == 0 or any(row[n] for row in rows[1:])]
    widths = {n: max(len(row[n]) for row in rows) for n in used}
    return ["  " + "  ".join(f"{row[n]:<{widths[n]}}" for n in used).rstrip() for row in rows]
