"""The compiled path takes the steps of torch's path and of a reference implementation in double precision."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.controller import CONTROLLERS, Job, NoDeviceError, TrainingError, TrainingSettings, UnfitError
from hwsim.controller.compiled import CompiledDescent, pays, unfit
from hwsim.controller.descent import Descent
from hwsim.controller.free import train_freely
from hwsim.controller.trainer import begin_training
from hwsim.model import Model
from hwsim.stream import stream
from hwsim.task import Task
from tests.controller.jobs import DENSE, cai, classifier, curve, images, job
from tests.oracles import training as plain

COURSE = TrainingSettings(epochs=1000, batch=7, learning_rate=0.01, rate_decay=0.99, period=1)


def _plane(activation: str = "relu") -> Model:
    """Units along the eight directions of the plane, as many as pay."""
    first, last = cai(320, 2, activation).layers
    return Model("plane", (replace(first, weights="directions"), last))


CASES: list[tuple[Task, Model, TrainingSettings, list[bool]]] = [
    (curve(), cai(), COURSE, [False, True]),
    (curve(), cai(activation="leaky-relu"), COURSE, [False, True]),
    (curve(inputs=2), cai(20, 2), replace(COURSE, batch=16), [False, True]),
    (curve(inputs=2), _plane(), replace(COURSE, batch=48), [False, True]),
    (curve(inputs=2), _plane("leaky-relu"), replace(COURSE, batch=48), [False, True]),
    (curve(inputs=3, outputs=2), classifier(), COURSE, [True, True]),
    (images(), classifier(), COURSE, [True, True]),
    (images(), classifier(), COURSE, [False, False]),
    (images(), classifier(activation="tanh", l2=1e-3), replace(COURSE, l2=1e-4), [True, True]),
    (images(), classifier(), replace(COURSE, temperature=0.25), [True, True]),
    (images(), classifier(activation="identity"), replace(COURSE, optimiser="sgd", learning_rate=0.1), [True, False]),
]
NAMES = [
    "cai",
    "leaky",
    "two inputs",
    "directions",
    "leaky directions",
    "values",
    "free",
    "bias-only",
    "tanh",
    "temperature",
    "sgd",
]


def _fit(task: Task, model: Model) -> Model:
    """A model with the task's inputs and outputs."""
    first, last = model.layers
    layers = replace(first, inputs=task.shape.features), replace(last, units=task.shape.outputs)
    return Model(model.title, layers)


def _both(case: tuple[Task, Model, TrainingSettings, list[bool]]) -> tuple[Job, Descent, CompiledDescent]:
    task, model, training, learned = case
    work = job(task, _fit(task, model))
    weights = [start.weights for start in work.start]
    return work, Descent(work, training, weights, learned), CompiledDescent(work, training, weights, learned)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_it_takes_torchs_steps(case: Any) -> None:
    """To 1e-6 of the largest value after 300 steps: nearer than either is to double precision by then."""
    work, one, other = _both(case)
    for _ in range(3):
        one.step(100)
        other.step(100)
    for layer in range(2):
        wanted, found = one.values(layer), other.values(layer)
        assert np.abs(found - wanted).max() <= 1e-6 * np.abs(wanted).max()
        wanted, found = one.bias(layer), other.bias(layer)
        assert np.abs(found - wanted).max() <= 1e-6 * max(np.abs(wanted).max(), 1e-3)
        assert other.registers()[layer].gain == pytest.approx(one.registers()[layer].gain, rel=1e-6)
    assert np.allclose(one.outputs(work.task.test_x), other.outputs(work.task.test_x), rtol=1e-4, atol=1e-5)
    start = work.start[0].weights.astype(np.float32)
    assert case[3][0] != np.array_equal(other.values(0), start), "what is frozen stays"


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_it_is_near_double_precision(case: Any) -> None:
    task, _, training, learned = case
    work, _, found = _both(case)
    found.step(40)
    first, last = work.model.layers
    units = first.units
    values = [
        work.start[0].weights.T.reshape(-1, 1, units),
        work.start[0].bias.reshape(1, units),
        work.start[1].weights.reshape(-1, 1, units),
        np.append(work.start[1].bias, work.start[1].gain)[None],
    ]
    values = [np.array(value) for value in values]
    moments = [np.zeros((2, *value.shape)) for value in values]
    registers = [layer.learned_registers for layer in work.model.layers]
    adam = training.optimiser == "adam"
    mask = [learned[0], registers[0], learned[1], registers[1], registers[1] and last.gain, adam]
    labels = task.train_y if task.shape.goal == "classification" else np.zeros(0, np.int64)
    y = np.zeros((0, last.units)) if labels.size else task.train_y.astype(np.float64)
    unit = (int(first.activation == "tanh"), {"identity": 1.0, "leaky-relu": 0.01}.get(first.activation, 0.0))
    clock, done = np.ones(2), 0
    for epoch in range(40):
        count = min(found.batches, 40 - done)
        l2_factors = (training.l2 + one.l2 for one in (first, last))
        settings = [training.learning_rate * training.rate_decay**epoch, 1e-8, *l2_factors, 1 / training.temperature]
        order = stream(work.seed, f"train/order/{epoch}").permutation(len(task.train_x))
        data = task.train_x.astype(np.float64), y, labels
        plain.train(data, order, [0, count, training.batch], settings, unit, mask, clock, values, moments)
        done += count
    assert np.abs(found.values(1) - values[2].reshape(-1, units)).max() < 3e-5 * np.abs(values[2]).max()
    assert np.abs(found.values(0) - values[0].reshape(-1, units).T).max() < 3e-5 * np.abs(values[0]).max()


@pytest.mark.parametrize("case", [CASES[3], CASES[6]], ids=["directions", "images"])
def test_single_steps_are_the_pass(case: Any) -> None:
    """A pass, its steps one by one, and steps across the ends of passes."""
    ends = []
    for parts in ([30], [1] * 30, [7, 13, 10]):
        _, _, found = _both(case)
        for part in parts:
            found.step(part)
        ends.append(str(found.dump()))
    assert ends[0] == ends[1] == ends[2]


def _training(**changes: Any) -> TrainingSettings:
    return replace(COURSE, epochs=2, **changes)


def test_the_path_is_chosen_by_itself() -> None:
    small = job(images(), classifier())
    weights = [start.weights for start in small.start]
    for path, kind in (("auto", CompiledDescent), ("torch", Descent), ("compiled", CompiledDescent)):
        assert type(begin_training(small, _training(path=path), weights, [True, True])) is kind
    deep = Model("deep", (classifier().layers[0], replace(DENSE, units=6, inputs=6), classifier().layers[1]))
    work = job(images(), deep)
    weights = [start.weights for start in work.start]
    assert type(begin_training(work, _training(), weights, [True] * 3)) is Descent
    why = r"controller.path = 'compiled' cannot train this: it takes one hidden layer, and the model has 2; set it to "
    with pytest.raises(UnfitError, match=why):
        begin_training(work, _training(path="compiled"), weights, [True] * 3)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"activation": "sigmoid"}, "it has no hidden units of activation 'sigmoid'"),
        ({"activation": "leaky-relu", "parameters": (2.0,)}, "it takes slopes of 'leaky-relu' from 0 to 1"),
        ({"gain": True}, "it takes one gain register, of the last layer"),
    ],
)
def test_what_it_cannot_train(change: dict[str, Any], why: str) -> None:
    assert unfit(classifier(**change)) == why


def test_it_takes_neither_augmented_samples_nor_other_devices() -> None:
    work = job(images(), classifier())
    weights = [start.weights for start in work.start]
    varied = replace(work, task=replace(work.task, augment=lambda x, _: x))
    for other, training in ((varied, _training()), (work, _training(clip=1.0))):
        assert type(begin_training(other, training, weights, [True, True])) is Descent
    with pytest.raises(NoDeviceError, match=r"torch sees no CUDA graphics card.* set execution.torch_device = 'cpu'"):
        begin_training(replace(work, device="cuda"), _training(), weights, [True, True])


def test_large_products_are_torchs() -> None:
    """Dense images of 784 numbers and a thousand units are left to the linear algebra library."""
    task = images(features=784)
    full = replace(task, train_x=np.ones_like(task.train_x))
    model = _fit(full, classifier(units=1000))
    model = Model("m", (model.layers[0], replace(model.layers[1], inputs=1000)))
    assert not pays(job(full, model), replace(COURSE, batch=128), [True, True])
    assert pays(job(images(), classifier()), COURSE, [True, True])
    wide = job(curve(inputs=3), cai(4000, 3))
    assert pays(wide, replace(COURSE, batch=640), [False, True]), "the kernel for few inputs is always faster"


def test_forgetting_is_starting_anew() -> None:
    _, _, found = _both(CASES[6])
    found.step(10)
    found.forget()
    weights = [found.values(layer) for layer in range(2)]
    work, training = found.job, found.training
    start = [replace(s, bias=found.bias(n)) for n, s in enumerate(work.start)]
    fresh = CompiledDescent(replace(work, start=start), training, weights, [True, True])
    fresh.batch = 10
    for one in (found, fresh):
        one.step(10)
    assert np.array_equal(found.values(0), fresh.values(0))
    assert np.array_equal(found.bias(1), fresh.bias(1))


@pytest.mark.parametrize("path", ["torch", "compiled"])
@pytest.mark.parametrize("name", ["laperm", "bias-only"])
def test_training_that_diverges(path: str, name: str) -> None:
    work = job(curve(), replace(cai(), layers=(cai().layers[0], replace(cai().layers[1], learned_registers=True))))
    plugin = CONTROLLERS[name]
    given = {"epochs": 40, "batch": 8, "learning_rate": 10.0, "optimiser": "sgd", "path": path}
    method = plugin.begin(plugin.parameters.model_validate(given), work)
    message = r"(the loss of training is (inf|nan) in epoch \d+ of 40|became (-?inf|nan) in training); lower the "

    def train() -> None:
        while method.advance(lambda _: None) is not None:
            pass

    with pytest.raises(TrainingError, match=message):
        train()


@pytest.mark.parametrize("kind", [Descent, CompiledDescent])
def test_fixed_registers_are_never_written(kind: Any) -> None:
    """Those of the frozen layer are the fabricated ones to the last bit, though training works in float32."""
    work = job(curve(), cai())
    found = kind(work, COURSE, [start.weights for start in work.start], [False, True])
    found.step(20)
    first, last = found.registers()
    assert np.array_equal(first.bias, work.start[0].bias)
    assert not np.array_equal(first.bias, first.bias.astype(np.float32))
    assert not np.array_equal(last.bias, work.start[1].bias)


def test_free_training_takes_the_same_path() -> None:
    work = job(images(), classifier())
    outputs = [train_freely(work, _training(path=path), lambda _: None) for path in ("torch", "compiled")]
    assert np.allclose(outputs[0], outputs[1], rtol=1e-4, atol=1e-5)
    assert not np.array_equal(outputs[0], outputs[1])


SCENARIO = """
title = "Sine"
[task]
name = "sine"
points = 64
grid = 20
[model]
name = "sine-cai"
[device]
name = "ideal"
[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"
[controller]
name = "laperm"
epochs = 4
"""

WITHOUT_TORCH = """
import sys, hwsim
hwsim.run(hwsim.load("sine.toml"), "run")
assert "torch" not in sys.modules, "torch was imported"
"""


def test_torch_is_not_imported(tmp_path: Path) -> None:
    """Neither for training nor for the reference: starting up matters where hundreds of runs are made."""
    (tmp_path / "sine.toml").write_text(SCENARIO)
    words = [sys.executable, "-c", WITHOUT_TORCH]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["torch", "compiled"])
def test_temperature_is_a_scale_of_the_outputs(path: str) -> None:
    """A frozen read-out of half the size at half the temperature: the same biases, bit for bit."""
    found = []
    for factor in (1.0, 0.5):
        first, last = _fit(images(), classifier()).layers
        work = job(images(), Model("t", (first, replace(last, learned_registers=False))))
        weights = [start.weights * scale for start, scale in zip(work.start, (1.0, factor), strict=True)]
        training = begin_training(work, _training(path=path, temperature=factor), weights, [False, False])
        training.work(60, lambda _: None)
        found.append((training.bias(0), training.outputs(work.task.test_x).argmax(axis=1).tolist()))
    assert np.array_equal(found[0][0], found[1][0])
    assert not np.array_equal(found[0][0], work.start[0].bias)
    assert found[0][1] == found[1][1]


def test_temperature_is_of_classes() -> None:
    work = job(curve(), cai())
    with pytest.raises(
        UnfitError, match=r"controller.temperature = 0.5 is of the softmax of classes, and the task has"
    ):
        begin_training(work, _training(temperature=0.5), [s.weights for s in work.start], [True, True])
