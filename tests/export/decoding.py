"""Exported files read as a stranger reads them: by what stands in them, without hwsim."""

from __future__ import annotations

import re
from typing import Any

PER_STAGE = {"benes", "waksman", "omega", "butterfly", "cantor", "spanke", "dilated-benes"}
TAGS = {"bitonic", "odd-even-merge", "odd-even-transposition"}


def follow(wiring: dict[str, Any], words: list[int]) -> list[int]:
    """The input whose signal leaves each output; -1 stands on wires without a signal."""
    wires = [-1] * wiring["wires"]
    for number, wire in enumerate(wiring["inputs"]):
        wires[wire] = number
    for stage, word in zip(wiring["stages"], words, strict=True):
        for k, (a, b) in enumerate(zip(stage["wire_a"], stage["wire_b"], strict=True)):
            if word >> k & 1:
                wires[a], wires[b] = wires[b], wires[a]
    return [wires[wire] for wire in wiring["outputs"]]


def follow_back(wiring: dict[str, Any], words: list[int]) -> list[int]:
    """The input at which what enters at each output arrives: the stages from the last to the first."""
    wires = [-1] * wiring["wires"]
    for number, wire in enumerate(wiring["outputs"]):
        wires[wire] = number
    for stage, word in reversed(list(zip(wiring["stages"], words, strict=True))):
        for k, (a, b) in enumerate(zip(stage["wire_a"], stage["wire_b"], strict=True)):
            if word >> k & 1:
                wires[a], wires[b] = wires[b], wires[a]
    found = [-1] * len(wiring["outputs"])
    for number, wire in enumerate(wiring["inputs"]):
        found[wires[wire]] = number
    return found


def sort(wiring: dict[str, Any], tags: list[int]) -> list[int]:
    """Signals with tags through switches that set themselves."""
    wires: list[tuple[int, int]] = [(-1, -1)] * wiring["wires"]
    for number, wire in enumerate(wiring["inputs"]):
        wires[wire] = tags[number], number
    for stage in wiring["stages"]:
        for a, b in zip(stage["wire_a"], stage["wire_b"], strict=True):
            wires[a], wires[b] = sorted((wires[a], wires[b]))
    return [wires[wire][1] for wire in wiring["outputs"]]


def select(wiring: dict[str, Any], words: list[int]) -> list[int]:
    """Signals through stages of blocks, each output terminal of which takes one of its block's inputs."""
    took = iter(words)
    before: list[int] | None = None
    for stage in wiring["stages"]:
        fed = stage["fed_by"] if before is None else [before[t] for t in stage["fed_by"]]
        after, first = [], 0
        for inputs, outputs in zip(stage["block_inputs"], stage["block_outputs"], strict=True):
            for _ in range(outputs):
                chosen = next(took) - stage["may_be_open"]
                assert chosen < inputs
                after.append(-1 if chosen < 0 else fed[first + chosen])
            first += inputs
        before = after
    assert next(took, None) is None
    assert before is not None
    return before


def share(wiring: dict[str, Any], words: list[int], ports: int) -> list[int]:
    """Items on lanes, cycle by cycle."""
    lanes, cycles = wiring["lanes"], wiring["cycles"]
    settings, addresses = words[:cycles], words[cycles:]
    sends = [addresses[lane * cycles : (lane + 1) * cycles] for lane in range(lanes)]
    stores = [addresses[(lanes + lane) * cycles : (lanes + lane + 1) * cycles] for lane in range(lanes)]
    assert len(addresses) == 2 * lanes * cycles
    pairs = [(a, b) for s in wiring["stages"] for a, b in zip(s["wire_a"], s["wire_b"], strict=True)]
    memory: dict[int, int] = {}
    for cycle, setting in enumerate(settings):
        wires = [sends[lane][cycle] * lanes + lane for lane in range(lanes)]
        for k, (a, b) in enumerate(pairs):
            if setting >> k & 1:
                wires[a], wires[b] = wires[b], wires[a]
        for lane, item in enumerate(wires):
            memory[stores[lane][cycle] * lanes + lane] = item
    return [memory[place] for place in range(ports)]


def decode(topology: str, wiring: dict[str, Any], words: list[int], ports: int) -> list[int]:
    """The permutation that one bank's words set."""
    if topology in PER_STAGE:
        found = follow(wiring, words)
        assert found == follow_back(wiring, words), "a switch exchanges the same wires either way"
        return found
    if topology in TAGS:
        found = [words.index(output) for output in range(ports)]
        assert found == sort(wiring, words)
        return found
    if topology == "time-multiplexed":
        return share(wiring, words, ports)
    assert topology in {"crossbar", "clos", "clos-strict"}
    found = select(wiring, words)
    assert topology != "crossbar" or found == words
    return found


def read_mem(text: str) -> tuple[dict[str, str], dict[str, Any], list[list[int]]]:
    """Remarks, wiring and the words of every bank, from a ``.mem`` file alone."""
    joined = re.sub(r"\n//   ", " ", text)
    remarks = [line[3:] for line in joined.splitlines() if re.match(r"// [\w ]+: ", line)]
    told = dict(remark.split(": ", 1) for remark in remarks)
    wiring: dict[str, Any] = {"stages": []}
    for key, value in told.items():
        if not re.fullmatch(r"wires|lanes|cycles|inputs|outputs|stage \d+ \w+", key):
            continue
        numbers = [int(number) for number in value.split()]
        if (stage := re.fullmatch(r"stage (\d+) (\w+)", key)) is not None:
            while len(wiring["stages"]) <= int(stage[1]):
                wiring["stages"].append({})
            wiring["stages"][int(stage[1])][stage[2]] = numbers[0] if stage[2] == "may_be_open" else numbers
        else:
            wiring[key] = numbers[0] if key in {"wires", "lanes", "cycles"} else numbers
    banks: list[list[int]] = []
    for line in joined.splitlines():
        if line.startswith("@"):
            assert int(line.split()[0][1:], 16) == sum(map(len, banks))
            banks.append([])
        elif not line.startswith("//"):
            banks[-1].append(int(line, 16))
    return told, wiring, banks
