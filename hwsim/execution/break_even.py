"""Reconnecting held against writing other weights into the same cells: joules, seconds, and what wears out first.

A device that is written anew needs no permutation circuits: it pays for cells at every change, and nothing for
switches at an inference. So reconnecting is ahead up to some number of inferences between two changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hwsim.files.datasheet import RewritingNumbers

INFERENCES = (1, 10**3, 10**6, 10**9)
"""Inferences between two reconnections, of the table of what one takes."""
YEAR = 365.25 * 24 * 3600
"""Seconds."""
UNITS = ("reconnections", "years")


@dataclass(frozen=True)
class Rewriting:
    """What writing other weights into cells takes.

    Args:
        energy: joules of one weight.
        time: seconds of as many weights as are written at once.
        at_once: weights that are written at once.
        endurance: writes that a cell survives; None where none is known, infinite where they never end.
    """

    energy: float
    time: float
    at_once: int = 1
    endurance: float | None = None


def rewriting_of(numbers: RewritingNumbers | None) -> Rewriting | str:
    """Return what a datasheet says of writing its cells anew, or why there is nothing to hold reconnecting against.

    Example:
        >>> rewriting_of(None)
        'the datasheet does not say what writing a cell takes'
    """
    if numbers is None:
        return "the datasheet does not say what writing a cell takes"
    energy, time, at_once = numbers.write_energy, numbers.write_time, numbers.writes_at_once
    if energy is None or time is None or at_once is None:
        return f"cells are never written again: {numbers.never}"
    endurance = numbers.write_endurance
    survived = None if endurance is None else inf if endurance.value == "unlimited" else float(endurance.value)
    return Rewriting(energy.value, time.value, at_once.value, survived)


def paid_off(inference: float, reconnection: float, inferences: float) -> float:
    """Compute what one inference takes with the reconnection before it paid off, in joules (or seconds, of seconds).

    Args:
        inference: joules of one inference.
        reconnection: joules of one reconnection.
        inferences: how many there are between two reconnections, more than 0.

    Raises:
        ValueError: no inference to pay for the reconnection.

    Example:
        >>> [paid_off(2.0, 100.0, n) for n in (1, 100, 1000)]
        [102.0, 3.0, 2.1]
    """
    if not inferences > 0:
        raise ValueError(f"a reconnection is paid off by more than 0 inferences, found {inferences:g}")
    return inference + reconnection / inferences


def break_even(
    rewriting: Rewriting,
    cells: int,
    moves: float,
    reconnection: tuple[float, float],
    circuits: tuple[float, float],
) -> list[dict[str, Any]]:
    """Hold one reconnection against writing all cells, and against writing those whose weight it changes.

    Args:
        rewriting: what writing a cell takes.
        cells: weights of the device.
        moves: positions that one reconnection feeds by another cell, in the mean.
        reconnection: joules and seconds of one reconnection, in the mean.
        circuits: joules and seconds that the permutation circuits add to one inference, what holds them included.

    Returns:
        Four rows, of ``all`` cells and of those ``changed``, in ``joules`` and in ``seconds``: what ``rewriting`` and
        ``reconnecting`` take; how many ``reconnections`` one rewriting is worth, None where they are for nothing; and
        up to how many ``inferences`` between two changes reconnecting takes no more than rewriting: 0 where it never
        does, None where it always does.

    Example:
        >>> rows = break_even(Rewriting(1e-9, 1e-6, 4), 100, 10, (2e-9, 1e-6), (1e-12, 0.0))
        >>> [(row["of"], row["in"], round(row["reconnections"], 6), row["inferences"] is None) for row in rows]
        [('all', 'joules', 50.0, False), ('all', 'seconds', 25.0, True), ('changed', 'joules', 5.0, False), \
('changed', 'seconds', 3.0, True)]
        >>> round(rows[0]["inferences"])
        98000
    """
    rows = []
    for of, written in (("all", cells), ("changed", moves)):
        batches = -(-written // rewriting.at_once)
        spent = (written * rewriting.energy, batches * rewriting.time)
        for unit, anew, once, each in zip(("joules", "seconds"), spent, reconnection, circuits, strict=True):
            row = {"of": of, "in": unit, "rewriting": anew, "reconnecting": once}
            rows.append({**row, "reconnections": anew / once if once else None, "inferences": _most(anew - once, each)})
    return rows


def _most(saved: float, each: float) -> float | None:
    """Count inferences until what is saved at a change is spent at inferences."""
    if saved < 0:
        return 0.0
    return saved / each if each > 0 else None


def lifetime(
    endurance: float | None, worn: int, reconnections: int, seconds: float, rewriting: Rewriting | None = None
) -> dict[str, float | None]:
    """Reckon how long the most worn switch lasts if reconnections go on as they did, against cells written anew.

    Args:
        endurance: toggles that a switch survives; None for any number.
        worn: toggles of the most worn switch.
        reconnections: those that wore it so.
        seconds: time that they took all together, what was between them included.
        rewriting: what writing cells takes, for ``cell_reconnections`` where its endurance is known.

    Returns:
        ``switch_reconnections`` and ``switch_years`` until the switch that toggles most has reached its endurance;
        ``cell_reconnections`` and ``cell_years`` if every one of them wrote all cells instead. None where nothing wears
        out.

    Example:
        >>> found = lifetime(1000, 4, 2, YEAR / 5, Rewriting(1e-9, 1e-6, 1, 50))
        >>> {name: round(value, 6) for name, value in found.items()}
        {'switch_reconnections': 500.0, 'switch_years': 50.0, 'cell_reconnections': 50, 'cell_years': 5.0}
    """
    each = seconds / YEAR / reconnections if reconnections else 0.0
    found = {"switch": endurance * reconnections / worn if endurance is not None and worn else None}
    if rewriting is not None and rewriting.endurance is not None:
        found["cell"] = rewriting.endurance if isfinite(rewriting.endurance) else None
    rows = {name: (last, None if last is None else last * each) for name, last in found.items()}
    return {f"{name}_{unit}": value for name, row in rows.items() for unit, value in zip(UNITS, row, strict=True)}
