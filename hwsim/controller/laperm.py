"""LaPerm: train freely, and every so often snap the weights to a permutation of the cells, rank by rank.

Source: Y. Qiu, R. Suda, Train-by-Reconnect: Decoupling Locations of Weights from their Values, NeurIPS 2020
(arXiv 2003.02570). Per bank, the k-th smallest free weight takes the k-th smallest cell: the Euclidean projection onto
the permutations of the cells. Adam's moments are kept. Biases and gains are trained freely and written along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller.descent import Descent, DescentParameters, pack, unpack
from hwsim.controller.protocol import ControllerPlugin, Reconnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job


class LaPermParameters(DescentParameters):
    """Parameters of the controller ``laperm``; a last snap follows the last epoch in any case."""


def match_ranks(cells: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """The permutation of each bank's cells nearest to the wanted values (least squares).

    Args:
        cells: values (banks, ports).
        wanted: free values (banks, ports).

    Returns:
        int64 (banks, ports): position i takes cell ``p[b, i]``. Equal values are taken in order of index.

    Example:
        >>> match_ranks(np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, 9.0, 0.1]])).tolist()
        [[1, 2, 0]]
    """
    by_value = np.argsort(cells, axis=1, kind="stable")
    by_wish = np.argsort(wanted, axis=1, kind="stable")
    permutation = np.empty(cells.shape, np.int64)
    np.put_along_axis(permutation, by_wish, by_value, axis=1)
    return permutation


class LaPerm:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, parameters: LaPermParameters, job: Job) -> None:
        self._job, self._steps = job, parameters.course().steps_a_period(len(job.task.train_x))
        self._learned = [layer.learned_connections for layer in job.model.layers]
        weights = [cells.reshape(start.weights.shape) for cells, start in zip(job.cells, job.start, strict=True)]
        self._descent = Descent(job, parameters.course(), weights, self._learned)

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Train for one period and snap."""
        descent = self._descent
        if descent.done:
            return None
        descent.work(self._steps, report)
        permutations: list[NDArray[np.int64] | None] = []
        for number, (cells, learned) in enumerate(zip(self._job.cells, self._learned, strict=True)):
            if not learned:
                permutations.append(None)
                continue
            free = descent.values(number).reshape(cells.shape)
            permutation = match_ranks(cells, free)
            snapped = np.take_along_axis(cells, permutation, axis=1)
            descent.put_weights(number, snapped.reshape(tuple(descent.weights[number].shape)))
            permutations.append(permutation)
        return Reconnection(descent.batch, tuple(permutations), descent.registers())

    def dump(self) -> bytes:
        """Everything needed to go on from here."""
        return pack(self._descent.dump())

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""
        self._descent.load(unpack(state))


PLUGIN = ControllerPlugin(
    name="laperm",
    summary="LaPerm (Qiu & Suda 2020): free Adam steps, snapped to permutations of the cells rank by rank",
    parameters=LaPermParameters,
    begin=LaPerm,
    course=LaPermParameters.course,
)
