"""LaPerm: train freely, and every so often snap the weights to a permutation of the cells, rank by rank.

Source: Y. Qiu, R. Suda, Train-by-Reconnect: Decoupling Locations of Weights from their Values, NeurIPS 2020
(arXiv 2003.02570). Per bank, the k-th smallest free weight takes the k-th smallest cell: the Euclidean projection onto
the permutations of the cells. Biases and gains are trained freely and written along; where a model layer says
``registers = "permuted"``, its biases are snapped to a permutation of their starting values, as one vector.

With growing periods and the period logic of their code, this is also the method of Y. Cai, G. Chen, Z. Qiao, Neural
networks trained by weight permutation are universal approximators (arXiv 2407.01033).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from hwsim.controller.descent import DescentParameters, pack, unpack
from hwsim.controller.protocol import ControllerPlugin, Reconnection, TrainingError
from hwsim.controller.trainer import begin_training
from hwsim.files import Refusal
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hwsim.controller.protocol import Job


class LaPermParameters(DescentParameters):
    """Parameters of the controller ``laperm``; a last snap follows the last epoch in any case."""

    growth: float = Field(default=1.0, ge=1, le=2, allow_inf_nan=False)
    """Factor on the period after every epoch, rounded up when used: in epoch e, from 0 on, it is
    ceil(period * growth^e). Cai et al. call it relaxed with the tenth root of 1.002, 1.00019982."""
    period_logic: Literal["exact", "as-published"] = "exact"
    """``exact``: a reconnection every ``period``; ``as-published``: as the code of Cai et al. counts, the first after
    ``period`` epochs and then one every ``period`` - 1 (5 reconnects after 5, 9, 13, ... epochs)."""
    adam_state: Literal["kept", "reset"] = "kept"
    """Whether Adam goes on with its moments after a reconnection, as published, or begins anew."""

    @model_validator(mode="after")
    def _published_periods(self) -> Self:
        if self.period_logic == "exact":
            return self
        if self.period_unit != "epochs":
            what = "has period_unit 'batches', and period_logic 'as-published' counts epochs"
            raise Refusal(what, "use 'exact', or period_unit 'epochs'")
        if self.period == 1 and self.growth == 1:
            what = "with period_logic 'as-published' and a constant period of 1 would reconnect once only"
            raise Refusal(what, "use 'exact' to reconnect after every epoch, or a period of 2")
        return self

    def next_snap(self, done: int, batches: int) -> int:
        """Return the optimiser step after which the next reconnection comes.

        Args:
            done: steps taken at the last reconnection, 0 before the first.
            batches: steps of one epoch.

        Example:
            >>> cai = LaPermParameters(epochs=20, period=5, period_logic="as-published")
            >>> [cai.next_snap(epoch, 1) for epoch in (0, 5, 9)]
            [5, 9, 13]
            >>> LaPermParameters(epochs=20, period=5, growth=1.02).next_snap(0, 1)
            6
        """
        epoch = done // batches
        published = int(self.period_logic == "as-published" and done > 0)
        for number in range(epoch, self.epochs):
            period = math.ceil(self.period * self.growth**number)
            if self.period_unit == "batches":
                if done + period <= (number + 1) * batches:
                    return done + period
            elif number + 1 - epoch + published == period:
                return (number + 1) * batches
        return self.epochs * batches

    def reconnects(self, batches: int) -> Iterator[int]:
        """Yield the optimiser steps after which connections are snapped, for so many steps an epoch.

        Example:
            >>> list(LaPermParameters(epochs=10, period=5, period_logic="as-published").reconnects(3))
            [15, 27, 30]
        """
        done = 0
        while done < self.epochs * batches:
            done = self.next_snap(done, batches)
            yield done


def match_ranks(
    cells: NDArray[np.float64], wanted: NDArray[np.float64], by_value: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Find the permutation of each bank's cells that is nearest to the wanted values (least squares).

    Args:
        cells: values (banks, ports).
        wanted: free values (banks, ports).
        by_value: ``np.argsort(cells, axis=1, kind="stable")``, where it is known.

    Returns:
        int64 (banks, ports): position i takes cell ``p[b, i]``. Equal values are taken in order of index.

    Example:
        >>> match_ranks(np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, 9.0, 0.1]])).tolist()
        [[1, 2, 0]]
    """
    if by_value is None:
        by_value = np.argsort(cells, axis=1, kind="stable")
    by_wish = np.argsort(wanted, axis=1, kind="stable")
    permutation = np.empty(cells.shape, np.int64)
    np.put_along_axis(permutation, by_wish, by_value, axis=1)
    return permutation


class LaPerm:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, parameters: LaPermParameters, job: Job) -> None:
        self._parameters, self._job = parameters, job
        layers = job.model.layers
        self._learned = [layer.learned_connections for layer in layers]
        weights = [cells.reshape(start.weights.shape) for cells, start in zip(job.cells, job.start, strict=True)]
        self._descent = begin_training(job, parameters.training(), weights, self._learned)
        self._by_value = [np.argsort(cells, axis=1, kind="stable") for cells in job.cells]
        self._values = [np.sort(start.bias) for start in job.start]

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Train for one period and snap."""
        descent = self._descent
        if descent.done:
            return None
        descent.work(self._parameters.next_snap(descent.batch, descent.batches) - descent.batch, report)
        permutations = tuple(self._snap(n) if learned else None for n, learned in enumerate(self._learned))
        registers = self._write()
        if self._parameters.adam_state == "reset":
            descent.forget()
        return Reconnection(descent.batch, permutations, registers)

    def _snap(self, number: int) -> NDArray[np.int64]:
        """Snap one layer's weights to its cells; return which cell each position takes."""
        cells, free = self._job.cells[number], self._descent.values(number)
        self._check(free, f"a weight of layer {number + 1}")
        permutation = match_ranks(cells, free.reshape(cells.shape), self._by_value[number])
        self._descent.put_weights(number, np.take_along_axis(cells, permutation, axis=1).reshape(free.shape))
        return permutation

    def stands(self, permutations: Sequence[NDArray[np.int64]]) -> None:
        """Go on from the cells that positions really meet."""
        for number, learned in enumerate(self._learned):
            if learned:
                cells = self._job.cells[number]
                met = np.take_along_axis(cells, permutations[number], axis=1)
                self._descent.put_weights(number, met.reshape(self._job.start[number].weights.shape))

    def _write(self) -> tuple[Registers, ...]:
        """Return the registers to be written, with biases snapped to cells if the model says so."""
        descent, layers = self._descent, self._job.model.layers
        snapped: dict[int, NDArray[np.float64]] = {}
        for number, layer in enumerate(layers):
            free = descent.bias(number)
            self._check(free, f"a bias of layer {number + 1}")
            if layer.permuted_registers:
                snapped[number] = np.empty_like(free)
                snapped[number][np.argsort(free, kind="stable")] = self._values[number]
                descent.put_bias(number, snapped[number])
        registers = descent.registers()
        for number, each in enumerate(registers):
            self._check(np.append(each.bias, each.gain), f"a register of layer {number + 1}")
        # as they were fabricated, to the last bit, unless statistics of batches are folded in
        exact = {number: bias for number, bias in snapped.items() if layers[number].norm is None}
        return tuple(
            Registers(exact[number], each.gain) if number in exact else each for number, each in enumerate(registers)
        )

    def _check(self, values: NDArray[np.float64], what: str) -> None:
        """Refuse to reconnect by values that are not numbers."""
        if not np.isfinite(values).all():
            found = values[~np.isfinite(values)][0]
            raise TrainingError(f"{what} became {found} in training; lower the learning rate or the initial values")

    def dump(self) -> bytes:
        """Return everything needed to go on from here."""
        return pack(self._descent.dump())

    def load(self, state: bytes) -> None:
        """Go on from a dumped state of the same job."""
        self._descent.load(unpack(state))


PLUGIN = ControllerPlugin(
    name="laperm",
    summary="LaPerm (Qiu & Suda 2020): free Adam steps, snapped to permutations of the cells rank by rank",
    parameters=LaPermParameters,
    begin=LaPerm,
    training=LaPermParameters.training,
    reconnects=LaPermParameters.reconnects,
)
