"""Everything of a configuration as NumPy arrays in one file, for tools in Python: ``numpy.load`` reads it.

Arrays are named by layer, as in ``layer0/states``. The file is an uncompressed zip; its checksum stands in the zip's
comment, so that it covers the container too.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.snapshot import DIRECTION, ExportPlugin
from hwsim.export.told import Told, ToldLayer
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content

_COMMENT = len(next(reversed(list(checked(b"", "plain")))))
"""Bytes of the zip's comment, which is the line with the checksum."""
_MEANING = {
    "states": "(banks, ...), as the circuit's switches stand: 0 = bar, 1 = cross for 2x2 switches; the input that an "
    "output terminal is joined to, -1 = open, for crosspoints",
    "permutations": "(banks, ports): position i is fed by cell permutation[i]",
    "toggles": "(banks,): switches that changed since the event before",
    "cells": "(units, inputs): what cells hold, as the device counts",
    "registers": "biases and then gains, as the device holds them",
    "wiring": "of one bank; stages lie one after another, and <name>_starts says where each begins",
}


def _about(snapshot: Snapshot) -> NDArray[np.uint8]:
    about = {
        "format": "hwsim export npz, version 1",
        "run": snapshot.identity,
        "event": snapshot.event,
        "network": snapshot.model.title,
        "technology": snapshot.technology,
        "layers": [
            {
                "layer": layer.layer,
                "topology": layer.fabric.topology,
                "ports": layer.fabric.ports,
                "cells": snapshot.cells(layer),
            }
            for layer in snapshot.layers
        ],
        "meaning": _MEANING,
        "direction": DIRECTION,
    }
    return np.frombuffer(json.dumps(about).encode(), np.uint8)


def _arrays(snapshot: Snapshot) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "about", _about(snapshot)
    for layer in snapshot.layers:
        name = f"layer{layer.layer}"
        yield f"{name}/states", layer.states
        yield f"{name}/permutations", layer.permutations
        yield f"{name}/toggles", layer.toggles
        for key, numbers in _flattened(layer.fabric.describe()).items():
            yield f"{name}/wiring/{key}", numbers
    for number, registers in enumerate(snapshot.registers):
        yield f"layer{number}/registers", registers
        yield f"layer{number}/cells", snapshot.chip.cells(number)


def _flattened(wiring: Mapping[str, Any]) -> dict[str, NDArray[np.int64]]:
    """Return what :meth:`hwsim.crossbar.Fabric.describe` tells as arrays, its stages one after another."""
    found: dict[str, NDArray[np.int64]] = {}
    for key, value in wiring.items():
        if key != "stages":
            found[key] = np.asarray(value, np.int64)
            continue
        for word in value[0] if value else ():
            lists = [np.atleast_1d(np.asarray(stage[word], np.int64)) for stage in value]
            found[word] = np.concatenate(lists)
            found[f"{word}_starts"] = np.cumsum([0, *map(len, lists)])
    return found


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file; equal snapshots give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in _arrays(snapshot):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
        archive.comment = b" " * _COMMENT
    return {"configuration.npz": checked(buffer.getvalue()[:-_COMMENT], "plain")}


def read(content: bytes) -> Told:
    """Read all layers."""
    with np.load(io.BytesIO(content + b" " * _COMMENT), allow_pickle=False) as arrays:
        about = json.loads(arrays["about"].tobytes())
        layers = tuple(_told(layer, arrays) for layer in about["layers"])
    return Told(about["run"], about["event"], about["technology"], layers)


def _told(layer: dict[str, Any], arrays: Any) -> ToldLayer:
    name = f"layer{layer['layer']}"
    return ToldLayer(
        **layer,
        states=arrays[f"{name}/states"],
        permutations=arrays[f"{name}/permutations"],
        wiring=_nested({key.split("/")[-1]: arrays[key] for key in arrays.files if key.startswith(f"{name}/wiring/")}),
    )


def _nested(arrays: Mapping[str, NDArray[np.int64]]) -> dict[str, Any]:
    """Return what :func:`_flattened` was made from."""
    staged = [key for key in arrays if f"{key}_starts" in arrays]
    found = {key: one.tolist() for key, one in arrays.items() if key.removesuffix("_starts") not in staged}
    stages: list[dict[str, Any]] = []
    for key in staged:
        starts = arrays[f"{key}_starts"]
        stages = stages or [{} for _ in starts[1:]]
        for stage, begin, end in zip(stages, starts[:-1], starts[1:], strict=True):
            numbers = arrays[key][begin:end].tolist()
            stage[key] = numbers[0] if key == "may_be_open" else numbers
    return {**found, "stages": stages}


PLUGIN = ExportPlugin(
    name="npz",
    summary="states, permutations, wiring, toggles, cells and registers as NumPy arrays in one file",
    export=export,
    needs="network",
    named="configuration.npz",
    checksum=f"{RULE}; the line is the zip's comment",
    read=read,
)
