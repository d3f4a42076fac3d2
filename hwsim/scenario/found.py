"""Find what a scenario names, part by part: the value, or None where a diagnostic says why it is not there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hwsim.controller import CONTROLLERS
from hwsim.controller.python import PythonParameters, take
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import SwitchDatasheet, build_switch
from hwsim.device.placed import read_placed
from hwsim.files import DiagnosticError, parse_document, validate
from hwsim.files.arrivals import read_arrivals
from hwsim.model import read_model, write_dense
from hwsim.scenario.following import read_method
from hwsim.scenario.lookup import device_technology, is_path
from hwsim.scenario.schema import Choice, CrossbarChoice, DeviceChoice, ModelChoice, ScenarioFile
from hwsim.task import TASKS, DataFaults

if TYPE_CHECKING:
    from hwsim.controller import BoundMethod, ControllerPlugin
    from hwsim.crossbar import Topology
    from hwsim.crossbar.technology import Switch
    from hwsim.device import Datasheet, Device, Technology
    from hwsim.device.placed import PlacedDesign
    from hwsim.files import Document, Section
    from hwsim.files.arrivals import Arrivals
    from hwsim.model import Model
    from hwsim.scenario.execution import Execution
    from hwsim.scenario.lookup import Lookup, Sheet
    from hwsim.task import BoundTask, Shape, TaskPlugin

T = TypeVar("T")
ARRIVALS = "arrivals.csv"
"""The copy of an arrival trace in a run folder."""


@dataclass(frozen=True)
class FoundTask:
    """The task, its parameters, and what it asks of a model."""

    plugin: TaskPlugin | None
    parameters: Section | None
    shape: Shape | None
    bound: BoundTask | None = None
    """Data that were read for it, where it takes them from files."""


@dataclass(frozen=True)
class FoundModel:
    """The model, its file, and the name that a run keeps that under."""

    name: str | None
    document: Document | None
    model: Model | None


@dataclass(frozen=True)
class FoundPlaced:
    """What was measured of the network on a part, and the file that says so."""

    design: PlacedDesign
    name: str
    text: str


@dataclass(frozen=True)
class FoundArrivals:
    """When requests come, and the file that says so."""

    arrivals: Arrivals
    path: Path


@dataclass(frozen=True)
class FoundDevice:
    """The device, its technology, its datasheet and the file of that."""

    document: Document | None
    technology: Technology | None
    sheet: Sheet[Datasheet] | None
    device: Device | None
    placed: FoundPlaced | None = None


@dataclass(frozen=True)
class FoundCrossbar:
    """The crossbar as the scenario has it, its topology, and its switch technology with datasheet and file of that."""

    chosen: CrossbarChoice | None
    topology: Topology | None
    name: str | None
    document: Document | None
    sheet: Sheet[SwitchDatasheet] | None
    switch: Switch | None


@dataclass(frozen=True)
class FoundController:
    """The controller and its parameters."""

    plugin: ControllerPlugin | None
    parameters: Section | None
    method: BoundMethod | None = None
    """A method of Python, or a schedule that was read."""


@dataclass(frozen=True)
class Found:
    """Everything that a scenario names, looked up and not yet held against each other."""

    file: ScenarioFile | None
    task: FoundTask
    model: FoundModel
    device: FoundDevice
    crossbar: FoundCrossbar
    controller: FoundController
    arrivals: FoundArrivals | None = None


def look_up(r: Lookup) -> Found:
    """Find every part of a scenario that can be found, though others are faulty."""
    file = r.diagnostics.attempt(lambda: validate(r.document, ScenarioFile))
    task = _task(r, file.task if file else r.table(Choice, "task"))
    model = _model(r, file.model if file else r.table(ModelChoice, "model"), task.shape)
    crossbar = _crossbar(r, file.crossbar if file else r.table(CrossbarChoice, "crossbar"))
    arrivals = _arrivals(r, file.execution) if file else None
    return Found(
        None if file is None else _kept(_by_name(file), arrivals),
        task,
        model,
        _device(r, file.device if file else r.table(DeviceChoice, "device")),
        crossbar,
        _controller(r, file.controller if file else r.table(Choice, "controller"), model.model, crossbar.chosen),
        arrivals,
    )


def _by_name(file: ScenarioFile) -> ScenarioFile:
    """Call the device's datasheet by its name where the scenario gives its path: a run keeps a copy under that."""
    if not is_path(file.device.name):
        return file
    return file.model_copy(update={"device": file.device.model_copy(update={"name": Path(file.device.name).stem})})


def _arrivals(r: Lookup, execution: Execution) -> FoundArrivals | None:
    """Read the arrival trace that requests name; those of a run that wrote a digest must still have it."""
    requests, at = execution.requests, ("execution", "requests", "file")
    if requests is None or requests.file is None:
        return None
    path = r.place(at, requests.file)
    arrivals = r.diagnostics.attempt(lambda: read_arrivals(path))
    if arrivals and requests.digest not in (None, arrivals.digest):
        what = f"the arrivals have changed: their digest is {arrivals.digest[:12]}, the scenario was written for"
        hint = "bring the old file back, or remove digest, which makes another run"
        r.diagnostic((*at[:2], "digest"), f"{what} {str(requests.digest)[:12]}", hint)
    return FoundArrivals(arrivals, path) if arrivals else None


def _kept(file: ScenarioFile, arrivals: FoundArrivals | None) -> ScenarioFile:
    """Call an arrival trace as a run folder keeps it, and write down its digest."""
    requests = file.execution.requests
    if requests is None or arrivals is None:
        return file
    kept = requests.model_copy(update={"file": ARRIVALS, "digest": arrivals.arrivals.digest})
    return file.model_copy(update={"execution": file.execution.model_copy(update={"requests": kept})})


def sure(value: T | None) -> T:
    """Return a value that cannot be missing any more, since diagnostics were checked."""
    if value is None:
        raise AssertionError("a missing value without a diagnostic")
    return value


def _task(r: Lookup, chosen: Choice | None) -> FoundTask:
    plugin = r.entry(TASKS, "task", ("task", "name"), _name(chosen))
    parameters = r.parameters(plugin.parameters, "task", chosen) if plugin else None
    if plugin is None or parameters is None:
        return FoundTask(plugin, parameters, None)
    if plugin.bind is None:
        return FoundTask(plugin, parameters, plugin.shape(parameters))
    return _bound(r, plugin, parameters)


def _bound(r: Lookup, plugin: TaskPlugin, parameters: Section) -> FoundTask:
    """Load a task whose data lie in files: they are read here, and nowhere else."""
    try:
        bound = r.given.task or sure(plugin.bind)(parameters, lambda key, text: r.place(("task", key), text))
    except DataFaults as error:
        for fault in error.faults:
            r.diagnostic(("task", fault.key), fault.what, fault.hint)
        return FoundTask(plugin, None, None)
    task, where = (
        bound.task,
        {key: text for key in plugin.paths if (text := getattr(parameters, key, None)) is not None},
    )
    absolute = {} if bound.keep else {key: str(r.place(("task", key), text).resolve()) for key, text in where.items()}
    held = replace(plugin, shape=lambda _: task.shape, load=lambda _: task)
    return FoundTask(held, bound.parameters.model_copy(update=absolute), task.shape, bound)


def _model(r: Lookup, chosen: ModelChoice | None, shape: Shape | None) -> FoundModel:
    if chosen and chosen.hidden is not None:
        return _dense(r, chosen.hidden, shape)
    document = r.file("models", "model", ("model", "name"), _name(chosen))
    width = chosen.width if chosen else None
    if document and width and "width" not in document.data:
        what = f"the model {_name(chosen)!r} has no width"
        r.diagnostic(("model", "width"), what, "leave it out, or choose a model that has one")
    model = r.diagnostics.attempt(lambda: read_model(document, width)) if document else None
    name = _name(chosen)
    return FoundModel(Path(name).stem if name and is_path(name) else name, document, model)


def _dense(r: Lookup, hidden: list[int], shape: Shape | None) -> FoundModel:
    """Build a dense network of the task's size; none if the task is not known."""
    if shape and shape.steps:
        what, hint = "the task is a sequence, and a dense network keeps no state", "name a model with an 'rnn' layer"
        r.diagnostic(("model", "hidden"), what, hint)
    if shape is None or shape.steps:
        return FoundModel(None, None, None)
    name, text = write_dense([shape.features, *hidden, shape.outputs])
    document = parse_document(text, f"{r.document.path}: [model] hidden")
    return FoundModel(name, document, read_model(document))


def _device(r: Lookup, chosen: DeviceChoice | None) -> FoundDevice:
    _, document = r.datasheet("device", ("device", "name"), _name(chosen))
    technology = r.diagnostics.attempt(lambda: device_technology(document)) if document else None
    sheet = r.sheet(document, technology.datasheet, "device", chosen) if technology else None
    device = _built(r, technology, sheet.values) if technology and sheet else None
    placed = _placed(r, chosen.placed) if chosen and chosen.placed is not None else None
    return FoundDevice(document, technology, sheet, device, placed)


def _placed(r: Lookup, text: str) -> FoundPlaced | None:
    """Read a placed design."""
    path = r.place(("device", "placed"), text)
    try:
        design, content = read_placed(path)
    except OSError as error:
        what = f"{text}: cannot be read ({error.strerror or error})"
        r.diagnostic(("device", "placed"), what, "give the .toml file that hwsim synth wrote, by its path")
    except DiagnosticError as error:
        r.diagnostics.extend(error.diagnostics)
    else:
        return FoundPlaced(design, f"placed/{path.stem}.toml", content)
    return None


def _built(r: Lookup, technology: Technology, values: dict[str, Any]) -> Device | None:
    """Build the device, or add a diagnostic: numbers that are sound one by one may still not go together."""
    try:
        return technology.make(values)
    except ValueError as error:
        what, _, hint = str(error).partition("; ")
        r.diagnostic(("device",), what, hint)
        return None


def _crossbar(r: Lookup, chosen: CrossbarChoice | None) -> FoundCrossbar:
    topology = r.entry(CROSSBARS, "topology", ("crossbar", "topology"), chosen.topology if chosen else None)
    name, document = r.datasheet("switch", ("crossbar", "technology"), chosen.technology if chosen else None)
    sheet = r.sheet(document, SwitchDatasheet, "crossbar", chosen)
    switch = build_switch(str(name), sheet.sheet, sheet.values) if sheet else None
    return FoundCrossbar(chosen, topology, name, document, sheet, switch)


def _controller(
    r: Lookup, chosen: Choice | None, model: Model | None, crossbar: CrossbarChoice | None
) -> FoundController:
    plugin = r.entry(CONTROLLERS, "controller", ("controller", "name"), _name(chosen))
    parameters = r.parameters(plugin.parameters, "controller", chosen) if plugin else None
    method = None
    if plugin and isinstance(parameters, PythonParameters) and r.given.method is not None:
        method = take(r.given.method, parameters)
    elif plugin and parameters and plugin.file and model and crossbar:
        method = read_method(r, plugin.file, parameters, model, crossbar.scope)
        parameters = None if method is None else parameters
    if plugin is None or method is None:
        return FoundController(plugin, parameters)
    return FoundController(replace(plugin, begin=lambda _, job: method.begin(job)), method.parameters, method)


def _name(choice: Choice | ModelChoice | None) -> str | None:
    return choice.name if choice else None
