"""The fixed values themselves, cell by cell: what is burnt, written or programmed, and what is known of the outcome.

A chip tells them with a method ``programmed(layer)``: quantities by name, each (units, inputs) with its unit. Of a chip
without one the export writes ``chip.cells(layer)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.export.heading import mark
from hwsim.export.snapshot import ExportPlugin
from hwsim.files.checksum import RULE, checked
from hwsim.files.remark import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot
    from hwsim.files.whole import Content

    Quantities = Mapping[str, tuple[NDArray[Any], str]]


def quantities(chip: Any, layer: int) -> Quantities:
    """Return what a chip's cells were given, by name, each with its unit."""
    told = getattr(chip, "programmed", None)
    return told(layer) if told is not None else {"cell": (chip.cells(layer), "as the device counts")}


def _lines(snapshot: Snapshot, layer: int) -> Iterator[bytes]:
    found = {one_line(name).replace(",", " "): told for name, told in quantities(snapshot.chip, layer).items()}
    yield f"# {mark('values')}\n# run: {snapshot.identity}\n".encode()
    yield f"# network: {one_line(snapshot.model.title)}\n# layer: {layer}\n".encode()
    yield "".join(f"# {name}: {one_line(unit, 200)}\n" for name, (_, unit) in found.items()).encode()
    yield f"{','.join(('unit', 'input', *found))}\n".encode()
    tables = [np.asarray(values) for values, _ in found.values()]
    for unit in range(len(tables[0])):
        columns = [table[unit].tolist() for table in tables]
        rows = zip(range(tables[0].shape[1]), *columns, strict=True)
        yield "".join(f"{unit},{','.join(map(repr, row))}\n" for row in rows).encode()


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one table for every layer that has cells."""
    layers = range(len(snapshot.model.layers))
    return {f"layer{layer}_values.csv": checked(_lines(snapshot, layer), "script") for layer in layers}


PLUGIN = ExportPlugin(
    name="values",
    summary="the fixed values of all cells: codes, conductances or transmissions, with units, one file per layer",
    export=export,
    needs="network",
    named="layer<k>_values.csv",
    checksum=RULE,
)
