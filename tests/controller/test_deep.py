"""What deep models need in training: dropout, batch statistics, l2_factors; against torch's own modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import functional

from hwsim.controller import Job, TrainingSettings
from hwsim.controller.descent import Descent
from hwsim.controller.forward import forward
from hwsim.controller.laperm import PLUGIN as LAPERM
from hwsim.controller.laperm import LaPermParameters
from hwsim.device import infer
from hwsim.device.ideal import Ideal
from hwsim.files import parse_document
from hwsim.model import Layer, Model, Start, read_model, start
from hwsim.model.batches import block
from hwsim.stream import stream
from hwsim.task import Shape, Task
from tests.controller.jobs import curve, job

CONV = """
title = "deep"
inputs = 64
shape = [1, 8, 8]

[[layer]]
kind = "conv2d"
units = 4
kernel = 3
activation = "identity"
PENALTY

[[layer]]
kind = "batch-norm"
activation = "relu"
STATISTICS

[[layer]]
kind = "max-pool"
kernel = 2

[[layer]]
kind = "flatten"

[[layer]]
kind = "dense"
units = 3
activation = "identity"
"""
BATCH = 'statistics = "batch"\nmomentum = 0.25\nepsilon = 1e-3'


def model_of(statistics: str = "", l2: str = "") -> Model:
    return read_model(parse_document(CONV.replace("STATISTICS", statistics).replace("PENALTY", l2), "m.toml"))


def task_of(samples: int = 90) -> Task:
    rng = np.random.default_rng(5)
    x = rng.random((samples, 64), np.float32)
    y = x.reshape(samples, 4, 16).sum(axis=2)[:, :3].argmax(axis=1)
    return Task(Shape(64, 3, "classification"), x, y, x[:30], y[:30], (0.0, 1.0))


def job_of(model: Model, task: Task) -> Job:
    values = start(model, 3)
    return Job(task, model, values, [v.weights for v in values], seed=3, threads=1)


def descent_of(job: Job, training: TrainingSettings) -> Descent:
    return Descent(job, training, [v.weights for v in job.start], [True] * len(job.start))


COURSE = TrainingSettings(epochs=4, batch=30, learning_rate=0.02, rate_decay=1.0, period=1)


class Reference(nn.Module):
    """The same network of torch's own modules."""

    def __init__(self, values: list[Start]) -> None:
        super().__init__()
        self.conv, self.norm, self.dense = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, 1e-3, 0.25), nn.Linear(108 // 3, 3)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor(values[0].weights).reshape(4, 1, 3, 3))
            self.dense.weight.copy_(torch.tensor(values[1].weights))
            for bias in (self.conv.bias, self.dense.bias):
                assert bias is not None
                bias.zero_()
        assert self.conv.bias is not None
        self.conv.bias.requires_grad = False  # means of batches take it away

    def forward(self, x: torch.Tensor) -> Any:
        kept = self.norm(self.conv(x.reshape(-1, 1, 8, 8))).relu()
        return self.dense(functional.max_pool2d(kept, 2).flatten(1))


def steps(module: Reference, task: Task, l2: float = 0.0) -> None:
    """A plain loop over the same batches."""
    adam = torch.optim.Adam([p for p in module.parameters() if p.requires_grad], lr=0.02)
    for epoch in range(4):
        order = stream(3, f"train/order/{epoch}").permutation(90)
        for first in range(0, 90, 30):
            chosen = order[first : first + 30]
            found = module(torch.from_numpy(task.train_x[chosen]))
            loss = functional.cross_entropy(found, torch.from_numpy(task.train_y[chosen]))
            loss = loss + l2 * (module.conv.weight**2).sum()
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()


def test_batch_statistics_are_those_of_torch_and_fold_into_registers() -> None:
    """After 12 steps the chip with the folded registers does what torch's BatchNorm2d does in eval mode."""
    model, task = model_of(BATCH), task_of()
    job = job_of(model, task)
    descent = descent_of(job, COURSE)
    descent.step(12)
    reference = Reference(list(job.start))
    steps(reference, task)
    kept = descent.statistics[0]
    assert kept is not None
    assert reference.norm.running_mean is not None
    assert reference.norm.running_var is not None
    assert kept.mean.numpy() == pytest.approx(reference.norm.running_mean.numpy(), abs=1e-4)
    assert kept.variance.numpy() == pytest.approx(reference.norm.running_var.numpy(), rel=1e-3)
    values = [Start(descent.values(n), r.bias, r.gain) for n, r in enumerate(descent.registers())]
    chip = Ideal().fabricate(model, values, task.train_x, 0)
    emulated = infer(model, chip, task.test_x, descent.registers(), None)
    with torch.no_grad():
        expected = reference.eval()(torch.from_numpy(task.test_x)).numpy()
    assert np.abs(expected).max() > 0.5
    assert emulated == pytest.approx(expected, abs=2e-3)
    assert emulated == pytest.approx(descent.outputs(task.test_x), abs=1e-4)


def test_without_statistics_a_norm_is_a_gain_and_a_bias() -> None:
    model, task = model_of(), task_of()
    descent = descent_of(job_of(model, task), COURSE)
    assert descent.statistics == [None, None]
    descent.step(3)
    for register, gain, bias in zip(descent.registers(), descent.gains, descent.biases, strict=True):
        assert np.array_equal(np.asarray(register.gain, np.float32), gain.detach().numpy())
        assert np.array_equal(register.bias.astype(np.float32), bias.detach().numpy())


def test_a_batch_of_one_sample_is_taken_by_the_running_statistics() -> None:
    dense = 'title = "t"\ninputs = 2\n' + 'L\nkind = "dense"\nunits = 2\nactivation = "identity"\n' * 1
    text = dense.replace("L\n", "[[layer]]\n") + '[[layer]]\nkind = "batch-norm"\nstatistics = "batch"\n'
    model = read_model(parse_document(text, "m.toml"))
    x = np.random.default_rng(0).random((7, 2), np.float32)
    task = Task(Shape(2, 2, "classification"), x, np.arange(7) % 2, x, np.arange(7) % 2, (0.0, 1.0))
    descent = descent_of(
        job_of(model, task), TrainingSettings(epochs=1, batch=6, learning_rate=0.01, rate_decay=1.0, period=1)
    )
    descent.step(descent.batches)
    assert np.isfinite(descent.outputs(x)).all()


@pytest.mark.parametrize("l2", [0.0, 0.05])
def test_a_layer_s_penalty_is_the_loss_of_a_plain_loop(l2: float) -> None:
    model, task = model_of(BATCH, f"l2 = {l2}"), task_of()
    job = job_of(model, task)
    descent = descent_of(job, COURSE)
    descent.step(12)
    reference = Reference(list(job.start))
    steps(reference, task, l2)
    assert descent.values(0).reshape(4, 1, 3, 3) == pytest.approx(reference.conv.weight.detach().numpy(), abs=2e-3)
    assert np.abs(descent.values(0) - job.start[0].weights).max() > 0.05


DROPPING = """
title = "dropout alone"
inputs = 1000

[[layer]]
kind = "dropout"
drop = 0.4

[[layer]]
kind = "dense"
units = 1000
activation = "identity"
"""


def test_dropout_is_for_training_alone() -> None:
    """Of 4000 signals a share of 0.4 is dropped and the rest scaled: H0 binomial, false alarms 1e-3, seed fixed."""
    model = read_model(parse_document(DROPPING, "m.toml"))
    values = [torch.eye(1000)], [torch.zeros(1000)], [torch.ones(())]
    x = torch.ones(4, 1000)
    assert torch.equal(forward(model, x, *values), x)
    chip = Ideal().fabricate(model, [Start(np.eye(1000), np.zeros(1000), 1.0)], x.numpy(), 0)
    registers = [Start(np.eye(1000), np.zeros(1000), 1.0)]
    assert np.array_equal(infer(model, chip, x.numpy(), registers, None), x.numpy())  # type: ignore[arg-type]
    one, again, other = (forward(model, x, *values, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert np.unique(one.numpy()).tolist() == pytest.approx([0, 1 / 0.6])
    dropped = int((one == 0).sum())
    assert stats.binomtest(dropped, 4000, 0.4).pvalue > 1e-3


DEEP = """
title = "deep and sparse"
inputs = 64
shape = [1, 8, 8]
keep = 0.5

[[layer]]
kind = "conv2d"
units = 4
kernel = 3
activation = "identity"

[[layer]]
kind = "batch-norm"
activation = "relu"
statistics = "batch"

[[layer]]
kind = "flatten"

[[layer]]
kind = "dropout"
drop = 0.25

[[layer]]
kind = "dense"
units = 12
activation = "relu"
weights = "constant"
weight_value = 0.08
bias = "he-uniform"
registers = "permuted"

[[layer]]
kind = "dense"
units = 3
activation = "identity"
"""


def test_laperm_on_a_deep_sparse_model() -> None:
    """Each unit keeps its number of zeros, permuted biases their values; put away and taken up, the same bits."""
    model, task = read_model(parse_document(DEEP, "m.toml")), task_of()
    job = job_of(model, task)
    parameters = LaPermParameters(epochs=3, batch=30, learning_rate=0.01, period=2, period_unit="batches")
    whole = LAPERM.begin(parameters, job)
    changes, dumps = [], []
    while (change := whole.advance(lambda _: None)) is not None:
        changes.append(change)
        dumps.append(whole.dump())
    assert len(changes) == 5
    for change in changes:
        for cells, permutation in zip(job.cells, change.permutations, strict=True):
            assert permutation is not None
            shown = np.take_along_axis(cells, permutation, axis=1)
            assert np.array_equal((shown == 0).sum(axis=1), (cells == 0).sum(axis=1))
        assert np.array_equal(np.sort(change.registers[1].bias), np.sort(job.start[1].bias))
        assert np.shape(change.registers[0].gain) == (4,)
    assert any((change.permutations[1] != np.arange(cells.shape[1])).any() for cells in job.cells[1:2])  # type: ignore[union-attr]
    resumed = LAPERM.begin(parameters, job)
    resumed.load(dumps[1])
    for expected in changes[2:]:
        found = resumed.advance(lambda _: None)
        assert found is not None
        for a, b in zip(found.permutations, expected.permutations, strict=True):
            assert np.array_equal(a, b)  # type: ignore[arg-type]
        for ra, rb in zip(found.registers, expected.registers, strict=True):
            assert np.array_equal(ra.bias, rb.bias)
            assert np.array_equal(ra.gain, rb.gain)


def test_outputs_of_many_samples_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide network on three blocks of samples, and on all at once: the same bits."""
    model = Model("3-2500-4", (Layer(2500, 3, "relu"), Layer(4, 2500)))
    x = np.random.default_rng(0).uniform(-1, 1, (2 * block(model) + 1001, 3)).astype(np.float32)
    whole = job(curve(8, 3, 4), model)
    descent = Descent(
        whole, TrainingSettings(1, 8, 1e-3, 1.0, 1), [values.weights for values in whole.start], [False, False]
    )
    found = descent.outputs(x)
    monkeypatch.setattr("hwsim.controller.descent.blocks", lambda _, samples: [slice(samples)])
    assert np.array_equal(found, descent.outputs(x))
