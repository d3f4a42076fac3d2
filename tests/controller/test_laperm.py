"""LaPerm against a loop written down from the papers, by both paths."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hwsim.controller import CONTROLLERS, Job, Reconnection
from hwsim.controller.forward import forward
from hwsim.controller.laperm import LaPermParameters, match_ranks
from hwsim.model import Model, Node, Registers
from hwsim.model.layer import Window
from hwsim.stream import stream
from tests.controller.jobs import DENSE, cai, classifier, curve, images, job

LAPERM = CONTROLLERS["laperm"]


def _all(task: Job, parameters: dict[str, Any]) -> list[Reconnection]:
    method = LAPERM.begin(LaPermParameters.model_validate(parameters), task)
    found = []
    while (change := method.advance(lambda _: None)) is not None:
        found.append(change)
    return found


def oracle(
    task: Job, epochs: int, batch: int, learning_rate: float, decay: float, fires: set[int], reset: bool
) -> list[Any]:
    """The published method in torch: after every epoch that fires, w <- theta_sorted[argsort(argsort(w))]."""
    first, last = task.model.layers
    hidden, read = torch.nn.Linear(first.inputs, first.units), torch.nn.Linear(last.inputs, last.units)
    gain = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        for module, values, cells in zip((hidden, read), task.start, task.cells, strict=True):
            module.weight.copy_(torch.tensor(cells.reshape(values.weights.shape)))
            module.bias.copy_(torch.tensor(values.bias))
    learned = [read.weight, read.bias, *([gain] if last.gain else [])]
    learned += [hidden.weight, hidden.bias] if first.learned_connections else []
    adam = torch.optim.Adam(learned, lr=learning_rate)
    sorted_rows = {0: torch.sort(hidden.weight.detach())[0].clone(), 1: torch.sort(read.weight.detach())[0].clone()}
    bend: Any = {"relu": torch.relu, "leaky-relu": torch.nn.LeakyReLU(0.01), "tanh": torch.tanh}[first.activation]
    x, y = torch.from_numpy(task.task.train_x), torch.from_numpy(task.task.train_y)
    loss_of: Any = torch.nn.CrossEntropyLoss() if y.dtype == torch.int64 else torch.nn.MSELoss()
    found = []
    for epoch in range(epochs):
        order = torch.from_numpy(stream(task.seed, f"train/order/{epoch}").permutation(len(x)))
        for chosen in torch.split(order, batch):
            adam.zero_grad()
            loss_of(gain * (bend(hidden(x[chosen])) @ read.weight.T) + read.bias, y[chosen]).backward()
            adam.step()
        adam.param_groups[0]["lr"] *= decay
        if epoch + 1 in fires:
            with torch.no_grad():
                for number, module in enumerate((hidden, read)):
                    if module.weight.requires_grad and (number == 1 or first.learned_connections):
                        rank = module.weight.argsort(dim=1).argsort(dim=1)
                        module.weight.copy_(torch.gather(sorted_rows[number], 1, rank))
            if reset:
                adam.state.clear()
            weights = [m.weight.detach().numpy().copy() for m in (hidden, read)]
            found.append((epoch + 1, weights, [m.bias.detach().numpy().copy() for m in (hidden, read)], gain.item()))
    return found


@pytest.mark.parametrize("path", ["torch", "compiled"])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(
    ("task", "model"),
    [(images(), classifier()), (images(), classifier(activation="tanh")), (curve(), cai()),
     (curve(), cai(activation="leaky-relu"))],
    ids=["relu", "tanh", "cai", "leaky"],
)  # fmt: skip
def test_it_is_the_published_method(path: str, reset: bool, task: Any, model: Model) -> None:
    work = job(task, model)
    given_ = {"epochs": 11, "batch": 7, "learning_rate": 0.01, "rate_decay": 0.97, "period": 3, "path": path}
    found = _all(work, {**given_, "adam_state": "reset" if reset else "kept"})
    wanted = oracle(work, 11, 7, 0.01, 0.97, {3, 6, 9, 11}, reset)
    assert [change.batch for change in found] == [10 * epoch for epoch, *_ in wanted]
    for change, (_, weights, biases, gain) in zip(found, wanted, strict=True):
        for number, (cells, p) in enumerate(zip(work.cells, change.permutations, strict=True)):
            assert (p is None) == (not model.layers[number].learned_connections)
            if p is not None:  # the same cells to the last bit
                assert np.array_equal(np.take_along_axis(cells, p, axis=1).astype(np.float32), weights[number])
            assert np.allclose(change.registers[number].bias, biases[number], rtol=1e-4, atol=1e-6)
        assert change.registers[1].gain == pytest.approx(gain, rel=1e-4)


@given(
    banks=st.integers(1, 3),
    ports=st.integers(1, 6),
    few=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_ranks_are_the_nearest_permutation(banks: int, ports: int, few: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 3, (banks, ports)).astype(float) if few else rng.standard_normal((banks, ports))
    wanted = rng.standard_normal((banks, ports))
    found = match_ranks(cells, wanted)
    for bank in range(banks):
        nearest = min(((cells[bank, list(p)] - wanted[bank]) ** 2).sum() for p in permutations(range(ports)))
        assert ((cells[bank, found[bank]] - wanted[bank]) ** 2).sum() == pytest.approx(nearest)
    again = match_ranks(cells, np.take_along_axis(cells, found, axis=1))
    assert np.array_equal(np.take_along_axis(cells, again, 1), np.take_along_axis(cells, found, 1)), "a projection"


def _fires(parameters: LaPermParameters, batches: int = 1) -> list[int]:
    found, done, total = [], 0, parameters.epochs * batches
    while done < total:
        done = min(parameters.next_snap(done, batches), total)
        found.append(done)
    return found


def _as_cai_code_counts(epochs: int, period: int, growth: float) -> list[int]:
    """Zero-based epochs, as in the published notebooks; a last snap at the end is ours."""
    found, epoch0 = [], 0
    for epoch in range(epochs):
        if epoch + 1 - epoch0 == math.ceil(period * growth**epoch):
            found.append(epoch + 1)
            epoch0 = epoch
    return [*found, *([epochs] if epochs not in found else [])]


def test_the_papers_periods() -> None:
    cai_ = {"epochs": 6400, "period": 5, "period_logic": "as-published"}
    found = _fires(LaPermParameters.model_validate(cai_))
    assert [fire - 1 for fire in found[:3]] == [4, 8, 12], "zero-based epochs, as published"
    assert len(found) == 1599 + 1
    assert found[-2:] == [6397, 6400]
    relaxed = _fires(LaPermParameters.model_validate({**cai_, "growth": 1.002**0.1}))
    gaps = np.diff(relaxed[:-1])
    assert (gaps[0], gaps[-1]) == (5, 17), "from 5 to 18, less one"
    assert _fires(LaPermParameters(epochs=6400, period=5)) == list(range(5, 6401, 5))


@given(period=st.integers(1, 9), growth=st.sampled_from([1.0, 1.0002, 1.01, 1.3]), epochs=st.integers(1, 200))
def test_as_published_is_what_the_code_does(period: int, growth: float, epochs: int) -> None:
    if period == 1 and growth == 1:
        return
    given_ = {"epochs": epochs, "period": period, "growth": growth, "period_logic": "as-published"}
    assert _fires(LaPermParameters.model_validate(given_), 3) == [
        3 * epoch for epoch in _as_cai_code_counts(epochs, period, growth)
    ]


@given(period=st.integers(1, 40), batches=st.integers(1, 9), epochs=st.integers(1, 9))
def test_periods_in_batches(period: int, batches: int, epochs: int) -> None:
    """Step first, then snap where the step's number is a multiple of the period (Qiu & Suda), and at the end."""
    total = epochs * batches
    found = _fires(LaPermParameters(epochs=epochs, period=period, period_unit="batches"), batches)
    assert found == sorted({*range(period, total + 1, period), total})


@pytest.mark.parametrize("path", ["torch", "compiled"])
def test_permuted_biases_keep_their_values(path: str) -> None:
    model = classifier(bias="uniform", permuted_registers=True)
    work = job(images(), model)
    given_ = {"epochs": 6, "batch": 16, "learning_rate": 0.05, "path": path}
    found = _all(work, given_)
    biases = [change.registers[0].bias for change in found]
    assert all(np.array_equal(np.sort(bias), np.sort(work.start[0].bias)) for bias in biases)
    assert len({bias.tobytes() for bias in biases}) > 1
    assert not np.array_equal(np.sort(found[-1].registers[1].bias), np.sort(work.start[1].bias))


@pytest.mark.parametrize("path", ["torch", "compiled"])
@pytest.mark.parametrize("unit", ["epochs", "batches"])
def test_it_goes_on_from_every_reconnection(path: str, unit: str) -> None:
    """Also from the middle of a pass, with growing periods, and with the moments of Adam."""
    work = job(images(), classifier(permuted_registers=True, bias="uniform"))
    given_ = {"epochs": 4, "batch": 10, "learning_rate": 0.02, "period": 3 if unit == "batches" else 1, "growth": 1.1}
    parameters = LaPermParameters.model_validate({**given_, "path": path, "period_unit": unit, "l2": 1e-3})
    whole = LAPERM.begin(parameters, work)
    dumps, changes = [], []
    while (change := whole.advance(lambda _: None)) is not None:
        changes.append(change)
        dumps.append(whole.dump())
    assert len(changes) >= 3
    for number, dump in enumerate(dumps):
        method = LAPERM.begin(parameters, work)
        method.load(dump)
        for wanted in changes[number + 1 :]:
            got = method.advance(lambda _: None)
            assert got is not None
            assert got.batch == wanted.batch
            assert str(got) == str(wanted)
        assert method.advance(lambda _: None) is None


def _image() -> Model:
    window = Window((2, 2), (1, 1))
    nodes = (
        Node("conv2d", (1, 3, 3), (2, 2, 2), 0, window),
        Node("flatten", (2, 2, 2), (8,)),
        Node("dense", (8,), (8,), 1),
        Node("add", (8,), (8,), summand=1, rectify=True),
        Node("dense", (8,), (3,), 2),
    )
    layers = (
        replace(DENSE, units=2, inputs=4),
        replace(DENSE, units=8, inputs=8, activation="identity"),
        replace(DENSE, units=3, inputs=8, activation="identity"),
    )
    return Model("image", layers, nodes)


def _sequence() -> Model:
    layers = (
        replace(DENSE, units=4, inputs=7, activation="tanh"),
        replace(DENSE, units=3, inputs=4, activation="identity"),
    )
    return Model("sequence", layers, (Node("rnn", (3, 3), (4,), 0), Node("dense", (4,), (3,), 1)))


@pytest.mark.parametrize("model", [_image(), _sequence()], ids=["convolution and residual", "recurrent"])
@pytest.mark.parametrize("scope", ["output", "layer"])
def test_deep_models(model: Model, scope: str) -> None:
    """Banks keep their cells, and what is connected in the end is better than what was in the beginning."""
    work = job(images(features=9), model, scope=scope)
    last = _all(work, {"epochs": 30, "batch": 8, "learning_rate": 0.02})[-1]
    met = []
    for cells, p in zip(work.cells, last.permutations, strict=True):
        assert p is not None
        assert np.array_equal(np.sort(p, axis=1), np.tile(np.arange(cells.shape[1]), (len(cells), 1)))
        met.append(np.take_along_axis(cells, p, axis=1))
    losses = []
    for banks, registers in ((work.cells, [Registers(s.bias, s.gain) for s in work.start]), (met, last.registers)):
        weights = [torch.tensor(b.reshape(s.weights.shape)) for b, s in zip(banks, work.start, strict=True)]
        biases, gains = ([torch.tensor(getattr(r, key)) for r in registers] for key in ("bias", "gain"))
        outputs = forward(model, torch.from_numpy(work.task.train_x).double(), weights, biases, gains)
        losses.append(float(torch.nn.functional.cross_entropy(outputs, torch.from_numpy(work.task.train_y))))
    assert losses[1] < 0.8 * losses[0]


def test_half_the_path_is_another_run() -> None:
    """Adam begun anew, growing periods and a l2 change what comes out; nothing is ignored."""
    work = job(images(), classifier())
    base: dict[str, Any] = {"epochs": 8, "batch": 16, "learning_rate": 0.02, "period": 2}
    changes: list[dict[str, Any]] = [
        {}, {"adam_state": "reset"}, {"l2": 0.05}, {"optimiser": "sgd", "learning_rate": 0.5}, {"adam_epsilon": 0.1},
        {"rate_decay": 0.7},
    ]  # fmt: skip
    ends = [str(_all(work, {**base, **change})[-1]) for change in changes]
    assert len(set(ends)) == len(ends)
