"""Model files: ``[[layer]]`` by ``[[layer]]`` into a graph, with every shape checked."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod, sqrt
from typing import TYPE_CHECKING

from hwsim.files import Diagnostic, DiagnosticError, validate
from hwsim.model.layer import Activation, Kind, Layer, Model, Node, Norm, Window, pad_same
from hwsim.model.mask import find_mask_fault
from hwsim.model.schema import MOST_UNITS, LayerFile, ModelFile, Size, multiple

if TYPE_CHECKING:
    from hwsim.files import Document


_KEPT = {"keep", "keep_law"}
_DRAWN = {"weights", "weight_bound", "weight_gain", "weight_deviation", "weight_value", "weight_repeats"} | _KEPT
_WEIGHTED = _DRAWN | {"place", "connections", "bias", "bias_bound", "bias_repeats", "gain", "registers", "l2"}
_ACTIVATED = {"activation", "slope", "coefficients", "table", "table_range", "table_entries"}
_KEYS: dict[Kind, set[str]] = {
    "dense": {"units"} | _WEIGHTED | _ACTIVATED,
    "conv2d": {"units", "kernel", "stride", "padding", "dilation", "groups"} | _WEIGHTED | _ACTIVATED,
    "rnn": {"units", "sequence", "input_bound", "retain", "renew"} | _WEIGHTED | _ACTIVATED,
    "max-pool": {"kernel", "stride", "padding"},
    "average-pool": {"kernel", "stride", "padding"},
    "batch-norm": _ACTIVATED | {"statistics", "momentum", "epsilon"},
    "dropout": {"drop"},
    "flatten": set(),
    "reshape": {"shape"},
    "add": {"summand", "activation"},
    "activation": _ACTIVATED,
    "layer-norm": {"factors", "shifts", "epsilon"},
    "scale": {"factors", "shifts"},
}
_NEEDED: dict[Kind, tuple[str, ...]] = {
    "dense": ("units", "activation"),
    "conv2d": ("units", "activation", "kernel"),
    "rnn": ("units", "activation"),
    "max-pool": ("kernel",),
    "average-pool": ("kernel",),
    "batch-norm": (),
    "dropout": ("drop",),
    "flatten": (),
    "reshape": ("shape",),
    "add": ("summand",),
    "activation": ("activation",),
    "layer-norm": (),
    "scale": (),
}
_PARAMETERS: dict[str, set[Activation]] = {
    "slope": {"leaky-relu"},
    "coefficients": {"legendre", "laguerre", "hermite"},
    "table": {"look-up"},
    "table_range": {"look-up"},
    "table_entries": {"look-up"},
}
_STARTS = {"weight_deviation": "normal", "weight_value": "constant"}
"""Keys that one weight start needs and the others have no use for."""
_FIRST_KEEPS = 0.8
_DEVIATION = re.compile(r"\s*(\d+\.?\d*(?:[eE][-+]?\d+)?)\s*(?:/\s*sqrt\(\s*(inputs|units)\s*\)\s*)?")
_MOST_DIRECTIONS = 8
_IMAGE = 3
_SEQUENCE = 2
_LARGE = 1e30


def read_model(document: Document, width: int | None = None) -> Model:
    """Turn a model file into a model.

    Args:
        document: the file.
        width: what its ``width`` is set to, its own when None.

    Raises:
        DiagnosticError: all that is wrong at once, with line and column; of shapes that do not fit, the first.
    """
    file = validate(document, ModelFile)
    reader = _Reader(document, file)
    file = reader.widen(file, width)
    diagnostics = [diagnostic for number, entry in enumerate(file.layer) for diagnostic in reader.keys(number, entry)]
    if diagnostics:
        raise DiagnosticError(diagnostics)
    for number, entry in enumerate(file.layer):
        reader.take(number, entry)
    if not reader.layers:
        raise reader.wrong(0, "kind", "no layer of the network has cells", "add a 'dense' layer")
    return Model(file.title, tuple(reader.layers), tuple(reader.nodes))


class _Reader:
    """The graph so far: layers, nodes, and the shape of what the next one takes."""

    def __init__(self, document: Document, file: ModelFile) -> None:
        self.document = document
        self.file = file
        self.layers: list[Layer] = []
        self.nodes: list[Node] = []
        self.names: dict[str, int] = {"input": -1}
        self.first = tuple(file.shape) if file.shape else (file.inputs,)
        self.shape = self.first
        if min(self.first) < 1 or prod(self.first) != file.inputs:
            what = f"the shape {list(self.first)} holds {prod(self.first)} numbers, but inputs = {file.inputs}"
            raise DiagnosticError([document.diagnostic(("shape",), what, "", "make them agree")])

    def widen(self, file: ModelFile, width: int | None) -> ModelFile:
        """Replace multiples of the width in the file by numbers."""
        width, entries, diagnostics = width or file.width, list(file.layer), []
        for number, entry in enumerate(file.layer):
            if not isinstance(entry.units, str):
                continue
            units = (multiple(entry.units) or 0) * (width or 0)
            if not 1 <= units <= MOST_UNITS:
                what = f"{entry.units!r} makes {units:,} units" if width else "the file has no 'width'"
                hint = (
                    f"make it 1 to {MOST_UNITS:,}" if width else "add width = 64, or another number, above the layers"
                )
                diagnostics.append(self.document.diagnostic(("layer", number, "units"), what, "", hint))
            entries[number] = entry.model_copy(update={"units": units})
        if diagnostics:
            raise DiagnosticError(diagnostics)
        return file.model_copy(update={"layer": entries})

    def wrong(self, number: int, key: str, what: str, hint: str) -> DiagnosticError:
        """Return a diagnostic at a key of a layer."""
        return DiagnosticError([self.document.diagnostic(("layer", number, key), what, "", hint)])

    def keys(self, number: int, entry: LayerFile) -> list[Diagnostic]:
        """Check for keys that this kind of layer must have, and for those that it cannot have."""
        diagnostics = []
        at = ("layer", number)
        allowed = _KEYS[entry.kind] | {"kind", "name"} | (set() if entry.kind == "batch-norm" else {"takes"})
        for key in sorted(entry.model_fields_set - allowed):
            what, hint = f"a layer of kind {entry.kind!r} has no {key!r}", f"allowed: {', '.join(sorted(allowed))}"
            diagnostics.append(self.document.diagnostic((*at, key), what, "", hint))
        diagnostics += [
            self.document.diagnostic(at, f"missing key '{key}' of a {entry.kind!r} layer", "", "add it")
            for key in _NEEDED[entry.kind]
            if getattr(entry, key) is None
        ]
        for key, activations in _PARAMETERS.items():
            words = " or ".join(map(repr, sorted(activations)))
            if getattr(entry, key) is not None and entry.activation not in activations and key in allowed:
                hint = f"leave it out, or set activation = {words}"
                diagnostics.append(
                    self.document.diagnostic((*at, key), f"'{key}' belongs to activation {words}", "", hint)
                )
            optional = key in {"slope", "table_entries"}
            if getattr(entry, key) is None and entry.activation in activations and not optional:
                what = f"missing key '{key}' of activation {entry.activation!r}"
                diagnostics.append(self.document.diagnostic((*at, "activation"), what, "", "add it"))
        diagnostics += self._start_keys(number, entry)
        diagnostics += [
            self.document.diagnostic((*at, key), f"'{key}' must be at least 1", "", "write 1 or more")
            for key in ("kernel", "stride", "dilation")
            if getattr(entry, key) is not None and min(_pair(getattr(entry, key))) < 1
        ]
        if entry.place == "electronics" and entry.connections == "learned":
            what = "a layer computed in electronics has no cells to reconnect"
            diagnostics.append(self.document.diagnostic((*at, "place"), what, "", "set connections = 'fixed'"))
        low, high = entry.table_range or (0.0, 1.0)
        if not low < high:
            what = "the range of a table must rise"
            diagnostics.append(
                self.document.diagnostic((*at, "table_range"), what, f"{low:g} to {high:g}", "low first")
            )
        return diagnostics

    def _start_keys(self, number: int, entry: LayerFile) -> list[Diagnostic]:
        """Check for keys of weight starts and of batch statistics that mean nothing there, or are missing."""
        diagnostics: list[Diagnostic] = []
        at, allowed = ("layer", number), _KEYS[entry.kind]
        for key, law in _STARTS.items():
            given = getattr(entry, key) is not None
            if given and entry.weights != law and key in allowed:
                hint = f"leave it out, or set weights = {law!r}"
                diagnostics.append(
                    self.document.diagnostic((*at, key), f"'{key}' belongs to weights {law!r}", "", hint)
                )
            if not given and entry.weights == law:
                diagnostics.append(
                    self.document.diagnostic((*at, "weights"), f"missing key '{key}' of {law!r}", "", "add it")
                )
        if isinstance(entry.weight_deviation, str) and not _DEVIATION.fullmatch(entry.weight_deviation):
            what, hint = "'weight_deviation' cannot be read", 'write a number, or "1.5 / sqrt(inputs)", or with units'
            diagnostics.append(
                self.document.diagnostic((*at, "weight_deviation"), what, repr(entry.weight_deviation), hint)
            )
        elif isinstance(entry.weight_deviation, int | float) and not 0 <= entry.weight_deviation <= _LARGE:
            what, found = "'weight_deviation' must be from 0 to 1e+30", f"{entry.weight_deviation:g}"
            diagnostics.append(self.document.diagnostic((*at, "weight_deviation"), what, found, "write such a number"))
        if entry.statistics != "batch" and entry.kind == "batch-norm":
            diagnostics += [
                self.document.diagnostic(
                    (*at, key), f"'{key}' belongs to statistics 'batch'", "", "leave it out, or set it"
                )
                for key in ("momentum", "epsilon")
                if getattr(entry, key) is not None and key in allowed
            ]
        return diagnostics

    def take(self, number: int, entry: LayerFile) -> None:
        """Add one layer of the file to the graph."""
        source = None if entry.takes is None else self._named(number, "takes", entry.takes)
        if source is not None:
            self.shape = self.first if source < 0 else self.nodes[source].given
        node = {
            "dense": self._dense,
            "conv2d": self._window,
            "rnn": self._rnn,
            "max-pool": self._window,
            "average-pool": self._window,
            "batch-norm": self._normalise,
            "dropout": lambda *_: Node("dropout", self.shape, self.shape, drop=entry.drop or 0.0),
            "flatten": lambda *_: Node("flatten", self.shape, (prod(self.shape),)),
            "reshape": self._reshape,
            "add": self._add,
            "activation": self._activation,
            "layer-norm": self._scale,
            "scale": self._scale,
        }[entry.kind](number, entry)
        node = replace(node, source=source if source != number - 1 else None)
        if entry.name in self.names:
            raise self.wrong(number, "name", f"a second layer is called {entry.name!r}", "choose another name")
        if entry.name:
            self.names[entry.name] = number
        self.nodes.append(node)
        self.shape = node.given

    def _named(self, number: int, key: str, name: str) -> int:
        """Return the number of an earlier layer with a name, -1 for the network's input."""
        if name not in self.names:
            what = f"no earlier layer is called {name!r}"
            raise self.wrong(number, key, what, f"known: {', '.join(self.names)}")
        return self.names[name]

    def _layer(self, number: int, entry: LayerFile, inputs: int) -> int:
        """Add weights; returns their number."""
        if entry.weights == "directions" and inputs > _MOST_DIRECTIONS:
            what = f"{inputs} inputs have 3^{inputs} - 1 directions"
            raise self.wrong(number, "weights", what, f"'directions' takes at most {_MOST_DIRECTIONS} inputs")
        keep = self._keep(entry)
        diagnostic = find_mask_fault(_count(entry), inputs, keep) if entry.keep_law == "distinct" and keep < 1 else None
        if diagnostic:
            raise self.wrong(number, "keep_law", *diagnostic)
        self.layers.append(
            Layer(
                units=_count(entry),
                inputs=inputs,
                activation=entry.activation or "identity",
                weights=entry.weights,
                weight_bound=entry.weight_bound,
                learned_connections=entry.connections == "learned",
                bias=entry.bias,
                bias_bound=entry.bias_bound,
                gain=entry.gain,
                learned_registers=entry.registers != "fixed",
                parameters=self._parameters(number, entry, _count(entry)),
                electronic=entry.place == "electronics",
                weight_gain=entry.weight_gain,
                weight_repeats=entry.weight_repeats,
                bias_repeats=entry.bias_repeats,
                weight_deviation=_deviation(entry, inputs),
                weight_value=1.0 if entry.weight_value is None else entry.weight_value,
                keep=keep,
                keeps_count=entry.keep_law == "count",
                keeps_distinct=entry.keep_law == "distinct",
                places=prod(_pair(entry.kernel or 1)),
                l2=entry.l2,
                permuted_registers=entry.registers == "permuted",
                input_bound=entry.input_bound or 0.0,
                groups=entry.groups,
            )
        )
        return len(self.layers) - 1

    def _keep(self, entry: LayerFile) -> float:
        """Return the share of a layer's weights that are not zero."""
        if entry.keep is not None:
            return entry.keep
        if self.file.keep is None:
            return 1.0
        return self.file.keep if self.layers else max(self.file.keep, _FIRST_KEEPS)

    def _parameters(self, number: int, entry: LayerFile, units: int) -> tuple[float, ...]:
        """Return the parameters of a layer's activation, in the order of :mod:`hwsim.model.activation`."""
        if entry.activation == "leaky-relu":
            return (0.01 if entry.slope is None else entry.slope,)
        if entry.activation == "look-up":
            table, entries = entry.table or [], entry.table_entries or len(entry.table or [])
            if len(table) not in {entries, units * entries}:
                what = f"the table has {len(table)} entries, neither {entries} nor {units} times {entries}"
                raise self.wrong(number, "table", what, "give one table for all units, or one for each")
            low, high = entry.table_range or (0.0, 1.0)
            return (low, high, float(entries), *table)
        return tuple(entry.coefficients or ())

    def _dense(self, number: int, entry: LayerFile) -> Node:
        if len(self.shape) == _IMAGE:
            what = f"a dense layer cannot take an image of {_shown(self.shape)}"
            raise self.wrong(number, "kind", what, "put a layer of kind 'flatten' before it")
        units = _count(entry)
        return Node("dense", self.shape, (*self.shape[:-1], units), self._layer(number, entry, self.shape[-1]))

    def _rnn(self, number: int, entry: LayerFile) -> Node:
        if len(self.shape) != _SEQUENCE:
            what = f"an rnn takes a sequence of steps and features, not {_shown(self.shape)}"
            raise self.wrong(number, "kind", what, "give the model shape = [steps, features]")
        units, (steps, features) = _count(entry), self.shape
        layer = self._layer(number, entry, features + units)
        given = (steps, units) if entry.sequence else (units,)
        retain, renew = entry.retain or 0.0, 1.0 if entry.renew is None else entry.renew
        return Node("rnn", self.shape, given, layer, sequence=bool(entry.sequence), retain=retain, renew=renew)

    def _window(self, number: int, entry: LayerFile) -> Node:
        if len(self.shape) != _IMAGE:
            what = f"a layer of kind {entry.kind!r} takes an image, not {_shown(self.shape)}"
            raise self.wrong(number, "kind", what, "give the model shape = [channels, rows, columns]")
        channels, size = self.shape[0], (self.shape[1], self.shape[2])
        kernel = _pair(entry.kernel or 1)
        stride, dilation = _pair(entry.stride or (1 if entry.kind == "conv2d" else kernel)), _pair(entry.dilation or 1)
        window = Window(kernel, stride, dilation=dilation)
        if entry.padding == "same":
            window = pad_same(size, kernel, stride, dilation)
        elif isinstance(entry.padding, tuple):
            top, left, bottom, right = entry.padding
            window = replace(window, before=(top, left), after=(bottom, right))
        if entry.kind != "conv2d" and window.lost:
            what = f"some windows of {_shown(kernel)} would lie outside the image"
            raise self.wrong(number, "padding", what, "put less around than a window is long")
        places = window.places(size)
        if min(places) < 1:
            what = f"a window of {_shown(window.reach)} does not fit into an image of {_shown(size)}"
            raise self.wrong(number, "kernel", what, "make it smaller, or the image larger")
        if entry.kind != "conv2d":
            return Node(entry.kind, self.shape, (channels, *places), window=window)
        if channels % entry.groups or _count(entry) % entry.groups:
            what = f"{channels} channels and {_count(entry)} units do not make {entry.groups} equal groups"
            raise self.wrong(number, "groups", what, "choose a number that divides both")
        layer = self._layer(number, entry, channels // entry.groups * prod(kernel))
        return Node("conv2d", self.shape, (_count(entry), *places), layer, window)

    def _normalise(self, number: int, entry: LayerFile) -> Node:
        before = self.nodes[-1].layer if self.nodes else None
        if before is None or self.layers[before].activation != "identity" or self.nodes[-1].kind == "rnn":
            what = "batch-norm must follow a 'dense' or 'conv2d' layer whose activation is 'identity'"
            raise self.wrong(number, "kind", what, "give the activation to the batch-norm instead")
        layer = self.layers[before]
        if entry.statistics == "batch" and not layer.learned_registers:
            what = "batch statistics move the registers of the layer before, which are 'fixed'"
            raise self.wrong(number, "statistics", what, "set registers = 'learned' there, or statistics = 'none'")
        self.layers[before] = replace(
            layer,
            activation=entry.activation or "identity",
            parameters=self._parameters(number, entry, layer.units),
            unit_gains=True,
            norm=Norm(entry.momentum or 0.1, entry.epsilon or 1e-5) if entry.statistics == "batch" else None,
        )
        return Node("batch-norm", self.shape, self.shape)

    def _add(self, number: int, entry: LayerFile) -> Node:
        summand = self._named(number, "summand", entry.summand or "")
        if entry.activation not in {None, "relu", "identity"}:
            what = f"the activation of 'add' cannot be {entry.activation!r}"
            raise self.wrong(number, "activation", what, "use 'relu' or 'identity'")
        other = self.first if summand < 0 else self.nodes[summand].given
        if other != self.shape:
            what = f"{entry.summand!r} gives {_shown(other)}, but {_shown(self.shape)} stand here"
            raise self.wrong(number, "summand", what, "add layers of equal shape")
        return Node("add", self.shape, self.shape, summand=summand, rectify=entry.activation == "relu")

    def _reshape(self, number: int, entry: LayerFile) -> Node:
        shape = tuple(entry.shape or ())
        if min(shape) < 1 or prod(shape) != prod(self.shape):
            what = f"{_shown(shape)} numbers cannot be made of {_shown(self.shape)}"
            raise self.wrong(number, "shape", what, "give as many")
        return Node("reshape", self.shape, shape)

    def _activation(self, number: int, entry: LayerFile) -> Node:
        units = self.shape[0 if len(self.shape) == _IMAGE else -1]
        law = self._parameters(number, entry, units)
        return Node("activation", self.shape, self.shape, activation=entry.activation or "identity", parameters=law)

    def _scale(self, number: int, entry: LayerFile) -> Node:
        norm, image = entry.kind == "layer-norm", len(self.shape) == _IMAGE
        each = {1, self.shape[0 if image else -1], prod(self.shape if image or not norm else self.shape[-1:])}
        for key, values in (("factors", entry.factors), ("shifts", entry.shifts)):
            if values is not None and len(values) not in each:
                what = f"{len(values)} {key} for signals of {_shown(self.shape)}"
                raise self.wrong(number, key, what, f"give {' or '.join(map(str, sorted(each)))} of them")
        law = tuple(entry.factors or [1.0]), tuple(entry.shifts or [0.0])
        epsilon = entry.epsilon or 1e-5
        return Node(entry.kind, self.shape, self.shape, factors=law[0], shifts=law[1], epsilon=epsilon)


def _count(entry: LayerFile) -> int:
    """Count the units of a layer, once the width is worked out."""
    return entry.units if isinstance(entry.units, int) else 0


def _deviation(entry: LayerFile, inputs: int) -> float:
    """Return the standard deviation of a layer's weights, if it has one."""
    if isinstance(entry.weight_deviation, str) and (found := _DEVIATION.fullmatch(entry.weight_deviation)):
        sizes: dict[str | None, int] = {"inputs": inputs, "units": _count(entry) or 1, None: 1}
        return float(found[1]) / sqrt(sizes[found[2]])
    return 1.0 if entry.weight_deviation is None else float(entry.weight_deviation)


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
