"""Families of parts against what Yosys made of circuits and of products with constants (``docs/counts.txt``)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from docs.counts import product_lines
from hwsim.device.fpga.fabric import switch_luts
from hwsim.device.fpga.family import FAMILIES

ROWS = [row.split() for row in (Path(__file__).parents[2] / "docs" / "counts.txt").read_text("utf-8").splitlines()[1:]]


def test_products_are_right_on_the_mean() -> None:
    """Over all constants of 2 to 8 bits, each width by itself, with x of 8 bits: within 5 %."""
    rows = [row[1:5] for row in ROWS if row[0] == "product"]
    assert len(rows) == 2 * 2 * 7
    for family, x, bits, made in rows:
        low, high = (-128, 127) if x == "signed" else (0, 255)
        most = (1 << int(bits) - 1) - 1
        told = np.mean([FAMILIES[family].product(constant, low, high) for constant in range(-most, most + 1)])
        assert told == pytest.approx(float(made), rel=0.05)


def test_circuits_are_two_tables_a_bit_and_switch() -> None:
    """Exactly, but for ECP5 with 64 ports, where Yosys 0.70 takes one more for a bit's 704."""
    rows = [row[1:5] for row in ROWS if row[0] == "circuit"]
    assert len(rows) == 2 * 3 * 3
    for family, ports, bits, made in rows:
        switches = {8: 20, 16: 56, 64: 352}[int(ports)]
        told = switch_luts(switches, int(bits), "lut4")
        assert told <= int(made) <= told + (int(bits) if (family, ports) == ("ecp5", "64") else 0)


def test_yosys_still_makes_the_same(tmp_path: Path) -> None:
    """Constants of up to 4 bits; what else is in the design changes a LUT here and there."""
    kept = [row for row in ROWS if row[:2] == ["product", "ice40"] and int(row[3]) <= 4]
    found = [line.split() for line in product_lines("ice40", tmp_path, 4)]
    assert [row[:4] for row in found] == [row[:4] for row in kept]
    assert [float(row[4]) for row in found] == pytest.approx([float(row[4]) for row in kept], rel=0.02)
