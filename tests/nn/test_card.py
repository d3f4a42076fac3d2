"""Reads by torch, as on a graphics card: run on the host here, beside the reads that the host itself does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tensors of the host count as those of a card."""
    monkeypatch.setattr("hwsim.nn.card.on_card", lambda samples: True)


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    convolutions = [nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.MaxPool2d(2)]
    net = nn.Sequential(*convolutions, nn.Conv2d(4, 5, 2, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3))
    net(torch.rand(32, 2, 8, 8))
    return net.eval()


X = torch.rand(40, 2, 8, 8, generator=torch.Generator().manual_seed(1))


def _chip(device: str, **more: Any) -> nn.Module:
    return hwsim.nn.convert(_network(), device, calibrate=X, crossbar="benes", **more)


def _turned(chip: nn.Module) -> None:
    """Let every unit of the last layer meet its cells in another order."""
    rows = np.array([np.random.default_rng(n).permutation(20) for n in range(3)])
    chip.reconnect("7", rows)  # type: ignore[operator]


@pytest.mark.parametrize(("device", "equal"), [("ideal", 1.0), ("pcm-nandakumar-2019", 0.95), ("reram-wan-2022", 0.95)])
def test_quiet_reads_are_those_of_the_host(device: str, equal: float, request: pytest.FixtureRequest) -> None:
    """To rounding; where a converter stands, a sum that lies between two steps may fall on the other one."""
    chip = _chip(device)
    _turned(chip)
    with hwsim.nn.quiet(chip), torch.no_grad():
        host = chip(X)
        request.getfixturevalue("card")
        found = chip(X)
    near = torch.isclose(found, host, rtol=1e-4, atol=1e-5)
    assert near.float().mean() >= equal
    assert (found - host).abs().max() < 0.1 * host.abs().max()
    assert found.dtype == host.dtype


def test_noise_has_the_same_statistics(request: pytest.FixtureRequest) -> None:
    """Mean and variance of 400 reads each; five standard deviations of a difference: false alarms below 1e-5."""
    chip = hwsim.nn.convert(
        nn.Linear(30, 4), "pcm-nandakumar-2019", calibrate=torch.rand(50, 30), settings={"adc_bits": "0 bit"}
    )
    one, reads = torch.rand(1, 30, generator=torch.Generator().manual_seed(2)).expand(400, 30), 400
    with torch.no_grad():
        host = chip(one)
        request.getfixturevalue("card")
        found, again = chip(one), chip(one)
    assert not torch.equal(found, again)  # every read draws its own
    spread = (host.var(0) / reads + found.var(0) / reads).sqrt()
    assert ((host.mean(0) - found.mean(0)).abs() < 5 * spread).all()
    assert ((host.var(0) / found.var(0)).log().abs() < 5 * (4 / reads) ** 0.5).all()
    assert (found.var(0) > 0).all()


@pytest.mark.usefixtures("card")
def test_a_seed_gives_the_same_reads() -> None:
    with torch.no_grad():
        first, second = (_chip("pcm-nandakumar-2019", seed=7)(X) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("device", ["ideal", "pcm-nandakumar-2019"])
def test_gradients_are_those_of_the_host(device: str, request: pytest.FixtureRequest) -> None:
    found = []
    for on in (False, True):
        if on:
            request.getfixturevalue("card")
        chip, x = _chip(device), X.clone().requires_grad_()
        with hwsim.nn.quiet(chip):
            chip(x).square().sum().backward()
        assert x.grad is not None
        found.append([x.grad, *(one.grad for one in chip.parameters() if one.grad is not None)])
    assert len(found[0]) == len(found[1]) > 2
    for host, other in zip(*found, strict=True):
        assert (host - other).norm() <= (1e-4 if device == "ideal" else 0.2) * host.norm()


@pytest.mark.usefixtures("card")
def test_other_devices_and_odd_inputs_go_through_the_host() -> None:
    chip = _chip("fpga-lut-bthowen-2022")
    with torch.no_grad():
        assert chip(X).shape == (40, 3)
        assert _chip("ideal")(X[:0]).shape == (0, 3)
        with pytest.raises(ValueError, match="not a finite number"):
            _chip("ideal")(X * torch.nan)
