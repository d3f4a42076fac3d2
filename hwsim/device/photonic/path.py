"""Light on its way to the cells of a layer, where an optical permutation circuit stands before them.

Every position of a bank has a path of its own through the circuit, and each path leaves another part of the light:
``W_eff[u, i] = value(cell[p[i]]) * 10^(-L_path / 10)``. What the electronics know of it makes two modes:

* *Uncalibrated*: a fixed gain makes up for the mean path. What a path differs from the mean stays on the weight.
* *Calibrated*: every drive is weakened, before its conversion, by what its path loses less than the worst path of the
  bank, so that all rows get the light of the worst path, and a gain behind the read-out makes up for that one. Weights
  are right then, at a price: a drive weakened by dL decibels has dL / 3.01 bits less of its converter left, and the
  noise of the receiver and the steps of the read-out, which no light is lost from, grow with the gain.

The read-out's range is fixed, set for the mean path, in both.

Source: placement and correction (a) of the circuit before the core as in the literature on switch fabrics; a gain
behind the read-out alone cannot tell the rows of a column apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class OpticalPath:
    """The ways to one layer's cells.

    Args:
        shape: units and inputs of the layer.
        nominal: transmission of the mean path, in (0, 1].
        calibrated: whether the electronics know every path.
        kind: the dtype of the transmissions.

    Example:
        >>> way = OpticalPath((1, 2), nominal=0.5, calibrated=True)
        >>> way.update_path_loss(np.array([1]), np.array([0.25]))
        >>> way.transmission.tolist(), way.least.tolist(), way.gain.tolist()
        ([[0.5, 0.25]], [0.25], [4.0])
    """

    def __init__(self, shape: tuple[int, int], nominal: float, *, calibrated: bool, kind: Any = np.float64) -> None:
        self.nominal, self.calibrated = nominal, calibrated
        self.transmission = np.full(shape, nominal, kind)
        """What is left of the light of input i on its way to unit u, (units, inputs)."""
        self._gain = np.full(shape[0], 1 / nominal)
        self._least = np.full(shape[0] if calibrated else 0, nominal, kind)

    def update_path_loss(self, positions: NDArray[np.int64], transmissions: Array) -> None:
        """Note what other paths leave; positions as of :meth:`hwsim.device.Chip.connect`.

        Raises:
            ValueError: a transmission that is not more than 0 and at most 1: passive optics has no gain.
        """
        wrong = np.flatnonzero(~((transmissions > 0) & (transmissions <= 1)))
        if wrong.size:
            what = f"the path to position {positions[wrong[0]]} leaves {transmissions[wrong[0]]:g} of the light"
            raise ValueError(f"{what}; passive optics leaves more than 0 and at most 1")
        self.transmission.reshape(-1)[positions] = transmissions
        if self.calibrated:
            units = np.unique(positions // self.transmission.shape[1])
            least = self.transmission[units].min(axis=1)
            self._gain[units] = 1 / least.astype(np.float64)
            self._least[units] = least

    @property
    def gain(self) -> Array:
        """Return the factor behind the read-out that makes up for the light lost (units,)."""
        return self._gain

    @property
    def least(self) -> NDArray[Any]:
        """Return what is left of the light on the worst path to each unit, (units,); (0,) if paths are not known.

        The drive of input i is weakened to ``least[u] / transmission[u, i]`` of itself.
        """
        return self._least
