"""What stands in the initialised memories of a folded network, as text for ``$readmemh``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import TABLE
from hwsim.export.rtl.memory import pack, write_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.rtl.program import Program
    from hwsim.export.rtl.sizes import Sizes


def contents(program: Program, sizes: Sizes) -> dict[str, str]:
    """Return the files by name."""
    wide = sizes.parameters
    store, shape = wide["STORE"], wide["SHAPE"]
    weights = np.zeros((program.lanes, wide["WEIGHTS"]), np.int64)
    weights[:, : program.weights.shape[1]] = program.weights
    found = {
        **{f"weights{lane}.mem": _text(row, wide["WEIGHT"], WEIGHTS) for lane, row in enumerate(weights)},
        "places.mem": _text(_places(program, sizes), 1 + shape + store, PLACES.format(shape=shape, store=store)),
        "taps.mem": _text(_taps(program, sizes), 1 + store, TAPS.format(store=store)),
    }
    if wide["TABLES"]:
        remark = "tables of activations: entry k of a table is the signal of the k-th rounded accumulator"
        found["tables.mem"] = _text(_tables(sizes), wide["SIGNAL"], remark)
    return found


WEIGHTS = "signed weights (complement of two), node by node and there bank by bank"
PLACES = (
    "places of windows: 1 bit, last of its node; {shape} bits, its list of taps; {store} bits, address of its origin"
)
TAPS = "lists of taps: 1 bit, outside the map; {store} bits, address from the origin, modulo the size of the memory"


def _text(values: NDArray[np.int64], bits: int, remark: str) -> str:
    return write_memory(pack(values.reshape(-1, 1), bits), bits, [remark])


def _places(program: Program, sizes: Sizes) -> NDArray[np.int64]:
    wide, rows = sizes.parameters, []
    mask = (1 << wide["STORE"]) - 1
    for base, loop in zip(sizes.shapes, program.loops, strict=True):
        count = len(loop.nest.origins)
        ends = (np.arange(count) == count - 1).astype(np.int64)
        shape = ends << wide["SHAPE"] | (base + loop.nest.shapes)
        rows.append(shape << wide["STORE"] | (loop.nest.origins & mask))
    found = np.zeros(1 << wide["PLACE"], np.int64)
    found[: wide["PLACES"]] = np.concatenate(rows)
    return found


def _taps(program: Program, sizes: Sizes) -> NDArray[np.int64]:
    wide = sizes.parameters
    outside = 1 << wide["STORE"]
    found = np.zeros((1 << wide["SHAPE"], 1 << wide["TAP"]), np.int64)
    for base, loop in zip(sizes.shapes, program.loops, strict=True):
        shapes, taps = loop.nest.taps.shape
        listed = np.where(loop.nest.outside, outside, loop.nest.taps & (outside - 1))
        found[base : base + shapes, :taps] = listed
    return found


def _tables(sizes: Sizes) -> NDArray[np.int64]:
    wide = sizes.parameters
    found = np.zeros((1 << wide["TABLE_ROW"], 1 << wide["TABLE_ENTRY"]), np.int64)
    for row, law in zip(sizes.rows, sizes.laws, strict=True):
        if law.kind == TABLE:
            rows, entries = law.tables.shape
            found[row : row + rows, :entries] = law.tables
    return found
