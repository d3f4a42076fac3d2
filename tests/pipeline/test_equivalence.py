"""Equivalence in a run: the controller and the score never notice, moves and toggles fall, kills cost nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.replay import configured
from hwsim.pipeline.session import read_run
from hwsim.schedule import ScheduleFile, open_schedule
from tests.conftest import run_here

SCORE = ("event", "epoch", "accuracy", "accuracy_low", "accuracy_high", "accuracy_noiseless", "loss")


def ran(tiny: Path, out: Path, equivalence: str, bits: int = 3, scope: str = "output", epochs: int = 3) -> hwsim.Answer:
    settings = [
        f'crossbar.equivalence="{equivalence}"',
        'crossbar.effort="greedy"',
        f'crossbar.scope="{scope}"',
        f'device.weight_bits="{bits} bit"',
        f"controller.epochs={epochs}",
        "execution.reference=false",
    ]
    run_here(tiny, out, *settings)
    return read_run(out)


@pytest.mark.parametrize(("scope", "bits"), [("output", 2), ("output", 3), ("output", 6), ("layer", 2), ("layer", 6)])
def test_the_score_is_the_same_to_the_last_digit(tiny: Path, tmp_path: Path, scope: str, bits: int) -> None:
    plain = ran(tiny, tmp_path / "none", "none", bits, scope)
    for equivalence in ("values", "units", "all"):
        free = ran(tiny, tmp_path / equivalence, equivalence, bits, scope)
        assert [[row[key] for key in SCORE] for row in free.rows] == [[row[key] for key in SCORE] for row in plain.rows]
        assert free.rows[-1]["router"] == f"greedy+{equivalence}"
        assert free.final["moves"] <= plain.final["moves"]
        if equivalence != "units":
            assert free.final["toggles"] < plain.final["toggles"] * (0.2 if bits < 4 else 0.9)


def test_what_is_written_is_what_the_chip_does(tiny: Path, tmp_path: Path) -> None:
    """The schedule holds what was realised, and its replay realises that."""
    free = ran(tiny, tmp_path / "run", "values")
    plan = plan_of(tmp_path / "run")
    moves = 0
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        now = [np.tile(np.arange(b.ports), (b.banks, 1)) for b in schedule.layout.layers]
        for entry in schedule.entries():
            for layer, permutation in enumerate(entry.permutations):
                if permutation is not None:
                    moves += int((permutation != now[layer]).sum())
                    now[layer] = permutation
    assert moves == free.final["moves"]
    last = configured(plan, tmp_path / "run" / "schedule.sqlite", free.events)
    for found in last.layers:
        numbers = np.tile(np.arange(found.fabric.ports), (len(found.states), 1))
        assert np.array_equal(found.fabric.apply_many(found.states, numbers), now[found.layer])


@pytest.mark.parametrize(("equivalence", "scope"), [("values", "output"), ("all", "layer")])
def test_stopped_around_every_reconnection(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, equivalence: str, scope: str
) -> None:
    calm = ran(tiny, tmp_path / "calm", equivalence, 6, scope)

    class Stop(BaseException):
        pass

    real = ScheduleFile.append
    for before in (True, False):
        seen: set[int] = set()

        def append(
            self: ScheduleFile, entry: object, *rest: object, before: bool = before, seen: set[int] = seen
        ) -> None:
            event = getattr(entry, "event", -1)
            if event in seen:
                real(self, entry, *rest)  # type: ignore[arg-type]
                return
            seen.add(event)
            if not before:
                real(self, entry, *rest)  # type: ignore[arg-type]
            raise Stop

        monkeypatch.setattr(ScheduleFile, "append", append)
        for _ in range(9):
            try:
                stopped = ran(tiny, tmp_path / f"stopped-{before}", equivalence, 6, scope)
                break
            except Stop:
                continue
        assert stopped.rows == calm.rows
        assert stopped.final == calm.final
        assert len(seen) == 4


def test_a_photonic_run_has_nothing_to_exchange(tmp_path: Path) -> None:
    """Programming errors make every cell its own kind."""
    found = [
        hwsim.run(
            hwsim.load("sine-photonic-laperm", ["controller.epochs=3", f'crossbar.equivalence="{equivalence}"']),
            tmp_path / equivalence,
        )
        for equivalence in ("none", "all")
    ]
    assert found[0].final == found[1].final
