"""The promises of a permutation circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import CROSSBARS, extend
from hwsim.testing.promise import entry_of, hold, introduce

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric

BANKS, ROUNDS = 4, 5


def check_topology(topology: Any, ports: Sequence[int] = (1, 2, 3, 7, 16, 33), efforts: Sequence[str] = ()) -> None:
    """Check a topology: it routes what it promises, and counts switches, toggles and configuration bits alike.

    Args:
        topology: a registered name, or an entry with ``name``, ``summary`` and ``build``.
        ports: sizes to try; a size that it cannot have must be refused with a ValueError that names one it can.
        efforts: efforts of its router to try; ``any`` and ``greedy`` when left out.

    Raises:
        ConformanceError: a promise is broken.
        KeyError: an unknown name.

    Example:
        >>> check_topology("benes", ports=(2, 5))
    """
    plugin = entry_of(CROSSBARS, topology)
    name = introduce(plugin)
    built = 0
    for size in ports:
        try:
            fabric = plugin.build(size)
        except ValueError as error:
            hold("; use " in str(error), name, f"a refusal of {size} ports says which number would work: {error}")
            continue
        built += 1
        _check_fabric(name, fabric, size, efforts or ("any", "greedy"))
    hold(built, name, f"at least one of the sizes {list(ports)} can be built")


def _check_fabric(name: str, fabric: Fabric, size: int, efforts: Sequence[str]) -> None:
    """Check one size: at power-up nothing is held, words hold every bit, routes realise permutations."""
    state = fabric.power_up(BANKS)
    hold(fabric.ports == size, name, f"a circuit built for {size} ports has as many")
    hold((fabric.held_many(state) == 0).all(), name, "no switch is held at power-up")
    if fabric.blocking != "blocking":
        for effort in efforts:
            state = _check_routes(name, fabric, effort)
    words = fabric.words(state[0])
    hold(all(0 <= value < 2**width for value, width in words), name, "each configuration word fits its width")
    counted = sum(width for _, width in words)
    hold(counted == fabric.configuration_bits, name, f"its words have configuration_bits = {counted} bits")
    image = [value >> bit & 1 for value, width in words for bit in range(width)]
    hold(fabric.image_many(state[:1]).tolist() == [image], name, "its image is its words bit by bit")


def _check_routes(name: str, fabric: Fabric, effort: str) -> NDArray[Any]:
    """Check a chain of random reconnections: wishes are realised and toggles add up; return the last states."""
    rng, numbers = np.random.default_rng(0), np.tile(np.arange(fabric.ports), (BANKS, 1))
    state = fabric.power_up(BANKS)
    for _ in range(ROUNDS):
        wanted = extend(np.stack([rng.permutation(fabric.ports) for _ in range(BANKS)]), fabric.ports)
        new = fabric.route_many(wanted, previous=state, effort=effort)
        realised = fabric.apply_many(new, numbers)
        hold(np.array_equal(realised, wanted), name, f"its router realises the permutation asked for ({effort})")
        again = fabric.route_many(wanted, previous=state, effort=effort)
        hold(np.array_equal(again, new), name, f"its router gives the same states for the same question ({effort})")
        sets, toggles = fabric.sets_many(state, new), fabric.toggles_many(state, new)
        held = fabric.held_many(new) - fabric.held_many(state)
        hold(
            np.array_equal(held, sets - (toggles - sets)), name, "switches set less switches reset are those held more"
        )
        hold((fabric.toggles_many(state, state) == 0).all(), name, "the same states toggle nothing")
        state = new
    return state
