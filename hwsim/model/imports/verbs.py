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
    by_unit,
    moved_axes,
    name_operation,
    pair,
    place_padding,
    sample_shape,
)
from hwsim.model.imports.trace import BATCH, numbers
from hwsim.model.imports.translation import SHAPES, Signal, Translation

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from numpy.typing import NDArray
    from torch.fx import Node as Operation

    from hwsim.model.layer import Activation

    Array = NDArray[np.float64]

MATRIX = 2
MOVES = {"permute", "transpose", "t", "numpy_T", "movedim", "moveaxis", "swapaxes", "swapdims"}
"""Operations that give the same numbers in another order."""
SOFTMAX = ("softmax", "log_softmax", "_softmax", "_log_softmax")


def linear(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``linear(input, weight, bias)``."""
    weights = numbers(to.constant(words["weight"]))
    bias = None if words["bias"] is None else numbers(to.constant(words["bias"]))
    return _dense(to, origin, one, words["input"], weights, bias)


def matmul(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``matmul(self, other)``, ``mm(self, mat2)``."""
    weights = numbers(to.constant(words.get("other", words.get("mat2"))))
    if weights.ndim != MATRIX:
        raise UntakenError(f"multiplies by weights of shape {weights.shape}; a matrix can be emulated")
    return _dense(to, origin, one, words["self"], weights.T, None)


def addmm(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``addmm(self, mat1, mat2, beta, alpha)``."""
    weights = numbers(to.constant(words["mat2"])).T * float(words["alpha"])
    bias = by_unit(numbers(to.constant(words["self"])), (BATCH, len(weights))) * float(words["beta"])
    return _dense(to, origin, one, words["mat1"], weights, np.broadcast_to(bias, len(weights)))


def _dense(to: Translation, origin: str, one: Operation, value: Any, weights: Array, bias: Array | None) -> Signal:
    signal = to.signal(value, "multiplies")
    if any(signal.pads):
        raise UntakenError("takes a padded image; padding can be emulated before a convolution alone")
    to.go(signal)
    bias = np.zeros(len(weights)) if bias is None else np.asarray(bias)
    if len(signal.shape) != 1:
        raise UntakenError(f"takes signals of shape {signal.shape}; a Linear layer on features can be emulated")
    if signal.gain is not None and signal.shift is not None:
        bias = bias + weights @ np.broadcast_to(signal.shift, weights.shape[1])
        weights = weights * np.broadcast_to(signal.gain, weights.shape[1])
    to.graph.dense(origin, weights, bias)
    return Signal(len(to.graph.nodes) - 1, sample_shape(one))


def conv2d(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``conv2d(input, weight, bias, stride, padding, dilation, groups)``, and ``convolution``."""
    signal, weights = to.signal(words["input"], "multiplies"), numbers(to.constant(words["weight"]))
    bias = np.zeros(len(weights)) if words["bias"] is None else numbers(to.constant(words["bias"]))
    if weights.ndim != IMAGE + 1 or words.get("transposed") or len(signal.shape) != IMAGE:
        raise UntakenError("cannot be emulated; of convolutions those of images can, not transposed")
    if words["groups"] != 1 or pair(words["dilation"]) != (1, 1):
        raise UntakenError("has groups or dilation, which cannot be emulated")
    before, after = place_padding(words["padding"], (weights.shape[2], weights.shape[3]))
    left, right, top, bottom = signal.pads
    before, after = (before[0] + top, before[1] + left), (after[0] + bottom, after[1] + right)
    window = Window((weights.shape[2], weights.shape[3]), pair(words["stride"]), before, after)
    if signal.gain is not None and signal.shift is not None:
        gain, shift = (by_unit(part[None], (BATCH, *signal.shape)) for part in (signal.gain, signal.shift))
        if shift.any() and any((*before, *after)):
            raise UntakenError("pads an image with zeros after it was shifted", "pad before the shift")
        bias = bias + np.einsum("uchw,c->u", weights, np.broadcast_to(shift, weights.shape[1]))
        weights = weights * np.broadcast_to(gain, weights.shape[1])[:, None, None]
    to.go(signal)
    to.graph.convolve(origin, weights, bias, window)
    return Signal(len(to.graph.nodes) - 1, sample_shape(one))


def batch_norm(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)``."""
    if words.get("training") or words["running_mean"] is None or words["running_var"] is None:
        raise UntakenError("normalises by the batch it is given; it must have running statistics")
    mean, variance = (numbers(to.constant(words[name])) for name in ("running_mean", "running_var"))
    gain = 1 / np.sqrt(variance + words["eps"])
    if words["weight"] is not None:
        gain = gain * numbers(to.constant(words["weight"]))
    shift = -mean * gain
    if words["bias"] is not None:
        shift = shift + numbers(to.constant(words["bias"]))
    wide = len(sample_shape(one)) == IMAGE
    return to.affine(origin, one, words["input"], *((p[:, None, None] if wide else p) for p in (gain, shift)))


def add(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``add``, ``sub`` and ``rsub`` ``(self, other, alpha)``."""
    first, second, factor = words["self"], words["other"], to.constant(words.get("alpha", 1)).item()
    name = name_operation(one)
    if name == "rsub":
        first, second = second, first
    signs = (factor if name == "rsub" else 1.0, -1.0 if name in {"sub", "rsub"} else 1.0)
    signs = (1.0, -factor) if name == "sub" else (1.0, factor) if name == "add" else (1.0, -factor)
    signals = [hasattr(part, "op") and part in to.values for part in (first, second)]
    if all(signals):
        return _join(to, origin, one, first, second, signs)
    value, other = (first, second) if signals[0] else (second, first)
    shift = numbers(to.constant(other))
    if signals[0]:
        return to.affine(origin, one, value, signs[0], signs[1] * shift)
    return to.affine(origin, one, value, signs[1], signs[0] * shift)


def _join(to: Translation, origin: str, one: Operation, first: Any, second: Any, signs: tuple[float, float]) -> Signal:
    if to.roots[first] is to.roots[second]:
        return to.affine(origin, one, first, sum(signs), 0.0)
    here, there = to.values[first], to.values[second]
    if signs != (1.0, 1.0) or not here.plain or not there.plain or here.shape != there.shape:
        raise UntakenError("cannot be emulated: sums of two signals as they are, of equal shape, can")
    last = len(to.graph.nodes) - 1
    if last not in {here.at, there.at}:
        raise UntakenError("adds what two earlier layers give; one must be the layer before")
    to.graph.join(origin, there.at if here.at == last else here.at)
    return Signal(len(to.graph.nodes) - 1, sample_shape(one))


def mul(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``mul(self, other)``, ``div(self, other)``, ``neg(self)``."""
    value, other, name = words["self"], words.get("other", -1.0), name_operation(one)
    if words.get("rounding_mode"):
        raise UntakenError("cannot be emulated: it divides and rounds")
    if name == "mul" and not (hasattr(value, "op") and value in to.values):
        value, other = other, value
    factor = numbers(to.constant(other))
    return to.affine(origin, one, value, 1 / factor if name == "div" else factor, 0.0)


def activate(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``relu``, ``tanh``, ``sigmoid``, ``leaky_relu(self, negative_slope)``, ``prelu(self, weight)``, ``clamp``."""
    activations: dict[str, Activation] = {"tanh": "tanh", "sigmoid": "sigmoid"}
    name: Activation = activations.get(name_operation(one), "relu")
    parameters: tuple[float, ...] = ()
    if name_operation(one) in {"leaky_relu", "prelu"}:
        slope = to.constant(words.get("negative_slope", words.get("weight")))
        if slope.numel() != 1:
            raise UntakenError("has a slope for each channel; one slope for all can be emulated")
        name, parameters = "leaky-relu", (float(slope),)
    if name_operation(one) in {"clamp", "clamp_min"} and (words["min"] != 0 or words.get("max") is not None):
        raise UntakenError("cannot be emulated: it cuts off at other values than 0")
    to.go(to.signal(words["self"]))
    if not to.foldable(words["self"]):
        raise UntakenError("must directly follow a layer that nothing else takes signals from")
    before = len(to.graph.nodes)
    to.graph.activate(origin, name, parameters)
    return replace(to.values[words["self"]], at=max(before, len(to.graph.nodes)) - 1)


def softmax(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``softmax(self, dim)`` and ``log_softmax``, left out at the end."""
    signal = to.signal(words["self"])
    features = len(signal.shape) == 1 and words["dim"] in {1, -1}
    if to.roots[to.trace.given] is not one or to.uses[one] != 1 or not features:
        raise UntakenError("cannot be emulated but at the end, over the outputs")
    told = f"{origin} is left out: the emulated network gives what stands before it, which has the same largest output"
    warnings.warn(told, HwsimWarning, stacklevel=2)
    to.dropped = one
    return signal


def reshape(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """All that gives the same numbers in the same order, in another shape: ``view``, ``flatten``, ``squeeze``."""
    del words
    value, given = to.input(one), one.meta["val"]
    signal, shape = to.values[value], sample_shape(one)
    if name_operation(one) in MOVES:
        moved = moved_axes(one, value)
        if [axis for axis in moved if value.meta["val"].shape[axis] > 1] != sorted(
            axis for axis in moved if value.meta["val"].shape[axis] > 1
        ):
            raise UntakenError("changes the order of signals, which cannot be emulated")
    if given.shape[0] != BATCH or not shape:
        raise UntakenError(f"gives an array of shape {tuple(given.shape)}, in which samples do not stand one by one")
    if any(signal.pads):
        raise UntakenError("follows a padding, which can be emulated before a convolution alone")
    if signal.gain is not None and signal.shift is not None:
        gain, shift = (np.broadcast_to(p, signal.shape).reshape(shape) for p in (signal.gain, signal.shift))
        signal = replace(signal, gain=gain, shift=shift)
    if shape == to.given(signal):
        return replace(signal, shape=shape)
    if len(shape) != 1:
        raise UntakenError(f"gives signals of shape {shape}; making features of an image can be emulated")
    to.go(signal)
    to.graph.flatten(origin)
    return replace(signal, at=len(to.graph.nodes) - 1, shape=shape)


def pad(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``pad(self, pad, mode, value)`` and ``constant_pad_nd(self, pad, value)``, with zeros."""
    del origin
    signal, pads = to.signal(words["self"]), [int(n) for n in words["pad"]]
    if words.get("mode", "constant") != "constant" or (words.get("value") or 0) != 0 or len(signal.shape) != IMAGE:
        raise UntakenError("cannot be emulated: padding of images with zeros can")
    if min(pads) < 0 or any(pads[4:]):
        raise UntakenError(f"pads by {pads}, which cannot be emulated")
    if signal.gain is not None and np.any(signal.shift):
        raise UntakenError("pads an image with zeros after it was shifted", "pad before the shift")
    left, right, top, bottom = (a + b for a, b in zip((pads + [0] * 4)[:4], signal.pads, strict=True))
    return replace(signal, shape=sample_shape(one), pads=(left, right, top, bottom))


def pool(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``max_pool2d`` and ``avg_pool2d``."""
    signal = _image(to, words["self"])
    kernel = pair(words["kernel_size"])
    window = Window(kernel, pair(words["stride"]) if words["stride"] else kernel)
    plain = pair(words["padding"]) == (0, 0) and pair(words.get("dilation", 1)) == (1, 1)
    if not plain or words.get("divisor_override") is not None:
        raise UntakenError("has padding, dilation or a divisor, which cannot be emulated")
    return _pool(to, origin, one, signal, "max-pool" if "max" in name_operation(one) else "average-pool", window)


def average(to: Translation, origin: str, one: Operation, words: dict[str, Any]) -> Signal:
    """``adaptive_avg_pool2d(self, output_size)``, and ``mean(self, dim, keepdim)`` over images."""
    signal = _image(to, words["self"])
    size = pair(signal.shape[1:])
    if name_operation(one) == "mean":
        axes = sorted(axis % (IMAGE + 1) for axis in words["dim"] or ())
        if axes != [2, 3]:
            raise UntakenError("cannot be emulated: means over rows and columns of images can")
        kernel = size
    else:
        wanted = tuple(int(n) for n in words["output_size"])
        if any(n % m for n, m in zip(size, wanted, strict=True)):
            raise UntakenError(f"makes {wanted} windows of unequal size of an image of {size}")
        kernel = (size[0] // wanted[0], size[1] // wanted[1])
    found = _pool(to, origin, one, signal, "average-pool", Window(kernel, kernel), shape=None)
    if len(sample_shape(one)) == 1:
        to.graph.call("")
        to.graph.flatten(origin)
    return Signal(len(to.graph.nodes) - 1, sample_shape(one)) if len(sample_shape(one)) == 1 else found


def _image(to: Translation, value: Any) -> Signal:
    signal = to.signal(value)
    if len(signal.shape) != IMAGE or not signal.plain:
        raise UntakenError(f"takes signals of shape {signal.shape}; a pool directly behind an image can be emulated")
    return signal


def _pool(
    to: Translation,
    origin: str,
    one: Operation,
    signal: Signal,
    kind: Literal["max-pool", "average-pool"],
    window: Window,
    shape: tuple[int, ...] | None = (),
) -> Signal:
    if shape is not None and (signal.shape[0], *window.places((signal.shape[1], signal.shape[2]))) != sample_shape(one):
        raise UntakenError("has windows that reach over the border (ceil_mode), which cannot be emulated")
    to.go(signal)
    to.graph.pool(origin, kind, window)
    return Signal(len(to.graph.nodes) - 1, to.graph.shape)


VERBS: dict[str, Callable[[Translation, str, Operation, dict[str, Any]], Signal]] = {
    "linear": linear,
    "matmul": matmul,
    "mm": matmul,
    "addmm": addmm,
    "conv2d": conv2d,
    "convolution": conv2d,
    "batch_norm": batch_norm,
    "add": add,
    "sub": add,
    "rsub": add,
    "mul": mul,
    "div": mul,
    "neg": mul,
    **dict.fromkeys(("relu", "tanh", "sigmoid", "leaky_relu", "prelu", "clamp", "clamp_min"), activate),
    **dict.fromkeys(SOFTMAX, softmax),
    **dict.fromkeys((*SHAPES, *MOVES), reshape),
    "pad": pad,
    "constant_pad_nd": pad,
    "max_pool2d": pool,
    "avg_pool2d": pool,
    "adaptive_avg_pool2d": average,
    "mean": average,
}
