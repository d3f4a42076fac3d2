"""The bench can fail: every fault that is planted in the exported files of 16-8-4 is found, and told with its place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.export.rtl.test_project import folder, logic
from tests.export.rtl.test_spatial import dense
from tests.tools import ToolError, icarus

FAULTS = 20
Plant = Callable[[dict[str, str], random.Random], Iterator[tuple[str, str, str]]]
SWITCH = re.compile(r"wire (\w+) = (state\[\d+\] \? \w+(?:\[\d+\])? : \w+(?:\[\d+\])?);")
TABLE = re.compile(r"\.INPUTS\((\d)\), \.BITS\((\d+)\), \.STRIDE_BITS\((\d+)\), \.VALUES\(\d+'h([0-9a-f]+)\)")


def inverted(files: dict[str, str], rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """One output of a switch inverted: file, its text, and what was changed."""
    places = [(name, found) for name, text in files.items() for found in SWITCH.finditer(text) if "circuit" in name]
    for name, found in rng.sample(places, FAULTS):
        text = files[name]
        yield name, f"{text[: found.start(2)]}!({found[2]}){text[found.end(2) :]}", found[1]


def flipped_entries(files: dict[str, str], rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """One bit of one entry of a table of constants flipped."""
    places = [(name, found) for name, text in files.items() for found in TABLE.finditer(text) if "unit" in name]
    for name, found in rng.choices(places, k=FAULTS):
        inputs, bits, stride = (int(found[k]) for k in (1, 2, 3))
        entry, bit = rng.randrange(1, 1 << inputs), rng.randrange(bits)
        values = int(found[4], 16) ^ (1 << ((entry << stride) + bit))
        text = files[name]
        yield name, f"{text[: found.start(4)]}{values:x}{text[found.end(4) :]}", f"entry {entry}, bit {bit}"


def flipped_weights(files: dict[str, str], rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """One bit of one weight flipped in the memory of the folded architecture."""
    lines = files["weights0.mem"].splitlines()
    words = [number for number, line in enumerate(lines) if not line.startswith("//")]
    (bits,) = (int(found[1]) for line in lines if (found := re.fullmatch(r"// \d+ words of (\d+) bits", line)))
    for number in rng.sample(words, FAULTS):
        bit = rng.randrange(bits)
        changed = [*lines]
        changed[number] = f"{int(lines[number], 16) ^ (1 << bit):0{len(lines[number])}x}"
        yield "weights0.mem", "\n".join([*changed, ""]), f"line {number}, bit {bit}"


@pytest.mark.rtl
@pytest.mark.parametrize(
    ("arch", "plant"), [("spatial", inverted), ("spatial", flipped_entries), ("folded", flipped_weights)]
)
def test_every_fault_is_found(tmp_path: Path, arch: str, plant: Plant) -> None:
    files = logic(folder(dense(16, 8, 4, images=40), arch))
    assert "PASS" in icarus(files, "bench", tmp_path)
    planted = list(plant(files, random.Random(1)))  # noqa: S311 - no secret
    assert len(planted) == FAULTS
    for name, text, what in planted:
        assert text != files[name]
        with pytest.raises(ToolError) as found:
            icarus({**files, name: text}, "bench", tmp_path)
        told = found.value.told
        assert found.value.code == 1, (name, what, told)
        assert re.search(
            r"DIFFERS: (output, )?layer \d, image \d+ of phase \w+, place 0, unit \d: got -?\d+, ", told
        ), what
        assert re.search(r"^FAIL, ", told, re.MULTILINE)
