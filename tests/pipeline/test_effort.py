"""How hard the router of a run tries by itself: never for longer than training takes, as far as sizes tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.controller import TrainingSettings
from hwsim.crossbar import crossbar
from hwsim.model import Layer, Model
from hwsim.scenario.effort import choose_effort, seconds_a_step
from hwsim.schedule import layout
from hwsim.task import Shape, Task

THOROUGH = ["any", "greedy", "blocks", "descent"]
COURSE = TrainingSettings(epochs=6400, batch=16, learning_rate=1e-3, rate_decay=1.0, period=5)


def curve(samples: int = 1600, inputs: int = 1) -> Task:
    x, y = np.ones((samples, inputs), np.float32), np.ones((samples, 1), np.float32)
    return Task(Shape(inputs, 1, "regression"), x, y, x, y, (-1.0, 1.0))


def cai(units: int) -> Model:
    hidden = Layer(units, 1, "relu", learned_connections=False, learned_registers=False)
    return Model("1-2n-1", (hidden, Layer(1, units, gain=True)))


def chosen(model: Model, training: TrainingSettings, task: Task, *, by_values: bool = False) -> str:
    fabrics = [crossbar("benes", layer.inputs) if layer.learned_connections else None for layer in model.layers]
    return choose_effort(model, layout(model, "output"), fabrics, training, task, by_values=by_values)


@pytest.mark.parametrize(("path", "wanted"), [("torch", "descent"), ("auto", "blocks"), ("compiled", "blocks")])
def test_kernels_leave_the_router_less_time(path: Any, wanted: str) -> None:
    """1-2560-1 of Cai et al., 640,000 steps: 2 minutes of torch, some 2 s of kernels; descent takes about 20 s."""
    assert chosen(cai(2560), replace(COURSE, path=path), curve()) == wanted


def test_what_keeps_torch() -> None:
    model, slow = cai(80), seconds_a_step(cai(80), replace(COURSE, path="torch"), curve())
    assert slow >= 2e-4
    assert seconds_a_step(model, COURSE, curve()) < 1e-6
    assert seconds_a_step(model, replace(COURSE, clip=1.0), curve()) == slow
    assert seconds_a_step(model, COURSE, replace(curve(), augment=lambda x, _: x)) == slow
    deep = Model("1-80-80-1", (model.layers[0], Layer(80, 80, "relu"), model.layers[1]))
    assert seconds_a_step(deep, COURSE, curve()) >= slow


def test_a_moment_is_free() -> None:
    """Ten reconnections of 240 switches route within a hundredth of a second, whatever trains."""
    assert chosen(cai(80), replace(COURSE, epochs=10, period=1), curve(16)) == "descent"
    assert chosen(cai(80), replace(COURSE, epochs=1, period=1), curve(16), by_values=True) == "descent"


@settings(max_examples=50, deadline=None)
@given(
    units=st.integers(1, 600),
    epochs=st.integers(1, 5000),
    period=st.integers(1, 50),
    by_values=st.booleans(),
    samples=st.integers(16, 4000),
)
def test_longer_periods_never_make_it_less_thorough(
    units: int, epochs: int, period: int, by_values: bool, samples: int
) -> None:
    """Fewer reconnections in the same training; where equal values may be exchanged, ``any`` gains nothing."""
    short, long = (
        chosen(cai(units), replace(COURSE, epochs=epochs, period=p), curve(samples), by_values=by_values)
        for p in (period, 3 * period)
    )
    assert THOROUGH.index(long) >= THOROUGH.index(short)
    assert not by_values or short != "any"
