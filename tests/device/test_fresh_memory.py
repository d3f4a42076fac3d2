"""No result depends on what uninitialised memory holds: every device again, where fresh arrays hold poison.

Arrays inside compiled code cannot be poisoned. There, room of ``np.empty`` is written before it is read: in
``read_group``, ``places``, ``own``, ``left``, ``lit`` and ``dim`` up to the rows of the tile, ``pair`` whole by
``gather_two`` and in its first half by ``gather_one``, ``shade`` by the dark column, which comes first in every read;
in ``convert_outputs``, ``normals`` whole by ``fill_singles``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet
from hwsim.files import read_document
from hwsim.files.library import names
from hwsim.model import Layer, Model, Registers, start

SHIPPED = [name for name, path in sorted(names("devices").items()) if read_document(path).data["kind"] == "device"]


def poisoned(make: Any) -> Any:
    """An array function whose arrays hold what would be seen: no numbers, or the largest integers."""

    def fresh(*arguments: Any, **named: Any) -> Any:
        found = make(*arguments, **named)
        if found.dtype.kind == "f":
            found[...] = np.nan
        elif found.dtype.kind in "iu":
            found[...] = np.iinfo(found.dtype).max
        return found

    return fresh


def outputs(device: str, way: str | None) -> list[np.ndarray]:
    """With and without noise, as fabricated and reconnected, over a last block that is not full."""
    document = read_document(names("devices")[device])
    technology = DEVICES[document.data["technology"]]
    built = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ()))
    net = Model(
        "t",
        (
            Layer(11, 13, "relu", "uniform", 1.0, True, "uniform", 1.0, False, True),
            Layer(3, 11, "identity", "uniform", 1.0, True, "uniform", 1.0, False, True),
        ),
    )
    values, rng = start(net, 0), np.random.default_rng(0)
    x = rng.uniform(-1, 1, (261, 13)).astype(np.float32)
    chip: Any = built.fabricate(net, values, x, 3)
    registers, found = [Registers(v.bias, 1.0) for v in values], []
    for moved in (False, True):
        for number, layer in enumerate(net.layers):
            size = layer.units * layer.inputs
            if way is not None and not moved:
                chip.set_path_loss(number, 0.5, calibrated=way == "calibrated")
            if moved:
                order = rng.permuted(np.arange(size).reshape(layer.units, layer.inputs), axis=1)
                chip.connect(number, np.arange(size), order.reshape(-1))
            if way is not None and moved:
                chip.update_path_loss(number, np.arange(size), rng.uniform(0.3, 0.9, size))
        found += [infer(net, chip, x, registers, noise) for noise in (None, np.random.default_rng(1))]
        found += [np.array(chip.cells(0)), np.array(chip.nominal(0))]
    return found


@pytest.mark.parametrize(
    ("device", "way"),
    [
        *((name, None) for name in SHIPPED),
        ("photonic-feldmann-2021", "calibrated"),
        ("photonic-feldmann-2021", "uncalibrated"),
    ],
)
def test_fresh_memory_is_never_read(device: str, way: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = outputs(device, way)  # compiles the kernels, before what they are made of changes
    monkeypatch.setattr(np, "empty", poisoned(np.empty))
    monkeypatch.setattr(np, "empty_like", poisoned(np.empty_like))
    assert np.isnan(np.empty(3)).all()
    found = outputs(device, way)
    monkeypatch.undo()
    for one, other in zip(plain, found, strict=True):
        assert np.isfinite(one).all()
        assert np.array_equal(one, other)
