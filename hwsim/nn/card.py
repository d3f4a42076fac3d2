"""Chips whose law is written in torch, so that a network on a graphics card reads them there.

Ideal cells and electronic memory (phase-change, resistive) are products, squares and rounding, which torch has; other
devices are read on the host. Weights, noise variances and converters are those of the emulated chip. Sums run in
torch's order and deviates are torch's, from a seed out of the read's own stream: a seed gives the same numbers on one
card, other bits than on the host, and the same statistics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from hwsim.device.ideal import IdealChip
from hwsim.device.resistive.chip import ResistiveChip
from hwsim.nn.signals import KNOWN_ACTIVATIONS, KNOWN_NODES, activated, forth

if TYPE_CHECKING:
    from hwsim.kernels.reading.reads import Converter
    from hwsim.model import Layer, Model, Node
    from hwsim.nn.chip import ModelChip


class _Cells(NamedTuple):
    """What a layer's cells do, on one torch device: weights, variances of their noise, and converters around them."""

    weights: torch.Tensor
    variances: torch.Tensor | None = None
    common: float = 0.0
    inputs: Converter | None = None
    outputs: Converter | None = None


def on_card(samples: torch.Tensor) -> bool:
    """Tell whether samples are elsewhere than on the host."""
    return samples.device.type != "cpu"


def runs_in_torch(chip: ModelChip, model: Model, samples: torch.Tensor) -> bool:
    """Tell whether a chip is read on the card where the samples are; what it cannot take is the host's to say.

    Args:
        chip: the chip.
        model: its layers, sized for the samples.
        samples: (samples, ...) on any torch device.
    """
    if not on_card(samples):
        return False
    known = isinstance(chip.emulation.machine.chip, IdealChip | ResistiveChip)
    nodes = all(node.kind in KNOWN_NODES and node.source is None for node in model.nodes)
    layers = all(layer.activation in KNOWN_ACTIVATIONS and not layer.electronic for layer in model.layers)
    return known and nodes and layers and bool(torch.isfinite(samples).all())


def read_in_torch(
    chip: ModelChip, model: Model, samples: torch.Tensor, kept: dict[int, torch.Tensor] | None = None
) -> torch.Tensor:
    """Read a chip where the samples are.

    Args:
        chip: one for which :func:`runs_in_torch` holds.
        model: its layers, sized for the samples.
        samples: (samples, ...) of any dtype.
        kept: filled with the activations of every layer but the last.

    Returns:
        float32 (samples, ...), on the device of the samples.
    """
    now = samples.detach().float()
    _heed(chip, now)
    rng = chip.emulation.draw(noise=not chip.quiet)
    noise = None
    if rng is not None:
        noise = torch.Generator(now.device).manual_seed(int(rng.integers(1 << 63)))
    for node in model.nodes:
        if node.layer is None:
            now = forth(node, now)
            continue
        sums = _multiply(_cells(chip, node.layer, now.device), node, model.layers[node.layer], now, noise)
        now = _finish(chip, node.layer, model.layers[node.layer], sums)
        if kept is not None and node.layer < len(model.layers) - 1:
            kept[node.layer] = now
    return now


def _heed(chip: ModelChip, samples: torch.Tensor) -> None:
    """Let the emulation warn of inputs out of range; only such samples are copied to the host."""
    held = chip.emulation.machine.chip
    ends = held.input_range if isinstance(held, ResistiveChip) else None
    if ends is not None and len(samples) and bool(((samples < ends[0]) | (samples > ends[1])).any()):
        chip.emulation.heed_range(samples.reshape(len(samples), -1).cpu().numpy())


def _cells(chip: ModelChip, layer: int, device: torch.device) -> _Cells:
    """Return a layer's cells as they are connected now; kept until the next reconnection."""

    def build() -> _Cells:
        held = chip.emulation.machine.chip
        if isinstance(held, IdealChip):
            return _Cells(torch.tensor(held.met[layer], device=device))
        if not isinstance(held, ResistiveChip):
            raise TypeError(f"{type(held).__name__} has no law in torch")
        array, device_ = held.layers[layer], held.device
        variances = None if array.met_variances is None else torch.tensor(array.met_variances, device=device)
        inputs, outputs = array.inputs if device_.dac_bits else None, array.outputs if device_.adc_bits else None
        return _Cells(torch.tensor(array.met, device=device), variances, array.common, inputs, outputs)

    return chip.connected(("cells", layer, device), build)


def _multiply(
    cells: _Cells, node: Node, layer: Layer, signals: torch.Tensor, noise: torch.Generator | None
) -> torch.Tensor:
    """Convert, multiply, add read noise, convert."""
    drive = signals if cells.inputs is None else _converted(signals, cells.inputs)
    sums = _product(node, layer, drive, cells.weights)
    if noise is not None and (cells.variances is not None or cells.common > 0):
        own = 0.0 if cells.variances is None else _product(node, layer, drive.square(), cells.variances)
        deviates = torch.empty_like(sums).normal_(generator=noise)
        sums = sums + deviates * torch.as_tensor(own + cells.common, device=sums.device).sqrt()
    return sums if cells.outputs is None else _converted(sums, cells.outputs)


def _product(node: Node, layer: Layer, signals: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Multiply signals by cells: rows of features, or windows of images."""
    if node.window is None:
        return functional.linear(signals, weights)
    (top, left), (bottom, right) = node.window.before, node.window.after
    padded = functional.pad(signals, (left, right, top, bottom))
    filters = weights.reshape(len(weights), -1, *node.window.kernel)
    return functional.conv2d(
        padded, filters, stride=node.window.stride, dilation=node.window.dilation, groups=layer.groups
    )


def _converted(values: torch.Tensor, converter: Converter) -> torch.Tensor:
    """Round to steps and clip to a range; halves go to the even step, as on the host."""
    step, least, largest = (float(one) for one in converter)
    return (values * (1 / step)).round().clamp(least, largest) * step


def _finish(chip: ModelChip, number: int, layer: Layer, sums: torch.Tensor) -> torch.Tensor:
    """Apply gain, bias and activation."""
    flat = torch.tensor(chip.emulation.machine.registers[number], dtype=sums.dtype, device=sums.device)
    shape = (-1, *[1] * (sums.ndim - 2))
    bias, gain = flat[: layer.units].reshape(shape), flat[layer.units :].reshape(shape)
    scaled = sums * gain if layer.gains else sums
    return activated(layer.activation, layer.parameters, scaled + bias)
