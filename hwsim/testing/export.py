"""What an export promises: the same files for the same snapshot, with and without a crossbar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch
from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.export import EXPORTS, ExportPlugin, LayerSnapshot, Snapshot
from hwsim.files.checksum import RULE, check
from hwsim.testing.example import CLASSIFIER
from hwsim.testing.promise import ConformanceError, entry_of, hold, introduce

_LIGHT = Switch("light", "optical", 0, 0, 0, 0, 0, 0, 0, 32, 1e8, 0, bar_loss=2.0, cross_loss=1.0, crossing_loss=0.02)


class _Numbered:
    """A chip whose cells hold their own numbers."""

    @staticmethod
    def cells(layer: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        made = CLASSIFIER.layers[layer]
        return np.arange(made.units * made.inputs).reshape(made.units, made.inputs)


def _snapshot(topology: str | None, event: int = 1) -> Snapshot:
    """Build a small network after so many events, with one circuit per unit before its cells, or with none."""
    layers = []
    for number, made in enumerate(CLASSIFIER.layers if topology else ()):
        fabric = CROSSBARS[topology or ""].build(made.inputs)
        p = np.tile(np.roll(np.arange(made.inputs), event), (made.units, 1))
        states = fabric.route_many(p)
        layers.append(LayerSnapshot(number, fabric, p, states, fabric.toggles_many(fabric.power_up(len(p)), states)))
    registers = tuple(np.zeros(made.units, np.int64) for made in CLASSIFIER.layers)
    return Snapshot(
        "0" * 64,
        event,
        "light",
        CLASSIFIER,
        tuple(layers),
        registers,
        _Numbered(),
        switch=_LIGHT,
        before=lambda: _snapshot(topology, event - 1) if event else None,
    )


def _written(plugin: ExportPlugin, name: str, topology: str | None) -> dict[str, bytes] | None:
    """Return the files of a small network; None where the export refuses it in one line."""
    snapshot = _snapshot(topology)
    try:
        files = plugin.files(snapshot)
    except HwsimError as refusal:
        hold(refusal.exit_code == BAD_INPUT, name, f"a refusal is an error of bad input ({topology})")
        hold("\n" not in str(refusal) and str(refusal), name, f"a refusal is one line ({topology})")
        return None
    hold(files == plugin.files(snapshot), name, f"the same snapshot gives the same files ({topology})")
    for file, content in files.items() if plugin.checksum.startswith(RULE) else ():
        try:
            body = check(content, Path(file))
        except HwsimError as fault:
            raise ConformanceError(f"{name} breaks a promise: its files end with their checksum ({fault})") from None
        told = None if plugin.read is None else plugin.read(body)
        same = told is None or (told.run, told.event) == (snapshot.identity, snapshot.event)
        hold(same, name, f"what is read back is of the run and event that were written ({file})")
    return files


def check_export(export: Any) -> None:
    """Check an export: it writes the same named files for the same snapshot, or refuses it in one line.

    Args:
        export: a registered name, or an :class:`hwsim.export.ExportPlugin`.

    Raises:
        ConformanceError: a promise is broken.
        KeyError: an unknown name.

    Example:
        >>> check_export("readmemh")
    """
    plugin = entry_of(EXPORTS, export)
    name = introduce(plugin)
    hold(plugin.needs in {"configuration", "network"}, name, "needs is configuration or network")
    hold(isinstance(plugin.in_runs, bool), name, "in_runs is true or false")
    for topology in ("benes", "crossbar", "bitonic", "time-multiplexed"):
        files = _written(plugin, name, topology)
        hold(files is None or files, name, f"there is a file where there is a crossbar ({topology})")
        for file, content in (files or {}).items():
            hold(file and not {"/", "\\"} & set(file), name, f"a file's name holds no folder ({file!r})")
            hold(isinstance(content, bytes) and content, name, f"a file holds text or bytes ({file!r})")
    bare = _written(plugin, name, None)
    needed = bare is None or bool(bare) == (plugin.needs == "network")
    hold(needed, name, "without a crossbar, what needs a network alone writes files")
