"""An ONNX file as a model and the values that it starts from, taken from what its output depends on.

Source: the ONNX standard (https://onnx.ai/onnx), domain ``ai.onnx``.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import TYPE_CHECKING

from hwsim.files.onnx_check import change_in
from hwsim.model.imports.onnx_constants import Constants
from hwsim.model.imports.onnx_flow import SAME, Flow, single
from hwsim.model.imports.onnx_source import ROUNDING, FileSource
from hwsim.model.imports.onnx_structure import STANDARD, find_faults, find_inputs, name_node
from hwsim.model.imports.onnx_translation import INSTEAD, Reading, Signal
from hwsim.model.imports.onnx_verbs import VERBS
from hwsim.model.imports.operation import UntakenError
from hwsim.model.imports.refusal import RefusedError, RefusedLayer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import onnx

    from hwsim.model.imports.graph import Imported

    Shapes = dict[str, tuple[int, ...]]

OLDEST = 6
"""The first operator set that is read."""
SAMPLES = 5, 7
"""Numbers of samples that shapes are computed for where the file leaves it open."""
LONGEST = 4
"""Axes of the largest input: samples, channels, rows and columns."""
ROUGH = 4.0
"""Times the rounding of a file's numbers by which a constant of a formula may be off."""


def read_onnx(path: Path, shape: tuple[int, ...] | None = None) -> Imported:
    """Read a network from an ONNX file by its dataflow.

    Args:
        path: the file.
        shape: of one sample; needed where the file leaves it open.

    Raises:
        RefusedError: parts of it cannot be emulated, or mean nothing; the message has a line for each, with its node.
        ValueError: no such file or no ONNX in it. Or the package onnx is not installed; the message says how to get it.
    """
    try:
        import onnx
    except ImportError:
        raise ValueError(f"{path}: reading ONNX files takes the package onnx; pip install 'hwsim[onnx]'") from None
    if not path.is_file():
        raise ValueError(f"{path}: no such file; give an ONNX file")
    try:
        content = path.read_bytes()
        file = onnx.load_from_string(content)
        changed = change_in(content, file, path)
        onnx.load_external_data_for_model(file, str(path.parent))
        if file.functions:
            from onnx import inliner

            file = inliner.inline_local_functions(file)
    except Exception as error:
        raise ValueError(f"{path}: not a sound ONNX file ({_why(error)})") from error
    if changed:
        raise ValueError(f"{path}: {changed} was changed since hwsim wrote it; export it again")
    try:
        _check(file)
        return _read(file, shape, path.name)
    except RefusedError as error:
        raise RefusedError(error.refused, str(path)) from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _check(file: onnx.ModelProto) -> None:
    """Refuse a file that means nothing."""
    import onnx

    if faults := find_faults(file.graph):
        raise RefusedError(faults)
    try:
        onnx.checker.check_model(file)
    except Exception as error:
        raise ValueError(f"not a sound ONNX file ({_why(error)})") from error


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _read(file: onnx.ModelProto, shape: tuple[int, ...] | None, called: str) -> Imported:
    """Translate what the output depends on, node by node."""
    graph, opset = file.graph, _opset(file)
    (given,) = find_inputs(graph)
    batch, sample = _sizes(given, shape)
    constants = Constants(graph, opset, SAMPLES if batch is None else (batch,))
    kinds = {one.data_type for one in graph.initializer} & set(ROUNDING)
    flow = Flow(graph, ROUGH * max((ROUNDING[kind][0] for kind in kinds), default=2.0**-24))
    for node in graph.node:  # those of formulas, which are looked for before anything is translated
        if node.op_type == "Constant" and node.domain in STANDARD:
            constants.fold(node, {})
    flow.follow(lambda name: single(constants.versions(name)[0]) if name in constants else None)
    to = Reading(flow, constants, given.name, sample, opset)
    known = cache(lambda: _known_shapes(file, given.name, (constants.batches[0], *sample)))
    taken = {name for node in flow.nodes() for name in flow.taken(node)} | {flow.given}
    for node in flow.nodes():
        _take(to, node, known, taken)
    if not to.graph.refused:
        _finish(to)
    source = FileSource(file, flow.run, to.windows, batch, called)
    return to.graph.finish(f"imported from {called}", source)


def _opset(file: onnx.ModelProto) -> int:
    found = max((int(one.version) for one in file.opset_import if one.domain in STANDARD), default=1)
    if found < OLDEST:
        what = f"is of operator set {found}; those from {OLDEST} on are read"
        raise RefusedError([RefusedLayer("the file", what, "convert it with onnx.version_converter")])
    return found


def _take(to: Reading, node: onnx.NodeProto, known: Callable[[], Shapes], taken: set[str]) -> None:
    """Compute a node, where it is constant, or add it to the model; what is refused is noted, and stood in for."""
    origin = name_node(node)
    try:
        signal = _translate(to, origin, node, taken)
    except UntakenError as error:
        if error.what:
            to.graph.refused.append(RefusedLayer(origin, error.what, error.hint))
        if any(name in to.signals for name in to.flow.taken(node)):
            _stand_in(to, origin, node, known())
        else:
            to.unknown.update(filter(None, node.output))
        return
    if signal is None:
        return
    to.signals[node.output[0]] = signal
    whole = signal.at >= 0 and not signal.padded and node.output[0] != to.dropped
    if whole and to.graph.end == signal.at and node.op_type not in SAME:
        to.graph.call(node.output[0])


def _translate(to: Reading, origin: str, node: onnx.NodeProto, taken: set[str]) -> Signal | None:
    """Translate a node to the signal that it gives; None if that is constant."""
    from onnx import helper

    if node.output[0] not in to.flow.gelus and to.constants.fold(node, to.shapes):
        return None
    if all(name not in to.signals for name in to.flow.taken(node)):
        known = to.unknown.isdisjoint(node.input)
        raise UntakenError(
            "gives a constant that hwsim does not compute" if known else "", "write it as an initializer"
        )
    if others := [name for name in node.output[1:] if name in taken]:
        raise UntakenError(f"gives a second output, {others[0]!r}, which is used", INSTEAD)
    if node.op_type not in VERBS:
        raise UntakenError("cannot be emulated", INSTEAD)
    return VERBS[node.op_type](to, origin, node, {a.name: helper.get_attribute_value(a) for a in node.attribute})


def _stand_in(to: Reading, origin: str, node: onnx.NodeProto, known: Shapes) -> None:
    """Put something in the place of what a refused node gives, so that what is behind it can be looked at too."""
    for name in filter(None, node.output):
        if name not in known:
            to.graph.stop()
        to.graph.stand_in(origin, known[name])
        to.signals[name] = to.here()


def _finish(to: Reading) -> None:
    """Hold the output against the last node, which gives it."""
    name = to.flow.given
    if name not in to.signals:
        what = "gives a constant, whatever its input is"
        to.graph.refused.append(RefusedLayer("the graph", what, "name the output of its last layer"))
        return
    last = to.signals[name]
    if last.padded:
        to.graph.refused.append(RefusedLayer("the graph", "ends in a Pad", "leave it out, and pad the outputs"))
    elif last.at != len(to.graph.nodes) - 1:
        raise AssertionError(f"{name} is not what the last node gives")
    elif last.at >= 0 and last.shape != to.graph.shape:
        value = to.graph.names[last.at]
        to.stand("the shape of the output", last)
        to.graph.call(value)


def _sizes(given: onnx.ValueInfoProto, shape: tuple[int, ...] | None) -> tuple[int | None, tuple[int, ...]]:
    """Return how many samples the file takes at once (None: any), and the shape of one, by the file or as given."""
    tensor = given.type.tensor_type
    if tensor.elem_type not in ROUNDING:
        what = f"takes {given.name}, which holds no real numbers (float32, float64, float16 or bfloat16)"
        raise RefusedError(
            [RefusedLayer("the graph", what, "cut off what turns numbers of words or pixels into signals")]
        )
    if not tensor.HasField("shape"):
        if shape is None:
            raise ValueError(f"the file leaves the shape of {given.name} open; give that of one sample")
        return None, tuple(shape)
    sizes = [int(one.dim_value) if one.HasField("dim_value") else 0 for one in tensor.shape.dim]
    if len(sizes) < 2:  # noqa: PLR2004 - the samples and what each has
        what = (
            f"takes {given.name} of shape {tuple(sizes)}, which has no axis for the samples before that of the signals"
        )
        hint = "export it with a first axis for the samples, such as (1, 2) in place of (2,)"
        raise RefusedError([RefusedLayer("the graph", what, hint)])
    if len(sizes) > LONGEST:
        what = f"takes {given.name} of {len(sizes)} axes; samples, channels, rows and columns can be emulated"
        raise RefusedError([RefusedLayer("the graph", what, INSTEAD)])
    if min(sizes) < 0:
        what = f"takes {given.name} of shape {tuple(sizes)}"
        raise RefusedError([RefusedLayer("the graph", what, "write sizes of at least 1")])
    batch, known = sizes[0] or None, tuple(sizes[1:])
    if shape is None:
        if min(known) < 1:
            raise ValueError(f"the file leaves the shape of {given.name} open; give that of one sample")
        return batch, known
    if len(shape) != len(known) or any(n not in {0, s} for n, s in zip(known, shape, strict=True)):
        raise ValueError(f"samples of shape {tuple(shape)} do not fit {given.name}, which has {known} in the file")
    return batch, tuple(shape)


def _known_shapes(file: onnx.ModelProto, name: str, whole: tuple[int, ...]) -> Shapes:
    """Infer shapes of one sample of values, as far as onnx can, for what stands behind a refused node."""
    import onnx

    copied = onnx.ModelProto()
    copied.CopyFrom(file)
    for given in copied.graph.input:
        if given.name == name:
            tensor = onnx.helper.make_tensor_value_info(name, given.type.tensor_type.elem_type, whole)
            given.CopyFrom(tensor)
    for given in copied.graph.output:
        given.type.tensor_type.ClearField("shape")
    del copied.graph.value_info[:]
    try:
        copied = onnx.shape_inference.infer_shapes(copied, data_prop=True)
    except Exception:  # then nothing is known
        return {}
    found = {}
    for one in (*copied.graph.value_info, *copied.graph.output):
        sizes = tuple(int(dim.dim_value) for dim in one.type.tensor_type.shape.dim)
        if one.type.tensor_type.HasField("shape") and sizes[:1] == whole[:1] and prod(sizes) > 0 and len(sizes) > 1:
            found[one.name] = sizes[1:]
    return found
