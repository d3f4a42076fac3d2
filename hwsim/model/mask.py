"""Pruning before training, so that no two units can stand for each other: masks whose rows all differ.

Source: Glukhov, Permutative redundancy (arXiv 2411.07008): a layer's weights are multiplied by a fixed binary mask;
where no two units have the same pattern of incoming connections, units can be told apart and the symmetry is broken.
The paper's generator is not published; here every row is Bernoulli, and rows that collide are drawn again.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 200
"""Redraws before patterns that are not used yet are looked up one by one."""
FEW = 20
"""Inputs up to which all patterns can be listed."""


def expected_collisions(units: int, inputs: int, density: float) -> float:
    """Compute how many pairs of units are expected to have the same pattern at this probability of a connection.

    C(w, 2) (rho^2 + (1 - rho)^2)^inputs.

    Example:
        >>> expected_collisions(4, 2, 0.5)
        1.5
    """
    return comb(units, 2) * (density**2 + (1 - density) ** 2) ** inputs


def find_collisions(mask: NDArray[np.bool_]) -> int:
    """Count pairs of units with the same pattern.

    Args:
        mask: bool (units, inputs).

    Example:
        >>> find_collisions(np.array([[True, False], [True, False], [False, True], [True, False]]))
        3
    """
    _, counts = np.unique(np.packbits(mask, axis=1), axis=0, return_counts=True)
    return int((counts * (counts - 1) // 2).sum())


def draw_mask(units: int, inputs: int, density: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a mask without collisions: bool (units, inputs), true where a connection is kept.

    Rows are Bernoulli; of rows that are alike, all but the first are drawn again until all differ.

    Args:
        units: rows.
        inputs: columns.
        density: the probability of a connection, above 0 and below 1.
        rng: the stream.

    Raises:
        ValueError: as :func:`find_mask_fault` says.

    Example:
        >>> mask = draw_mask(8, 3, 0.5, np.random.default_rng(0))
        >>> sorted((mask @ [4, 2, 1]).tolist())
        [0, 1, 2, 3, 4, 5, 6, 7]
    """
    if diagnostic := find_mask_fault(units, inputs, density):
        raise ValueError("; ".join(diagnostic))
    mask = rng.random((units, inputs)) < density
    for _ in range(ROUNDS):
        again = _repeated(mask)
        if not len(again):
            return mask
        mask[again] = rng.random((len(again), inputs)) < density
    return _fill(mask, density, rng)


def find_mask_fault(units: int, inputs: int, density: float) -> tuple[str, str] | None:
    """Say why no mask of this size and density can have all rows different, and what would work; None if one can.

    Example:
        >>> find_mask_fault(9, 3, 0.5)
        ('3 inputs have 8 patterns, too few for 9 units', 'use fewer units')
    """
    if inputs <= FEW and 2**inputs < units:
        return f"{inputs} inputs have {2**inputs} patterns, too few for {units} units", "use fewer units"
    if not 0 < density < 1 and units > 1:
        return f"a density of {density:g} gives all units the same pattern", "use one between 0 and 1"
    if inputs > FEW and expected_collisions(units, inputs, density) > units / 8:
        return f"a density of {density:g} hardly tells {units} units apart", "use one nearer to 0.5"
    return None


def _repeated(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return rows that an earlier row has too."""
    _, first = np.unique(np.packbits(mask, axis=1), axis=0, return_index=True)
    return np.setdiff1d(np.arange(len(mask)), first)


def _fill(mask: NDArray[np.bool_], density: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Give rows that still collide patterns that no row has, one after another, as likely as they are."""
    inputs = mask.shape[1]
    patterns = (np.arange(2**inputs)[:, None] >> np.arange(inputs)) & 1 == 1
    ones = patterns.sum(axis=1)
    weight = density**ones * (1 - density) ** (inputs - ones)
    again = _repeated(mask)
    numbers = mask @ (1 << np.arange(inputs))
    weight[np.delete(numbers, again)] = 0
    for row in again:
        pattern = rng.choice(len(patterns), p=weight / weight.sum())
        mask[row], weight[pattern] = patterns[pattern], 0
    return mask
