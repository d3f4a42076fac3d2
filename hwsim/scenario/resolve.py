"""Turn a scenario into a plan: every stage of the flow is looked up, fitted to its neighbours, and written down."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import CONTROLLERS
from hwsim.controller.compiled import unfit
from hwsim.crossbar import CROSSBARS
from hwsim.device import DEVICES
from hwsim.files.code import UndigestedError
from hwsim.files.setting import SHOWN_AS
from hwsim.model.sampling import find_misfits
from hwsim.model.values import read_values
from hwsim.scenario.execution import OLD, keys_within, written, written_execution
from hwsim.scenario.expectation import find_missing
from hwsim.scenario.found import Found, look_up, sure
from hwsim.scenario.given import NOTHING, Given
from hwsim.scenario.lookup import Lookup, Origins, Sheet, number_origin
from hwsim.scenario.machine import fit_machine, warn_of_overload
from hwsim.scenario.placed import fit_placed, kept_placed, written_port
from hwsim.schedule import layout
from hwsim.task import TASKS
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hwsim.controller import BoundMethod, ControllerPlugin
    from hwsim.crossbar import Fabric, Topology
    from hwsim.crossbar.technology import Switch
    from hwsim.device import Device, Technology
    from hwsim.device.placed import PlacedDesign
    from hwsim.files import Document, Section
    from hwsim.files.arrivals import Arrivals
    from hwsim.files.datasheet import RewritingNumbers
    from hwsim.files.registry import Registry
    from hwsim.model import Model
    from hwsim.scenario.found import FoundCrossbar, FoundDevice, FoundModel
    from hwsim.scenario.schema import CrossbarChoice, ScenarioFile
    from hwsim.task import BoundTask, Shape, TaskPlugin

MOST_CHANGES = 5
"""Settings that a picture names."""
FABRICATED = {
    "drawn": set[str](),
    "trained": {"values", "epochs", "batch", "learning_rate", "rate_decay"},
    "sampled": {"values", "rcond"},
    "imported": {"values"},
}
"""The keys of ``[fabrication]`` that touch a run, by what decides the values."""


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, validated.

    ``device`` is ``technology.make(device_values)``; ``files`` are the texts of model and datasheets by file name.
    """

    name: str
    scenario: ScenarioFile
    task: TaskPlugin
    task_parameters: Section
    model: Model
    device: Device
    technology: Technology
    device_values: Mapping[str, Any]
    switch: Switch
    fabrics: tuple[Fabric | None, ...]
    controller: ControllerPlugin
    controller_parameters: Section
    resolved: dict[str, Any]
    origins: Origins
    files: dict[str, str]
    identity: str
    values_file: Path | None = None
    """File of imported values."""
    data: BoundTask | None = None
    """What was read of data of one's own, and what was made of them."""
    method: BoundMethod | None = None
    """A function of Python that decides, or a schedule that is carried out."""
    placed: PlacedDesign | None = None
    """What was measured of the network on a real part."""
    rewriting: RewritingNumbers | None = None
    """What the device's datasheet says of writing its cells anew."""
    arrivals: Arrivals | None = None
    """When requests come, where a file says so."""
    arrivals_file: Path | None = None
    """That file."""

    @property
    def in_time(self) -> bool:
        """Tell whether the scenario says anything about the machine in time."""
        return bool(self.resolved["execution"].keys() - OLD) or "fault" in self.resolved

    @property
    def changes(self) -> str:
        """Say which values settings from outside gave in place of the scenario's file, in words for a picture."""
        changed = []
        for at, origin in self.origins.items():
            if origin == SHOWN_AS:
                value: Any = self.resolved
                for step in at:
                    value = value[step]
                if isinstance(value, dict):  # whose keys are named one by one
                    continue
                changed.append(f"{'.'.join(map(str, at))} = {value}")
        more = f" and {len(changed) - MOST_CHANGES} more" if len(changed) > MOST_CHANGES else ""
        return ", ".join(changed[:MOST_CHANGES]) + more


def resolve(document: Document, path: Path, given: Given = NOTHING) -> Plan:
    """Look up and check everything that a scenario names.

    Args:
        document: the scenario as read, with settings laid over it.
        path: where it lies; models and devices beside it are found first.
        given: parts of it that Python holds.

    Raises:
        DiagnosticError: every diagnostic at once, each with file, line and column.
    """
    r = Lookup(document, path, given)
    found = look_up(r)
    fabrics, values_file = _fit(r, found)
    switch = fit_placed(r, found)
    fit_machine(r, found, fabrics, switch)
    code = _code(r, found)
    r.diagnostics.check()

    file, crossbar = sure(found.file), found.crossbar
    requests = file.execution.requests
    warn_of_overload(requests, (requests.load if requests else None) or 0.0)
    documents = [sure(part.document) for part in (found.model, found.device, crossbar)]
    names = (f"models/{found.model.name}", f"devices/{file.device.name}", f"devices/{crossbar.name}")
    resolved, origins = _written(r, found)
    return Plan(
        name=path.stem,
        scenario=file,
        task=sure(found.task.plugin),
        task_parameters=sure(found.task.parameters),
        model=sure(found.model.model),
        device=sure(found.device.device),
        technology=sure(found.device.technology),
        device_values=sure(found.device.sheet).values,
        switch=sure(switch),
        fabrics=sure(fabrics),
        controller=sure(found.controller.plugin),
        controller_parameters=sure(found.controller.parameters),
        resolved=resolved,
        origins=origins,
        files={f"{name}.toml": document.text for name, document in zip(names, documents, strict=True)}
        | kept_placed(found),
        identity=_identity(resolved, documents, found, code),
        values_file=values_file,
        data=found.task.bound,
        method=found.controller.method,
        placed=found.device.placed.design if found.device.placed else None,
        rewriting=sure(found.device.sheet).sheet.rewriting,
        arrivals=found.arrivals.arrivals if found.arrivals else None,
        arrivals_file=found.arrivals.path if found.arrivals else None,
    )


def _fit(r: Lookup, found: Found) -> tuple[tuple[Fabric | None, ...] | None, Path | None]:
    """Hold the parts that were found against each other; the circuits, and the file of imported values if any."""
    model, shape, file = found.model.model, found.task.shape, found.file
    if file and shape:
        _fit_expectation(r, file, shape, found.crossbar.switch)
    if file:
        _fit_tiles(r, file.execution.tiles, found.device)
    if model is None:
        return None, None
    _fit_model(r, found.model, shape, found.device)
    _fit_crossbar(r, found.crossbar, model, found.device.technology)
    _fit_controller(r, found, model)
    return _fabrics(r, found.crossbar, model), _fit_values(r, found, model)


def _fit_values(r: Lookup, found: Found, model: Model) -> Path | None:
    """Hold what decides the values of the cells against the model; the file of imported ones."""
    document, way = found.model.document, found.file.fabrication.values if found.file else "drawn"
    if document is None:
        return None
    for number, what, hint in find_misfits(model) if way == "sampled" else ():
        r.diagnostics.add(document.diagnostic(("layer", number), what, "", hint))
    return _values(r, model, document) if way == "imported" else None


def _values(r: Lookup, model: Model, document: Document) -> Path | None:
    """Find the file of values beside a model file, and compare it with the model."""
    name, digest = document.data.get("values"), document.data.get("values_digest")
    if not isinstance(name, str) or not isinstance(digest, str):
        r.diagnostic(
            ("fabrication", "values"), "the model file names no values", "import the network with hwsim import"
        )
        return None
    path = Path(document.path).parent / Path(name).name
    try:
        read_values(path, model, digest)
    except ValueError as error:
        r.diagnostics.add(document.diagnostic(("values",), str(error), "", "import the network again"))
    return path


def _code(r: Lookup, found: Found) -> dict[str, str]:
    """Return digests of the code of third parties that a scenario names, by noun and name."""
    task, controller = found.task.plugin, found.controller.plugin
    crossbar, technology = found.crossbar.chosen, found.device.technology
    named: list[tuple[Registry[Any], str, str]] = [
        (TASKS, "task", task.name if task else ""),
        (DEVICES, "device", technology.name if technology else ""),
        (CROSSBARS, "crossbar", crossbar.topology if crossbar else ""),
        (CONTROLLERS, "controller", controller.name if controller else ""),
    ]
    digests = {}
    for registry, noun, name in named:
        try:
            digests[f"{noun}/{name}"] = registry.code(name) if name in registry else ""
        except UndigestedError as error:
            r.diagnostic((noun,), str(error), "install the package as files")
    return {name: digest for name, digest in digests.items() if digest}


def _identity(resolved: dict[str, Any], documents: list[Document], found: Found, code: Mapping[str, str]) -> str:
    """Compute SHA-256 of all that may touch a run's bits: values, contents of files, version, third parties' code.

    ``execution.trace`` takes part though it touches no number: a folder is finished or not, and a run without the trace
    is not the one that was asked for.
    """
    essence = {key: value for key, value in resolved.items() if key not in {"title", "expect", "published"}}
    places = {
        "task": sure(found.task.plugin).paths,
        "controller": (sure(found.controller.plugin).file,),
        "device": ("placed",),
    }
    for table, paths in places.items():
        essence[table] = {key: value for key, value in resolved[table].items() if key not in paths}
    contents = [dict(document.data) for document in documents]
    contents += [found.device.placed.design.model_dump()] if found.device.placed else []
    text = json.dumps([VERSION, essence, contents, *([code] if code else [])], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _written(r: Lookup, found: Found) -> tuple[dict[str, Any], Origins]:
    """Write the scenario with every value in place, which runs as it stands, and where each value comes from."""
    file, device, switch = sure(found.file), sure(found.device.sheet), sure(found.crossbar.sheet)
    task, training = sure(found.task.parameters), sure(found.controller.parameters)
    crossbar = file.crossbar.model_dump(include=set(type(file.crossbar).model_fields), exclude_none=True)
    if switch.sheet.medium == "optical":
        crossbar.setdefault("calibrated", True)
    placed, port = found.device.placed, written_port(found)
    tables: dict[str, dict[str, Any]] = {
        "task": {"name": file.task.name, **task.model_dump(exclude_none=True)},
        "model": {"name": found.model.name, **file.model.model_dump(include={"width"}, exclude_none=True)},
        "device": {"name": file.device.name, **({"placed": placed.name} if placed else {}), **device.written},
        "crossbar": {**crossbar, "technology": sure(found.crossbar.name), **switch.written, **port},
        "controller": {"name": file.controller.name, **training.model_dump(exclude_none=True)},
        "fabrication": file.fabrication.model_dump(include=FABRICATED[file.fabrication.values]),
        "execution": written_execution(file.execution),
        "expect": file.expect.model_dump(exclude_none=True),
        "published": file.published.model_dump() if file.published else {},
    }
    resolved: dict[str, Any] = {"title": file.title, "seed": file.seed}
    origins: Origins = {(key,): r.origin((key,), "default") for key in resolved}
    for table, values in tables.items():
        if not values:
            continue
        resolved[table] = values
        sheets: dict[str, Sheet[Any]] = {"device": device, "crossbar": switch}
        sheet = sheets.get(table)
        for key in (key for key, value in values.items() if not isinstance(value, dict)):
            known = sheet is not None and key in sheet.written
            otherwise = number_origin(sheet.document, key) if known and sheet else "default"
            if table == "crossbar" and placed and key in port:
                otherwise = placed.name
            if table == "task" and found.task.bound and key not in task.model_fields_set:
                otherwise = "as read"
            source = "hidden" if table == "model" and file.model.hidden is not None else key
            origins[table, key] = r.origin((table, source), otherwise)
    if file.fault:
        resolved["fault"] = [written(one) for one in file.fault]
    for inner in [
        *keys_within(resolved["execution"], ("execution",)),
        *keys_within(resolved.get("fault", []), ("fault",)),
    ]:
        origins[inner] = r.origin(inner, "as read" if inner[-1] == "digest" else "default")
    return resolved, origins


def _fit_model(r: Lookup, found: FoundModel, shape: Shape | None, behind: FoundDevice) -> None:
    """Hold a model against its task and its device."""
    model, document, device, technology = sure(found.model), sure(found.document), behind.device, behind.technology
    if shape and shape.steps and not _fits_sequence(r, model, document, shape):
        return
    if shape and model.inputs != shape.features:
        what = f"the model takes {model.inputs} inputs, but the task gives {shape.features}"
        r.diagnostics.add(
            document.diagnostic(("inputs",), what, "", f"set inputs = {shape.features}, or choose another model")
        )
    elif shape and len(shape.sample) > 1 and len(taken := model.nodes[0].taken) > 1 and not _alike(taken, shape.sample):
        found_, given = (" x ".join(map(str, one)) for one in (taken, shape.sample))
        what = f"the model takes samples of {found_}, but those of the data are {given}"
        hint = f"set shape = {list(shape.sample)}, or move the axes of the data"
        r.diagnostics.add(document.diagnostic(("shape",), what, "", hint))
    if shape and model.outputs != shape.outputs:
        what = f"the last layer gives {model.outputs} outputs, but the task wants {shape.outputs}"
        at = ("layer", len(model.layers) - 1, "units")
        r.diagnostics.add(document.diagnostic(at, what, "", f"set units = {shape.outputs}, or choose another model"))
    for number, node in enumerate(model.nodes):
        beside = node.layer is not None and model.layers[node.layer].electronic
        if beside and technology and not technology.electronics:
            what = f"no electronics computes layers beside {technology.name}"
            r.diagnostics.add(document.diagnostic(("layer", number, "place"), what, "", "leave place out"))
    for number, what, hint in device.problems(model) if device else []:
        r.diagnostics.add(document.diagnostic(("layer", number), what, "", hint))


def _alike(taken: tuple[int, ...], sample: tuple[int, ...]) -> bool:
    """Tell whether samples stand as a model takes them; an image of one channel may leave it out."""
    return taken in (sample, (1, *sample))


def _fits_sequence(r: Lookup, model: Model, document: Document, shape: Shape) -> bool:
    """Tell whether a model takes and gives sequences as its task does; a diagnostic where it does not."""
    taken, given = (shape.steps, shape.features // shape.steps), (shape.steps, shape.outputs // shape.steps)
    task = f"the task is a sequence of {taken[0]} steps of {taken[1]} numbers"
    form = f"inputs = {shape.features}, shape = [{taken[0]}, {taken[1]}]"
    if all(node.kind != "rnn" for node in model.nodes):
        what, hint = f"{task}, but no layer of this model is recurrent", f"set {form} and add a layer of kind 'rnn'"
        r.diagnostics.add(document.diagnostic(("layer", 0, "kind"), what, "", hint))
    elif model.nodes[0].taken != taken:
        found = " x ".join(map(str, model.nodes[0].taken))
        r.diagnostics.add(document.diagnostic(("inputs",), f"{task}, but the model takes {found}", "", f"set {form}"))
    elif model.nodes[-1].given != given:
        found = " x ".join(map(str, model.nodes[-1].given))
        what = f"the task wants {given[1]} numbers at each of {given[0]} steps, but the last layer gives {found}"
        hint = f"set sequence = true in every 'rnn', and end in a 'dense' layer of {given[1]} units"
        r.diagnostics.add(document.diagnostic(("layer", len(model.nodes) - 1), what, "", hint))
    else:
        return True
    return False


def _fit_crossbar(r: Lookup, found: FoundCrossbar, model: Model, technology: Technology | None) -> None:
    """Hold the crossbar against what stands behind it."""
    chosen, switch = found.chosen, found.switch
    if chosen is None:
        return
    if technology and chosen.scope not in technology.scopes:
        what = f"banks of scope {chosen.scope!r} cannot be built on {technology.name}"
        r.diagnostic(("crossbar", "scope"), what, f"use {' or '.join(map(repr, technology.scopes))}")
    optical = bool(switch and switch.medium == "optical")
    if optical and technology and not technology.optical and any(layer.learned_connections for layer in model.layers):
        what = f"an optical crossbar cannot stand before {technology.name}, whose signals are electrical"
        hint = "use an electronic switch technology, or a photonic device; hwsim cost takes any"
        r.diagnostic(("crossbar", "technology"), what, hint)
    if switch and not optical and chosen.calibrated is not None:
        what = f"{switch.name} is electronic: no path loses light, and there is nothing to calibrate"
        r.diagnostic(("crossbar", "calibrated"), what, "leave calibrated out")


def _fabrics(r: Lookup, found: FoundCrossbar, model: Model) -> tuple[Fabric | None, ...] | None:
    """Build one fabric for each layer with learned connections."""
    chosen, topology = found.chosen, found.topology
    if chosen is None or topology is None:
        return None
    fabrics: list[Fabric | None] = []
    for bank in layout(model, chosen.scope).layers:
        ports = chosen.ports or bank.ports
        if not bank.learned:
            fabrics.append(None)
        elif ports < bank.ports:
            what = (
                f"a crossbar of {ports} ports is too small for layer {bank.layer}, whose banks have {bank.ports} cells"
            )
            r.diagnostic(("crossbar", "ports"), what, f"give at least {bank.ports}, or leave ports out")
            fabrics.append(None)
        else:
            fabrics.append(_fabric(r, chosen, topology, ports))
    return tuple(fabrics)


def _fabric(r: Lookup, chosen: CrossbarChoice, topology: Topology, ports: int) -> Fabric | None:
    """Build a circuit that can realise every permutation a controller may ask for, or add a diagnostic."""
    try:
        fabric = topology.build(ports)
        if chosen.effort != "auto":
            fabric.route_many(np.zeros((0, ports), np.int64), effort=chosen.effort)
    except ValueError as error:
        r.diagnostic(("crossbar", "ports"), str(error), "choose another number of ports, another topology or effort")
        return None
    except MemoryError as error:
        r.diagnostic(("crossbar", "ports"), str(error), "choose fewer ports, or take a larger machine")
        return None
    if fabric.blocking == "blocking":
        what = f"{topology.name!r} cannot realise every permutation, and a controller may ask for any"
        r.diagnostic(
            ("crossbar", "topology"), what, "choose a topology that does not block; hwsim cost takes blocking ones"
        )
        return None
    return fabric


def _fit_tiles(r: Lookup, tiles: int | None, device: FoundDevice) -> None:
    """Refuse to share arrays of a device that has none."""
    technology, sheet = device.technology, device.sheet
    if tiles is None or technology is None or technology.tiled:
        return
    folds = sheet is not None and "folding" in sheet.values
    hint = f"leave tiles out; units take their inputs in turns by folding = {tiles} in [device]" if folds else ""
    what = f"{technology.name} has no arrays that could take turns"
    r.diagnostic(("execution", "tiles"), what, hint or "leave tiles out, or use a photonic or resistive device")


def _fit_controller(r: Lookup, found: Found, model: Model) -> None:
    """Hold the method, and the kernels that train where a scenario insists on them, against model, task and device."""
    plugin, parameters, shape = found.controller.plugin, found.controller.parameters, found.task.shape
    if plugin is None:
        return
    for what, hint in plugin.problems(model, shape) if shape else ():
        r.diagnostic(("controller", "name"), what, hint)
    if parameters and found.file and plugin.training(parameters).path == "compiled":
        device = found.file.execution.torch_device
        why = unfit(model) or (None if device == "cpu" else f"it works on the processor, not on {device!r}")
        if why:
            r.diagnostic(("controller", "path"), f"the compiled path cannot train this: {why}", "use 'torch' or 'auto'")


def _fit_expectation(r: Lookup, file: ScenarioFile, shape: Shape, switch: Switch | None) -> None:
    """Refuse expectations of numbers that the run will not have."""
    for name, what, hint in find_missing(file.expect, shape.metric, file.execution, switch):
        r.diagnostic(("expect", name), what, hint)
