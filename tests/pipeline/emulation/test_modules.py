"""Torch modules of all sorts: emulated as they compute, on numbers that can be checked by hand, or refused by name."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import hwsim
from hwsim.errors import HwsimWarning
from hwsim.model.imports import RefusedError, read_module

if TYPE_CHECKING:
    from collections.abc import Callable


def linear(weight: Any, bias: float = 0.0, kind: type[nn.Linear] = nn.Linear) -> nn.Linear:
    w = torch.tensor(weight, dtype=torch.float32)
    layer = kind(w.shape[1], w.shape[0])
    layer.weight.data, layer.bias.data = w, torch.full((w.shape[0],), bias)
    return layer


class Net(nn.Module):
    """A forward of one's own over some layers."""

    def __init__(self, forward: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.does = forward
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: torch.Tensor) -> Any:
        return self.does(self, x)


def _rectified_sum(module: Any, x: torch.Tensor) -> torch.Tensor:
    found = module.layer(x)
    return torch.relu(found) + found  # type: ignore[no-any-return]


def _negative_part(module: Any, x: torch.Tensor) -> torch.Tensor:
    found = module.layer(x)
    return found - torch.relu(found)  # type: ignore[no-any-return]


def _in_place(module: Any, x: torch.Tensor) -> torch.Tensor:
    found = module.layer(x)
    return found.relu_() + found  # type: ignore[no-any-return]


def _seen_twice(module: Any, x: torch.Tensor) -> torch.Tensor:
    found = module.layer(x)
    return torch.relu(found.view(-1, 1)) + found  # type: ignore[no-any-return]


RELU, TIED = nn.ReLU(), linear([[2.0]], 1.0)
HOOKED = nn.Sequential(linear([[1.0]]))
HOOKED[0].register_forward_hook(lambda _module, _given, found: found * 3)
HOOKED[0].register_forward_pre_hook(lambda _module, given: (given[0] + 1,))
PATCHED: Any = nn.Sequential(linear([[1.0]]))
PATCHED.forward = lambda x: PATCHED[0](x) + 5
A, B = linear([[1.0]]), linear([[-1.0]])
RIGHT: dict[str, tuple[nn.Module, float, float]] = {
    "one ReLU at two places": (nn.Sequential(linear([[1.0]]), RELU, linear([[-1.0]]), RELU, linear([[1.0]])), 3.0, 0.0),
    "one Linear at two places": (nn.Sequential(TIED, TIED), 1.0, 7.0),
    "one Sequential at three places": (nn.Sequential(*[nn.Sequential(TIED, nn.Identity())] * 3), 1.0, 15.0),
    "hooks": (HOOKED, 2.0, 9.0),
    "a forward put on one module": (PATCHED, 2.0, 7.0),
    "relu(a(x)) + a(x)": (Net(lambda m, x: torch.relu(m.a(x)) + m.a(x), a=A), -2.0, -2.0),
    "relu(c) + c": (Net(_rectified_sum, layer=A), -2.0, -2.0),
    "c - relu(c)": (Net(_negative_part, layer=B), 3.0, -3.0),
    "a value changed in place": (Net(_in_place, layer=B), 3.0, 0.0),
    "a value in two shapes": (Net(_seen_twice, layer=B), 3.0, -3.0),
    "two branches": (Net(lambda m, x: m.a(x) + 2 * m.b(x), a=A, b=B), 3.0, -3.0),
    "scaled before and behind": (Net(lambda m, x: 10 - m.a((x - 1) / 2) * 4, a=A), 3.0, 6.0),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_a_module_computes(name: str) -> None:
    module, x, y = RIGHT[name]
    with torch.no_grad():
        assert module(torch.tensor([[x]])).tolist() == [[y]]
    assert hwsim.emulate(module, shape=(1,))([[x]]).tolist() == [[pytest.approx(y, abs=1e-6)]]


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16])
def test_number_formats(kind: torch.dtype) -> None:
    chip = hwsim.emulate(nn.Sequential(linear([[1.5, -2.0]], 0.25), nn.ReLU(), linear([[2.0]])).to(kind))
    assert chip([[2.0, 0.5], [0.0, 1.0]]).tolist() == [[4.5], [0.0]]


def test_convolutions_of_all_sorts() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.ZeroPad2d((1, 0, 2, 0)),
        nn.Conv2d(2, 4, 3, groups=2, dilation=(2, 1), padding="same", bias=False),
        nn.GroupNorm(1, 4),
        nn.GELU(),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.LeakyReLU(0.3),
        nn.AvgPool2d(3, stride=1, padding=1),
        nn.AdaptiveAvgPool2d((5, 1)),
        nn.Flatten(),
        nn.LayerNorm(20),
        nn.Linear(20, 3),
        nn.LogSoftmax(1),
    )
    x = torch.randn(4, 2, 7, 6)
    with pytest.warns(
        HwsimWarning, match=r"^layer 11 \(LogSoftmax\) is left out: the emulated network gives what stands"
    ):
        chip = hwsim.emulate(module, shape=(2, 7, 6))
    with torch.no_grad():
        wanted = module(x).numpy()
    found = torch.log_softmax(torch.from_numpy(chip(x.numpy())), 1).numpy()
    assert found == pytest.approx(wanted, abs=1e-5)


def test_every_refusal_at_once_with_its_layer() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Softplus(), nn.Linear(4, 4), Net(lambda _, x: x.flip(-1)), nn.SiLU())
    with pytest.raises(ValueError, match=r"^layer 1 ") as told:
        hwsim.emulate(module)
    lines = str(told.value).splitlines()
    assert [line.partition(" cannot be emulated")[0] for line in lines[:1] + lines[2:]] == [
        "layer 1 (Softplus)",
        "layer 4 (SiLU)",
    ]
    assert lines[1].startswith("layer 3 (Net), flip in line ")
    assert all("hwsim.nn.convert" in line for line in lines)
    assert isinstance(told.value.__cause__, RefusedError)
    assert [one.origin.split()[1] for one in told.value.__cause__.refused] == ["1", "3", "4"]


class Counts(nn.Module):
    calls: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))
        self.inner = linear([[1.0]])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.inner(x) * self.calls  # type: ignore[no-any-return]


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch says that there is nothing to draw
    EMPTY = nn.Linear(1, 0)


def _complex() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1, dtype=torch.complex64))


REFUSED: dict[str, tuple[nn.Module, str]] = {
    "control flow": (
        nn.Sequential(linear([[1.0]]), Net(lambda _, x: x if x.sum() > 0 else -x)),
        r"layer 1 \(Net\) cannot be traced by torch: GuardOnDataDependentSymNode: .*hwsim\.nn\.convert",
    ),
    "batch": (
        Net(lambda m, x: m.a(x) / len(x), a=A),
        r"the module \(Net\), called with 18 samples, gives .*of each sample",
    ),
    "batch mean": (
        Net(lambda m, x: m.a(x) - x.mean(0), a=A),
        r"the module \(Net\), mean in line \d+ gives an array of shape",
    ),
    "chance": (
        Net(lambda m, x: m.a(x) + torch.rand(1), a=A),
        r"the module \(Net\), rand in line \d+ cannot be emulated",
    ),
    "dropout": (Net(lambda m, x: functional.dropout(m.a(x)), a=A), r"the module \(Net\), dropout .*cannot be emulated"),
    "buffer": (Counts(), r"the module \(Counts\) changes calls when it is called"),
    "two inputs": (nn.Bilinear(2, 2, 1), r"the module \(Bilinear\) takes 2 inputs \(input1, input2\)"),
    "two outputs": (Net(lambda m, x: (m.a(x), x), a=A), r"the module \(Net\) gives 2 outputs"),
    "a dictionary": (Net(lambda m, x: {"y": m.a(x)}, a=A), r"the module \(Net\) gives something else than one tensor"),
    "complex": (_complex(), r"layer 1 \(Linear\) cannot be emulated: its weight is complex .*\n.*its bias is complex"),
    "statistics of the batch": (
        nn.Sequential(linear([[1.0]]), nn.BatchNorm1d(1, track_running_stats=False)),
        r"layer 1 \(BatchNorm1d\) normalises by the batch that it is given",
    ),
    "a product": (Net(lambda m, x: m.a(x) * x, a=A), r"the module \(Net\), mul .* multiplies signals with each other"),
    "no values": (
        nn.Sequential(nn.LazyLinear(2)),
        r"layer 0 \(LazyLinear\) cannot be emulated: its weight has no values yet",
    ),
    "no module": (nn.Linear, r"the module \(type\) is no torch\.nn\.Module; give one, or the path of an ONNX file$"),  # type: ignore[dict-item]
    "no units": (Net(lambda m, x: m.a(x), a=EMPTY), r"layer a \(Linear\) has no weights: their shape is \(0, 1\)"),
    "too large": (Net(lambda m, x: m.a(x) * 1e38 * 10, a=A), r"the module \(Net\), mul .* too large for a float32"),
    "no cells": (nn.Sequential(nn.ReLU()), r"the network has no Linear or Conv2d layer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    module, says = REFUSED[name]
    with pytest.raises(ValueError, match=f"^{says}"):
        hwsim.emulate(module, shape=(2,) if name == "two inputs" else (1,))


def test_the_module_stays_as_it_was() -> None:
    """Training flags, statistics, gradients, hooks, tensors with a history, random numbers."""
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 2)).train()
    module[3].eval()
    with pytest.warns(FutureWarning):
        nn.utils.weight_norm(module[0])
    module(torch.randn(8, 3)).sum().backward()
    seen: list[Any] = []
    module[3].register_forward_hook(lambda _module, _given, found: seen.append(type(found)))
    before, flags = copy.deepcopy(module.state_dict()), [part.training for part in module.modules()]
    gradient, state = module[3].weight.grad, torch.random.get_rng_state()
    hwsim.emulate(module)
    assert [part.training for part in module.modules()] == flags
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert module[3].weight.grad is gradient
    assert module[0].weight.grad_fn is not None
    assert torch.equal(torch.random.get_rng_state(), state)
    assert len(module[3]._forward_hooks) == 1
    assert seen
    assert torch.is_grad_enabled()


def test_a_shape_is_told_or_asked_for() -> None:
    assert read_module(nn.Linear(3, 2), None).shape == (3,)
    flat = Net(lambda m, x: m.a(x.view(-1, 1, 2, 2)).flatten(1), a=nn.Conv2d(1, 1, 2))
    assert hwsim.emulate(flat, shape=(4,))(np.ones((1, 4))).shape == (1, 1)
    with pytest.raises(ValueError, match=r"^give shape=\(channels, rows, columns\), which cannot be told"):
        hwsim.emulate(flat)
    assert hwsim.emulate(flat, calibration=np.ones((2, 4))).shape == (4,)
