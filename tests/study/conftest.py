"""A reproduction whose runs take a fraction of a second, a pool in this process, and answers of any pool."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import pytest

from hwsim.study import Pool, PoolAnswer, PoolReport, PoolTask
from hwsim.study.worker import RUN, carry_out

MODEL = """
title = "1-2n-1"
inputs = 1
width = 4

[[layer]]
kind = "dense"
units = "2 width"
activation = "relu"
weights = "signs"
connections = "fixed"
bias = "uniform-twice"
registers = "fixed"

[[layer]]
kind = "dense"
units = 1
activation = "identity"
weights = "pairwise"
bias = "uniform"
gain = true
"""

SCENARIO = """
title = "Short sine"

[task]
name = "sine"
points = 64
grid = 9

[model]
name = "short"

[device]
name = "ideal"

[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"
effort = "any"

[controller]
name = "laperm"
epochs = 4
batch = 16
period = 1

[execution]
scores = "last"
reference = false
"""

FILE = """
title = "A figure"
source = "nobody, Fig. 1"
scenario = "short"
set = ["controller.learning_rate=2e-3"]
seeds = [1, 2]
metric = "max_error"
statistic = "geometric-mean"

[x]
key = "model.width"
label = "n"
values = [4, 8]

[[curve]]
name = "quick"
set = ["controller.learning_rate=4e-3"]
[curve.authors]
4 = [1.2, 0.9, 1.5]
8 = 1.1

[[curve]]
name = "plain"
paper.8 = 1.0

[[expect]]
curve = "quick"
most = 0.0
at = [8]

[[expect]]
curve = "plain"
least = 0.0
"""


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A reproduction file with its scenario and model."""
    for folder in ("models", "scenarios/papers"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "models" / "short.toml").write_text(MODEL)
    (tmp_path / "scenarios" / "papers" / "short.toml").write_text(SCENARIO)
    path = tmp_path / "scenarios" / "papers" / "figure.toml"
    path.write_text(FILE)
    return path


class ElsewherePool:
    """Carries out tasks in this process, the last first, in folders that are gone when it answers.

    ``failing`` are numbers of tasks, as submitted, that fail; ``change`` is what becomes of an answer under way.
    """

    def __init__(self, *failing: int, change: Any = lambda answer: answer) -> None:
        self.failing, self.change = failing, change
        self.waiting: list[bytes] = []
        self.submitted: list[PoolTask] = []
        self.open = False

    def __enter__(self) -> Self:
        self.open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open = False

    def submit(self, task: PoolTask) -> None:
        assert self.open
        self.submitted.append(task)
        self.waiting.append(pickle.dumps(task))

    def collect(self, wait: float) -> Sequence[PoolReport | PoolAnswer]:
        assert self.open
        assert wait > 0
        number = len(self.waiting) - 1
        task: PoolTask = pickle.loads(self.waiting.pop())  # noqa: S301 - our own
        if number in self.failing:
            return [PoolReport(task.key, 0.25), PoolAnswer(task.key, failed="a machine is gone")]
        with TemporaryDirectory() as folder:
            said: dict[str, Any] = carry_out(task, Path(folder), lambda *_: None)
            files = {name: (Path(folder) / RUN / name).read_bytes() for name in task.wanted}
        answer = PoolAnswer(task.key, said.get("answer"), said.get("failed", ""), files)
        later = [PoolReport(self.submitted[0].key, 0.5, compiling=True)] if self.waiting else []
        return [*later, self.change(answer)]


def gather(
    pool: Pool, tasks: Sequence[PoolTask], look: Callable[[PoolReport], None] = lambda _: None
) -> dict[str, PoolAnswer]:
    """Submit tasks, and give their answers in the order in which they came; a minute is enough for all."""
    found: dict[str, PoolAnswer] = {}
    for task in tasks:
        pool.submit(task)
    deadline = time.monotonic() + 60
    while len(found) < len(tasks):
        assert time.monotonic() < deadline, "an answer is waited for that came long ago"
        for said in pool.collect(0.5):
            if isinstance(said, PoolReport):
                look(said)
            else:
                assert said.key not in found
                found[said.key] = said
    return found
