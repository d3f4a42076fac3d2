"""Tiles as YAML: light sent through the file alone arrives as the chip's own cells say, for every kind of core."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import yaml

from hwsim.device.photonic.chip import PhotonicChip
from hwsim.export import EXPORTS, Snapshot
from hwsim.export.netlist import NetlistError
from hwsim.kernels.reading.planes import values
from hwsim.model import Layer, Model
from tests.device.test_photonic_targets import OFF, core_of, fabricated
from tests.export.optics import is_whole

FELDMANN = "photonic-feldmann-2021"
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "as published": (FELDMANN, {}),
    "lossless columns, reference branches": ("photonic-brueckerhoff-2022", {}),
    "one vector": ("photonic-zhou-2023", {}),
    "pairs, even taps, couplers that err": (
        FELDMANN,
        {"signs": "balanced-pair", "couplers": "even", "coupler_error": 0.05, "extinction": 12.0},
    ),
    "cells alone, nothing errs": (FELDMANN, {**OFF, "calibration": "cell", "level_bits": 3, "coupler_loss": 0.3}),
}


def chip_of(kind: str) -> PhotonicChip:
    name, changes = KINDS[kind]
    return fabricated(core_of(name, **changes), np.random.default_rng(1).uniform(-1, 1, (6, 11)), seed=3)


def snapshot_of(chip: Any) -> Snapshot:
    model = Model("t", (Layer(6, 11, "identity", "uniform", 1.0, True, "zero", 1.0, False, True),))
    return Snapshot("0123456789abcdef" * 4, 1, "none", model, (), (), chip)


def netlists(chip: Any) -> list[dict[str, Any]]:
    files = EXPORTS["photonic-core"].files(snapshot_of(chip))
    assert all(is_whole(text.decode()) for text in files.values())
    return [yaml.load(text, yaml.CSafeLoader) for text in files.values()]


def ways_on(part: dict[str, Any], port: str) -> list[tuple[str, float]]:
    """The ports where light leaves a part that it enters at a port, and what share of it leaves there."""
    given = part["settings"]
    kept = 10 ** (-given.get("loss", 0.0) / 10)
    match part["component"]:
        case "directional_coupler":
            straight, over = {"o1": ("o4", "o3"), "o2": ("o3", "o4")}[port]
            return [(straight, kept * (1 - given["coupling"])), (over, kept * given["coupling"])]
        case "waveguide_crossing":
            return [({"o1": "o3", "o2": "o4"}[port], kept)]
        case "cell":
            return [("o2", given["transmission"])]
        case "combiner":
            return [("o3", kept)]
    raise AssertionError(part)


def arriving(netlist: dict[str, Any], row: str) -> dict[str, float]:
    """The shares of a row's light that arrive at each column."""
    outside = {inner: name for name, inner in netlist["ports"].items()}
    found: dict[str, float] = {}
    going = [(netlist["ports"][row], 1.0)]
    while going:
        at, power = going.pop()
        name, port = at.split(",")
        for leaves, share in ways_on(netlist["instances"][name], port):
            end = f"{name},{leaves}"
            if end in outside:
                found[outside[end]] = found.get(outside[end], 0.0) + power * share
            elif end in netlist["connections"]:
                going.append((netlist["connections"][end], power * share))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_light_arrives_as_on_the_chip(kind: str) -> None:
    chip = chip_of(kind)
    core = chip.layers[0].core
    assert core is not None
    mean, dark = chip.device.mean_path, values(core.dark, 0) * chip.device.mean_path
    found = np.full((6, 11), np.nan)
    shade = np.full(dark.shape, np.nan)
    for netlist in netlists(chip):
        for row in [port for port in netlist["ports"] if port.startswith("row")]:
            cell = int(row.removeprefix("row"))
            for column, share in arriving(netlist, row).items():
                if column.startswith("unit"):
                    found[int(column.removeprefix("unit")), cell] = share
                else:
                    shade[int(column.removeprefix("dark") or netlist["info"]["group"]), cell] = share
    np.testing.assert_allclose(found, chip.cells(0) * mean, rtol=1e-12)
    np.testing.assert_allclose(shade, dark, rtol=1e-12)


def test_where_nothing_errs_cells_stand_at_their_levels() -> None:
    chip = chip_of("cells alone, nothing errs")
    levels = np.linspace(10**-0.512, 10**-0.012, 2**3)  # 0.12 dB, and 5 dB more
    held = [
        part["settings"]["transmission"]
        for netlist in netlists(chip)
        for name, part in netlist["instances"].items()
        if part["component"] == "cell" and not name.endswith("_4")  # column 4 is the one compared with
    ]
    assert len(held) == 6 * 11
    assert max(np.abs(levels - one).min() for one in held) < 1e-6


def test_what_is_no_core_is_refused() -> None:
    with pytest.raises(NetlistError, match="no photonic core"):
        EXPORTS["photonic-core"].files(snapshot_of(object()))
