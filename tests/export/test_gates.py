"""Tables, crosspoints and changes, decoded by what the files say, without hwsim."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS
from tests.export.decoding import follow, follow_back, read_mem, select
from tests.export.snapshots import built, taken

GRIDS = ("crossbar", "clos", "clos-strict")
SWITCHES = [name for name in CROSSBARS if name not in {*GRIDS, "time-multiplexed"}]


class Cfglut5:
    """The primitive as its data sheet has it: 32 bits that are shifted, and two outputs."""

    def __init__(self) -> None:
        self.bits = [0] * 32

    def shift(self, cdi: int) -> int:
        """One clock with CE = 1; what leaves at CDO before it."""
        cdo = self.bits[31]
        self.bits = [cdi, *self.bits[:31]]
        return cdo

    def outputs(self, i0: int, i1: int) -> tuple[int, int]:
        """O6 and O5 with I2 = I3 = 0 and I4 = 1."""
        address = i0 + 2 * i1
        return self.bits[16 + address], self.bits[address]


def loaded(words: list[int]) -> list[Cfglut5]:
    """A chain after the stream that the file's remark describes."""
    chain = [Cfglut5() for _ in words]
    for word in reversed(words):
        for bit in range(31, -1, -1):
            carried = word >> bit & 1
            for table in chain:
                carried = table.shift(carried)
    return chain


def crossed(table: Cfglut5) -> int:
    """0 where a table passes its wires straight on, 1 where it exchanges them."""
    seen = {(a, b): table.outputs(a, b) for a in (0, 1) for b in (0, 1)}
    assert seen in ({ab: ab for ab in seen}, {(a, b): (b, a) for a, b in seen})
    return int(seen[1, 0] == (0, 1))


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("ports", [2, 7, 8])
def test_chains_of_tables(name: str, ports: int) -> None:
    fabric = built(name, ports)
    if fabric is None:
        return
    snapshot = taken(fabric, 2, ports)
    for content in EXPORTS["cfglut5"].files(snapshot).values():
        told, wiring, banks = read_mem(content.decode())
        assert "CDI of switch 0 takes the word of the last switch first" in told["chain"]
        for words, wanted in zip(banks, snapshot.layers[0].permutations.tolist(), strict=True):
            bits = iter(crossed(table) for table in loaded(words))
            stages = [sum(next(bits) << k for k in range(len(stage["wire_a"]))) for stage in wiring["stages"]]
            assert follow(wiring, stages) == follow_back(wiring, stages) == wanted


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("ports", [1, 2, 7, 8, 40])
def test_crosspoints(name: str, ports: int) -> None:
    fabric = built(name, ports)
    assert fabric is not None
    snapshot = taken(fabric, 2, ports)
    (content,) = EXPORTS["crosspoints"].files(snapshot).values()
    _, wiring, banks = read_mem(content.decode())
    for words, wanted in zip(banks, snapshot.layers[0].permutations.tolist(), strict=True):
        assert all(word.bit_count() <= 1 for word in words)
        open_ = [stage["may_be_open"] for stage in wiring["stages"] for n in stage["block_outputs"] for _ in range(n)]
        assert select(wiring, [w.bit_length() - 1 + may for w, may in zip(words, open_, strict=True)]) == wanted


def memory(text: str, held: dict[int, int]) -> dict[int, int]:
    """Load by the grammar of IEEE 1364-2005, section 17.2.9."""
    held, address = dict(held), 0
    for token in re.sub(r"//[^\n]*", "", text).split():
        if token.startswith("@"):
            address = int(token[1:], 16)
        else:
            held[address] = int(token, 16)
            address += 1
    return held


@pytest.mark.parametrize("name", CROSSBARS)
def test_changes_over_the_words_before(name: str) -> None:
    for ports in (2, 8, 13):
        fabric = built(name, ports)
        if fabric is None:
            continue
        now = taken(fabric, 3, ports)
        before = now.before()
        assert before is not None
        texts = [EXPORTS["readmemh"].files(one)["layer0.mem"].decode() for one in (before, now)]
        changes = EXPORTS["delta"].files(now)["layer0_delta.mem"].decode()
        old, new = memory(texts[0], {}), memory(texts[1], {})
        assert memory(changes, old) == new
        told, _, _ = read_mem(re.sub(r"(?m)^@.*\n|^[0-9a-f]+\n", "", changes))
        assert int(told["changed words"]) == sum(old[at] != new[at] for at in old) == len(memory(changes, {}))


def test_nothing_changes() -> None:
    fabric = built("benes", 8)
    assert fabric is not None
    now = taken(fabric, 2, 0)
    same = replace(now, before=lambda: now)
    content = EXPORTS["delta"].files(same)["layer0_delta.mem"].decode()
    assert memory(content, {}) == {}
    assert "// changed words: 0\n" in content
    assert np.array_equal(now.layers[0].states, same.layers[0].states)
