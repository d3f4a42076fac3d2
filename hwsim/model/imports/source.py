"""A network where it comes from, as something that can be run: what an imported model is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Source(Protocol):
    """The module or file that a model was made from.

    Which of its values a node of the model should give, :attr:`hwsim.model.imports.graph.Imported.names` says.
    """

    @property
    def called(self) -> str:
        """Return what it is called in an error, such as ``the module``."""

    @property
    def output(self) -> str:
        """Return the value by name that :meth:`run` gives first."""

    @property
    def rounding(self) -> float:
        """Return how far a number may be rounded, relative to itself: 2^-24 for float32."""

    @property
    def least(self) -> float:
        """Return how far a number may be rounded, however small it is: the smallest number above 0."""

    def run(self, x: NDArray[Any]) -> tuple[NDArray[Any], Mapping[str, NDArray[Any]]]:
        """Run the network as its user would, and look inside.

        Args:
            x: float32 (samples, ...), as the network takes them.

        Returns:
            What it gives, float64 (samples, ...), and its values inside by name, each float64 (samples, ...).
        """
