"""What every device offers: fabrication of a chip, and what a chip can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from hwsim.device.datasheet import Datasheet
    from hwsim.model import Model, Start


@dataclass(frozen=True)
class Registers:
    """The rewritable values of one layer: bias float64 (units,) and gain."""

    bias: NDArray[np.float64]
    gain: float


@dataclass(frozen=True)
class Bill:
    """What something costs: energy in joules, time in seconds."""

    energy_j: float
    time_s: float


class Chip(Protocol):
    """One fabricated instance: values that never change, behind connections and registers that do.

    ``connections`` is one int64 array (units, inputs) per layer: input i of unit u meets cell
    ``connections[layer][u, i]``, cells of a layer numbered row by row (unit 0 first).
    """

    @property
    def noisy(self) -> bool:
        """Whether reading draws event noise."""

    @property
    def data_bits(self) -> int:
        """Width of the signals that pass the permutation circuit, bit."""

    def nominal(self, layer: int) -> NDArray[np.float64]:
        """Design values of a layer's cells (units, inputs), as a controller may know them."""

    def cells(self, layer: int) -> NDArray[Any]:
        """What the cells physically hold (units, inputs): the values that no run may ever change."""

    def kinds(self, layer: int) -> NDArray[Any]:
        """One number a cell (units, inputs): which may stand for each other.

        Exchanging cells of equal number in a bank, or banks of equal numbers, changes no bit of any inference.
        """

    def register_codes(self, layer: int, registers: Registers) -> NDArray[Any]:
        """What the registers of a layer hold after a write: one number a bias, then the gain where there is one."""

    def infer(
        self,
        x: NDArray[np.float32],
        connections: Sequence[NDArray[np.int64]],
        registers: Sequence[Registers],
        rng: np.random.Generator | None,
    ) -> NDArray[np.float64]:
        """Run samples (samples, features) through the chip; event noise is drawn from ``rng``, none without it."""

    def inference_bill(self) -> Bill:
        """Energy and time of one inference in the chip's core, its permutation circuits apart."""


class Device(Protocol):
    """The law of one technology with its datasheet's numbers filled in."""

    def problems(self, model: Model) -> list[tuple[int, str, str]]:
        """Why a model cannot be built: (layer number, what is wrong, what would work) a line."""

    def fabricate(self, model: Model, start: Sequence[Start], calibration: NDArray[np.float32], seed: int) -> Chip:
        """Make one chip: burn the weights in, set the ranges from calibration inputs (samples, features)."""


@dataclass(frozen=True)
class Technology:
    """A catalogue entry: the schema of its datasheets and the law built from one."""

    name: str
    summary: str
    sheet: type[Datasheet]
    build: Callable[[Mapping[str, float]], Device]
    scopes: tuple[str, ...] = ("output", "layer")
    """Banks that the technology can be divided into."""
