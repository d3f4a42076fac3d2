"""Random torch modules: each is emulated as the module itself computes, to rounding, or refused with a layer's name."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize, prune, weight_norm

import hwsim

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES, IMAGE = (6,), (3, 6, 5)
KINDS = (torch.float32,) * 5 + (torch.float64, torch.bfloat16, torch.float16)


class Masked(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.weight * (self.weight > 0), self.bias)


class Signed(nn.Conv2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(
            x, self.weight.sign() * 0.25, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class Residual(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = x + super().forward(x)  # type: ignore[no-untyped-call]
        return found


class Calls(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable[..., Any], *words: Any) -> None:
        super().__init__()
        self.function, self.words = function, words

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x, *self.words)


class Halved(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x / 2


class Branches(nn.Module):
    """Values that are kept and added later, and layers that are called again: what a Sequential cannot say."""

    def __init__(self, layers: list[nn.Module], kept: list[tuple[int, int]]) -> None:
        super().__init__()
        self.layers, self.kept = nn.ModuleList(layers), kept

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = [x]
        for number, layer in enumerate(self.layers):
            x = layer(x)
            for at, before in self.kept:
                if at == number and values[before].shape == x.shape:
                    x = x + values[before]
            values.append(x)
        return x


def _scaled_sum(x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return torch.addmm(bias, x, weights, beta=0.5, alpha=2)


def dense(rng: Random, units: int) -> nn.Module:
    out = rng.choice((4, 6))
    layer: Any = rng.choice((nn.Linear, nn.Linear, Masked))(units, out, bias=rng.random() < 0.8)
    match rng.randrange(10):
        case 0:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                layer = weight_norm(layer)
        case 1:
            layer = parametrizations.weight_norm(layer)
        case 2:
            prune.l1_unstructured(layer, "weight", 0.5)  # type: ignore[no-untyped-call]
        case 3:
            layer.register_forward_hook(lambda _module, _given, found: found * 1.5)
        case 4:
            layer.register_forward_pre_hook(lambda _module, given: (given[0] - 0.5,))
        case 5:
            parametrize.register_parametrization(layer, "weight", Halved())
        case 6:
            weights = torch.randn(units, out)
            layer = Calls(rng.choice((torch.matmul, torch.mm)), weights)
        case 7:
            layer = Calls(
                lambda x, w, b: torch.addmm(b, x, w, beta=0.5, alpha=2), torch.randn(units, out), torch.randn(out)
            )
    return layer  # type: ignore[no-any-return]


def convolution(rng: Random, shape: tuple[int, ...]) -> nn.Module:
    channels, out, kernel = shape[0], rng.choice((3, 4, 6)), (rng.randint(1, 3), rng.randint(1, 3))
    words: dict[str, Any] = {"padding": rng.choice((0, 1, "same", "valid", (1, 0)))}
    if words["padding"] != "same":
        words["stride"] = rng.choice((1, 1, 2, (1, 2)))
    if rng.random() < 0.2:
        words["dilation"] = rng.choice((2, (1, 2)))
    if rng.random() < 0.2 and channels == 3:
        words["groups"], out = 3, rng.choice((3, 6))
    if rng.random() < 0.15:
        words["padding_mode"] = rng.choice(("reflect", "circular", "zeros"))
    return Signed(channels, out, kernel, **words) if rng.random() < 0.15 else nn.Conv2d(channels, out, kernel, **words)


def statistics(norm: Any) -> nn.Module:
    for part in (norm.weight.data, norm.bias.data, norm.running_mean):
        part.copy_(torch.randn_like(part))
    norm.running_var.copy_(torch.rand_like(norm.running_var) + 0.5)
    return norm  # type: ignore[no-any-return]


def anywhere(rng: Random, shape: tuple[int, ...], old: list[nn.Module]) -> nn.Module:
    """A layer that signals of any shape can pass."""
    reused = [layer for layer in old if isinstance(layer, (nn.ReLU, nn.Tanh, nn.Dropout))]
    options: list[Callable[[], nn.Module]] = [
        nn.ReLU,
        nn.ReLU,
        lambda: nn.ReLU(inplace=True),
        lambda: nn.LeakyReLU(rng.choice((0.01, 0.2, 1.5, -0.5))),
        nn.Tanh,
        nn.Sigmoid,
        nn.GELU,
        nn.PReLU,
        nn.Softplus,
        nn.Dropout,
        nn.Identity,
        lambda: rng.choice(reused) if reused else nn.ReLU(),
        lambda: nn.LayerNorm(shape[-1:] if rng.random() < 0.5 else shape),
        lambda: Calls(rng.choice((torch.relu, torch.clone, torch.neg, torch.tanh, torch.abs, torch.sin, torch.square))),
        lambda: Calls(lambda x: x * rng.choice((2.0, -0.5, 1.0))),
        lambda: Calls(lambda x, c: x + c, torch.randn(shape)),
        lambda: Calls(lambda x, c: x * c, torch.randn(1, *shape[:1], *(1,) * (len(shape) - 1))),
        lambda: Calls(lambda x: (x - 0.3) / 0.7),
        lambda: Calls(lambda x: 1 - x),
        lambda: Calls(lambda x: x + x),
        lambda: Calls(lambda x: x * x),
        lambda: Calls(lambda x: x.clamp(min=0)),
        lambda: Calls(lambda x: x.clamp(max=1)),
        lambda: Calls(lambda x: x.mul_(2).add_(1)),
        lambda: Calls(lambda x: x.flip(-1)),
        lambda: Calls(lambda x: x - x.mean(0)),
        lambda: Calls(lambda x: x / x.shape[0]),
        lambda: Calls(lambda x: x.double().to(x.dtype).detach()),
        lambda: Calls(lambda x: x if x.sum() > 0 else -x),
        lambda: Calls(functional.dropout),
        lambda: Calls(lambda x: torch.relu(x) + x),
        lambda: Calls(lambda x: x - torch.relu(x)),
    ]
    return rng.choice(options)()


def image_only(rng: Random, shape: tuple[int, ...]) -> nn.Module:
    options: list[Callable[[], nn.Module]] = [
        lambda: nn.MaxPool2d(2),
        lambda: nn.MaxPool2d(3, stride=1, padding=1),
        lambda: nn.MaxPool2d(2, ceil_mode=True),
        lambda: nn.AvgPool2d((1, 2)),
        lambda: nn.AvgPool2d(2, padding=1, count_include_pad=rng.random() < 0.5),
        lambda: nn.AdaptiveAvgPool2d(rng.choice((1, (2, 1), 3))),
        lambda: nn.AdaptiveMaxPool2d(1),
        lambda: nn.ZeroPad2d((1, 0, 2, 1)),
        lambda: Calls(lambda x: functional.pad(x, (0, 1), value=rng.choice((0.0, 1.0)))),
        lambda: statistics(nn.BatchNorm2d(shape[0])),
        lambda: statistics(nn.BatchNorm2d(shape[0])),
        nn.Dropout2d,
        lambda: nn.GroupNorm(1, shape[0]),
        lambda: nn.Softmax(1),
        lambda: Calls(lambda x: x.transpose(2, 3)),
        lambda: Calls(lambda x: x[:, :, 1:]),
        lambda: Calls(lambda x: torch.cat([x, x], 1)),
    ]
    return rng.choice(options)()


def to_features(rng: Random) -> nn.Module:
    return rng.choice(
        (
            nn.Flatten(),
            Calls(lambda x: x.view(x.shape[0], -1)),
            Calls(lambda x: x.reshape(len(x), x[0].numel())),
            Calls(lambda x: x.mean((2, 3))),
            Calls(lambda x: x.mean((-1, -2), keepdim=True).squeeze(-1).squeeze(-1)),
            Calls(lambda x: x.permute(0, 2, 3, 1).flatten(1)),
            Calls(lambda x: x.amax((2, 3))),
        )
    )


def after(layer: nn.Module, shape: tuple[int, ...], kind: torch.dtype) -> tuple[int, ...] | None:
    """Shape of a sample behind a layer; None where it cannot be called or gives something else."""
    try:
        with torch.no_grad():
            found = layer.to(kind).eval()(torch.ones(4, *shape, dtype=kind))
    except (RuntimeError, ValueError, IndexError):
        return None
    return tuple(found.shape[1:]) if isinstance(found, torch.Tensor) and len(found) == 4 and found.numel() else None


def draw(rng: Random) -> tuple[nn.Module, tuple[int, ...], torch.dtype]:
    """A module, the shape of one sample, and a dtype; with random weights, and names of layers for its parts."""
    torch.manual_seed(rng.randrange(1 << 30))
    kind = rng.choice(KINDS)
    first: tuple[int, ...] = rng.choice((FEATURES, FEATURES, IMAGE))
    shape = first
    layers: list[nn.Module] = []
    for _ in range(rng.randint(1, 6)):
        layer = _draw_layer(rng, shape, layers)
        inner = after(layer, shape, kind)
        if inner is not None and len(inner) in {1, 3}:
            if inner == shape and rng.random() < 0.15:
                layer = Residual(layer)
            layers.append(layer)
            shape = inner
    if len(shape) == 3 and rng.random() < 0.7:
        layers.append(nn.Flatten())
        shape = (int(np.prod(shape)),)
    if len(shape) == 1 and rng.random() < 0.85:
        layers.append(nn.Linear(shape[0], 3))
    if rng.random() < 0.3:
        places = range(len(layers))
        kept = [(at, rng.randint(0, at)) for at in rng.sample(places, rng.randint(0, len(layers)))]
        return Branches(layers, kept).to(kind), first, kind
    return nn.Sequential(*layers).to(kind), first, kind


def _draw_layer(rng: Random, shape: tuple[int, ...], old: list[nn.Module]) -> nn.Module:
    linear = [layer for layer in old if isinstance(layer, nn.Linear) and layer.in_features == layer.out_features]
    if len(shape) == 1 and linear and rng.random() < 0.15 and shape[0] == linear[0].in_features:
        return linear[0]
    options: list[Callable[[], nn.Module]] = [lambda: anywhere(rng, shape, old)] * 3
    if len(shape) == 1:
        options += [lambda: dense(rng, shape[0])] * 4 + [lambda: statistics(nn.BatchNorm1d(shape[0]))]
    else:
        options += [lambda: convolution(rng, shape)] * 3 + [lambda: image_only(rng, shape)] * 2
        options.append(lambda: to_features(rng))
    return rng.choice(options)()


def emulated(module: nn.Module, shape: tuple[int, ...]) -> Any:
    """The emulation, or why there is none; the module stays as it was."""
    before = {name: value.clone() for name, value in module.state_dict().items()}
    training = [part.training for part in module.modules()]
    state = torch.random.get_rng_state()
    found: Any
    try:
        found = hwsim.emulate(module, shape=shape)
    except ValueError as error:
        found = error
    assert torch.equal(state, torch.random.get_rng_state())
    assert [part.training for part in module.modules()] == training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    return found


def check(rng: Random) -> str:
    """Emulate a random module and judge it."""
    module, shape, kind = draw(rng)
    chip = emulated(module.train(rng.random() < 0.5), shape)
    if isinstance(chip, ValueError):
        assert re.search(r"^(layer \S+|the module) \(\w+\)|^the network has no", str(chip)), str(chip)
        assert "misread" not in str(chip), str(chip)
        return "refused"
    module.eval()
    drawn = np.random.default_rng(rng.randrange(1 << 30))
    eps = max(torch.finfo(kind).eps, torch.finfo(torch.float32).eps)
    for samples in (1, 2, 9):
        x = torch.from_numpy(drawn.normal(0, 2, (samples, *shape)) * (drawn.random((samples, *shape)) < 0.9)).to(kind)
        with torch.no_grad():
            wanted = module(x.clone()).double().numpy()
            nudged = [(x * (1 + eps * torch.randn(x.shape))).to(kind) for _ in range(4)]
            spread = max(np.abs(module(one).double().numpy() - wanted).max() for one in nudged)
        if np.isfinite(wanted).all():
            got = chip(x.double().numpy(), noise=False)
            assert got.shape == wanted.shape
            room = 30 * spread + 30 * eps * (np.abs(wanted).max() + 5)
            assert np.abs(got - wanted).max() <= room, (np.abs(got - wanted).max(), room, module)
    return "taken"


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(max_examples=24, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_a_random_module_is_right_or_refused(rng: Random) -> None:
    check(rng)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_a_thousand_random_modules_are_right_or_refused() -> None:
    verdicts = Counter(check(Random(seed)) for seed in range(1000))  # noqa: S311 - a test
    assert min(verdicts["taken"], verdicts["refused"]) > 200, verdicts
