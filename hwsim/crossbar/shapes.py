"""Sizes and shapes of permutation circuits: what a number of ports, or an array of one row per bank, may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PORTS_LIMIT = 2**26


def named(topology: str) -> str:
    """Return a topology's name with its article.

    Example:
        >>> named("omega"), named("benes")
        ('an omega', 'a benes')
    """
    return f"{'an' if topology[0] in 'aeiou' else 'a'} {topology}"


def check_ports(topology: str, ports: int, most: int = PORTS_LIMIT) -> None:
    """Refuse a number of ports that a circuit cannot have.

    Raises:
        ValueError: not an integer, fewer than 1, or more than most.

    Example:
        >>> check_ports("benes", 0)
        Traceback (most recent call last):
        ...
        ValueError: a benes crossbar cannot have 0 ports; use 1 to 67108864
    """
    if not isinstance(ports, int | np.integer) or not 1 <= ports <= most:
        raise ValueError(f"{named(topology)} crossbar cannot have {ports} ports; use 1 to {most}")


def check_rows(what: str, rows: ArrayLike, shape: tuple[int, int]) -> NDArray[Any]:
    """Return an array of one row per bank, or raise an error that says which shape it has and which it needs.

    Raises:
        ValueError: another shape.

    Example:
        >>> check_rows("states", [[0, 1]], (1, 3))
        Traceback (most recent call last):
        ...
        ValueError: states have shape (1, 2); give (1, 3)
    """
    values = np.asarray(rows)
    if values.shape != shape:
        raise ValueError(f"{what} have shape {values.shape}; give {shape}")
    return values


def extend(permutations: NDArray[np.int64], ports: int) -> NDArray[np.int64]:
    """Extend permutations (banks, n) for a circuit of more ports: the spare ports are joined straight.

    Raises:
        ValueError: fewer ports than numbers in a row.

    Example:
        >>> extend(np.array([[1, 0]]), 4).tolist()
        [[1, 0, 2, 3]]
    """
    banks, n = permutations.shape
    if n > ports:
        raise ValueError(f"permutations of {n} numbers do not fit {ports} ports; use {n} ports or more")
    spare = np.tile(np.arange(n, ports), (banks, 1))
    return np.ascontiguousarray(np.concatenate([permutations, spare], axis=1))
