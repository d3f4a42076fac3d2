"""A run that cannot fit the machine is refused before anything is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

import hwsim
from hwsim.scenario import check_memory
from tests.conftest import Command


def test_a_network_of_a_million_million_cells(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    model = tmp_path / "models" / "tiny.toml"
    wide = '[[layer]]\nkind = "dense"\nunits = 1000000\nactivation = "relu"\n'
    head, rest = model.read_text().split("[[layer]]", 1)
    model.write_text(head + wide + wide + "[[layer]]" + rest)
    result = hwsim_command("run", tiny, "--out", tmp_path / "run", "--quiet")
    assert result.returncode == 3
    assert result.stderr.startswith("not enough memory (1,000,0")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_needs_stand_beside_what_there_is(tiny: Path) -> None:
    plan = hwsim.load(tiny).plan()
    check_memory(plan)
    with pytest.raises(MemoryError, match=r"switches take at least 0\.0 GiB, and this machine has 0\.0"):
        check_memory(plan, memory=1000)


def test_signals_of_a_block_count(tiny: Path) -> None:
    """However many samples, no more than those of a block; beside 8 GB of other things, as there are here, nothing."""
    plan = hwsim.load(tiny).plan()
    check_memory(plan, 10**12, 1 << 40)
    bare = 32 * sum(layer.units * layer.inputs for layer in plan.model.layers)
    with pytest.raises(MemoryError, match=r"cells, [\d,]+ switches and [\d,]+ signals take at least "):
        check_memory(plan, 10**12, bare + (1 << 20))
