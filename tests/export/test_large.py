"""A million switches are written in bounded memory, and read back."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from hwsim.crossbar import crossbar
from hwsim.export import EXPORTS, Snapshot
from hwsim.export.reading import read_configuration
from hwsim.files.whole import split, write_all
from tests.export.snapshots import taken


@pytest.fixture(scope="module")
def million() -> Snapshot:
    return taken(crossbar("benes", 65536), 1, 0)


@pytest.mark.parametrize(("name", "bytes_a_switch"), [("npz", 160), ("readmemh", 120)])
def test_a_million_switches(name: str, bytes_a_switch: int, million: Snapshot, tmp_path: Path) -> None:
    fabric = million.layers[0].fabric
    assert fabric.switches > 10**6
    tracemalloc.start()
    try:
        (path,) = write_all({tmp_path / file: content for file, content in EXPORTS[name].contents(million).items()})
        assert tracemalloc.get_traced_memory()[1] < bytes_a_switch * fabric.switches
    finally:
        tracemalloc.stop()
    (layer,) = read_configuration(path).layers
    assert np.array_equal(layer.states, million.layers[0].states)
    assert np.array_equal(layer.permutations, million.layers[0].permutations)


def peak(name: str, snapshot: Snapshot) -> tuple[int, int]:
    """Bytes that an export takes at the most while it is written away part by part, and those that it writes."""
    tracemalloc.start()
    try:
        written = sum(len(part) for content in EXPORTS[name].contents(snapshot).values() for part in split(content))
        return tracemalloc.get_traced_memory()[1], written
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["readmemh", "cfglut5", "table"])
def test_memory_does_not_grow_with_banks(name: str) -> None:
    """Banks are written one after another."""
    fabric = crossbar("benes", 16)
    few, many = (taken(fabric, banks, 0) for banks in (50, 1000))
    peak(name, few)  # what is loaded at first use is loaded
    (less, small), (more, large) = peak(name, few), peak(name, many)
    assert large > 2 * small
    assert more - less < (large - small) / 10
