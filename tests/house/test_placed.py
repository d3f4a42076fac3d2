"""The kept designs on real parts are sound files, and the table beside them is made of them alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.placed import DESIGNS, table
from hwsim.device.placed import read_placed

HERE = Path(__file__).resolve().parents[2] / "docs"
KEPT = sorted((HERE / "placements").glob("*.toml"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_design_is_sound(path: Path) -> None:
    assert path.stem in DESIGNS
    assert read_placed(path)[0].part == DESIGNS[path.stem].target


def test_the_table_is_of_the_kept_designs() -> None:
    assert (HERE / "placed.txt").read_text() == table()
    assert all(path.stem in table() for path in KEPT)
