"""How hard a router tries, and what it is asked to spend little of: the words and the table that every router takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

EFFORT_LINES = {
    "any": "looping: the first configuration found, no cost consulted but for switches that are stuck",
    "greedy": "each loop of connections takes its cheaper setting, from the outside in",
    "blocks": "greedy outside, the cheapest of all settings within sub-blocks of up to 16 wires",
    "descent": "local search over the loops, each trial priced down to the innermost blocks",
    "exact": "the cheapest of all configurations, by branch and bound; for small circuits",
}
"""A line about each effort, from the quickest to the most thorough. All five are told apart by the Beneš family (Beneš,
Waksman, and the lanes of time multiplexing), where none from ``greedy`` on costs more than the ones before it. Clos,
Cantor and dilated Beneš networks know two, ``any`` and one that heeds cost; where a circuit routes itself or has one
configuration only, all efforts are alike."""

EFFORTS = tuple(EFFORT_LINES)


def either(words: Sequence[str]) -> str:
    """Join words to an English list of alternatives.

    Example:
        >>> either(["any", "greedy", "exact"])
        'any, greedy or exact'
    """
    return " or ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def check_effort(effort: str) -> None:
    """Refuse a word that is no effort.

    Raises:
        ValueError: an unknown effort.

    Example:
        >>> check_effort("best")
        Traceback (most recent call last):
        ...
        ValueError: unknown effort 'best'; use any, greedy, blocks, descent or exact
    """
    if effort not in EFFORTS:
        raise ValueError(f"unknown effort {effort!r}; use {either(EFFORTS)}")


def check_cost(cost: ArrayLike | None, banks: int, switches: int) -> NDArray[np.float64] | None:
    """Return the cost as contiguous float64 (switches, 2), or (banks, switches, 2) if each bank has its own.

    Args:
        cost: what state 0 and state 1 of every switch cost, in any one unit; ``+inf`` where the switch cannot take
            that state (stuck); None where no cost is given, which is also what is returned then.
        banks: circuits.
        switches: switches of one circuit.

    Raises:
        ValueError: another shape, no numbers, NaN or -inf, a switch that can take neither state.

    Example:
        >>> check_cost([[0, 1], [float("inf"), 0]], banks=3, switches=2).shape
        (2, 2)
        >>> check_cost([[0, 1], [float("nan"), 0]], banks=3, switches=2)
        Traceback (most recent call last):
        ...
        ValueError: cost of switch 1 in state 0 is nan; give a number, or inf for a state it cannot take
    """
    if cost is None:
        return None
    try:
        table = np.ascontiguousarray(cost, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"cost is no table of numbers; give one of ({switches}, 2)") from error
    if table.shape not in {(switches, 2), (banks, switches, 2)}:
        raise ValueError(f"cost has shape {table.shape}; give one of ({switches}, 2) or ({banks}, {switches}, 2)")
    with np.errstate(invalid="ignore", over="ignore"):
        plain = bool(np.isfinite(table.sum()))
    if not plain:
        _check_numbers(table)
    return table


def _check_numbers(table: NDArray[np.float64]) -> None:
    """Name the first number that no switch can cost."""
    wrong = np.isnan(table) | np.isneginf(table)
    if wrong.any():
        at = tuple(np.argwhere(wrong)[0])
        raise ValueError(
            f"cost of {_switch(at[:-1])} in state {at[-1]} is {table[at]}; "
            "give a number, or inf for a state it cannot take"
        )
    broken = np.isposinf(table).all(axis=-1)
    if broken.any():
        at = tuple(np.argwhere(broken)[0])
        raise ValueError(f"cost of {_switch(at)} is inf in both states; a switch can take at least one")


def _switch(at: tuple[int, ...]) -> str:
    """Name a switch in words, by its number alone or with its bank."""
    return f"switch {at[-1]}" if len(at) == 1 else f"switch {at[-1]} of bank {at[0]}"
