"""A run sends its configurations as its scenario says, and counts what went through the port."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hwsim.schedule import open_schedule
from tests.conftest import run_here

WIDTH, CHECK = 32, 16


def sent(old: list[int], new: list[int]) -> int:
    """Bits of the shortest way from one row of selects to another on a full crossbar, from the definition."""
    size = (len(new) - 1).bit_length()
    pairs = [
        (before >> bit & 1, after >> bit & 1) for before, after in zip(old, new, strict=True) for bit in range(size)
    ]
    flipped = [place for place, (before, after) in enumerate(pairs) if before != after]
    address = (-(-len(pairs) // WIDTH) - 1).bit_length()
    ways = [
        len(pairs),
        len({place // WIDTH for place in flipped}) * (address + WIDTH),
        len(flipped) * (len(pairs) - 1).bit_length(),
    ]
    return min(ways, key=lambda bits: -(-(bits + CHECK) // WIDTH))


def test_the_port_counts_what_was_sent(tiny: Path, tmp_path: Path) -> None:
    """The circuits do the same whatever the way; only bits, energy and time of the port differ."""
    settings = ["crossbar.topology=crossbar", "crossbar.effort=any", "controller.epochs=2", "execution.reference=false"]
    port = f"execution.port={{writes='%s',check_bits={CHECK}}}"
    full, shortest = (run_here(tiny, tmp_path / way, *settings, port % way) for way in ("full", "shortest"))
    same = ("toggles", "accuracy", "moves")
    assert [full["final"][key] for key in same] == [shortest["final"][key] for key in same]
    with open_schedule(tmp_path / "shortest" / "schedule.sqlite") as schedule:
        entries, rows = list(schedule.entries()), schedule.scores()
    stood: list[list[list[int]] | None] = [None, None]
    total = 0
    for entry in entries:
        for layer, (banks, ports) in enumerate(((12, 64), (10, 12))):
            before, asked = stood[layer], entry.permutations[layer]
            now = asked.tolist() if asked is not None else before or [list(range(ports))] * banks
            for bank in range(banks):
                if before is None:  # never configured: the image, whatever was asked for
                    total += ports * (ports - 1).bit_length() + CHECK
                elif before[bank] != now[bank]:
                    total += sent(before[bank], now[bank]) + CHECK
            stood[layer] = now
    written = np.diff([0, *(row["bias_writes"] for row in rows)])
    total += int((32 * written + CHECK * (written > 0)).sum())
    assert shortest["execution"]["port_bits"] == total < full["execution"]["port_bits"]
    assert shortest["final"]["energy_j"] < full["final"]["energy_j"]
