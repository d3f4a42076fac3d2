"""From a scenario to a plan: every stage of the flow looked up, fitted to its neighbours, and written down."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hwsim.controller import CONTROLLERS, ControllerPlugin, Course
from hwsim.controller.compiled import unfit
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch, SwitchSheet, build_switch
from hwsim.execution import Hardware
from hwsim.execution.hardware import layout
from hwsim.model import Model, read_model
from hwsim.model.values import read_values
from hwsim.plan.effort import choose_effort
from hwsim.plan.lookup import Lookup, Origins, Sheet, device_technology, number_origin
from hwsim.sampling import find_misfits
from hwsim.scenario import Document, Section, validate
from hwsim.scenario.schema import Choice, CrossbarChoice, ModelChoice, ScenarioFile
from hwsim.task import TASKS, Shape, Task, TaskPlugin
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hwsim.crossbar import Fabric, Topology
    from hwsim.device import Datasheet, Device, Technology
    from hwsim.model import Start

T = TypeVar("T")

FABRICATED = {
    "drawn": set[str](),
    "trained": {"values", "epochs", "batch", "rate", "rate_decay"},
    "sampled": {"values", "rcond"},
    "imported": {"values"},
}
"""The keys of ``[fabrication]`` that touch a run, by what decides the values."""


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, validated.

    ``device`` is ``technology.build(device_values)``; ``files`` are the texts of model and datasheets by file name.
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


def resolve(document: Document, path: Path) -> Plan:
    """Look up and check everything that a scenario names.

    Args:
        document: the scenario as read, with settings laid over it.
        path: where it lies; models and devices beside it are found first.

    Raises:
        FaultError: every fault at once, each with file, line and column.
    """
    r = Lookup(document, path)
    file = r.faults.attempt(lambda: validate(document, ScenarioFile))
    chosen_task = file.task if file else r.table(Choice, "task")
    chosen_model = file.model if file else r.table(ModelChoice, "model")
    chosen_device = file.device if file else r.table(Choice, "device")
    chosen_crossbar = file.crossbar if file else r.table(CrossbarChoice, "crossbar")
    chosen_controller = file.controller if file else r.table(Choice, "controller")

    task = r.entry(TASKS, "task", ("task", "name"), _name(chosen_task))
    task_values = r.parameters(task.parameters, "task", chosen_task) if task else None
    model_document = r.file("models", "model", ("model", "name"), _name(chosen_model))
    width = chosen_model.width if chosen_model else None
    model = r.faults.attempt(lambda: read_model(model_document, width)) if model_document else None
    if model_document and width and "width" not in model_document.data:
        what = f"the model {_name(chosen_model)!r} has no width"
        r.fault(("model", "width"), what, "leave it out, or choose a model that has one")
    device_document = r.file("devices", "device", ("device", "name"), _name(chosen_device))
    technology = r.faults.attempt(lambda: device_technology(device_document)) if device_document else None
    device_sheet = r.sheet(device_document, technology.sheet, "device", chosen_device) if technology else None
    topology = r.entry(
        CROSSBARS, "topology", ("crossbar", "topology"), chosen_crossbar.topology if chosen_crossbar else None
    )
    switch_name, switch_document = r.switch(
        ("crossbar", "technology"), chosen_crossbar.technology if chosen_crossbar else None
    )
    switch_sheet = r.sheet(switch_document, SwitchSheet, "crossbar", chosen_crossbar)
    controller = r.entry(CONTROLLERS, "controller", ("controller", "name"), _name(chosen_controller))
    course = r.parameters(controller.parameters, "controller", chosen_controller) if controller else None

    device = _built(r, technology, device_sheet) if technology and device_sheet else None
    switch = build_switch(str(switch_name), switch_sheet.sheet, switch_sheet.values) if switch_sheet else None
    shape = task.shape(task_values) if task and task_values else None
    if model and model_document:
        _fit_model(r, model, model_document, shape, device, technology)
    fabrics = _fabrics(r, chosen_crossbar, model, topology) if chosen_crossbar and model and topology else None
    if chosen_crossbar and model:
        _fit_crossbar(r, chosen_crossbar, model, technology, switch)
    if file and model and model_document and file.fabrication.values == "sampled":
        for number, what, cure in find_misfits(model):
            r.faults.add(model_document.fault(("layer", number), what, "", cure))
    values_file = _values(r, model, model_document) if file and file.fabrication.values == "imported" else None
    if controller and model and shape:
        for what, cure in controller.problems(model, shape):
            r.fault(("controller", "name"), what, cure)
    if file and shape:
        _fit_expectation(r, file, shape)
    if file and model and controller and course:
        _fit_path(r, controller.course(course), model, file.execution.torch_device)
    r.faults.check()

    sheets = (_sure(device_sheet), _sure(switch_sheet))
    resolved, origins = _written(r, _sure(file), _sure(switch_name), _sure(task_values), _sure(course), *sheets)
    documents = [_sure(model_document), _sure(device_document), _sure(switch_document)]
    return Plan(
        name=path.stem,
        scenario=_sure(file),
        task=_sure(task),
        task_parameters=_sure(task_values),
        model=_sure(model),
        device=_sure(device),
        technology=_sure(technology),
        device_values=_sure(device_sheet).values,
        switch=_sure(switch),
        fabrics=_sure(fabrics),
        controller=_sure(controller),
        controller_parameters=_sure(course),
        resolved=resolved,
        origins=origins,
        files={
            f"models/{_sure(file).model.name}.toml": documents[0].text,
            f"devices/{_sure(file).device.name}.toml": documents[1].text,
            f"devices/{switch_name}.toml": documents[2].text,
        },
        identity=_identity(resolved, documents),
        values_file=values_file,
    )


def _values(r: Lookup, model: Model | None, document: Document | None) -> Path | None:
    """The file of values beside a model file, held against the model."""
    if model is None or document is None:
        return None
    name, digest = document.data.get("values"), document.data.get("values_digest")
    if not isinstance(name, str) or not isinstance(digest, str):
        r.fault(("fabrication", "values"), "the model file names no values", "import the network with hwsim import")
        return None
    path = Path(document.path).parent / Path(name).name
    try:
        read_values(path, model, digest)
    except ValueError as error:
        r.faults.add(document.fault(("values",), str(error), "", "import the network again"))
    return path


def _built(r: Lookup, technology: Technology, sheet: Sheet[Datasheet]) -> Device | None:
    """The device; numbers that are sound one by one may still not go together."""
    try:
        return technology.build(sheet.values)
    except ValueError as error:
        what, _, cure = str(error).partition("; ")
        r.fault(("device",), what, cure)
        return None


def _name(choice: Choice | ModelChoice | None) -> str | None:
    return choice.name if choice else None


def _sure(value: T | None) -> T:
    """A value that cannot be missing any more, since faults were checked."""
    if value is None:
        raise AssertionError("a missing value without a fault")
    return value


def _identity(resolved: dict[str, Any], documents: list[Document]) -> str:
    """SHA-256 of everything that may touch a run's bits: values, contents of the files named, version."""
    essence = {key: value for key, value in resolved.items() if key not in {"title", "expect", "published"}}
    contents = [dict(document.data) for document in documents]
    text = json.dumps([VERSION, essence, contents], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _written(
    r: Lookup,
    file: ScenarioFile,
    technology: str,
    task: Section,
    course: Section,
    device: Sheet[Datasheet],
    switch: Sheet[SwitchSheet],
) -> tuple[dict[str, Any], Origins]:
    """The scenario with every value in place, which runs as it stands, and where each value comes from."""
    crossbar = file.crossbar.model_dump(include=set(type(file.crossbar).model_fields), exclude_none=True)
    if switch.sheet.medium == "optical":
        crossbar.setdefault("calibrated", True)
    tables: dict[str, dict[str, Any]] = {
        "task": {"name": file.task.name, **task.model_dump()},
        "model": file.model.model_dump(exclude_none=True),
        "device": {"name": file.device.name, **device.written},
        "crossbar": {**crossbar, "technology": technology, **switch.written},
        "controller": {"name": file.controller.name, **course.model_dump()},
        "fabrication": file.fabrication.model_dump(include=FABRICATED[file.fabrication.values]),
        "execution": file.execution.model_dump(),
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
        for key in values:
            known = sheet is not None and key in sheet.written
            otherwise = number_origin(sheet.document, key) if known and sheet else "default"
            origins[table, key] = r.origin((table, key), otherwise)
    return resolved, origins


def assemble(plan: Plan, task: Task, values: Sequence[Start]) -> Hardware:
    """Fabricate a plan's chip with these values (:func:`hwsim.plan.initial_values`) and put its crossbars before it."""
    chip = plan.device.fabricate(plan.model, values, task.calibration, plan.scenario.seed)
    crossbar = plan.scenario.crossbar
    machine = Hardware(
        plan.model,
        chip,
        plan.fabrics,
        plan.switch,
        crossbar.scope,
        crossbar.effort,
        crossbar.freedom,
        calibrated=crossbar.calibrated is not False,
    )
    if machine.effort == "auto":
        course = plan.controller.course(plan.controller_parameters)
        machine.effort = choose_effort(
            plan.model, machine.layout, plan.fabrics, course, task, by_values=machine.exchanges_values
        )
    return machine


def _fit_model(
    r: Lookup,
    model: Model,
    document: Document,
    shape: Shape | None,
    device: Device | None,
    technology: Technology | None,
) -> None:
    """Hold a model against its task and its device."""
    if shape and shape.steps and not _fits_sequence(r, model, document, shape):
        return
    if shape and model.inputs != shape.features:
        what = f"the model takes {model.inputs} inputs, but the task gives {shape.features}"
        r.faults.add(document.fault(("inputs",), what, "", f"set inputs = {shape.features}, or choose another model"))
    if shape and model.outputs != shape.outputs:
        what = f"the last layer gives {model.outputs} outputs, but the task wants {shape.outputs}"
        at = ("layer", len(model.layers) - 1, "units")
        r.faults.add(document.fault(at, what, "", f"set units = {shape.outputs}, or choose another model"))
    for number, node in enumerate(model.nodes):
        beside = node.layer is not None and model.layers[node.layer].electronic
        if beside and technology and not technology.electronics:
            what = f"no electronics computes layers beside {technology.name}"
            r.faults.add(document.fault(("layer", number, "place"), what, "", "leave place out"))
    for number, what, cure in device.problems(model) if device else []:
        r.faults.add(document.fault(("layer", number), what, "", cure))


def _fits_sequence(r: Lookup, model: Model, document: Document, shape: Shape) -> bool:
    """Whether a model takes and gives sequences as its task does; a fault where it does not."""
    taken, given = (shape.steps, shape.features // shape.steps), (shape.steps, shape.outputs // shape.steps)
    task = f"the task is a sequence of {taken[0]} steps of {taken[1]} numbers"
    form = f"inputs = {shape.features}, shape = [{taken[0]}, {taken[1]}]"
    if all(node.kind != "rnn" for node in model.nodes):
        what, cure = f"{task}, but no layer of this model is recurrent", f"set {form} and add a layer of kind 'rnn'"
        r.faults.add(document.fault(("layer", 0, "kind"), what, "", cure))
    elif model.nodes[0].taken != taken:
        found = " x ".join(map(str, model.nodes[0].taken))
        r.faults.add(document.fault(("inputs",), f"{task}, but the model takes {found}", "", f"set {form}"))
    elif model.nodes[-1].given != given:
        found = " x ".join(map(str, model.nodes[-1].given))
        what = f"the task wants {given[1]} numbers at each of {given[0]} steps, but the last layer gives {found}"
        cure = f"set sequence = true in every 'rnn', and end in a 'dense' layer of {given[1]} units"
        r.faults.add(document.fault(("layer", len(model.nodes) - 1), what, "", cure))
    else:
        return True
    return False


def _fit_crossbar(
    r: Lookup, chosen: CrossbarChoice, model: Model, technology: Technology | None, switch: Switch | None
) -> None:
    """Hold the crossbar against what stands behind it."""
    if technology and chosen.scope not in technology.scopes:
        what = f"banks of scope {chosen.scope!r} cannot be built on {technology.name}"
        r.fault(("crossbar", "scope"), what, f"use {' or '.join(map(repr, technology.scopes))}")
    optical = bool(switch and switch.medium == "optical")
    if optical and technology and not technology.optical and any(layer.learned_connections for layer in model.layers):
        what = f"an optical crossbar cannot stand before {technology.name}, whose signals are electrical"
        cure = "use an electronic switch technology, or a photonic device; hwsim cost takes any"
        r.fault(("crossbar", "technology"), what, cure)
    if switch and not optical and chosen.calibrated is not None:
        what = f"{switch.name} is electronic: no path loses light, and there is nothing to calibrate"
        r.fault(("crossbar", "calibrated"), what, "leave calibrated out")


def _fabrics(r: Lookup, chosen: CrossbarChoice, model: Model, topology: Topology) -> tuple[Fabric | None, ...]:
    """One fabric for each layer with learned connections."""
    fabrics: list[Fabric | None] = []
    for bank in layout(model, chosen.scope).layers:
        ports = chosen.ports or bank.ports
        if not bank.learned:
            fabrics.append(None)
        elif ports < bank.ports:
            what = (
                f"a crossbar of {ports} ports is too small for layer {bank.layer}, whose banks have {bank.ports} cells"
            )
            r.fault(("crossbar", "ports"), what, f"give at least {bank.ports}, or leave ports out")
            fabrics.append(None)
        else:
            fabrics.append(_fabric(r, chosen, topology, ports))
    return tuple(fabrics)


def _fabric(r: Lookup, chosen: CrossbarChoice, topology: Topology, ports: int) -> Fabric | None:
    """A circuit that can realise every permutation that a controller may ask for, or a fault."""
    try:
        fabric = topology.build(ports)
        if chosen.effort != "auto":
            fabric.route_many(np.zeros((0, ports), np.int64), effort=chosen.effort)
    except ValueError as error:
        r.fault(("crossbar", "ports"), str(error), "choose another number of ports, another topology or effort")
        return None
    if fabric.blocking == "blocking":
        what = f"{topology.name!r} cannot realise every permutation, and a controller may ask for any"
        r.fault(("crossbar", "topology"), what, "choose a topology that does not block; hwsim cost takes blocking ones")
        return None
    return fabric


def _fit_path(r: Lookup, course: Course, model: Model, device: str) -> None:
    """Hold the kernels that train, where a scenario insists on them, against model and device."""
    why = unfit(model) or (None if device == "cpu" else f"it works on the processor, not on {device!r}")
    if course.path == "compiled" and why:
        r.fault(("controller", "path"), f"the compiled path cannot train this: {why}", "use 'torch' or 'auto'")


def _fit_expectation(r: Lookup, file: ScenarioFile, shape: Shape) -> None:
    """Refuse an expectation that the task cannot answer."""
    if shape.goal == "regression" and file.expect.accuracy is not None:
        r.fault(("expect", "accuracy"), "a regression task has no accuracy", "expect max_error")
    if shape.goal == "classification" and file.expect.max_error is not None:
        r.fault(("expect", "max_error"), "a classification task has no max_error", "expect accuracy")
