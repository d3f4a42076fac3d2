"""What an export promises: the same files for the same snapshot, with and without a crossbar."""

from __future__ import annotations

from typing import Any

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS, LayerSnapshot, Snapshot
from hwsim.testing.example import CLASSIFIER
from hwsim.testing.promise import entry_of, hold, introduce


class _Numbered:
    """A chip whose cells hold their own numbers."""

    @staticmethod
    def cells(layer: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        made = CLASSIFIER.layers[layer]
        return np.arange(made.units * made.inputs).reshape(made.units, made.inputs)


def _snapshot(topology: str | None) -> Snapshot:
    """Build a small network after one event, with one circuit per unit before its cells, or with none."""
    layers = []
    for number, made in enumerate(CLASSIFIER.layers if topology else ()):
        fabric = CROSSBARS[topology or ""].build(made.inputs)
        p = np.tile(np.roll(np.arange(made.inputs), 1), (made.units, 1))
        states = fabric.route_many(p)
        layers.append(LayerSnapshot(number, fabric, p, states, fabric.toggles_many(fabric.power_up(len(p)), states)))
    registers = tuple(np.zeros(made.units, np.int64) for made in CLASSIFIER.layers)
    return Snapshot("0" * 64, 1, "none", CLASSIFIER, tuple(layers), registers, _Numbered())


def check_export(export: Any) -> None:
    """Check an export: it writes named files for any topology, the same ones for the same snapshot.

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
        snapshot = _snapshot(topology)
        files = plugin.files(snapshot)
        hold(files, name, f"there is a file where there is a crossbar ({topology})")
        hold(files == plugin.files(snapshot), name, f"the same snapshot gives the same files ({topology})")
        for file, content in files.items():
            hold(file and not {"/", "\\"} & set(file), name, f"a file's name holds no folder ({file!r})")
            hold(isinstance(content, bytes) and content, name, f"a file holds text or bytes ({file!r})")
    bare = plugin.files(_snapshot(None))
    hold(bool(bare) == (plugin.needs == "network"), name, "without a crossbar, what needs a network alone writes files")
