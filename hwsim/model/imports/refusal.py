"""Layers of a network from elsewhere that are not taken: which, why, and what would work; all of them in one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Iterable

CONVERT = "hwsim.nn.convert leaves it in torch and emulates the Linear and convolution layers around it"
"""What works for every torch module."""


class RefusedLayer(NamedTuple):
    """One layer that is not taken, as a sentence in three parts.

    Args:
        origin: what the layer is called where it comes from.
        what: what is wrong, a phrase that goes on from there.
        hint: what would work.

    Example:
        >>> print(RefusedLayer("layer 1 (GELU)", "cannot be emulated", "use ReLU"))
        layer 1 (GELU) cannot be emulated; use ReLU
    """

    origin: str
    what: str
    hint: str = ""

    def __str__(self) -> str:
        """Give the sentence."""
        return "; ".join(filter(None, (f"{self.origin} {self.what}", self.hint)))


class RefusedError(HwsimError, ValueError):
    """A network cannot be emulated as it is; the message has one line for each layer that is not taken.

    Example:
        >>> print(RefusedError([RefusedLayer("layer 1 (LSTM)", "cannot be emulated", "")], "net.onnx"))
        net.onnx: layer 1 (LSTM) cannot be emulated
    """

    exit_code = BAD_INPUT

    def __init__(self, refused: Iterable[RefusedLayer], where: str = "") -> None:
        """Keep every refusal once; ``where`` is the file that they stand in."""
        self.refused, self.where = tuple(dict.fromkeys(refused)), where
        super().__init__("\n".join(": ".join(filter(None, (where, str(one)))) for one in self.refused))

    def __reduce__(self) -> tuple[type[RefusedError], tuple[tuple[RefusedLayer, ...], str]]:
        """Travel whole between processes."""
        return type(self), (self.refused, self.where)
