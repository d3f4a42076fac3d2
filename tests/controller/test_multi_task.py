"""MultiTask tasks on one chip: each as if it were alone, and switches that cost what they must."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.cli.show import show
from hwsim.controller import CONTROLLERS, Job, Reconnection
from hwsim.controller.multi_task import begin
from hwsim.model import Layer, Model, start
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.folder import RunFolder
from hwsim.pipeline.replay import configured
from hwsim.schedule import open_schedule
from hwsim.task import Shape, Task, join
from tests.conftest import run_here

MODEL = Model(
    "4-5-2",
    (
        Layer(5, 4, "relu", "he-uniform", 1.0, True, "zero", 1.0, False, True),
        Layer(2, 5, "identity", "he-uniform", 1.0, True, "zero", 1.0, True, True),
    ),
)
TASKS = '["plain", "permuted", "rotated"]'
BIASES = ("controller.name='bias-only'", "device.name='ideal'")


def _job() -> Job:
    def single(seed: int) -> Task:
        x = np.random.default_rng(seed).random((24, 4), np.float32)
        y = (x[:, seed] > x[:, 3]).astype(np.int64)
        return Task(Shape(4, 2, "classification"), x, y, x, y, (0.0, 1.0))

    values = start(MODEL, 1)
    task = join({"a": single(0), "b": single(1), "c": single(2)})
    return Job(task, MODEL, values, [v.weights.copy() for v in values], seed=1, threads=1)


def _all(controller: Any) -> list[Reconnection]:
    found = []
    while (change := controller.advance(lambda share: None)) is not None:
        found.append(change)
    return found


def _same(one: Reconnection, other: Reconnection) -> None:
    assert (one.batch, one.task, one.task_switch) == (other.batch, other.task, other.task_switch)
    for p, q in zip(one.permutations, other.permutations, strict=True):
        assert (p is None) == (q is None)
        assert p is None or q is None or np.array_equal(p, q)
    for r, s in zip(one.registers, other.registers, strict=True):
        assert np.array_equal(r.bias, s.bias)
        assert np.array_equal(r.gain, s.gain)


def _started(name: str, job: Job) -> Any:
    plugin = CONTROLLERS[name]
    return begin(plugin, plugin.parameters.model_validate({"epochs": 4, "batch": 8, "period": 2}), job)


@pytest.mark.parametrize("name", ["bias-only", "laperm"])
def test_tasks_are_learned_as_if_alone(name: str) -> None:
    job = _job()
    changes = _all(_started(name, job))
    assert [(c.task, c.task_switch) for c in changes] == [(n, False) for n in (0, 0, 1, 1, 2, 2)] + [
        (n, True) for n in (0, 1, 2)
    ]
    for number, one in enumerate(job.task.tasks):
        alone = _all(_started(name, replace(job, task=one)))
        for mine, theirs in zip([c for c in changes if c.task == number and not c.task_switch], alone, strict=True):
            _same(mine, replace(theirs, batch=mine.batch, task=number))
        switch = changes[6 + number]
        _same(switch, replace(alone[-1], batch=switch.batch, task=number, task_switch=True))


@pytest.mark.parametrize("name", ["bias-only", "laperm"])
def test_resumed_at_any_reconnection(name: str) -> None:
    job = _job()
    whole = _started(name, job)
    changes, states = [], [whole.dump()]
    while (change := whole.advance(lambda share: None)) is not None:
        changes.append(change)
        states.append(whole.dump())
    for number, state in enumerate(states):
        resumed = _started(name, job)
        resumed.load(state)
        for mine, theirs in zip(_all(resumed), changes[number:], strict=True):
            _same(mine, theirs)


def test_shares_rise_to_one() -> None:
    shares: list[float] = []
    controller = _started("bias-only", _job())
    while controller.advance(shares.append) is not None:
        pass
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_nothing_learned_is_nothing_to_switch() -> None:
    assert _all(begin(CONTROLLERS["none"], CONTROLLERS["none"].parameters(), _job())) == []


class _Stays:
    """A method that reconnects the second layer of one task alone."""

    def __init__(self, _: object, job: Job) -> None:
        self.job, self.done = job, False

    def advance(self, _: Any) -> Reconnection | None:
        if self.done:
            return None
        self.done = True
        turned = np.tile(np.arange(5)[::-1], (2, 1)) if self.job.task.name == "b" else None
        registers = tuple(hwsim.model.Registers(v.bias, v.gain) for v in self.job.start)
        return Reconnection(1, (None, turned), registers)

    def dump(self) -> bytes:
        return b""

    def load(self, state: bytes) -> None: ...


def test_connections_go_back_to_where_another_task_had_them() -> None:
    import types

    plugin: Any = types.SimpleNamespace(begin=_Stays)
    second = [c.permutations[1] for c in _all(begin(plugin, CONTROLLERS["none"].parameters(), _job()))]
    straight = np.tile(np.arange(5), (2, 1))
    assert second[0] is None, "nothing has been reconnected yet"
    for found, wanted in zip(
        second[1:], [straight[:, ::-1], straight, straight, straight[:, ::-1], straight], strict=True
    ):
        assert found is not None
        assert np.array_equal(found, wanted)


def test_a_switch_of_tasks_toggles_nothing(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One chip: connections stay, registers are written, and each task scores what it scores alone."""
    settings = (*BIASES, "controller.epochs=1", "execution.reference=false")
    found = run_here(tiny, tmp_path / "run", *settings, 'task.pixels=["permuted", "rotated"]')
    assert [task["task"] for task in found["tasks"]] == ["permuted", "rotated"]
    assert found["final"]["accuracy"] == min(task["accuracy"] for task in found["tasks"])
    assert found["final"]["toggles"] == found["final"]["moves"] == 0
    show([str(tmp_path / "run")], json=False, picture=None)
    lines = capsys.readouterr().out.splitlines()
    for task in found["tasks"]:
        line = next(line for line in lines if line.startswith(task["task"]))
        writes = task["task_switch"]["bias_writes"]
        assert f"{task['accuracy']:.4f}; to switch to it: 0 toggles, {writes:,} register writes" in line
    rows = RunFolder(tmp_path / "run").rows()
    assert [row["task"] for row in rows] == ["permuted", "permuted", "rotated", "permuted", "rotated"]
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        entries = list(schedule.entries())
        assert all(p is None for entry in entries for p in entry.permutations)
    plan = plan_of(tmp_path / "run")
    for number, task in enumerate(found["tasks"]):
        alone = run_here(tiny, tmp_path / task["task"], *settings, f"task.pixels='{task['task']}'")
        assert (task["accuracy"], task["loss"]) == (alone["final"]["accuracy"], alone["final"]["loss"])
        event = found["events"] - 1 + number
        before, after = entries[event - 1].registers, entries[event].registers
        writes = sum(int((a != b).sum()) for a, b in zip(before, after, strict=True))
        assert task["task_switch"]["bias_writes"] == writes > 0
        assert task["task_switch"]["energy_j"] == pytest.approx(32 * writes * plan.switch.port_energy, rel=1e-6)
        assert task["task_switch"]["time_s"] > 0
        replayed = configured(plan, tmp_path / "run" / "schedule.sqlite", event)
        with open_schedule(tmp_path / task["task"] / "schedule.sqlite") as schedule:
            last = list(schedule.entries())[-1]
        for mine, theirs in zip(replayed.registers, last.registers, strict=True):
            assert np.array_equal(mine, theirs)


def test_scores_at_the_last_event_are_scores_of_every_task(tiny: Path, tmp_path: Path) -> None:
    settings = (*BIASES, "controller.epochs=1", f"task.pixels={TASKS}")
    every = run_here(tiny, tmp_path / "every", *settings)
    last = run_here(tiny, tmp_path / "last", *settings, "execution.scores='last'")
    assert every["tasks"] == last["tasks"]
    assert every["reference"] == min(task["reference"] for task in every["tasks"])
    judged = [row["accuracy"] is not None for row in RunFolder(tmp_path / "last").rows()]
    assert judged == [True] + 3 * [False] + 3 * [True]


def test_tasks_switched_by_reconnection(tiny: Path, tmp_path: Path) -> None:
    """LaPerm switches tasks too, but at the price of toggles."""
    found = run_here(tiny, tmp_path / "run", "controller.epochs=1", f"task.pixels={TASKS}")
    assert all(task["task_switch"]["toggles"] > 0 for task in found["tasks"])
