"""Configuration words as bits, and read back as the state of a circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.shapes import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Fabric


def spread(values: NDArray[Any], widths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return words as bits, one after another, each from its lowest bit on.

    Args:
        values: integers from 0 to below 2**32, (banks, words).
        widths: bits of each word, at most 32, int64 (words,).

    Returns:
        0 or 1, uint8 (banks, sum of widths).

    Example:
        >>> spread(np.array([[1, 2]]), np.array([1, 3])).tolist()
        [[1, 0, 1, 0]]
    """
    octets = np.ascontiguousarray(values, "<u4").view(np.uint8).reshape(*values.shape, 4)
    return np.unpackbits(octets, axis=2, bitorder="little")[:, np.arange(32) < widths[:, None]]


def read_words(fabric: Fabric, words: Sequence[int]) -> NDArray[Any]:
    """Return the state that :meth:`hwsim.crossbar.Fabric.words` gives as these values.

    Raises:
        ValueError: no state has these words.
        NotImplementedError: a circuit of a third party that cannot do it.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("clos", 5)
        >>> state = fabric.route([4, 2, 0, 1, 3]).state
        >>> bool((read_words(fabric, [value for value, _ in fabric.words(state)]) == state).all())
        True
    """
    try:
        state = fabric.from_words(list(words))
        sound = [value for value, _ in fabric.words(state)] == list(words)
    except (IndexError, OverflowError, ValueError):  # more or fewer words, or larger ones, than any state has
        sound = False
    if not sound:
        raise ValueError(f"no configuration of {named(fabric.topology)} of {fabric.ports} ports has these words")
    return state
