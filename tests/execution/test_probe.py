"""What a controller may ask: answers with noise that stand in the bill, prices that are kept, and an end in between."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.controller import Controller, Job, Probe, Reconnection
from hwsim.execution import Machine, first_entry
from hwsim.model import Registers
from hwsim.pipeline import flow as pipeline
from hwsim.pipeline.fabrication import assemble, initial_values
from hwsim.scenario import Plan
from hwsim.schedule import open_schedule
from tests.conftest import run_here


def machine(tiny: Path, *settings: str) -> tuple[Machine, Plan, Any]:
    plan = hwsim.load(tiny, settings).plan()
    task = plan.task.load(plan.task_parameters)
    values = initial_values(plan, task)
    built = assemble(plan, task, values)
    built.execute(first_entry(plan.model, values))
    return built, plan, task


def asked(built: Machine, rng: np.random.Generator) -> Reconnection:
    banks = built.layout.layers
    rows = tuple(np.array([rng.permutation(bank.ports) for _ in range(bank.banks)]) for bank in banks)
    return Reconnection(0, rows, tuple(Registers(rng.normal(size=bank.banks), 1.0) for bank in banks))


@pytest.mark.parametrize("equivalence", ["none", "all"])
def test_a_price_is_what_it_costs_and_asking_is_free(tiny: Path, equivalence: str) -> None:
    built, _, task = machine(tiny, f'crossbar.equivalence="{equivalence}"')
    probe: Probe = built
    rng = np.random.default_rng(0)
    for event in range(1, 4):
        wanted, before, saw = asked(built, rng), probe.spent, built.infer(task.test_x[:9], None)
        price = probe.price(wanted)
        assert price.toggles > 0
        assert (probe.spent, probe.left) == (before, {})
        assert np.array_equal(built.infer(task.test_x[:9], None), saw)
        built.fulfil(event, wanted)
        assert probe.spent == before + price


def test_every_answer_is_billed_and_draws_noise_of_its_own(tiny: Path) -> None:
    settings = ('device.name="photonic-feldmann-2021"', 'controller.name="bias-only"')
    (one, _, task), (other, *_) = machine(tiny, *settings), machine(tiny, *settings)
    x, first = task.train_x[:5], one.spent
    again, answers = one.outputs(x), [other.outputs(x), other.outputs(x)]
    assert np.array_equal(again, answers[0])
    assert not np.array_equal(again, answers[1])
    assert np.array_equal(one.outputs(x), answers[1])
    each, spent = one.inference_bill(), one.spent
    assert spent.reads == 10
    assert spent.energy_j - first.energy_j == pytest.approx(10 * each.energy_j)
    assert spent.time_ps - first.time_ps == pytest.approx(10 * each.time_s * 1e12, abs=1)
    taken_up, *_ = machine(tiny, *settings)
    taken_up.load(one.dump())
    assert taken_up.spent == one.spent
    assert np.array_equal(taken_up.outputs(x), one.outputs(x))


class Asking:
    """Reads the chip, then asks for a reconnection, over and over; never ends by itself."""

    def __init__(self, job: Job) -> None:
        assert job.probe is not None
        self._job, self._probe, self._rng = job, job.probe, np.random.default_rng(0)

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Ten reads, then random permutations."""
        report(0.0)
        self._probe.outputs(self._job.task.train_x[:10])
        rows = tuple(np.array([self._rng.permutation(row.size) for row in cells]) for cells in self._job.cells)
        return Reconnection(0, rows, tuple(Registers(start.bias, start.gain) for start in self._job.start))

    def dump(self) -> bytes:
        """Nothing."""
        return b""

    def load(self, state: bytes) -> None:
        """Nothing."""


def begin_asking(_: Any, __: Any, job: Job) -> Controller:
    return Asking(job)


@pytest.mark.parametrize(("limit", "events"), [({"reads": 35}, 3), ({"toggles": 0}, 0)])
def test_the_end_of_what_may_be_spent_is_a_normal_end(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: dict[str, float], events: int
) -> None:
    def limited(*given: Any) -> Machine:
        built = assemble(*given)
        built.limits.update(limit)
        return built

    monkeypatch.setattr(pipeline, "begin", begin_asking)
    monkeypatch.setattr(pipeline, "assemble", limited)
    found = run_here(tiny, tmp_path / "run", "execution.reference=false")
    assert found["events"] == events
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        assert schedule.complete
        rows, reason = schedule.scores(), schedule.note("ended")
    ((name, most),) = limit.items()
    assert reason is not None
    assert reason.startswith(f"{name}: ")
    assert reason.endswith(f" of {most:g} left")
    assert found["ended"] == reason
    for before, after in pairwise(rows):
        assert after["energy_j"] - before["energy_j"] > 10 * before["inference_energy_j"]
