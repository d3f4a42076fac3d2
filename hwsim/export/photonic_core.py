"""The tiles of a photonic core as gdsfactory-style netlists in YAML, one file for each, which ``sax`` evaluates.

Every crosspoint has a coupler that taps its row, a cell, a coupler that adds to its column, and a crossing of the two
guides; a core without couplers on its columns has combiners there. Rows carry light of their own wavelengths, so
powers of a column add up: what arrives of each row, from ``row<i>`` to ``unit<u>``, is what the emulator reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.netlist import NetlistError
from hwsim.export.optical import NO_TAPE_OUT, decimal, identify, remark
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE, checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content

REMARKS = (
    "row<i> is cell i of each unit, unit<u> the column of a unit, dark or dark<u> what it is compared with; cells that "
    "are not used are not there",
    "couplers are as designed; transmissions hold all that the chip differs by from its design, its leaking crossings "
    "included, at the wavelengths of the first vector",
    "ports of couplers: o1 lower left, o2 upper left, o3 upper right, o4 lower right, o1-o4 and o2-o3 straight on; of "
    "crossings: o1 left, o2 top, o3 right, o4 bottom; losses in dB of power",
    "models for sax: from hwsim.export.sax_models import MODELS",
    NO_TAPE_OUT,
)


class _Netlist:
    """Instances, connections and ports of one tile, in order."""

    def __init__(self, tile: Any) -> None:
        self.instances: dict[str, str] = {}
        self.connections: dict[str, str] = {}
        self.ports: dict[str, str] = {}
        self.tile = tile
        rows, columns = tile.transmissions.shape
        self.used = ~np.isnan(tile.transmissions)
        for i in range(rows):
            for j in range(columns):
                self._crosspoint(i, j)
        self._open(rows, columns)

    def _add(self, name: str, component: str, **settings: float) -> None:
        given = ", ".join(f"{key}: {decimal(value)}" for key, value in settings.items())
        self.instances[name] = f"{{component: {component}, settings: {{{given}}}}}"

    def _crosspoint(self, i: int, j: int) -> None:
        """Place the parts of one crosspoint; their light comes from the left and from above."""
        tile, here = self.tile, f"{i}_{j}"
        loss, crossing = float(tile.coupler_loss), float(tile.crossing_loss)
        self._add(f"tap{here}", "directional_coupler", coupling=float(tile.row_taps[i, j]), loss=loss)
        self._add(f"crossing{here}", "waveguide_crossing", loss=crossing)
        self.connections[f"tap{here},o3"] = f"crossing{here},o1"
        if j:
            self.connections[f"crossing{i}_{j - 1},o3"] = f"tap{here},o2"
        if tile.column_taps is not None:
            self._add(f"add{here}", "directional_coupler", coupling=float(tile.column_taps[i, j]), loss=loss)
            self.connections[f"crossing{here},o4"] = f"add{here},o2"
        else:
            last = i == len(tile.transmissions) - 1
            self._add(f"add{here}", "combiner", loss=float(tile.combiner_loss) if last else 0.0)
        if i:
            below = "crossing" if tile.column_taps is not None else "add"
            self.connections[f"add{i - 1}_{j},o3"] = f"{below}{here},o2"
        if self.used[i, j]:
            self._add(f"cell{here}", "cell", transmission=float(tile.transmissions[i, j]))
            self.connections[f"tap{here},o4"] = f"cell{here},o1"
            self.connections[f"cell{here},o2"] = f"add{here},o1"

    def _open(self, rows: int, columns: int) -> None:
        """Name the ends of the rows and columns that are used."""
        for i in np.flatnonzero(self.used.any(axis=1)).tolist():
            self.ports[f"row{self.tile.first_row + i}"] = f"tap{i}_0,o2"
        for j in range(columns):
            if self.tile.columns[j]:
                self.ports[self.tile.columns[j]] = f"add{rows - 1}_{j},o3"


def _written(snapshot: Snapshot, layer: int, tile: Any) -> Iterator[bytes]:
    netlist, name = _Netlist(tile), f"layer{layer}_tile{tile.group}_{tile.place}"
    rows, columns = tile.transmissions.shape
    what = f"photonic tile of {rows} rows and {columns} columns"
    where = f"layer {layer}, group {tile.group} of units, tile {tile.place} of their cells"
    info = f"run: '{snapshot.identity}', event: {snapshot.event}, layer: {layer}, group: {tile.group}"
    parts = {"instances": netlist.instances, "connections": netlist.connections, "ports": netlist.ports}
    text = [
        remark([*identify(snapshot, "photonic-core", what), where, *REMARKS], "#"),
        f"name: {name}\ninfo: {{{info}, tile: {tile.place}}}\n",
        *("".join([f"{key}:\n", *(f"  {a}: {b}\n" for a, b in part.items())]) for key, part in parts.items()),
    ]
    return checked("".join(text), "script")


def _files(snapshot: Snapshot) -> Iterator[tuple[str, Content]]:
    tiles: Any = getattr(snapshot.chip, "tiles", None)
    if tiles is None:
        raise NetlistError(
            "the cells of this run are no photonic core; run with a device such as photonic-feldmann-2021, or use "
            "--format json"
        )
    for layer in range(len(snapshot.model.layers)):
        for tile in tiles(layer):
            yield f"layer{layer}_tile{tile.group}_{tile.place}.yml", _written(snapshot, layer, tile)


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one ``layer<k>_tile<group>_<tile>.yml`` for every tile of a core; layers in electronics have none.

    Raises:
        NetlistError: the device is no photonic core.
    """
    return dict(_files(snapshot))


PLUGIN = ExportPlugin(
    name="photonic-core",
    summary="tiles of a photonic core as gdsfactory-style YAML netlists for sax: couplers, crossings, cells",
    export=export,
    needs="network",
    named="layer<k>_tile<group>_<tile>.yml",
    checksum=RULE,
)
