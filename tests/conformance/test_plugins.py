"""Every catalogue entry obeys its protocol; a new one is tested by being there."""

from __future__ import annotations

import json
import sys
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.controller import CONTROLLERS, Job
from hwsim.crossbar import CROSSBARS, extend
from hwsim.device import DEVICES, Registers, infer, read_sheet, sheet_values
from hwsim.export import EXPORTS
from hwsim.library import names
from hwsim.model import Layer, Model, start
from hwsim.plan.lookup import sheet_kind
from hwsim.registry import PluginError, Registry
from hwsim.replay import configured
from hwsim.scenario import read_document
from hwsim.task import TASKS, Shape, Task

REGISTRIES: list[Registry[Any]] = [CONTROLLERS, CROSSBARS, DEVICES, EXPORTS, TASKS]
SHEETS = [name for name, path in names("devices").items() if sheet_kind(path) == "device"]
MODEL = Model(
    "5-6-3",
    (
        Layer(6, 5, "relu", "he-uniform", 1.0, True, "zero", 1.0, False, True),
        Layer(3, 6, "identity", "he-uniform", 1.0, True, "zero", 1.0, False, True),
    ),
)


def _task() -> Task:
    rng = np.random.default_rng(0)
    x = rng.random((96, 5), np.float32)
    y = x[:, :3].argmax(axis=1)
    return Task(Shape(5, 3, "classification"), x[:64], y[:64], x[64:], y[64:], (0.0, 1.0))


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r._package)
def test_entries_say_what_they_are(registry: Registry[Any]) -> None:
    assert len(registry) >= 2
    for name, plugin in registry.items():
        assert plugin.name == name
        assert plugin.summary
        assert "\n" not in plugin.summary


def _ways() -> list[tuple[str, str]]:
    """Every controller, by each of the paths that it has."""
    paths = {
        name: ("torch", "compiled") if "path" in p.parameters.model_fields else ("",) for name, p in CONTROLLERS.items()
    }
    return [(name, path) for name, those in paths.items() for path in those]


@pytest.mark.parametrize(("name", "path"), _ways())
def test_controller(name: str, path: str) -> None:
    """Permutations of the banks, an end, the same again, and the same after every put-away."""
    plugin, task = CONTROLLERS[name], _task()
    values = start(MODEL, 3)
    cells = [np.round(value.weights, 1) for value in values]
    job = Job(task, MODEL, values, [c.copy() for c in cells], seed=3, threads=1)
    given = {"epochs": 5, "batch": 16, "period": 2, "path": path}
    parameters = plugin.parameters.model_validate(
        {k: v for k, v in given.items() if k in plugin.parameters.model_fields}
    )
    shares: list[float] = []
    whole = plugin.begin(parameters, job)
    changes, dumps = [], []
    while (change := whole.advance(shares.append)) is not None:
        changes.append(change)
        dumps.append(whole.dump())
        assert len(changes) < 100
    assert whole.advance(shares.append) is None
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for before, after in zip(job.cells, cells, strict=True):
        assert np.array_equal(before, after), "a controller never touches a cell"
    for change in changes:
        for permutation, bank in zip(change.permutations, cells, strict=True):
            if permutation is not None:
                assert np.array_equal(np.sort(permutation, axis=1), np.tile(np.arange(bank.shape[1]), (len(bank), 1)))
        assert [len(r.bias) for r in change.registers] == [6, 3]
    for number, dump in enumerate(dumps):
        resumed = plugin.begin(parameters, job)
        resumed.load(dump)
        rest = []
        while (change := resumed.advance(shares.append)) is not None:
            rest.append(change)
        assert len(rest) == len(changes) - number - 1
        for one, other in zip(rest, changes[number + 1 :], strict=True):
            assert one.batch == other.batch
            for a, b in zip(one.permutations, other.permutations, strict=True):
                assert (a is None) == (b is None)
                assert a is None or b is None or np.array_equal(a, b)
            for ra, rb in zip(one.registers, other.registers, strict=True):
                assert np.array_equal(ra.bias, rb.bias)
                assert ra.gain == rb.gain


@pytest.mark.parametrize("name", SHEETS)
def test_device(name: str) -> None:
    """Cells never change, connections gather them, registers round-trip, reads repeat for the same stream."""
    document = read_document(names("devices")[name])
    technology = DEVICES[document.data["technology"]]
    sheet = read_sheet(document, technology.sheet)
    device = technology.build(sheet_values(sheet, {}, document, ()))
    assert device.problems(MODEL) == []
    task, values = _task(), start(MODEL, 1)
    chip = device.fabricate(MODEL, values, task.train_x, 1)
    again = device.fabricate(MODEL, values, task.train_x, 1)
    registers = [Registers(v.bias + 0.1, 1.0) for v in values]
    cells = [chip.cells(i).copy() for i in range(2)]
    quiet = infer(MODEL, chip, task.test_x, registers, None)
    assert quiet.shape == (32, 3)
    assert np.isfinite(quiet).all()
    assert np.array_equal(quiet, infer(MODEL, again, task.test_x, registers, None))
    first, second = (infer(MODEL, chip, task.test_x, registers, np.random.default_rng(s)) for s in (0, 1))
    assert np.array_equal(first, infer(MODEL, chip, task.test_x, registers, np.random.default_rng(0)))
    assert chip.noisy != np.array_equal(first, second)
    for number, value in enumerate(values):
        assert np.array_equal(chip.cells(number), cells[number])
        error = np.abs(chip.nominal(number) - value.weights).max()
        assert error <= np.abs(value.weights).max() * technology.resolution
        assert len(chip.register_codes(number, registers[number])) == len(value.bias)
    order = np.array([4, 2, 0, 1, 3])
    straight = infer(MODEL, chip, np.ascontiguousarray(task.test_x[:, np.argsort(order)]), registers, None)
    chip.connect(0, np.arange(30), np.arange(30).reshape(6, 5)[:, order].reshape(-1))
    assert np.allclose(infer(MODEL, chip, task.test_x, registers, None), straight, atol=1e-9)
    back = np.flatnonzero(np.tile(order != np.arange(5), 6))
    chip.connect(0, back, back)
    assert np.array_equal(infer(MODEL, chip, task.test_x, registers, None), quiet)
    assert np.array_equal(chip.cells(0), cells[0])
    bill = chip.inference_bill()
    assert (bill.energy_j > 0) == (bill.time_s > 0)


@pytest.mark.parametrize("name", CROSSBARS)
@pytest.mark.parametrize("effort", ["any", "greedy"])
def test_crossbar(name: str, effort: str) -> None:
    rng = np.random.default_rng(0)
    for ports in (1, 2, 3, 7, 16, 33):
        if ports & (ports - 1) and name in {"butterfly", "cantor", "dilated-benes", "omega"}:
            with pytest.raises(ValueError, match=rf"cannot have {ports} ports; use a power of two, for example \d+ or"):
                CROSSBARS[name].build(ports)
            continue
        fabric = CROSSBARS[name].build(ports)
        if fabric.blocking == "blocking":
            continue
        state = fabric.power_up(4)
        assert fabric.held_many(state).tolist() == [0] * 4
        for _ in range(5):
            wanted = extend(np.stack([rng.permutation(ports) for _ in range(4)]), ports)
            new = fabric.route_many(wanted, previous=state, effort=effort)
            numbers = np.tile(np.arange(ports), (4, 1))
            assert np.array_equal(fabric.apply_many(new, numbers), wanted)
            sets, toggles = fabric.sets_many(state, new), fabric.toggles_many(state, new)
            assert np.array_equal(fabric.held_many(new) - fabric.held_many(state), sets - (toggles - sets))
            state = new
        words = fabric.words(state[0])
        assert all(0 <= value < 2**width for value, width in words)
        assert sum(width for _, width in words) == fabric.configuration_bits


@pytest.mark.parametrize("name", EXPORTS)
def test_export(name: str, tiny: Path, tmp_path: Path) -> None:
    scenario = hwsim.load(tiny, ["controller.epochs=1"])
    hwsim.run(scenario, tmp_path / "run")
    content = configured(scenario.plan(), tmp_path / "run" / "schedule.sqlite", 1)
    files = EXPORTS[name].export(content)
    assert files
    assert files == EXPORTS[name].export(content)
    for file, text in files.items():
        assert "/" not in file
        assert text.endswith("\n")
        assert zlib.crc32(text.encode())
    if name == "json":
        assert json.loads(next(iter(files.values())))["event"] == 1


def test_a_new_topology_is_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that defines PLUGIN is in the catalogue; nothing else is edited."""
    import pkgutil

    import hwsim.crossbar as package

    module = types.ModuleType("hwsim.crossbar.straight")
    module.PLUGIN = types.SimpleNamespace(name="straight", summary="a stand-in")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    real: Callable[..., Any] = pkgutil.iter_modules

    def more(path: Any) -> list[Any]:
        extra = [types.SimpleNamespace(name="straight")] if path is package.__path__ else []
        return [*real(path), *extra]

    monkeypatch.setattr(pkgutil, "iter_modules", more)
    fresh: Registry[Any] = Registry("crossbar")
    assert set(fresh) - set(CROSSBARS) == {"straight"}


def test_a_broken_entry_point_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "theirs", "their.module:PLUGIN"

        def load(self) -> None:
            raise ImportError("no module named their")

    monkeypatch.setattr("hwsim.registry.entry_points", lambda group: [Point()])
    with pytest.raises(PluginError, match=r"plug-in theirs \(their\.module:PLUGIN\) in group hwsim\.crossbar"):
        list(Registry("crossbar"))
