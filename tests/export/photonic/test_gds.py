"""Layouts are read back by gdsfactory, as netlists, and by KLayout, as polygons: the same switches and waveguides."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from hwsim.export import EXPORTS
from hwsim.export.netlist import NetlistError
from hwsim.export.reading import open_export
from hwsim.export.sax_models import MODELS
from tests.export.optics import taken
from tests.export.test_photonic_core import chip_of, netlists
from tests.tools import ToolError, call, package

pytestmark = [pytest.mark.photonic, pytest.mark.filterwarnings("ignore")]
CIRCUITS = [("benes", 1), ("benes", 4), ("benes", 8), ("benes", 16), ("cantor", 4), ("spanke", 3), ("waksman", 5)]
WAVEGUIDES = (1, 0)
"""Layer and datatype of the generic parts' cores."""


@pytest.fixture(scope="module", params=CIRCUITS, ids=lambda one: f"{one[0]}{one[1]}")
def laid(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A snapshot and its layout as a file."""
    package("gdsfactory")
    snapshot = taken(*request.param)
    assert snapshot is not None
    files = EXPORTS["photonic-gds"].files(snapshot)
    assert files == EXPORTS["photonic-gds"].files(snapshot)
    assert list(files) == ["layer0.gds", "layer0.txt"]
    path = tmp_path_factory.mktemp("gds") / "layer0.gds"
    path.write_bytes(files["layer0.gds"])
    path.with_suffix(".txt").write_bytes(files["layer0.txt"])
    return snapshot, path


def test_a_flipped_byte_is_found(laid: tuple[Any, Path]) -> None:
    _, path = laid
    assert "layer0.gds: OK" in call(["sha256sum", "-c", "layer0.txt"], path.parent)
    assert open_export(path.with_suffix(".txt"))[0] == "photonic-gds"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    other = path.parent / "changed"
    other.mkdir()
    (other / "layer0.gds").write_bytes(content)
    (other / "layer0.txt").write_bytes(path.with_suffix(".txt").read_bytes())
    with pytest.raises(ToolError, match=r"layer0\.gds: FAILED"):
        call(["sha256sum", "-c", "layer0.txt"], other)


def nets(pairs: Any) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in pairs}


def test_the_netlist_reads_back_equal(laid: tuple[Any, Path]) -> None:
    import gdsfactory as gf

    snapshot, path = laid
    ours = yaml.safe_load(EXPORTS["photonic-yaml"].files(snapshot)["layer0_bank0.yml"])
    read = gf.import_gds(path)
    found: Any = read.get_netlist()
    parts = {name: part["component"] for name, part in found["instances"].items()}
    kinds = {"switch2x2": "mzi", "wire": "waveguide"}
    assert parts == {name: kinds[part["component"]] for name, part in ours["instances"].items()}
    assert nets((net["p1"], net["p2"]) for net in found["nets"]) == nets(ours["connections"].items())
    assert found["ports"] == ours["ports"]
    read.delete()


def test_waveguides_cross_as_often_as_they_are_drawn(laid: tuple[Any, Path]) -> None:
    """By their polygons, which is what gets lost of the light."""
    from klayout import db

    snapshot, path = laid
    layout = db.Layout()
    layout.read(str(path))
    core = layout.layer(*WAVEGUIDES)
    wires = [
        db.Region(each.cell.begin_shapes_rec(core)).transformed(each.cplx_trans).merged()
        for each in layout.top_cell().each_inst()
        if each.cell.name.startswith("waveguide")
    ]
    crossed = sum((a & b).merged().count() for a, b in combinations(wires, 2) if a.bbox().touches(b.bbox()))
    assert crossed == snapshot.layers[0].fabric.crossings[0]
    assert all(wire.count() == 1 for wire in wires), "a waveguide is one piece"


def test_large_circuits_are_refused() -> None:
    with pytest.raises(NetlistError, match="a benes of 17 ports; layouts are made of circuits of at most 16"):
        EXPORTS["photonic-gds"].files(taken("benes", 17))  # type: ignore[arg-type]


def test_netlists_are_schematics_of_a_pdk_with_our_parts() -> None:
    """gdsfactory's own schema takes them: no key is unknown, no name that of a generic part."""
    package("gdsfactory")
    import gdsfactory as gf
    from gdsfactory.schematic import Netlist

    def stub(name: str) -> Any:
        def part(**settings: Any) -> Any:
            del settings
            return gf.Component()

        part.__name__ = name
        return gf.cell(part)

    assert not set(MODELS) & set(gf.gpdk.PDK.cells)
    snapshot = taken("benes", 8)
    assert snapshot is not None
    circuit = yaml.safe_load(EXPORTS["photonic-yaml"].files(snapshot)["layer0_bank0.yml"])
    tile = netlists(chip_of("as published"))[0]
    gf.Pdk(name="ours", cells={name: stub(name) for name in MODELS}).activate()
    try:
        for netlist in (circuit, tile):
            found = Netlist.model_validate(netlist)
            assert found.connections == netlist["connections"]
            assert found.ports == netlist["ports"]
            settings = {name: part["settings"] for name, part in netlist["instances"].items()}
            assert {name: part.settings for name, part in found.instances.items()} == settings
    finally:
        gf.gpdk.PDK.activate()
