"""A configuration as a table for people: one row per switch and per position, which any spreadsheet filters.

Each file says in its remarks what a row means, which depends on its part. Rows without a bank hold for all.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import crossbar
from hwsim.crossbar.crosspoints import CrosspointNetwork
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology.time_multiplexed import TimeMultiplexed
from hwsim.export.heading import heading, mark, told
from hwsim.export.snapshot import DIRECTION, ExportPlugin
from hwsim.files.checksum import RULE, checked
from hwsim.files.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.crossbar import Fabric
    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content

COLUMNS = "bank,part,step,number,wire_a,wire_b,setting"
_POSITION = "position"
_MEANING = {
    "switch": "switch number, counted through the stages, joins wire_a and wire_b in stage step (time-multiplexed: in "
    "cycle step) and is in bar or cross: in cross the two wires exchange what they carry",
    "select": "output terminal number of stage step takes input setting of its block, the first of which is input "
    "terminal wire_a of the stage, or is open",
    "wire": "input terminal number of stage step is joined to output terminal wire_a of the stage before, of the first "
    "stage to input wire_a",
    "send": "in cycle step lane number sends its item setting",
    "store": "in cycle step lane number stores what comes in its place setting",
    "input": "input number enters on wire_a (time-multiplexed: of lanes), so does output where it leaves",
    _POSITION: "position number is fed by cell setting",
}
"""What the rows of each part say."""


def _places(fabric: Fabric) -> list[str]:
    """Return what each number of a state is: part, step, number, wire_a and wire_b, as they stand in a row.

    Raises:
        Refusal: a circuit of a third party of which that is not known.
    """
    if isinstance(fabric, SwitchNetwork):
        switches = zip(fabric.stage.tolist(), fabric.wire_a.tolist(), fabric.wire_b.tolist(), strict=True)
        return [f"switch,{stage},{number},{a},{b}" for number, (stage, a, b) in enumerate(switches)]
    if isinstance(fabric, CrosspointNetwork):
        firsts = [
            (stage, number, first) for stage, one in enumerate(fabric.stages) for number, first in enumerate(one.first)
        ]
        return [f"select,{stage},{number},{first}," for stage, number, first in firsts]
    if isinstance(fabric, TimeMultiplexed):
        pairs = list(zip(fabric.benes.wire_a.tolist(), fabric.benes.wire_b.tolist(), strict=True))
        cycles, lanes = range(fabric.cycles), range(fabric.lanes)
        turns = [f"switch,{cycle},{number},{a},{b}" for cycle in cycles for number, (a, b) in enumerate(pairs)]
        orders = [f"{part},{cycle},{lane},," for part in ("send", "store") for lane in lanes for cycle in cycles]
        return [*turns, *orders]
    raise Refusal(f"{fabric.topology} circuits have no table", "use --format json")


def _wires(fabric: Fabric) -> list[str]:
    """Return the rows that hold for all banks: on which wires ports lie, and how stages are joined."""
    inner = fabric.benes if isinstance(fabric, TimeMultiplexed) else fabric
    found = inner.describe()
    rows = [
        f",{key[:-1]},,{number},{wire},,"
        for key in ("inputs", "outputs")
        for number, wire in enumerate(found.get(key, ()))
    ]
    for step, stage in enumerate(found["stages"]):
        rows += [f",wire,{step},{number},{wire},," for number, wire in enumerate(stage.get("fed_by", ()))]
    return rows


def _written(part: str, number: int) -> str:
    if part == "switch":
        return "cross" if number else "bar"
    return "open" if number < 0 else str(number)


def _lines(snapshot: Snapshot, layer: LayerSnapshot, places: list[str]) -> Iterator[bytes]:
    remarks = {**heading(snapshot, layer), **_MEANING, "direction": DIRECTION}
    yield f"# {mark('table')}\n".encode()
    yield "".join(f"# {key}: {value}\n" for key, value in remarks.items()).encode()
    yield "".join(f"{row}\n" for row in (COLUMNS, *_wires(layer.fabric))).encode()
    parts = [place.partition(",")[0] for place in places]
    for bank, (state, cells) in enumerate(zip(layer.states, layer.permutations, strict=True)):
        rows = zip(places, parts, state.tolist(), strict=True)
        yield "".join(f"{bank},{place},{_written(part, number)}\n" for place, part, number in rows).encode()
        yield "".join(
            f"{bank},{_POSITION},,{position},,,{cell}\n" for position, cell in enumerate(cells.tolist())
        ).encode()


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one table for every layer."""
    return {
        f"layer{layer.layer}.csv": checked(_lines(snapshot, layer, _places(layer.fabric)), "script")
        for layer in snapshot.layers
    }


def read(content: bytes) -> Told:
    """Read one layer's states and permutations; every row must be that of the circuit.

    Raises:
        ValueError: a row is missing, too many, or of another circuit.
    """
    text = content.decode("ascii")
    remarks = dict(re.findall(r"(?m)^# (\w+): (.*)$", text))
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    fabric = crossbar(remarks["topology"], int(remarks["ports"]))
    fixed = [row.split(",") for row in (COLUMNS, *_wires(fabric))]
    places = [place.split(",") for place in _places(fabric)]
    positions = [[_POSITION, "", str(number), "", ""] for number in range(fabric.ports)]
    expected = [[str(bank), *place] for bank in range(int(remarks["banks"])) for place in [*places, *positions]]
    settings = rows[len(fixed) :]
    if rows[: len(fixed)] != fixed or [row[:-1] for row in settings] != expected:
        raise ValueError("rows of another circuit than it tells")
    numbers = np.array([_number(row[-1]) for row in settings], np.int64).reshape(int(remarks["banks"]), -1)
    states, permutations = numbers[:, : len(places)], numbers[:, len(places) :]
    return told(remarks, states=states, permutations=permutations)


def _number(setting: str) -> int:
    words: dict[str, Any] = {"bar": 0, "cross": 1, "open": -1}
    return int(words.get(setting, setting))


PLUGIN = ExportPlugin(
    name="table",
    summary="switches and positions as rows of CSV for people and spreadsheets, one file per layer",
    export=export,
    named="layer<k>.csv",
    checksum=RULE,
    read=read,
)
