"""What each ONNX operator becomes in a model. Source: https://onnx.ai/onnx/operators, domain ``ai.onnx``."""

from __future__ import annotations

import warnings
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import HwsimWarning
from hwsim.model import Window
from hwsim.model.imports.graph import IMAGE
from hwsim.model.imports.onnx_constants import NUMPY_RULES, align_early
from hwsim.model.imports.onnx_translation import INSTEAD, Signal, fewest
from hwsim.model.imports.onnx_windows import AGAIN, read_window
from hwsim.model.imports.operation import UntakenError

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    from hwsim.model.imports.onnx_translation import Reading
    from hwsim.model.layer import Activation

    Array = NDArray[np.float64]
    Law = dict[str, Any]
    Verb = Callable[["Reading", str, onnx.NodeProto, Law], Signal]

MATRIX = 2
INFERENCE = "export the network for inference (torch: module.eval())"
TRAINS_BY_OUTPUTS = range(7, 14)
"""Operator sets in which a BatchNormalization trains where it gives more than one output."""
ACTIVATIONS: dict[str, Activation] = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid"}


def _dense(to: Reading, origin: str, node: onnx.NodeProto, weights: Array, bias: Array) -> Signal:
    signal = to.signal(node)
    if not signal.shape or len(signal.shape) >= IMAGE:
        raise UntakenError(
            f"multiplies signals of shape {signal.shape}; features, or steps of features, can be", INSTEAD
        )
    if signal.shape[-1] != weights.shape[1]:
        raise UntakenError(f"takes {weights.shape[1]} features, but {signal.shape} stand before it", "export it again")
    to.stand(origin, signal)
    to.graph.dense(origin, weights, bias, alone=to.flow.alone(node.input[0]))
    return to.here()


def gemm(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``alpha A B + beta C``."""
    if law.get("transA"):
        raise UntakenError("has transA=1: it takes signals with their samples side by side", "transpose them before")
    if len(to.signal(node).shape) != 1:
        raise UntakenError(f"takes signals of shape {to.signal(node).shape}, not a matrix", "put a Flatten before it")
    weights = _matrix(to.needed(node, 1)) * law.get("alpha", 1.0)
    weights = weights if law.get("transB") else weights.T
    bias = to.constant(node, 2)
    if bias is not None and to.opset < NUMPY_RULES and not law.get("broadcast") and bias.ndim != MATRIX:
        raise UntakenError(
            "takes a bias of another shape without broadcast=1", "set it, or export for a newer operator set"
        )
    units = to.by_sample(np.zeros(1) if bias is None else bias, (len(weights),)) * law.get("beta", 1.0)
    return _dense(to, origin, node, weights, units)


def matmul(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``A B``."""
    del law
    to.signal(node)
    weights = _matrix(to.needed(node, 1)).T
    return _dense(to, origin, node, weights, np.zeros(len(weights)))


def _matrix(weights: Array) -> Array:
    if weights.ndim != MATRIX:
        raise UntakenError(f"has weights of shape {weights.shape}, where a matrix can be emulated", "give it a matrix")
    return weights


def conv(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Conv`` of images, grouped and dilated too."""
    signal, weights = to.signal(node, padded=True), to.needed(node, 1)
    if weights.ndim != IMAGE + 1 or len(signal.shape) != IMAGE:
        what = (
            f"has weights of shape {weights.shape} on signals of shape {signal.shape}; those on images can be emulated"
        )
        raise UntakenError(what, "give the image a second axis of size 1")
    kernel, groups = list(weights.shape[2:]), law.get("group", 1)
    if law.get("kernel_shape", kernel) != kernel:
        raise UntakenError(f"has kernel_shape={law['kernel_shape']}, but weights of {kernel}", AGAIN)
    if groups < 1 or len(weights) % groups or signal.shape[0] != weights.shape[1] * groups:
        what = f"has group={groups} and weights of shape {weights.shape} on an image of {signal.shape[0]} channels"
        raise UntakenError(f"{what}, which do not fit", AGAIN)
    bias = to.constant(node, 2)
    if bias is not None and bias.shape != (len(weights),):
        raise UntakenError(f"has a bias of shape {bias.shape} for {len(weights)} units", AGAIN)
    window = _window(signal, law, kernel)
    to.stand(origin, Signal(signal.at, _bare(signal)))
    units = np.zeros(len(weights)) if bias is None else bias
    to.graph.convolve(origin, weights, units, window, groups, alone=to.flow.alone(node.input[0]))
    return to.here()


def _bare(signal: Signal) -> tuple[int, ...]:
    """Return the shape of an image without the zeros around it."""
    channels, rows, columns = signal.shape
    return channels, rows - signal.before[0] - signal.after[0], columns - signal.before[1] - signal.after[1]


def _window(signal: Signal, law: Law, kernel: list[int]) -> Window:
    """Return the window of a node, with the zeros of a Pad before it added to its own."""
    size = (signal.shape[1], signal.shape[2])
    window = read_window(law, kernel, size)
    if min(window.places(size)) < 1:
        raise UntakenError(f"has windows of {window.reach}, which do not fit into an image of {size}", AGAIN)
    before, after = (
        (one[0] + other[0], one[1] + other[1])
        for one, other in ((window.before, signal.before), (window.after, signal.after))
    )
    return Window(window.kernel, window.stride, before, after, window.dilation)


def pool(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``MaxPool``, ``AveragePool``, and both over the whole image."""
    largest, whole = "Max" in node.op_type, node.op_type.startswith("Global")
    signal = to.signal(node, padded=not largest)
    if len(signal.shape) != IMAGE:
        raise UntakenError(f"takes signals of shape {signal.shape}; images can be emulated", INSTEAD)
    if whole:
        law = {"kernel_shape": list(signal.shape[1:])}
    if "kernel_shape" not in law:
        raise UntakenError("has no kernel_shape", AGAIN)
    own = read_window(law, law["kernel_shape"], (signal.shape[1], signal.shape[2]))
    if own.dilation != (1, 1):
        raise UntakenError(f"has dilations={list(own.dilation)}, which pools cannot be emulated with", INSTEAD)
    to.windows[node.output[0]] = own
    if own.lost:
        raise UntakenError(f"has pads as long as its kernel_shape={list(own.kernel)}, or longer", AGAIN)
    if not largest and (*own.before, *own.after) != (0, 0, 0, 0) and not law.get("count_include_pad"):
        what = "averages over windows of unequal size at the border (count_include_pad=0 with pads)"
        raise UntakenError(f"{what}, which cannot be emulated", "set count_include_pad=1, or pads to 0")
    window = _window(signal, law, law["kernel_shape"])
    to.stand(origin, Signal(signal.at, _bare(signal)))
    to.graph.pool(origin, "max-pool" if largest else "average-pool", window, alone=to.flow.alone(node.input[0]))
    return to.here()


def mean(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``ReduceMean`` over rows and columns."""
    signal, axes = to.signal(node), to.constant(node, 1)
    given = law.get("axes") if axes is None else axes.astype(int).reshape(-1).tolist()
    rank = len(signal.shape) + 1
    over = sorted(axis % rank for axis in given or ()) if all(-rank <= axis < rank for axis in given or ()) else []
    if len(signal.shape) != IMAGE or over != [2, 3]:
        raise UntakenError(
            f"has axes={given}; means over rows and columns of images (axes 2 and 3) can be emulated", INSTEAD
        )
    size = (signal.shape[1], signal.shape[2])
    to.stand(origin, signal)
    to.graph.pool(origin, "average-pool", Window(size, size))
    return to.here((signal.shape[0], 1, 1) if law.get("keepdims", 1) else signal.shape[:1])


def normalise(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``BatchNormalization`` with running statistics."""
    several = any(node.output[1:]) and to.opset in TRAINS_BY_OUTPUTS
    trains = not law.get("is_test", 0) if to.opset < NUMPY_RULES else law.get("training_mode", 0) or several
    if trains:
        word = "is_test=0" if to.opset < NUMPY_RULES else "outputs of statistics" if several else "training_mode=1"
        raise UntakenError(f"is in training mode ({word}): it normalises by the batch it is given", INFERENCE)
    if not law.get("spatial", 1):
        raise UntakenError("has spatial=0, statistics for each place of an image", "export for a newer operator set")
    signal = to.signal(node)
    parts = [to.needed(node, number) for number in range(1, 5)]
    if {part.shape for part in parts} != {signal.shape[:1]}:
        what = f"has parameters of shapes {[part.shape for part in parts]} for {signal.shape[0]} channels"
        raise UntakenError(what, AGAIN)
    scale, shift, average, variance = (part.reshape(-1, *(1,) * (len(signal.shape) - 1)) for part in parts)
    spread = variance + law.get("epsilon", 1e-5)
    if not (spread > 0).all():
        raise UntakenError("has variances that are not above 0", AGAIN)
    gain = scale / np.sqrt(spread)
    size = np.abs(shift) + np.abs(average * gain)
    return to.affine(origin, node.input[0], gain, shift - average * gain, size)


def norm(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``LayerNormalization`` over features, features of steps, or a whole image."""
    signal = to.signal(node)
    rank = len(signal.shape) + 1
    axis = law.get("axis", -1)
    axis = axis + rank if axis < 0 else axis
    image = len(signal.shape) == IMAGE
    if len(signal.shape) > IMAGE or axis != (1 if image else rank - 1):
        what = f"has axis={law.get('axis', -1)} on signals of shape {signal.shape}"
        raise UntakenError(f"{what}; the last axis, or all of an image, can be normalised", INSTEAD)
    over = signal.shape if image else signal.shape[-1:]
    scale, shift = to.needed(node, 1), to.constant(node, 2)
    parts = [fewest(to.by_sample(p, over), over) for p in (scale, np.zeros(1) if shift is None else shift)]
    to.stand(origin, signal)
    to.graph.normalise(origin, parts[0], parts[1], law.get("epsilon", 1e-5))
    return to.here()


def add(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Add`` and ``Sub``, of two signals or of a signal and a constant."""
    signs = (1.0, -1.0 if node.op_type == "Sub" else 1.0)
    place = _signals(to, node)
    if place is not None:
        shift = _other(to, node, 1 - place, law)
        return to.affine(origin, node.input[place], signs[place], signs[1 - place] * shift)
    one, other = to.signal(node), to.signal(node, 1)
    if one.shape != other.shape:
        raise UntakenError(f"takes signals of shapes {one.shape} and {other.shape}; equal ones can be added", INSTEAD)
    if signs[1] < 0:
        other = to.affine(origin, node.input[1], -1.0, 0.0)
        to.graph.call("")  # no value of the file
    if one.at < other.at:
        one, other = other, one
    to.stand(origin, one)
    end = to.graph.end
    if (to.graph.first if other.at < 0 else to.graph.nodes[other.at].given) != to.graph.shape:
        to.stand(origin, other)
        other = to.here()
        to.graph.go(end)
    to.graph.join(origin, other.at)
    return to.here(one.shape)


def mul(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Mul`` and ``Div`` by a constant, and Gelu written as a product."""
    if node.output[0] in to.flow.gelus:
        return _activate(to, origin, to.flow.gelus[node.output[0]], "gelu")
    place = _signals(to, node)
    if place is None:
        raise UntakenError("multiplies signals with each other", INSTEAD)
    factor = _other(to, node, 1 - place, law)
    if node.op_type == "Div":
        if place == 1:
            raise UntakenError("divides by a signal", INSTEAD)
        if not factor.all():
            raise UntakenError("divides by 0", AGAIN)
        factor = 1 / factor
    return to.affine(origin, node.input[place], factor, 0.0)


def negate(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Neg``."""
    del law
    to.signal(node)
    return to.affine(origin, node.input[0], -1.0, 0.0)


def _signals(to: Reading, node: onnx.NodeProto) -> int | None:
    """Return the place of the one signal that a node of two inputs takes; None if both are signals."""
    found = [place for place, name in enumerate(node.input) if name in to.signals]
    return None if len(found) == len(node.input) else found[0]


def _other(to: Reading, node: onnx.NodeProto, place: int, law: Law) -> Array:
    """Return the constant at a place of a node of two inputs, with axes as NumPy wants them."""
    found, signal = to.needed(node, place), to.signal(node, 1 - place)
    whole = len(signal.shape) + 1
    if to.opset >= NUMPY_RULES or found.shape == (1, *signal.shape):
        return found
    if place == 0:
        raise UntakenError("takes a constant first and the signal, which it spreads, after it", "exchange the two")
    return align_early(found, whole, law)


def activate(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Relu``, ``Tanh``, ``Sigmoid``, ``LeakyRelu``, ``PRelu`` of one slope, ``Gelu``, ``Clip`` at 0."""
    to.signal(node)
    if node.op_type == "LeakyRelu":
        return _activate(to, origin, node.input[0], "leaky-relu", (float(law.get("alpha", 0.01)),))
    if node.op_type == "PRelu":
        slope = to.needed(node, 1)
        if slope.size != 1:
            raise UntakenError(f"has {slope.size} slopes; one for all can be emulated", INSTEAD)
        return _activate(to, origin, node.input[0], "leaky-relu", (float(slope.reshape(-1)[0]),))
    if node.op_type == "Gelu":
        way = law.get("approximate", b"none").decode(errors="replace")
        if way not in {"none", "tanh"}:
            raise UntakenError(f"has approximate={way!r}, which is neither 'none' nor 'tanh'", AGAIN)
        return _activate(to, origin, node.input[0], "gelu-tanh" if way == "tanh" else "gelu")
    if node.op_type == "Clip":
        ends = [to.constant(node, place) for place in (1, 2)]
        low, high = (
            law.get(key) if end is None else float(end.reshape(-1)[0])
            for key, end in zip(("min", "max"), ends, strict=True)
        )
        if low != 0 or (high is not None and high < np.finfo(np.float32).max):
            raise UntakenError(f"cuts off below {low} and above {high}; below 0 alone can be emulated", "use Relu")
        return _activate(to, origin, node.input[0], "relu")
    return _activate(to, origin, node.input[0], ACTIVATIONS[node.op_type])


def _activate(to: Reading, origin: str, name: str, activation: Activation, law: tuple[float, ...] = ()) -> Signal:
    signal = to.signals[name]
    if signal.padded:
        raise UntakenError("follows a Pad, which can be emulated before a Conv or a pool alone", INSTEAD)
    if not np.isfinite(law).all():
        raise UntakenError(f"has the slope {law[0]}, which is not a finite number", AGAIN)
    to.graph.go(signal.at)
    to.graph.activate(origin, activation, law, alone=to.flow.alone(name))
    return to.here(signal.shape)


def softmax(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Leave out ``Softmax`` and ``LogSoftmax`` at the end."""
    signal = to.signal(node)
    last = to.flow.root(to.flow.given) == node.output[0] and to.flow.alone(node.output[0])
    axis = law.get("axis", -1 if to.opset >= 13 else 1)  # noqa: PLR2004 - the operator set that changed it
    if not last or len(signal.shape) != 1 or axis not in {1, -1}:
        raise UntakenError("cannot be emulated but at the end, over the outputs", INSTEAD)
    told = f"{origin} is left out: the emulated network gives what stands before it, which has the same largest output"
    warnings.warn(told, HwsimWarning, stacklevel=2)
    to.dropped = node.output[0]
    return signal


def reshape(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Keep the same numbers in the same order: the model's nodes change shape where a later one needs it."""
    del origin
    signal = to.signal(node)
    shapes = [_reshaped(to, node, law, (batch, *signal.shape), n) for n, batch in enumerate(to.constants.batches)]
    rests = {shape[1:] for shape in shapes}
    if [shape[0] for shape in shapes if shape] != list(to.constants.batches) or len(rests) > 1 or () in rests:
        shown = " and ".join(map(str, dict.fromkeys(shapes)))
        what = f"gives an array of shape {shown} for {' and '.join(map(str, to.constants.batches))} samples"
        raise UntakenError(f"{what}, in which samples do not stand one by one", "keep the first axis for the samples")
    return Signal(signal.at, rests.pop())


def _reshaped(to: Reading, node: onnx.NodeProto, law: Law, given: tuple[int, ...], version: int) -> tuple[int, ...]:
    """Return the shape that a node gives a whole array, for one of the numbers of samples."""
    wanted: list[int] | None = law.get("axes")
    if len(node.input) > 1 and node.input[1]:
        if node.input[1] not in to.constants:
            raise UntakenError(
                f"takes the shape {node.input[1]!r}, which is no constant", "export it with fixed shapes"
            )
        wanted = [int(size) for size in to.constants.versions(node.input[1])[version].reshape(-1)]
    match node.op_type:
        case "Flatten":
            axis, rank = law.get("axis", 1), len(given)
            if not -rank <= axis <= rank:
                raise UntakenError(f"has axis={axis} on an array of {rank} axes", AGAIN)
            axis += rank if axis < 0 else 0
            return prod(given[:axis]), prod(given[axis:])
        case "Reshape":
            return _filled(given, wanted, zeros=bool(law.get("allowzero")))
        case "Transpose":
            return _moved(given, law.get("perm", list(range(len(given)))[::-1]))
        case _:
            return _squeezed(given, wanted, more=node.op_type == "Unsqueeze")


def _squeezed(given: tuple[int, ...], axes: list[int] | None, *, more: bool) -> tuple[int, ...]:
    """Add axes of size 1, or take them away: all of them if none are named."""
    rank = len(given) + (len(axes or ()) if more else 0)
    if axes is not None and (not all(-rank <= axis < rank for axis in axes)):
        raise UntakenError(f"has axes={axes} on an array of {len(given)} axes", AGAIN)
    chosen = {axis % rank for axis in axes} if axes else {n for n, size in enumerate(given) if size == 1}
    if more:
        if axes is None or len(chosen) < len(axes):
            raise UntakenError(f"has axes={axes}, which must all differ", AGAIN)
        rest = iter(given)
        return tuple(1 if n in chosen else next(rest) for n in range(rank))
    if any(given[axis] != 1 for axis in chosen):
        raise UntakenError(f"has axes={axes} on an array of shape {given}, which are not all of size 1", AGAIN)
    return tuple(size for n, size in enumerate(given) if n not in chosen)


def _moved(given: tuple[int, ...], moved: list[int]) -> tuple[int, ...]:
    """Put axes in another order, in which the numbers keep theirs."""
    if sorted(moved) != list(range(len(given))):
        raise UntakenError(f"has perm={moved} on an array of {len(given)} axes", AGAIN)
    wide = [axis for axis in moved if given[axis] > 1 or axis == 0]
    if wide != sorted(wide):
        raise UntakenError(f"has perm={moved}: it changes the order of signals, which cannot be emulated", INSTEAD)
    return tuple(given[axis] for axis in moved)


def _filled(given: tuple[int, ...], wanted: list[int] | None, *, zeros: bool) -> tuple[int, ...]:
    """Fill in 0 and -1 in a target of Reshape."""
    if wanted is None:
        raise UntakenError("has no shape to make", AGAIN)
    found = [given[n] if size == 0 and not zeros and n < len(given) else size for n, size in enumerate(wanted)]
    known = prod(size for size in found if size != -1)
    if found.count(-1) == 1 and known and prod(given) % known == 0:
        found = [prod(given) // known if size == -1 else size for size in found]
    if prod(found) != prod(given) or min(found, default=1) < 1:
        raise UntakenError(f"makes {wanted} of an array of shape {given}, which does not fit", AGAIN)
    return tuple(found)


def same(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Identity``, ``Dropout`` in inference, ``Cast`` to real numbers."""
    del origin
    signal = to.signal(node, padded=True)
    if node.op_type == "Dropout":
        trains = False
        if to.opset < NUMPY_RULES:
            trains = not law.get("is_test", 0)
        elif (mode := to.constant(node, 2)) is not None:
            trains = bool(mode.any())
        if trains:
            word = "is_test=0" if to.opset < NUMPY_RULES else "training_mode is true"
            raise UntakenError(f"is in training mode ({word}): it sets signals to 0 at random", INFERENCE)
    if node.op_type == "Cast" and law.get("to") not in REAL:
        raise UntakenError("turns signals into whole numbers, which cannot be emulated", INSTEAD)
    return signal


REAL = {1, 10, 11, 16}
"""Types of real numbers in ONNX: float32, float16, float64, bfloat16."""


def pad(to: Reading, origin: str, node: onnx.NodeProto, law: Law) -> Signal:
    """Translate ``Pad`` of images with zeros, which becomes part of the window behind it."""
    del origin
    signal = to.signal(node, padded=True)
    given, value, axes = to.constant(node, 1), to.constant(node, 2), to.constant(node, 3)
    found: list[int] = law.get("pads", []) if given is None else [int(n) for n in given.reshape(-1)]
    worth = law.get("value", 0.0) if value is None else float(value.reshape(-1)[0])
    plain = law.get("mode", b"constant") == b"constant" and worth == 0 and axes is None
    whole = len(found) == 2 * (IMAGE + 1) and min(found) >= 0
    if len(signal.shape) != IMAGE or not plain or not whole or any(found[:2] + found[4:6]):
        raise UntakenError(
            f"cannot be emulated with pads={found}; zeros around the rows and columns of images can", INSTEAD
        )
    (top, left), (bottom, right) = found[2:4], found[6:8]
    before, after = (
        (signal.before[0] + top, signal.before[1] + left),
        (signal.after[0] + bottom, signal.after[1] + right),
    )
    channels, rows, columns = signal.shape
    return Signal(signal.at, (channels, rows + top + bottom, columns + left + right), before, after)


VERBS: dict[str, Verb] = {
    "Gemm": gemm,
    "MatMul": matmul,
    "Conv": conv,
    **dict.fromkeys(("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"), pool),
    "ReduceMean": mean,
    "BatchNormalization": normalise,
    "LayerNormalization": norm,
    **dict.fromkeys(("Add", "Sub"), add),
    **dict.fromkeys(("Mul", "Div"), mul),
    "Neg": negate,
    **dict.fromkeys((*ACTIVATIONS, "LeakyRelu", "PRelu", "Gelu", "Clip"), activate),
    **dict.fromkeys(("Softmax", "LogSoftmax"), softmax),
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose"), reshape),
    **dict.fromkeys(("Identity", "Dropout", "Cast"), same),
    "Pad": pad,
}
"""Operators that are taken, whether all that they may say is or not."""
