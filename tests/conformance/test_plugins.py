"""Every catalogue entry obeys its protocol; a new one is tested by being there."""

from __future__ import annotations

import json
import sys
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hwsim
from hwsim.controller import CONTROLLERS
from hwsim.crossbar import CROSSBARS
from hwsim.device import DEVICES
from hwsim.errors import HwsimError
from hwsim.export import EXPORTS, Snapshot
from hwsim.files.library import names
from hwsim.files.registry import PluginError, Registry
from hwsim.pipeline.replay import configured
from hwsim.scenario.lookup import sheet_kind
from hwsim.task import TASKS
from hwsim.testing import check_controller, check_device, check_export, check_task, check_topology
from tests.conftest import TINY_MODEL, TINY_SCENARIO

REGISTRIES: list[Registry[Any]] = [CONTROLLERS, CROSSBARS, DEVICES, EXPORTS, TASKS]
SHEETS = [name for name, path in names("devices").items() if sheet_kind(path) == "device"]
LARGE = {"arrays", "mnist"}
"""Tasks whose data are not in the package; their own tests load them where they are."""

GIVEN = {"python", "replay"}
"""Controllers that need a function or a schedule; their own tests give them one."""


FEW: dict[str, dict[str, Any]] = {"lorenz": {"window": 40, "train_windows": 30, "test_windows": 10}}
"""Smaller data where the usual ones take seconds."""


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r._package)
def test_entries_say_what_they_are(registry: Registry[Any]) -> None:
    assert len(registry) >= 2
    for name, plugin in registry.items():
        assert plugin.name == name
        assert plugin.summary
        assert "\n" not in plugin.summary


def _ways() -> list[tuple[str, str]]:
    """Every controller, by each of the paths that it has."""
    alone = {name: p for name, p in CONTROLLERS.items() if name not in GIVEN}
    paths = {name: ("torch", "compiled") if "path" in p.parameters.model_fields else ("",) for name, p in alone.items()}
    return [(name, path) for name, those in paths.items() for path in those]


@pytest.mark.parametrize(("name", "path"), _ways())
def test_controller(name: str, path: str) -> None:
    check_controller(name, **({"path": path} if path else {}))


@pytest.mark.parametrize("name", SHEETS)
def test_device(name: str) -> None:
    check_device(name)


@pytest.mark.parametrize("name", CROSSBARS)
def test_crossbar(name: str) -> None:
    check_topology(name)


@pytest.mark.parametrize("name", [name for name in TASKS if name not in LARGE])
def test_task(name: str) -> None:
    check_task(name, **FEW.get(name, {}))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Snapshot]:
    """A finished run and its snapshot at event 1."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "models").mkdir()
    (folder / "models" / "tiny.toml").write_text(TINY_MODEL)
    (folder / "tiny.toml").write_text(TINY_SCENARIO)
    scenario = hwsim.load(folder / "tiny.toml", ["controller.epochs=1"])
    hwsim.run(scenario, folder / "run")
    return folder / "run", configured(scenario.plan(), folder / "run" / "schedule.sqlite", 1)


@pytest.mark.parametrize("name", EXPORTS)
def test_export(name: str, finished: tuple[Path, Snapshot]) -> None:
    run, content = finished
    check_export(name)
    try:
        files = EXPORTS[name].files(content)
    except HwsimError:
        assert name == "crosspoints" or name.startswith("photonic")
        return
    assert files
    assert files == EXPORTS[name].files(content)
    for file, made in files.items():
        assert "/" not in file
        assert zlib.crc32(made)
        if isinstance(EXPORTS[name].export(content)[file], str):
            assert made.endswith(b"\n")
        assert (run / "export" / file).exists() == EXPORTS[name].in_runs
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

    monkeypatch.setattr("hwsim.files.registry.entry_points", lambda group: [Point()])
    with pytest.raises(PluginError, match=r"plug-in theirs \(their\.module:PLUGIN\) in group hwsim\.crossbar"):
        list(Registry("crossbar"))
