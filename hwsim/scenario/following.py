"""A schedule that a scenario names becomes a method: it is read and held against the network's banks."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

from hwsim.controller import BoundMethod, Reconnection
from hwsim.controller.replay import Replaying
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.files import DiagnosticError, Refusal
from hwsim.model import Registers
from hwsim.schedule import digest_steps, read_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwsim.controller import Job
    from hwsim.model import Model
    from hwsim.scenario.lookup import Lookup
    from hwsim.schedule import Step


def read_method(r: Lookup, key: str, parameters: Any, model: Model, scope: str) -> BoundMethod | None:
    """Read the schedule that a key of ``[controller]`` names as a method; None if a diagnostic says what is wrong."""
    path = r.place(("controller", key), getattr(parameters, key))
    path = path / "schedule.sqlite" if path.is_dir() else path
    try:
        steps = read_steps(path, model, scope)
    except DiagnosticError as error:
        r.diagnostics.extend(error.diagnostics)
        return None
    except Refusal as error:
        r.diagnostic(("controller", key), error.what, error.hint)
        return None
    except HwsimError as error:
        what, _, hint = str(error).rpartition("; ")
        r.diagnostic(("controller", key), what, hint)
        return None
    digest = digest_steps(steps)
    if parameters.digest and parameters.digest != digest:
        what = f"the schedule has changed: its digest is {digest[:12]}, the scenario was written for"
        hint = "bring the old file back, or remove digest, which makes another run"
        r.diagnostic(("controller", "digest"), f"{what} {parameters.digest[:12]}", hint)
        return None
    ended = f"schedule cut short after event {len(steps)}" if steps[-1].cut else ""
    if ended:
        warnings.warn(HwsimWarning(f"{path}: {ended}: {steps[-1].cut}"), stacklevel=2)
    known = parameters.model_copy(update={key: f"replayed{path.suffix}", "digest": digest})
    return BoundMethod(
        path.name,
        known,
        lambda job: Replaying(list_changes(steps, job)),
        lambda part: _copy(path, part),
        ended=ended,
    )


def list_changes(steps: Sequence[Step], job: Job) -> list[Reconnection]:
    """Turn steps into reconnections of a job; registers that they do not set stay as they were."""
    values = zip(job.start, job.model.layers, strict=True)
    flat = [Registers(start.bias, start.gain).flat(layer.gains) for start, layer in values]
    found = []
    for step in steps:
        for layer, (numbers, content) in step.registers.items():
            flat[layer] = flat[layer].copy()
            flat[layer][numbers] = content
        registers = tuple(Registers.of(layer, one) for layer, one in zip(job.model.layers, flat, strict=True))
        found.append(Reconnection(step.steps, step.permutations, registers))
    return found


def _copy(path: Path, part: Path) -> None:
    """Copy a schedule; of SQLite also what still lies in its log."""
    content = path.read_bytes()
    if not content.startswith(b"SQLite"):
        part.write_bytes(content)
        return
    source = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(source, uri=True)) as old, closing(sqlite3.connect(part)) as new:
        old.backup(new)
