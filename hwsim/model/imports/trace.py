"""What a torch module computes, as a graph of ATen operations: the module is run on shapes, not read.

``torch.export`` (https://docs.pytorch.org/docs/stable/export.html) calls a copy of the module with everything that is
part of a call: its own forward, subclasses, hooks, parametrizations, functions. A copy, so that nothing that a call
leaves behind stays in the user's module.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import logging
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.model.imports.refusal import CONVERT, RefusedError, RefusedLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from numpy.typing import NDArray
    from torch.fx import Node as Operation

BATCH = 5
"""Samples that a module is traced with; nothing else in a network is likely to have this size by rule."""


@dataclass(frozen=True)
class Trace:
    """The operations of a module behind which its input stands, in order, and the constants that they take.

    A :class:`hwsim.model.imports.source.Source`.
    """

    module: torch.nn.Module
    """The copy, in inference mode, on the CPU."""
    taken: Operation
    """The input."""
    given: Operation
    """The output."""
    operations: tuple[Operation, ...]
    """All between that the output depends on."""
    constants: dict[Operation, Any]
    """Parameters, buffers, and what is computed from them alone."""
    kind: torch.dtype
    """Of the input."""
    called: str
    rounding: float
    least: float
    paths: dict[str, int] = field(default_factory=dict)
    """How many operations each module within has."""

    @property
    def output(self) -> str:
        """Return the name of the output."""
        return self.given.name

    def run(self, x: NDArray[Any]) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """Call the copy, and compute all values within, so many samples at a time as it was traced with."""
        import torch

        samples = torch.from_numpy(np.ascontiguousarray(x)).to(self.kind)
        with quiet(), torch.no_grad(), torch.random.fork_rng(devices=[]):
            try:
                outputs = self.module(samples.clone())
            except Exception as error:
                what = f"fails when it is called with {len(samples)} samples: {reason(error)}"
                raise RefusedError([RefusedLayer(self.called, what, CONVERT)]) from None
            padded = torch.cat([samples, samples.new_zeros((-len(samples) % BATCH, *samples.shape[1:]))])
            parts = [self._within(part) for part in torch.split(padded, BATCH)]
        values = {name: torch.cat([part[name] for part in parts])[: len(samples)] for name in parts[0]}
        return numbers(outputs), {name: numbers(value) for name, value in values.items()}

    def _within(self, samples: torch.Tensor) -> dict[str, torch.Tensor]:
        values = {**self.constants, self.taken: samples}
        for one in self.operations:
            if one not in values:
                values[one] = call(one, values)
        return {one.name: values[one] for one in (self.taken, *self.operations) if _batched(one)}


def _batched(one: Operation) -> bool:
    return bool(getattr(one.meta.get("val"), "shape", ())[:1] == (BATCH,))


def call(one: Operation, values: dict[Operation, Any]) -> Any:
    """Compute an operation from values of those before it."""
    from torch.fx.node import map_arg

    args, words = map_arg((one.args, one.kwargs), lambda before: values[before])
    return one.target(*args, **words)  # type: ignore[operator]


def trace(module: torch.nn.Module, shape: tuple[int, ...] | None) -> Trace:
    """Trace a module, which is not changed.

    Args:
        module: any.
        shape: of one sample; None where it can be told from a Linear layer that comes first.

    Raises:
        RefusedError: it cannot be traced; the message says what torch says, and in which layer.
    """
    import torch

    called = f"the module ({type(module).__name__})"
    if not isinstance(module, torch.nn.Module):
        what, hint = "is no torch.nn.Module", "give one, or the path of an ONNX file"
        raise RefusedError([RefusedLayer(called, what, hint)])
    check_numbers(module)
    if shape is None:
        shape = _first_shape(module)
    names = {id(one): name for name, one in module.named_modules()}
    try:
        copied = _copy(module)
        names |= {id(one): name for name, one in copied.named_modules()}
        kind = next((one.dtype for one in _tensors(copied) if one.is_floating_point()), torch.get_default_dtype())
        sample = torch.zeros((BATCH, *shape), dtype=kind)
        _check_inputs(copied, called)
        with quiet(), torch.no_grad(), torch.random.fork_rng(devices=[]):
            program = torch.export.export(copied, (sample,), strict=False)
            if any(one.op == "call_function" and _mutates(one) for one in program.graph.nodes):
                program = program.run_decompositions({})
    except RefusedError:
        raise
    except Exception as error:
        hint = f"give shape=, that of one sample, if it is not {tuple(shape)}; else {CONVERT}"
        refused = RefusedLayer(_where(error, names, called), f"cannot be traced by torch: {reason(error)}", hint)
        raise RefusedError([refused]) from None
    return _read(program, copied, called, kind)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back what torch prints and warns of while it traces and calls."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def reason(error: Exception) -> str:
    """Return the first line of an error, shortened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def check_numbers(module: torch.nn.Module) -> None:
    """Refuse weights and buffers that are not plain real numbers.

    Raises:
        RefusedError: with every layer that has some.
    """
    import torch

    refused = []
    for path, one in module.named_modules(remove_duplicate=True):
        for name, tensor in [*one.named_parameters(recurse=False), *one.named_buffers(recurse=False)]:
            what = ""
            if torch.nn.parameter.is_lazy(tensor):
                what = "has no values yet; call the module once"
            elif tensor.is_meta:
                what = "has no values, only a shape (device meta)"
            elif tensor.is_complex():
                what = f"is complex ({tensor.dtype}), and cells hold real numbers"
            elif tensor.is_quantized:
                what = f"is quantised ({tensor.dtype}); give the module before it was converted, or dequantised"
            elif tensor.layout != torch.strided:
                what = f"is {tensor.layout}, not dense; call .to_dense()"
            if what:
                refused.append(
                    RefusedLayer(name_layer(path, type(one).__name__), f"cannot be emulated: its {name} {what}")
                )
    if refused:
        raise RefusedError(refused)


def name_layer(path: str, kind: str) -> str:
    """Return what messages call a module within a module.

    Example:
        >>> name_layer("0.1", "Linear"), name_layer("", "Net")
        ('layer 0.1 (Linear)', 'the module (Net)')
    """
    return f"layer {path} ({kind})" if path else f"the module ({kind})"


def numbers(tensor: torch.Tensor) -> NDArray[np.float64]:
    """Return a tensor of any real dtype and device as float64."""
    import torch

    return np.asarray(tensor.detach().to("cpu", torch.float64).numpy())


def _tensors(module: torch.nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _first_shape(module: torch.nn.Module) -> tuple[int, ...]:
    """Return the shape of one sample, for a module whose first layer with weights is a Linear one."""
    import torch

    first = next((one for one in module.modules() if isinstance(one, (torch.nn.Linear, torch.nn.Conv2d))), None)
    if not isinstance(first, torch.nn.Linear):
        raise RefusedError(
            [RefusedLayer("give", "shape=(channels, rows, columns), which cannot be told from the module")]
        )
    return (first.in_features,)


def _copy(module: torch.nn.Module) -> torch.nn.Module:
    """Copy a module in inference mode to the CPU, even one that keeps tensors with a history."""
    memo: dict[int, Any] = {}
    for one in module.modules():
        for value in vars(one).values():
            if hasattr(value, "is_leaf") and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return copy.deepcopy(module, memo).cpu().eval()


def _check_inputs(module: torch.nn.Module, called: str) -> None:
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return
    needed = [one.name for one in parameters if one.default is one.empty and one.kind <= one.POSITIONAL_OR_KEYWORD]
    if len(needed) > 1:
        what = f"takes {len(needed)} inputs ({', '.join(needed)}); networks of one input can be emulated"
        raise RefusedError([RefusedLayer(called, what, CONVERT)])


def _where(error: Exception, names: dict[int, str], called: str) -> str:
    """Name the innermost module whose code an error came through."""
    found, frame = called, error.__traceback__
    while frame:
        inner = frame.tb_frame.f_locals.get("self")
        if name := names.get(id(inner)):
            found = name_layer(name, type(inner).__name__)
        frame = frame.tb_next
    return found


def _mutates(one: Operation) -> bool:
    schema = getattr(one.target, "_schema", None)
    return schema is None or schema.is_mutable


def _read(program: torch.export.ExportedProgram, module: torch.nn.Module, called: str, kind: torch.dtype) -> Trace:
    """Take an exported program apart."""
    import torch

    last = _output(program, called)
    taken, constants = _inputs(program)
    used, queue = {last}, [last]
    while queue:
        new = [before for before in queue.pop().all_input_nodes if before not in used]
        used.update(new)
        queue += new
    if taken not in used:
        raise RefusedError([RefusedLayer(called, "gives the same whatever its input is")])
    operations = tuple(one for one in program.graph.nodes if one in used and one.op == "call_function")
    with quiet(), torch.no_grad(), torch.random.fork_rng(devices=[]):
        for one in operations:
            if all(before in constants for before in one.all_input_nodes) and not _draws(one):
                constants[one] = call(one, constants)
    kinds = [kind, *(one.meta["val"].dtype for one in operations if hasattr(one.meta.get("val"), "dtype"))]
    limits = [torch.finfo(one) for one in kinds if one.is_floating_point]
    rounding, least = max(limit.eps for limit in limits) / 2, max(limit.tiny * limit.eps for limit in limits)
    paths = Counter(stack(one)[0] for one in operations if one not in constants)
    return Trace(module, taken, last, operations, constants, kind, called, rounding, least, paths)


def _output(program: torch.export.ExportedProgram, called: str) -> Operation:
    """Return the one output of a program.

    Raises:
        RefusedError: there are several, or something besides is changed.
    """
    from torch.export.graph_signature import OutputKind

    specs, nodes = program.graph_signature.output_specs, {one.name: one for one in program.graph.nodes}
    free = {OutputKind.USER_OUTPUT, OutputKind.USER_INPUT_MUTATION}
    if changed := [str(one.target) for one in specs if one.kind not in free]:
        what, hint = f"changes {', '.join(changed)} when it is called", f"make it leave it as it is; or {CONVERT}"
        raise RefusedError([RefusedLayer(called, what, hint)])
    plain = program.call_spec.out_spec is None or program.call_spec.out_spec.is_leaf()
    names = [getattr(one.arg, "name", None) for one in specs if one.kind == OutputKind.USER_OUTPUT]
    if len(names) != 1 or not plain or names[0] not in nodes:
        what = f"gives {len(names)} outputs" if len(names) != 1 else "gives something else than one tensor"
        raise RefusedError([RefusedLayer(called, f"{what}; networks of one output tensor can be emulated", CONVERT)])
    found: Operation = nodes[names[0]]
    return found


def _inputs(program: torch.export.ExportedProgram) -> tuple[Operation, dict[Operation, Any]]:
    """Return the input of a program, and its parameters, buffers and constants."""
    from torch.export.graph_signature import InputKind

    nodes = {one.name: one for one in program.graph.nodes}
    kept = {**program.constants, **program.state_dict}
    specs = program.graph_signature.input_specs
    constants = {nodes[spec.arg.name]: kept[spec.target] for spec in specs if spec.target in kept}
    taken = next(nodes[spec.arg.name] for spec in specs if spec.kind == InputKind.USER_INPUT)
    return taken, constants


def _draws(one: Operation) -> bool:
    """Tell whether an operation draws random numbers."""
    import torch

    return torch.Tag.nondeterministic_seeded in getattr(one.target, "tags", ())


def stack(one: Operation) -> tuple[str, str]:
    """Return path and class, with its package, of the innermost module that an operation belongs to."""
    entries = list((one.meta.get("nn_module_stack") or {}).values())
    path, kind = entries[-1] if entries else ("", "")
    return path.partition("@")[0], kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__name__}"
