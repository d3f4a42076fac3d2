"""One event of a schedule made elsewhere, and the digest of all of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Step:
    """The changes of one event.

    Args:
        steps: optimiser steps taken by then.
        permutations: per layer, int64 (banks, ports) of all its banks, or None where it keeps its connections.
        registers: by layer, numbers of its registers (biases, then gains) and their new values.
        cut: of the last event of a schedule that was cut short after it, what tells so; empty otherwise.
    """

    steps: int
    permutations: tuple[NDArray[np.int64] | None, ...]
    registers: Mapping[int, tuple[NDArray[np.int64], NDArray[np.float64]]] = field(default_factory=dict)
    cut: str = ""


def digest_steps(steps: Iterable[Step]) -> str:
    """Compute SHA-256 of what steps say, and whether that is all, whatever file they are from."""
    total = hashlib.sha256()
    for number, step in enumerate(steps, start=1):
        total.update(f"event {number} steps {step.steps}\n".encode())
        for layer, rows in enumerate(step.permutations):
            if rows is not None:
                total.update(f"layer {layer} {rows.shape}\n".encode() + np.ascontiguousarray(rows, "<i8").tobytes())
        for layer, (numbers, values) in sorted(step.registers.items()):
            total.update(f"registers {layer}\n".encode() + np.ascontiguousarray(numbers, "<i8").tobytes())
            total.update(np.ascontiguousarray(values, "<f8").tobytes())
        if step.cut:
            total.update(b"cut short\n")
    return total.hexdigest()
