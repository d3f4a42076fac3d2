"""Every exported configuration is decoded from its file alone to the permutation it is for."""

from __future__ import annotations

import json

import pytest

from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS
from tests.export.decoding import PER_STAGE, TAGS, decode, read_mem
from tests.export.snapshots import built, taken

FAMILIES = {
    **dict.fromkeys(PER_STAGE, "one word per stage; bit k"),
    **dict.fromkeys(TAGS, "one destination tag per input"),
    "crossbar": "one word per output: word i is the number of the input",
    "clos": "0 = open, and inputs count from 1",
    "clos-strict": "0 = open, and inputs count from 1",
    "time-multiplexed": "first one word per cycle",
}


def check(name: str, ports: int, banks: int) -> bool:
    fabric = built(name, ports)
    if fabric is None:
        return False
    snapshot = taken(fabric, banks, ports)
    wanted = snapshot.layers[0].permutations.tolist()
    content = json.loads(EXPORTS["json"].files(snapshot)["configuration.json"])
    layer = content["layers"][0]
    for bank, p in zip(layer["banks"], wanted, strict=True):
        words = [int(word, 16) for word in bank["settings_hex"]]
        assert decode(layer["topology"], layer["wiring"], words, ports) == bank["permutation"] == p
    assert FAMILIES[name] in content["bit_order"]
    memory = EXPORTS["readmemh"].files(snapshot)
    assert len(memory) == (fabric.switches > 0)
    for text in memory.values():
        told, wiring, words_of = read_mem(text.decode())
        assert max(len(line) for line in text.decode().splitlines() if line.startswith("//")) <= 120
        assert FAMILIES[name] in told["words"]
        assert "output i is position i" in told["direction"]
        assert wiring == layer["wiring"]
        assert [decode(name, wiring, words, ports) for words in words_of] == wanted
    return True


@pytest.mark.parametrize("name", CROSSBARS)
def test_some_sizes_from_the_file_alone(name: str) -> None:
    assert [ports for ports in (2, 7, 8, 13, 40) if check(name, ports, 2)] in ([2, 7, 8, 13, 40], [2, 8])


@pytest.mark.slow
@pytest.mark.parametrize("name", CROSSBARS)
def test_every_size_from_the_file_alone(name: str) -> None:
    done = [ports for ports in range(2, 41) if check(name, ports, 2)]
    assert done in (list(range(2, 41)), [2, 4, 8, 16, 32])


@pytest.mark.parametrize("name", [name for name in CROSSBARS if name != "spanke"])
def test_mnist(name: str) -> None:
    """784 ports, or 128 where a power of two is wanted; Spanke's 1.2 million elements would take too long to read."""
    assert check(name, 784, 1) or check(name, 128, 1)


def test_one_port() -> None:
    assert [name for name in CROSSBARS if check(name, 1, 2)] == list(CROSSBARS)
