"""What a converted network can do besides what it could before."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hwsim.nn.layer import ChipLayer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

    from hwsim.controller import Expense
    from hwsim.nn.board import Board
    from hwsim.nn.schedule import Schedule


class Converted:
    """Methods that a converted network has, whatever its class; those of its own come first."""

    def reconnect(self, name: str | Mapping[str, Any], permutations: Any = None) -> Expense:
        """Let the positions of a layer meet other cells: position i of unit u takes cell ``permutations[u, i]`` of u.

        Args:
            name: of a layer, as in ``named_modules``; or a table of names and permutations, which are carried out at
                once.
            permutations: whole numbers (units, inputs), every row a permutation; inputs of a convolution are those of
                its kernel, in the order channel, row, column.

        Returns:
            Moves, toggles and cost.

        Raises:
            ValueError: no such layer on a chip, no crossbar, or a row is not a permutation.
        """
        wanted = {name: permutations} if isinstance(name, str) else name
        synchronise(self)  # type: ignore[arg-type]
        return board_of(self).reconnect(wanted)  # type: ignore[arg-type]

    def schedule(self) -> Schedule:
        """Return all reconnections so far as a schedule, which can be saved as a file, executed and priced."""
        synchronise(self)  # type: ignore[arg-type]
        return board_of(self).schedule()  # type: ignore[arg-type]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle by the class that the network had before."""
        return _restore, (type(self).__mro__[1],), self.__getstate__()


def _restore(base: type[nn.Module]) -> Any:
    cls = join(base)
    return cls.__new__(cls)


_CLASSES: dict[int, type[nn.Module]] = {}


def join(base: type[nn.Module]) -> type[nn.Module]:
    """Build the class of a network with the methods of :class:`Converted`."""
    if issubclass(base, Converted):
        return base
    words = {"__module__": base.__module__, "__qualname__": base.__qualname__, "__doc__": base.__doc__}
    if id(base) not in _CLASSES:
        _CLASSES[id(base)] = type(base.__name__, (base, Converted), words)
    return _CLASSES[id(base)]


def board_of(network: nn.Module) -> Board:
    """Return the chips of a converted network.

    Raises:
        ValueError: it has none, or was put together of several converted ones.
    """
    boards = {id(part.board): part.board for part in network.modules() if isinstance(part, ChipLayer)}
    if len(boards) != 1:
        what = "has no layer on a chip; convert it first" if not boards else "has parts that were converted apart"
        raise ValueError(f"the network {what}{'' if not boards else '; ask each of them'}")
    return next(iter(boards.values()))


def synchronise(network: nn.Module) -> None:
    """Write biases that changed since the last read to their chips; of tied layers, the next that is read does it."""
    found: dict[int, list[ChipLayer]] = {}
    for part in network.modules():
        if isinstance(part, ChipLayer):
            found.setdefault(id(part.chip), []).append(part)
    for layers in found.values():
        chip = layers[0].chip
        if len(layers) == len(chip.layers):
            chip.write([layer.bias for layer in sorted(layers, key=lambda layer: layer.number)])


@contextmanager
def quiet(network: nn.Module) -> Iterator[None]:
    """Let the chips of a network read without noise within a ``with`` block; no stream goes on meanwhile.

    Example:
        >>> import hwsim, torch
        >>> samples = torch.rand(9, 3)
        >>> chip = hwsim.nn.convert(torch.nn.Linear(3, 2), "pcm-nandakumar-2019", calibrate=samples)
        >>> x = samples[:1]
        >>> with hwsim.nn.quiet(chip):
        ...     bool((chip(x) == chip(x)).all())
        True
        >>> bool((chip(x) == chip(x)).all())
        False
    """
    chips = {id(part.chip): part.chip for part in network.modules() if isinstance(part, ChipLayer)}
    if not chips:
        raise ValueError("the network has no layer on a chip; convert it first")
    for chip in chips.values():
        chip.quiet += 1
    try:
        yield
    finally:
        for chip in chips.values():
            chip.quiet -= 1
