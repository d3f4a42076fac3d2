"""One emulated chip of a converted network: what a layer, or layers one after the other, compute on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from hwsim.controller import Expense
from hwsim.device import CodingChip
from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.nn.shape import at_size, by_rows, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hwsim.model import Model
    from hwsim.pipeline.emulation import Emulation
    from hwsim.pipeline.hardware import Hardware

IMAGE = 3
T = TypeVar("T")


class StateError(HwsimError, ValueError):
    """A state that was saved from another chip."""

    exit_code = BAD_INPUT


@dataclass(eq=False)
class ModelChip:
    """An emulated chip and the layers of the network that compute on it.

    Args:
        layers: names of the layers, in the order of the chip's.
        emulation: the chip.
        hardware: what it was made on.
        biases: per layer, what the registers of biases stand for: a parameter that differs from it is written.
        rowwise: whether inputs are rows of features, with any axes before them.
        uses: calls in one inference.
    """

    layers: tuple[str, ...]
    emulation: Emulation
    hardware: Hardware
    biases: list[NDArray[np.float64]]
    rowwise: bool
    uses: int = 1
    quiet: int = 0
    """How many contexts of :func:`hwsim.nn.quiet` are open."""
    _met: dict[Any, Any] = field(default_factory=dict, repr=False)
    _written: list[torch.Tensor | None] = field(default_factory=list, repr=False)
    """Biases as they were looked at last."""
    _sizes: dict[tuple[int, ...], Model] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Return what messages call it."""
        return self.layers[0] if len(self.layers) == 1 else f"{self.layers[0]} to {self.layers[-1]}"

    @property
    def reconnectable(self) -> bool:
        """Tell whether permutation circuits stand before the cells."""
        return self.hardware.crossbar is not None

    @cached_property
    def model(self) -> Model:
        """Return the network on the chip, as it is read: one row at a time if rows are what it takes."""
        fabricated = self.emulation.machine.model
        return by_rows(fabricated) if self.rowwise else fabricated

    def sized(self, shape: tuple[int, ...]) -> Model:
        """Return the network for samples of a shape.

        Raises:
            ValueError: the chip takes no such samples.
        """
        taken = self.model.nodes[0].taken
        if shape == taken:
            return self.model
        if self.rowwise or len(taken) < IMAGE or len(shape) != len(taken) or shape[0] != taken[0]:
            what = f"{self.name or 'the chip'} takes samples of shape {taken}"
            raise ValueError(f"{what}, found {shape}")
        if shape not in self._sizes:
            try:
                self._sizes[shape] = at_size(self.model, shape)
            except ValueError as error:
                raise ValueError(f"{self.name}: images of shape {shape} do not pass: {error}") from None
        return self._sizes[shape]

    # registers

    def write(self, given: Sequence[torch.Tensor | None]) -> None:
        """Write biases to the registers, where they differ from what was written last.

        Raises:
            ExecutionError: a bias is not a finite number.
        """
        if self._written and all(_same(new, old) for new, old in zip(given, self._written, strict=True)):
            return
        now = [kept if bias is None else numbers(bias) for bias, kept in zip(given, self.biases, strict=True)]
        changed = [not np.array_equal(new, old) for new, old in zip(now, self.biases, strict=True)]
        if any(changed):
            self._rewrite(now, changed)
        self._written = [None if bias is None else bias.detach().clone() for bias in given]

    def _rewrite(self, now: list[NDArray[np.float64]], changed: list[bool]) -> None:
        """Write biases that changed."""
        machine = self.emulation.machine
        registers = [
            np.concatenate([bias, held[len(bias) :]]) if differs else held
            for bias, held, differs in zip(now, machine.registers, changed, strict=True)
        ]
        self.emulation.write(registers)
        self.biases = now

    # read

    def read(self, samples: torch.Tensor, model: Model, kept: dict[int, list[NDArray[Any]]] | None) -> NDArray[Any]:
        """Infer samples (samples, ...) on the host; float (samples, outputs).

        Args:
            samples: of any dtype and device.
            model: of :meth:`sized`.
            kept: filled with the activations of every layer but the last, part by part, as numbers.
        """
        chip, last = self.emulation.machine.chip, len(model.layers) - 1
        flat = samples.detach().to("cpu", torch.float32).contiguous().numpy().reshape(len(samples), model.inputs)
        self.emulation.heed_range(flat)
        if kept is None or last == 0:
            return self.emulation.read(flat, noise=not self.quiet, model=model)

        def watch(layer: int, activations: NDArray[Any]) -> None:
            if layer < last:
                values = chip.decode(layer, activations) if isinstance(chip, CodingChip) else activations
                kept.setdefault(layer, []).append(values)

        return self.emulation.read(flat, noise=not self.quiet, model=model, watch=watch)

    def design(self, layer: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Return design weights as connected now (units, inputs): what gradients pass through."""

        def build() -> torch.Tensor:
            machine = self.emulation.machine
            values = np.take_along_axis(machine.chip.nominal(layer), machine.permutations[layer], axis=1)
            return torch.from_numpy(values).to(device, dtype)

        return self.connected((layer, dtype, device), build)

    def connected(self, key: Any, build: Callable[[], T]) -> T:
        """Return what depends on the connections alone: built once, and kept until they change."""
        if key not in self._met:
            self._met[key] = build()
        found: T = self._met[key]
        return found

    # reconnect

    def check(self, permutations: dict[int, Any]) -> None:
        """Refuse what cannot be reconnected to.

        Raises:
            ValueError: a row is not a permutation; the chip has no circuits.
        """
        if not self.reconnectable:
            raise ValueError(f"{self.name} has no crossbar; convert with a topology, such as crossbar='benes'")
        for layer, rows in permutations.items():
            try:
                self.emulation.checked({layer: rows})
            except ValueError as error:
                raise ValueError(f"{self.layers[layer]}: {error}") from None

    def reconnect(self, permutations: dict[int, Any]) -> Expense:
        """Reconnect layers at once, by their number on the chip.

        Raises:
            ValueError: a row is not a permutation; the chip has no circuits.
        """
        expense = self.emulation.reconnect_layers(permutations)
        self._met.clear()
        return expense

    # what a saved state keeps

    @cached_property
    def digest(self) -> str:
        """Compute SHA-256 of what the cells hold."""
        chip, total = self.emulation.machine.chip, hashlib.sha256(self.hardware.device.encode())
        for layer in range(len(self.layers)):
            total.update(np.ascontiguousarray(chip.cells(layer)).tobytes())
        return total.hexdigest()

    def state(self) -> dict[str, Any]:
        """Return connections and counters, in types that ``torch.load`` takes by default."""
        e = self.emulation
        spent = e.spent
        rows = [torch.from_numpy(p.astype(np.int32)) for p in e.machine.permutations] if self.reconnectable else []
        return {
            "cells": self.digest,
            "permutations": rows,
            "reads": e.reads,
            "reconnections": e.events,
            "spent": [spent.moves, spent.toggles, spent.bias_writes, spent.energy_j, spent.time_ps],
        }

    def moved(self, state: dict[str, Any]) -> dict[int, NDArray[np.int64]]:
        """Return the layers that are connected otherwise in a saved state, and how.

        Raises:
            StateError: the state is that of another chip.
        """
        if state.get("cells") != self.digest:
            what = f"{self.name}: the state was saved from another chip, with other cells"
            raise StateError(f"{what}; convert the same weights with the same device, settings and seed first")
        now = self.emulation.machine.permutations
        given = [rows.numpy().astype(np.int64) for rows in state["permutations"]]
        if len(given) != (len(now) if self.reconnectable else 0):
            raise StateError(f"{self.name}: the state was saved with another crossbar; convert with the same one first")
        return {n: rows for n, rows in enumerate(given) if not np.array_equal(rows, now[n])}

    def resume(self, state: dict[str, Any]) -> None:
        """Go on with the counters of a saved state."""
        e, (moves, toggles, writes, energy, time) = self.emulation, state["spent"]
        e.reads, e.events, e.spent = (
            state["reads"],
            state["reconnections"],
            Expense(moves, toggles, writes, energy, time),
        )


def _same(new: torch.Tensor | None, old: torch.Tensor | None) -> bool:
    """Tell whether a bias is still what it was, at the least cost: this is asked before every read."""
    if new is None or old is None:
        return new is old
    return new.device == old.device and new.dtype == old.dtype and torch.equal(new, old)
