"""Configuration words are read back as the state of a circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.crossbar.fabric import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar.fabric import Fabric


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
