"""What each operation of a traced module becomes: a node of the model, or a part of one that stands there already."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import HwsimWarning
from hwsim.model import Window
from hwsim.model.imports.graph import IMAGE
from hwsim.model.imports.operation import (
    UntakenError,
    by_sample,
    moved_axes,
    name_operation,
    pair,
    place_padding,
    sample_shape,
    shortest,
)
from hwsim.model.imports.trace import numbers
from hwsim.model.imports.translation import SHAPES, Signal, Translation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch.fx import Node as Operation

    from hwsim.model.layer import Activation

    Array = NDArray[np.float64]

MATRIX = 2
MOVES = {"permute", "transpose", "t", "numpy_T", "movedim", "moveaxis", "swapaxes", "swapdims"}
"""Operations that give the same numbers in another order."""
SOFTMAX = ("softmax", "log_softmax", "_softmax", "_log_softmax")


def linear(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``linear(input, weight, bias)``."""
    weights = numbers(to.constant(words["weight"]))
    bias = None if words["bias"] is None else numbers(to.constant(words["bias"]))
    return _dense(to, origin, one, words["input"], weights, bias)


def matmul(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``matmul(self, other)``, ``mm(self, mat2)``."""
    weights = numbers(to.constant(words.get("other", words.get("mat2"))))
    if weights.ndim != MATRIX:
        raise UntakenError(f"multiplies by weights of shape {weights.shape}; a matrix can be emulated")
    return _dense(to, origin, one, words["self"], weights.T, None)


def addmm(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``addmm(self, mat1, mat2, beta, alpha)``."""
    weights = numbers(to.constant(words["mat2"])).T * float(words["alpha"])
    bias = by_sample(numbers(to.constant(words["self"])), (len(weights),)) * float(words["beta"])
    return _dense(to, origin, one, words["mat1"], weights, bias)


def _dense(to: Translation, origin: str, one: Operation, value: Any, weights: Array, bias: Array | None) -> Signal:
    signal = to.signal(value, "multiplies")
    bias = np.zeros(len(weights)) if bias is None else bias
    size = np.abs(bias)
    if len(signal.shape) > MATRIX:
        raise UntakenError(
            f"takes signals of shape {signal.shape}; features, or steps of a sequence, can be multiplied"
        )
    if signal.affine is not None and len(signal.shape) == 1 and not any(signal.pads):
        to.graph.go(signal.at)
        gain, shift, large = signal.affine
        bias, size, weights = bias + weights @ shift, size + np.abs(weights) @ large, weights * gain
    else:
        to.settle(origin, value)
    to.graph.dense(origin, weights, bias, size)
    return Signal(to.graph.end, sample_shape(one))


def conv2d(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``conv2d(input, weight, bias, stride, padding, dilation, groups)``, and ``convolution``."""
    signal, weights = to.signal(words["input"], "multiplies"), numbers(to.constant(words["weight"]))
    bias = np.zeros(len(weights)) if words["bias"] is None else numbers(to.constant(words["bias"]))
    if weights.ndim != IMAGE + 1 or words.get("transposed") or len(signal.shape) != IMAGE:
        raise UntakenError("cannot be emulated; of convolutions those of images can, not transposed")
    kernel, dilation, groups = pair(weights.shape[2:]), pair(words["dilation"]), int(words["groups"])
    before, after = place_padding(words["padding"], Window(kernel, (1, 1), dilation=dilation).reach)
    left, right, top, bottom = signal.pads
    before, after = (before[0] + top, before[1] + left), (after[0] + bottom, after[1] + right)
    to.graph.go(signal.at)
    if signal.affine is not None:
        gain = shortest(signal.affine.gain)
        if groups == 1 and gain.size in {1, weights.shape[1]} and not signal.affine.shift.any():
            weights = weights * gain[:, None, None]
        else:
            to.scaled(origin, words["input"])
    to.graph.convolve(origin, weights, bias, Window(kernel, pair(words["stride"]), before, after, dilation), groups)
    return Signal(to.graph.end, sample_shape(one))


def batch_norm(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)``."""
    if words.get("training") or words["running_mean"] is None or words["running_var"] is None:
        raise UntakenError("normalises by the batch that it is given; it must have running statistics")
    mean, variance = (numbers(to.constant(words[name])) for name in ("running_mean", "running_var"))
    gain = 1 / np.sqrt(variance + words["eps"])
    if words["weight"] is not None:
        gain = gain * numbers(to.constant(words["weight"]))
    added = np.zeros(1) if words["bias"] is None else numbers(to.constant(words["bias"]))
    parts = gain, added - mean * gain, np.abs(added) + np.abs(mean * gain)
    inner = (1,) * (len(sample_shape(one)) - 1)
    return to.affine(origin, one, words["input"], *(part.reshape(-1, *inner) for part in parts))


def layer_norm(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``layer_norm(input, normalized_shape, weight, bias, eps)``, and ``group_norm`` of one group."""
    signal = to.settle(origin, words["input"])
    image, shape = len(signal.shape) == IMAGE, signal.shape
    if "normalized_shape" in words:
        together = tuple(words["normalized_shape"])
        if together != (shape if image else shape[-1:]):
            raise UntakenError(
                f"normalises over {together} of {shape}; over features or a whole image it can be emulated"
            )
    elif words.get("num_groups", words.get("group")) != 1 or not (image or len(shape) == 1):
        raise UntakenError("normalises groups of channels; of one group it can be emulated")
    elif image:
        together = (shape[0], 1, 1)
    else:
        together = shape
    weight, bias = (words[name] for name in ("weight", "bias"))
    factors = np.ones(1) if weight is None else np.array(numbers(to.constant(weight)).reshape(-1))
    shifts = np.zeros(1) if bias is None else np.array(numbers(to.constant(bias)).reshape(-1))
    to.graph.normalise(origin, factors, shifts, float(words["eps"]))
    return Signal(to.graph.end, sample_shape(one))


def add(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``add``, ``sub`` and ``rsub`` ``(self, other, alpha)``."""
    first, second, factor = words["self"], words["other"], float(to.constant(words.get("alpha", 1)).item())
    match name_operation(one):
        case "sub":
            signs = (1.0, -factor)
        case "rsub":
            signs = (-factor, 1.0)
        case _:
            signs = (1.0, factor)
    signals = [hasattr(part, "op") and part in to.values for part in (first, second)]
    if all(signals):
        return _join(to, origin, one, (first, second), signs)
    if signals[0]:
        return to.affine(origin, one, first, signs[0], signs[1] * numbers(to.constant(second)))
    return to.affine(origin, one, second, signs[1], signs[0] * numbers(to.constant(first)))


def _join(to: Translation, origin: str, one: Operation, parts: tuple[Any, Any], signs: tuple[float, float]) -> Signal:
    """Add two signals."""
    if to.roots[parts[0]] is to.roots[parts[1]]:
        return to.affine(origin, one, parts[0], sum(signs), 0.0)
    if len({sample_shape(one), *(to.values[part].shape for part in parts)}) > 1:
        raise UntakenError("cannot be emulated: sums of two signals of equal shape can")
    found = []
    for part, sign in zip(parts, signs, strict=True):
        signal = to.settle(origin, part)
        if sign != 1:
            to.graph.scale(origin, np.array([sign]), np.zeros(1), alone=False)
            signal = Signal(to.graph.end, signal.shape)
        found.append(signal.at)
    to.graph.go(max(found))
    to.graph.join(origin, min(found))
    return Signal(to.graph.end, sample_shape(one))


def mul(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``mul(self, other)``, ``div(self, other)``, ``neg(self)``."""
    value, other, name = words["self"], words.get("other", -1.0), name_operation(one)
    if words.get("rounding_mode"):
        raise UntakenError("cannot be emulated: it divides and rounds")
    if name == "mul" and not (hasattr(value, "op") and value in to.values):
        value, other = other, value
    factor = numbers(to.constant(other))
    return to.affine(origin, one, value, 1 / factor if name == "div" else factor, 0.0)


def activate(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``relu``, ``tanh``, ``sigmoid``, ``gelu``, ``leaky_relu``, ``prelu`` and ``clamp``."""
    activations: dict[str, Activation] = {"tanh": "tanh", "sigmoid": "sigmoid", "gelu": "gelu"}
    name: Activation = activations.get(name_operation(one), "relu")
    parameters: tuple[float, ...] = ()
    if name_operation(one) in {"leaky_relu", "prelu"}:
        slope = to.constant(words.get("negative_slope", words.get("weight")))
        if slope.numel() != 1:
            raise UntakenError("has a slope for each channel; one slope for all can be emulated")
        name, parameters = "leaky-relu", (float(slope.detach()),)
    if name == "gelu" and words["approximate"] == "tanh":
        name = "gelu-tanh"
    if name_operation(one) in {"clamp", "clamp_min"} and (words["min"] != 0 or words.get("max") is not None):
        raise UntakenError("cannot be emulated: it cuts off at other values than 0")
    plain = to.signal(words["self"]).plain
    signal = to.settle(origin, words["self"])
    to.graph.activate(origin, name, parameters, alone=plain and to.alone(words["self"]))
    return Signal(to.graph.end, signal.shape)


def softmax(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Leave out ``softmax(self, dim)`` and ``log_softmax`` at the end."""
    signal = to.signal(words["self"])
    features = len(signal.shape) == 1 and words["dim"] in {1, -1}
    if to.roots[to.trace.given] is not one or to.uses[one] != 1 or not features:
        raise UntakenError("cannot be emulated but at the end, over the outputs")
    told = f"{origin} is left out: the emulated network gives what stands before it; the same output is largest"
    warnings.warn(told, HwsimWarning, stacklevel=2)
    to.dropped = one
    return signal


def reshape(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Keep the same numbers in the same order, in another shape: ``view``, ``flatten``, ``squeeze`` and the like."""
    del words
    value, given = to.input(one), one.meta["val"]
    signal, shape = to.values[value], sample_shape(one)
    if name_operation(one) in MOVES:
        moved = [axis for axis in moved_axes(one, value) if value.meta["val"].shape[axis] > 1]
        if moved != sorted(moved):
            raise UntakenError("changes the order of signals, which cannot be emulated")
    if not shape:
        raise UntakenError(f"gives an array of shape {tuple(given.shape)}, without an axis of features")
    if any(signal.pads):
        raise UntakenError("follows a padding, which can be emulated before a convolution alone")
    if signal.affine is not None:
        signal = replace(signal, affine=signal.affine.reshape(shape))
    to.graph.go(signal.at)
    shared = not to.alone(value)
    if to.graph.shape == shape:
        return replace(signal, shape=shape, shared=shared)
    if not to.graph.nodes and not shared:  # inputs stand in the order channel, row, column anyway
        to.graph.first = shape
        return replace(signal, shape=shape)
    if len(shape) > IMAGE:
        raise UntakenError(f"gives signals of shape {shape}; those of up to {IMAGE} axes can be emulated")
    to.graph.reshape(origin, shape)
    return replace(signal, at=to.graph.end, shape=shape, shared=False)


def pad(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``pad(self, pad, mode, value)`` and ``constant_pad_nd(self, pad, value)``, with zeros."""
    del origin
    signal, pads = to.signal(words["self"]), [int(n) for n in words["pad"]]
    if words.get("mode", "constant") != "constant" or (words.get("value") or 0) != 0 or len(signal.shape) != IMAGE:
        raise UntakenError("cannot be emulated: padding of images with zeros can")
    if min(pads) < 0 or any(pads[4:]):
        raise UntakenError(f"pads by {pads}, which cannot be emulated")
    left, right, top, bottom = (a + b for a, b in zip((pads + [0] * 4)[:4], signal.pads, strict=True))
    shared = not to.alone(words["self"])
    return replace(signal, shape=sample_shape(one), pads=(left, right, top, bottom), shared=shared)


def pool(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``max_pool2d(self, kernel_size, stride, padding, dilation, ceil_mode)``, ``avg_pool2d``."""
    kernel, largest = pair(words["kernel_size"]), "max" in name_operation(one)
    stride, pads = pair(words["stride"]) if words["stride"] else kernel, pair(words["padding"])
    if pair(words.get("dilation", 1)) != (1, 1) or words.get("divisor_override") is not None:
        raise UntakenError("has dilation or a divisor, which cannot be emulated")
    if pads != (0, 0) and not words.get("count_include_pad", True):
        raise UntakenError(
            "leaves the padding out of its means, which cannot be emulated", "set count_include_pad=True"
        )
    alone = to.signal(words["self"]).plain and to.alone(words["self"])
    signal = _image(to, origin, words["self"])
    wanted, after = sample_shape(one), list(pads)
    for axis in (0, 1):  # with ceil_mode the last window may reach over the border
        over = (wanted[axis + 1] - 1) * stride[axis] + kernel[axis] - signal.shape[axis + 1] - pads[axis]
        if over > pads[axis]:
            after[axis] = over
    if not largest and tuple(after) != pads:
        raise UntakenError("has means of windows that reach over the border (ceil_mode), which cannot be emulated")
    window = Window(kernel, stride, pads, pair(after))
    to.graph.pool(origin, "max-pool" if largest else "average-pool", window, alone=alone)
    return Signal(to.graph.end, wanted)


def average(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """Translate ``adaptive_avg_pool2d(self, output_size)``, and ``mean(self, dim, keepdim)`` over images."""
    signal = _image(to, origin, words["self"])
    size, shape = pair(signal.shape[1:]), sample_shape(one)
    if name_operation(one) == "mean":
        if sorted(axis % (IMAGE + 1) for axis in words["dim"] or ()) != [2, 3]:
            raise UntakenError("cannot be emulated: means over rows and columns of images can")
        kernel = size
    else:
        wanted = pair(words["output_size"])
        if any(n % m for n, m in zip(size, wanted, strict=True)):
            raise UntakenError(f"makes {wanted} windows of unequal size of an image of {size}")
        kernel = (size[0] // wanted[0], size[1] // wanted[1])
    to.graph.pool(origin, "average-pool", Window(kernel, kernel))
    if len(shape) == 1:
        to.graph.flatten(origin)
    return Signal(to.graph.end, shape)


def _image(to: Translation, origin: str, value: Any) -> Signal:
    """Go on from an image."""
    signal = to.signal(value)
    if len(signal.shape) != IMAGE:
        raise UntakenError(f"takes signals of shape {signal.shape}; a pool over an image can be emulated")
    return to.settle(origin, value)


VERBS: dict[str, Callable[[Translation, str, Operation, dict[str, Any]], Signal]] = {
    "linear": linear,
    "matmul": matmul,
    "mm": matmul,
    "addmm": addmm,
    "conv2d": conv2d,
    "convolution": conv2d,
    **dict.fromkeys(("batch_norm", "_native_batch_norm_legit_no_training"), batch_norm),
    **dict.fromkeys(("layer_norm", "native_layer_norm", "group_norm", "native_group_norm"), layer_norm),
    "add": add,
    "sub": add,
    "rsub": add,
    "mul": mul,
    "div": mul,
    "neg": mul,
    **dict.fromkeys(("relu", "tanh", "sigmoid", "gelu", "leaky_relu", "prelu", "clamp", "clamp_min"), activate),
    **dict.fromkeys(SOFTMAX, softmax),
    **dict.fromkeys((*SHAPES, *MOVES), reshape),
    "pad": pad,
    "constant_pad_nd": pad,
    "max_pool2d": pool,
    "avg_pool2d": pool,
    "adaptive_avg_pool2d": average,
    "mean": average,
}
