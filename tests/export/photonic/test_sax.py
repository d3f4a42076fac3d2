"""sax, which knows nothing of hwsim, evaluates exported optical netlists to what the emulator takes."""

from __future__ import annotations

from importlib import import_module
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import yaml

from hwsim.execution.light import path_transmissions
from hwsim.export import EXPORTS
from hwsim.export.sax_models import MODELS
from tests.export.optics import taken
from tests.export.snapshots import LIGHT
from tests.export.test_photonic_core import KINDS, chip_of, netlists
from tests.tools import package

pytestmark = [pytest.mark.photonic, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def sax() -> Any:
    package("sax")
    jax, found = import_module("jax"), import_module("sax")
    jax.config.update("jax_enable_x64", True)
    return found


def powers(sax: Any, text: bytes, ports: int) -> Any:
    """The shares of power from every position (rows) to every cell, by the settings in the file."""
    circuit, _ = sax.circuit(yaml.safe_load(text), MODELS)
    found = circuit()
    return np.array([[abs(found[f"position{i}", f"cell{c}"]) ** 2 for c in range(ports)] for i in range(ports)])


def check(sax: Any, topology: str, wanted: Any, ports: int) -> float:
    """Return the largest difference between sax and the emulator, over all paths of all banks."""
    snapshot = taken(topology, ports, wanted)
    assert snapshot is not None
    (layer,) = snapshot.layers
    shares = path_transmissions(layer.fabric, LIGHT, layer.states)
    worst = 0.0
    files = EXPORTS["photonic-yaml"].files(snapshot)
    for text, p, share in zip(files.values(), layer.permutations, shares, strict=True):
        expected = np.zeros((ports, ports))
        expected[np.arange(ports), p] = share
        worst = max(worst, float(np.abs(powers(sax, text, ports) - expected).max()))
    return worst


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_of_a_core(sax: Any, kind: str) -> None:
    chip = chip_of(kind)
    for netlist in netlists(chip)[:1]:
        circuit, _ = sax.circuit(netlist, MODELS)
        found = circuit()
        rows = [port for port in netlist["ports"] if port.startswith("row")]
        units = [port for port in netlist["ports"] if port.startswith("unit")]
        powers = [[abs(found[row, unit]) ** 2 for row in rows] for unit in units]
        numbers = [[int(port.lstrip("rownuit")) for port in ports] for ports in (units, rows)]
        wanted = chip.cells(0)[np.ix_(*numbers)] * chip.device.mean_path
        np.testing.assert_allclose(np.array(powers), wanted, atol=1e-12)


def test_all_permutations_of_four_ports(sax: Any) -> None:
    assert check(sax, "benes", list(permutations(range(4))), 4) < 1e-12


def test_a_hundred_permutations_of_eight_ports(sax: Any) -> None:
    rng = np.random.default_rng(8)
    assert check(sax, "benes", [rng.permutation(8) for _ in range(100)], 8) < 1e-12


@pytest.mark.parametrize(("topology", "ports"), [("cantor", 4), ("dilated-benes", 8), ("spanke", 5), ("waksman", 7)])
def test_other_circuits(sax: Any, topology: str, ports: int) -> None:
    assert check(sax, topology, None, ports) < 1e-12
