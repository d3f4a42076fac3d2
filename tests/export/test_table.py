"""The table for people, decoded from its rows alone."""

from __future__ import annotations

import csv

import pytest

from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS
from tests.export.decoding import follow, share
from tests.export.snapshots import built, taken

Row = dict[str, str]


def whole(row: Row, *names: str) -> list[int]:
    return [int(row[name]) for name in names]


def wiring(rows: list[Row]) -> dict[str, list[int]]:
    return {part: [int(row["wire_a"]) for row in rows if row["part"] == part] for part in ("input", "output")}


def stages(switches: list[Row]) -> tuple[list[dict[str, list[int]]], list[int]]:
    """Wires and words of the switches of one bank, grouped by their step."""
    found: dict[int, dict[str, list[int]]] = {}
    words: dict[int, int] = {}
    for row in switches:
        step, a, b = whole(row, "step", "wire_a", "wire_b")
        stage = found.setdefault(step, {"wire_a": [], "wire_b": []})
        words[step] = words.get(step, 0) | (row["setting"] == "cross") << len(stage["wire_a"])
        stage["wire_a"].append(a)
        stage["wire_b"].append(b)
    return [found[step] for step in sorted(found)], [words[step] for step in sorted(words)]


def closed(fixed: list[Row], selects: list[Row]) -> list[int]:
    """Signals from stage to stage, each output terminal taking what its row says."""
    last = max(int(row["step"]) for row in selects)
    before: dict[int, int] = {}
    for step in range(last + 1):
        fed = {int(row["number"]): int(row["wire_a"]) for row in fixed if row["step"] == str(step)}
        fed = {t: wire if step == 0 else before[wire] for t, wire in fed.items()}
        here = [row for row in selects if row["step"] == str(step)]
        before = {
            int(row["number"]): -1 if row["setting"] == "open" else fed[int(row["wire_a"]) + int(row["setting"])]
            for row in here
        }
    return [before[number] for number in sorted(before)]


def in_turns(rows: list[Row], fixed: list[Row], ports: int) -> list[int]:
    """Settings in cycles, and what each lane sends and stores."""
    cycles = len({row["step"] for row in rows if row["part"] == "send"})
    lanes = len({row["number"] for row in rows if row["part"] == "send"})
    each = [[row for row in rows if row["part"] == "switch" and row["step"] == str(cycle)] for cycle in range(cycles)]
    words = [sum((row["setting"] == "cross") << k for k, row in enumerate(one)) for one in each]
    addresses = []
    for part in ("send", "store"):
        held = {(int(r["number"]), int(r["step"])): int(r["setting"]) for r in rows if r["part"] == part}
        addresses += [held[lane, cycle] for lane in range(lanes) for cycle in range(cycles)]
    pairs = {"wire_a": [int(row["wire_a"]) for row in each[0]], "wire_b": [int(row["wire_b"]) for row in each[0]]}
    assert wiring(fixed) == {"input": list(range(lanes)), "output": list(range(lanes))}
    return share({"lanes": lanes, "cycles": cycles, "stages": [pairs]}, [*words, *addresses], ports)


@pytest.mark.parametrize("name", CROSSBARS)
@pytest.mark.parametrize("ports", [2, 7, 8, 13, 40])
def test_rows_set_the_permutation(name: str, ports: int) -> None:
    fabric = built(name, ports)
    if fabric is None:
        return
    snapshot = taken(fabric, 2, ports)
    (content,) = EXPORTS["table"].files(snapshot).values()
    rows = list(csv.DictReader(line for line in content.decode().splitlines() if not line.startswith("#")))
    fixed = [row for row in rows if not row["bank"]]
    for bank, wanted in enumerate(snapshot.layers[0].permutations.tolist()):
        own = [row for row in rows if row["bank"] == str(bank)]
        parts = {row["part"] for row in own} - {"position"}
        if parts == {"select"}:
            found = closed(fixed, [row for row in own if row["part"] == "select"])
        elif "send" in parts:
            found = in_turns(own, fixed, ports)
        else:
            at, words = stages([row for row in own if row["part"] == "switch"])
            ends = wiring(fixed)
            wires = 1 + max(max(stage["wire_b"]) for stage in at)
            found = follow({"wires": wires, "inputs": ends["input"], "outputs": ends["output"], "stages": at}, words)
        assert found == wanted
        told = {int(row["number"]): int(row["setting"]) for row in own if row["part"] == "position"}
        assert [told[position] for position in range(ports)] == wanted
