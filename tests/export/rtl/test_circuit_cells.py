"""A circuit takes two look-up tables a data bit and switch on parts whose tables have 4 inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwsim.device.fpga.fabric import switch_luts
from tests.cells import Cells, cells
from tests.export.rtl.words import words

SIZES = [(8, 1), (8, 4), (8, 8), (16, 1), (16, 4), (16, 8)]


@pytest.mark.rtl
@pytest.mark.parametrize(("family", "sizes"), [("ice40", [*SIZES, (64, 1)]), ("ecp5", SIZES)])
def test_two_tables_a_bit_and_switch(family: str, sizes: list[tuple[int, int]], tmp_path: Path) -> None:
    """Flat, so that Yosys could join tables of different switches; ``docs/counts.txt`` has 64 ports of words."""
    text, switches = words(sizes)
    found = cells({"circuits.v": text}, "top", family, tmp_path)
    for (ports, bits), count in zip(sizes, switches, strict=True):
        assert found[f"circuit_{ports}_{bits}"] == Cells(2 * bits * count, 0)
        assert switch_luts(count, bits, "lut4") == 2 * bits * count
