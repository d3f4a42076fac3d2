"""Circuits too large for the machine are refused before they are begun, by what they are measured to take."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

import hwsim.files.memory
from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.routing.blocks import arrange, count_switches

SIZES = {"spanke": 128, "cantor": 256, "odd-even-transposition": 512}


@pytest.mark.parametrize("name", CROSSBARS)
def test_what_is_said_is_less_than_what_is_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory at which a circuit is refused, found by bisection, against what building it takes, and two states."""
    ports = SIZES.get(name, 4096)
    crossbar(name, 4)  # what is imported stays out of the count
    tracemalloc.start()
    fabric = crossbar(name, ports)
    states = fabric.power_up(1), fabric.power_up(1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(states) == 2
    low, high, words = 0, 2**40, ""
    while high - low > 1:
        middle = (low + high) // 2
        monkeypatch.setattr(hwsim.files.memory, "find_memory", lambda middle=middle: middle)
        try:
            crossbar(name, ports)
            high = middle
        except MemoryError as error:
            low, words = middle, str(error)
    assert f"{name.replace('crossbar', 'full')} crossbar of {ports:,} ports take at least " in words
    assert 0.3 * peak < high <= peak


def test_counted_without_building() -> None:
    assert [count_switches(n) for n in range(1, 200)] == [len(arrange(n).stage) for n in range(1, 200)]


def limited(*words: str) -> subprocess.CompletedProcess[str]:
    """Run ``hwsim`` where ``ulimit -v`` allows 16 GiB."""
    line = f'ulimit -v {16 * 2**20} && exec "$0" -m hwsim "$@"'
    return subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, *words], capture_output=True, text=True, timeout=120, check=False
    )


def test_the_largest_is_refused_at_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """2^26 ports, which the catalogue allows, take 38 GiB; a machine of 16 is told so in one line."""
    said = "the parts of a benes crossbar of 67,108,864 ports take at least 38.2 GiB, and this machine has "
    cost = limited("cost", "--random", "67108864", "--count", "1")
    assert (cost.returncode, cost.stdout) == (3, "")
    assert cost.stderr.startswith(f"not enough memory ({said}")
    assert cost.stderr.count("\n") == 1
    tiny.write_text(tiny.read_text().replace("[crossbar]", "[crossbar]\nports = 67108864"))
    check = limited("check", str(tiny))
    assert (check.returncode, check.stdout) == (2, "")
    assert said in check.stderr
    monkeypatch.setattr(hwsim.files.memory, "find_memory", lambda: 16 * 2**30)
    with pytest.raises(MemoryError, match=rf"^{re.escape(said)}16\.0$"):
        crossbar("benes", 2**26)


def test_limits_of_a_process_and_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = tmp_path / "memory.max"
    monkeypatch.setattr(hwsim.files.memory, "GROUPS", (group, tmp_path / "nowhere"))
    there = hwsim.files.memory.find_memory()
    for text, wanted in (("max\n", there), ("1048576\n", 2**20)):
        group.write_text(text)
        assert hwsim.files.memory.find_memory() == wanted
    limit = "import resource as r; r.setrlimit(r.RLIMIT_AS, (3 << 30, 3 << 30))"
    line = f"{limit}; import hwsim.files.memory as m; print(m.find_memory())"
    told = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, timeout=60, check=True)
    assert int(told.stdout) == min(3 << 30, there)
