"""The runs that a reproduction asks for: every curve, value of the axis and seed, planned and with a cost reckoned."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hwsim.files import Diagnostic, DiagnosticError, Diagnostics, parse_setting, read_document
from hwsim.files.document import Elsewhere
from hwsim.pipeline.session import Scenario, find, load
from hwsim.scenario.reproduction import shown
from hwsim.study.pool import PoolTask
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hwsim.scenario import Plan
    from hwsim.scenario.reproduction import Reproduction, X
    from hwsim.study.outcome import Key

STEP, EVENT = 3_000.0, 30_000.0
"""What an optimiser step and a reconnection cost, counted in weights times samples, beside what grows with those."""


@dataclass(frozen=True)
class RunJob:
    """Holds one run: the text of a scenario with settings and a seed.

    ``key`` tells it from every other run of any version; ``places`` are the points that it belongs to; ``cost`` is what
    it is reckoned to take, in units of its own, to set the order and the estimate; ``files`` are the model and the
    datasheets that the scenario names, by relative path.
    """

    key: str
    scenario: str
    settings: tuple[str, ...]
    seed: int
    places: tuple[Key, ...]
    cost: float
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return what messages and folders call it."""
        curve, x, seed = self.places[0]
        return "-".join(filter(None, (curve, x, f"seed{seed}")))

    def task(self, events: tuple[int, ...] = (), wanted: tuple[str, ...] = ()) -> PoolTask:
        """Make the task that a pool is given; events and files wanted as :class:`hwsim.study.PoolTask` has them."""
        return PoolTask(
            self.key, self.name, self.scenario, self.settings, self.seed, self.cost, self.files, events, wanted
        )


def scenario_path(reproduction: Reproduction) -> Path:
    """Find the scenario's file: beside the reproduction, or by name in the library.

    Raises:
        DiagnosticError: there is none.
    """
    name = reproduction.file.scenario
    for beside in (reproduction.path.parent / f"{name}.toml", reproduction.path.parent / name):
        if beside.is_file() and beside.suffix == ".toml":
            return beside
    try:
        return find(name)
    except DiagnosticError as error:
        at = ("scenario",)
        raise DiagnosticError(
            [reproduction.document.diagnostic(at, f.what, f.found, f.hint) for f in error.diagnostics]
        ) from None


def plan_jobs(
    reproduction: Reproduction, extra: Sequence[str] = (), only: Sequence[tuple[str, X | None]] | None = None
) -> list[RunJob]:
    """List every run of a reproduction, the costliest first; runs that several curves share are one.

    Args:
        reproduction: the file.
        extra: settings that go before all others, as ``--set`` takes them.
        only: the points wanted, all when None.

    Raises:
        DiagnosticError: every diagnostic of what the runs name, at the places in this file that named it.
    """
    path, diagnostics, jobs = scenario_path(reproduction), Diagnostics(), dict[str, RunJob]()
    values: dict[Path, bytes] = {}
    for number, curve in enumerate(reproduction.file.curve):
        for x in reproduction.places(curve):
            if only is not None and (curve.name, x) not in only:
                continue
            settings = lay(reproduction.settings(curve, x), extra)
            plan = diagnostics.attempt(lambda n=number, s=settings: _plan(reproduction, n, path, s, extra))  # type: ignore[misc]
            if plan is None:
                continue
            text, files = read_document(path).text, _files(plan, values)
            for seed in curve.seeds or reproduction.file.seeds:
                events = wanted_events(reproduction)
                key = hashlib.sha256(json.dumps([VERSION, plan.identity, seed, *events]).encode()).hexdigest()
                place = (curve.name, shown(x), seed)
                known = jobs.get(key)
                places = (*known.places, place) if known else (place,)
                jobs[key] = RunJob(key, text, tuple(settings), seed, places, _cost(plan), files)
    diagnostics.check()
    return sorted(jobs.values(), key=lambda job: -job.cost)


def wanted_events(reproduction: Reproduction) -> list[int]:
    """List the events that are looked at one by one; none if the axis is another."""
    axis = reproduction.file.x
    return [int(x) for x in axis.values] if axis is not None and reproduction.along_events else []


def lay(settings: Sequence[str], extra: Sequence[str]) -> list[str]:
    """Override settings by others.

    Example:
        >>> lay(["a.b=1", "c=2"], ["a.b=3"])
        ['a.b=3', 'c=2']
    """
    return list({parse_setting(text).path: text for text in [*settings, *extra]}.values())


def _plan(reproduction: Reproduction, number: int, path: Path, settings: list[str], extra: Sequence[str]) -> Plan:
    """Resolve a point's plan with seed 0; diagnostics of its settings stand where this file has them."""
    loaded = load(path, settings, 0)
    own = {parse_setting(text).path for text in extra}
    places = {at: place for at, place in _origins(reproduction, number).items() if at not in own}
    overrides = {
        at: next((place for key, place in places.items() if tuple(map(str, at)) == key), given)
        for at, given in loaded.document.overrides.items()
    }
    return Scenario(loaded.path, replace(loaded.document, overrides=overrides)).plan()


def _origins(reproduction: Reproduction, number: int) -> dict[tuple[str, ...], Elsewhere]:
    """Tell where this file gives each setting of a curve."""
    file = reproduction.file
    named: list[tuple[tuple[str, ...], Any]] = [
        *((parse_setting(text).path, ("set", n)) for n, text in enumerate(file.set)),
        *((parse_setting(text).path, ("curve", number, "set", n)) for n, text in enumerate(file.curve[number].set)),
    ]
    if file.x is not None and not reproduction.along_events:
        named.append((parse_setting(f"{file.x.key}=1").path, ("x", "key")))
    found = {}
    for path, at in named:
        place: Diagnostic = reproduction.document.diagnostic(at, "")
        found[path] = Elsewhere(place.file, place.line, place.column, place.source)
    return found


def _files(plan: Plan, values: dict[Path, bytes]) -> dict[str, bytes]:
    """Collect the files that a plan was made from, but its scenario; imported values are read once for all plans."""
    files = {name: text.encode() for name, text in plan.files.items()}
    if plan.values_file is not None:
        if plan.values_file not in values:
            values[plan.values_file] = plan.values_file.read_bytes()
        files[f"models/{plan.values_file.name}"] = values[plan.values_file]
    return files


def _cost(plan: Plan) -> float:
    training = plan.controller.training(plan.controller_parameters)
    weights = sum(layer.units * layer.inputs for layer in plan.model.layers)
    return training.epochs * (weights + STEP / training.batch + EVENT / 1000 / training.period)
