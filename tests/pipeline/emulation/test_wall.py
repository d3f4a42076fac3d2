"""The wall behind every import: a network that was misread is found, and the first layer where it parts is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim.model.imports import RefusedError, read_module, translation
from hwsim.pipeline.probing import MisreadError, check_import, draw_probes

if TYPE_CHECKING:
    from hwsim.model.imports import Imported
    from hwsim.model.imports.graph import NetworkGraph


def net() -> nn.Module:
    torch.manual_seed(1)
    norm = nn.BatchNorm2d(2)
    norm.weight.data, norm.bias.data = torch.tensor([2.0, -0.5]), torch.tensor([0.25, 1.0])
    return nn.Sequential(
        nn.Conv2d(2, 2, 3, stride=2, padding=(1, 0)),
        norm,
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 8),
        nn.Tanh(),
        nn.LayerNorm(8),
        nn.Linear(8, 4),
    ).eval()


SHAPE = (2, 8, 9)


def test_what_is_read_well_passes() -> None:
    check_import(read_module(net(), SHAPE))
    check_import(read_module(net(), SHAPE), np.full((1, *SHAPE), 1e6, np.float32))


def _turned(self: NetworkGraph, origin: str, weights: Any, bias: Any, *_: Any, **words: Any) -> None:
    DENSE(self, origin, weights.T.reshape(weights.shape), bias, **words)


def _unbiased(self: NetworkGraph, origin: str, weights: Any, bias: Any, *_: Any, **words: Any) -> None:
    DENSE(self, origin, weights, 0 * bias, **words)


def _swapped(self: NetworkGraph, origin: str, weights: Any, bias: Any, window: Any, *_: Any, **words: Any) -> None:
    CONVOLVE(
        self, origin, weights, bias, replace(window, before=window.before[::-1], after=window.after[::-1]), **words
    )


def _dropped(self: NetworkGraph, *_: Any, **words: Any) -> None:
    del self, words


def _largest(self: NetworkGraph, origin: str, kind: Any, window: Any, **words: Any) -> None:
    POOL(self, origin, "max-pool" if kind == "average-pool" else kind, window, **words)


def _wider(self: NetworkGraph, origin: str, factors: Any, shifts: Any, epsilon: float) -> None:
    NORMALISE(self, origin, factors, shifts, epsilon * 100)


GRAPH: Any = vars(translation)["NetworkGraph"]
"""The class as the importer knows it, whatever pytest imported a second time for its doctests."""
DENSE, CONVOLVE, POOL, NORMALISE = (getattr(GRAPH, name) for name in ("dense", "convolve", "pool", "normalise"))
FAULTS = [
    ("dense", _turned, "layer 5 (Linear) with layer 6 (Tanh)"),
    ("dense", _unbiased, "layer 5 (Linear) with layer 6 (Tanh)"),
    ("convolve", _swapped, "layer 0 (Conv2d)"),
    ("scale", _dropped, "layer 0 (Conv2d) with layer 2 (ReLU)"),
    ("activate", _dropped, "layer 0 (Conv2d)"),
    ("pool", _largest, "layer 3 (AvgPool2d)"),
    ("normalise", _wider, "layer 7 (LayerNorm)"),
]


@pytest.mark.parametrize(("method", "fault", "layer"), FAULTS)
def test_a_fault_planted_in_the_importer_is_found_and_named(
    monkeypatch: pytest.MonkeyPatch, method: str, fault: Any, layer: str
) -> None:
    monkeypatch.setattr(GRAPH, method, fault)
    with pytest.raises(ValueError, match=r"was misread: as imported it gives ") as told:
        hwsim.emulate(net(), shape=SHAPE)
    assert str(told.value).startswith(f"{layer} was misread")
    assert isinstance(told.value.__cause__, RefusedError if method == "convolve" else MisreadError)


def wrong(found: Imported, layer: int, by: float) -> Imported:
    start = list(found.start)
    weights = start[layer].weights.copy()
    weights.flat[np.abs(weights).argmax()] *= 1 + by
    start[layer] = replace(start[layer], weights=weights)
    return replace(found, start=start)


@pytest.mark.parametrize(("kind", "least"), [(torch.float32, 1e-4), (torch.float64, 1e-4), (torch.bfloat16, 0.3)])
def test_one_weight_a_little_wrong_is_found(kind: torch.dtype, least: float) -> None:
    """Of every layer, and from the size on that tells it from rounding in the module's own precision."""
    found = read_module(net().to(kind), SHAPE)
    for layer in range(3):
        check_import(wrong(found, layer, 1e-9))
        with pytest.raises(MisreadError, match="was misread"):
            check_import(wrong(found, layer, least))


def test_signals_that_go_astray_are_found() -> None:
    found = read_module(nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3)), None)
    nodes = list(found.model.nodes)
    nodes[2] = replace(nodes[2], source=0)
    with pytest.raises(MisreadError, match=r"^layer 4 \(Linear\) was misread"):
        check_import(replace(found, model=replace(found.model, nodes=tuple(nodes))))


class Quirk(nn.Linear):
    """Right where others look: it parts from a Linear layer for large numbers only, or for one sample alone."""

    def __init__(self, quirk: str) -> None:
        super().__init__(2, 2)
        self.quirk = quirk

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        return y.clamp(-30, 30) if self.quirk == "large" else y * (1 + (x.shape[0] == 1))


def test_quirks_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^the module \(Quirk\), clamp in line \d+ cannot be emulated"):
        hwsim.emulate(Quirk("large"))
    with pytest.raises(ValueError, match=r"^the module \(Quirk\), called with 1 samples, gives"):
        hwsim.emulate(Quirk("alone"))


def test_samples_given_are_probes_too() -> None:
    """A difference that shows where the user's samples lie, and nowhere else, is found there."""

    class Source:
        called, output, rounding, least = "the module", "y", 2.0**-24, 2.0**-149

        def run(self, x: Any) -> Any:
            y = np.asarray(x, np.float64) @ np.eye(2) + np.where(x > 1000, 1.0, 0.0)
            return y, {"y": y}

    module = nn.Linear(2, 2)
    module.weight.data, module.bias.data = torch.eye(2), torch.zeros(2)
    found = replace(read_module(module, None), source=Source(), names=["y"])
    check_import(found)
    with pytest.raises(MisreadError, match=r"\(value 1 of probe 18\)"):
        check_import(found, np.array([[0.0, 2000.0]], np.float32))
    assert len(draw_probes((2,))) == 18
