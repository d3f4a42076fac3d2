"""Gradients of a converted network are those of the network as it was designed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim


def both(net: Any, twin: Any, x: torch.Tensor) -> list[tuple[Any, Any]]:
    """Gradients of input and shared parameters, network by network, for the same slopes of the output."""
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    slope = torch.randn_like(net(one))
    net.zero_grad()
    net(one).backward(slope)
    twin(other).backward(slope)
    ours = dict(twin.named_parameters())
    assert ours
    pairs = [(parameter.grad, ours[name].grad) for name, parameter in net.named_parameters() if name in ours]
    return [(one.grad, other.grad), *pairs]


def test_of_convolutions_pools_and_activations() -> None:
    torch.manual_seed(0)
    net: Any = nn.Sequential(
        nn.MaxPool2d(1),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Tanh(),
        nn.Conv2d(4, 6, (2, 3), stride=2, padding=(0, 1)),
        nn.LeakyReLU(0.25),
        nn.AvgPool2d((1, 2)),
        nn.Flatten(),
        nn.Linear(18, 5),
        nn.Sigmoid(),
    )
    x = torch.rand(9, 1, 14, 12)
    converted = hwsim.nn.convert(net, calibrate=x)
    assert len(hwsim.nn.summary(converted).rows) == 1  # on one chip
    for a, b in both(net, converted, x):
        assert torch.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(5, 3), (4, 2, 5)),
        (nn.Linear(5, 3), (5,)),
        (nn.Conv1d(2, 3, 3, stride=2, padding=1), (4, 2, 9)),
        (nn.Conv1d(2, 3, 2), (2, 9)),
        (nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 1)), (4, 2, 6, 5)),
        (nn.Conv2d(2, 3, 3, padding="same"), (2, 6, 5)),
    ],
)
def test_of_one_layer_in_every_shape(layer: nn.Module, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    x = torch.rand(shape)
    converted: Any = hwsim.nn.convert(layer, calibrate=x)
    assert torch.allclose(converted(x), layer(x), atol=1e-6)
    for a, b in both(layer, converted, x):
        assert torch.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("device", ["fpga-lut-bthowen-2022", "photonic-feldmann-2021", "pcm-nandakumar-2019"])
def test_go_through_design_values_as_connected(device: str) -> None:
    torch.manual_seed(0)
    net: Any = nn.Linear(6, 4)
    converted: Any = hwsim.nn.convert(net, device, "benes", calibrate=torch.rand(50, 6))
    rows = np.array([np.random.default_rng(unit).permutation(6) for unit in range(4)])
    converted.reconnect("", rows)
    design = converted.chip.emulation.machine.chip.nominal(0)
    met = np.take_along_axis(design, rows, axis=1)
    assert np.abs(np.take_along_axis(net.weight.detach().numpy(), rows, axis=1) - met).max() < 0.07
    x = torch.rand(3, 6, requires_grad=True)
    slope = torch.randn(3, 4)
    converted(x).backward(slope)
    assert x.grad is not None
    assert x.grad.numpy() == pytest.approx(slope.numpy() @ met, abs=1e-6)
    assert torch.equal(converted.bias.grad, slope.sum(0))
    assert [name for name, _ in converted.named_parameters()] == ["bias"]


@pytest.mark.parametrize("device", ["fpga-wired-kosuge-2021", "fpga-lut-bthowen-2022", "pcm-nandakumar-2019"])
def test_slopes_are_taken_where_the_chip_stands(device: str) -> None:
    """The second layer's bias moves nothing but itself; the first's passes the activations that the chip gave."""
    torch.manual_seed(0)
    net: Any = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))
    x = torch.rand(40, 5)
    converted: Any = hwsim.nn.convert(net, device, calibrate=x)
    chip: Any = converted[0].chip
    seen: dict[int, Any] = {}
    chip.emulation.reads = 0
    converted(x).sum().backward()
    chip.emulation.reads = 0
    chip.emulation.read(x.numpy(), noise=True, watch=lambda layer, a: seen.setdefault(layer, a > 0))
    second = chip.emulation.machine.chip.nominal(1)
    wanted = (np.ones((40, 3)) @ second * seen[0]).sum(axis=0)
    assert converted[0].bias.grad.numpy() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_of_other_types(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    net: Any = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)).to(kind)
    x = torch.rand(7, 5, dtype=kind)
    converted: Any = hwsim.nn.convert(net, calibrate=x)
    y = converted(x)
    assert y.dtype == kind
    room = {torch.float16: 2e-2, torch.bfloat16: 1e-1, torch.float64: 1e-6}[kind]
    for a, b in both(net, converted, x):
        assert b.dtype == kind
        assert torch.allclose(a, b, atol=room)
