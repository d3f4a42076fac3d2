"""A scenario with every name looked up and every number in place: checked as a whole before anything runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.controller import CONTROLLERS, ControllerPlugin
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch, SwitchSheet, build_switch
from hwsim.device import DEVICES, Datasheet, Device, read_sheet, sheet_values
from hwsim.device.datasheet import written_values
from hwsim.execution import Hardware
from hwsim.execution.hardware import layout
from hwsim.library import names
from hwsim.model import Model, read_model, start
from hwsim.registry import unknown
from hwsim.scenario import Document, FaultError, Faults, Section, read_document, validate
from hwsim.scenario.schema import ScenarioFile
from hwsim.task import TASKS, Task, TaskPlugin
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hwsim.crossbar import Fabric


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, validated; ``files`` are the texts of model and datasheets by file name."""

    name: str
    scenario: ScenarioFile
    task: TaskPlugin
    task_parameters: Section
    model: Model
    device: Device
    switch: Switch
    fabrics: tuple[Fabric | None, ...]
    controller: ControllerPlugin
    controller_parameters: Section
    resolved: dict[str, Any]
    origins: dict[tuple[str | int, ...], str]
    files: dict[str, str]
    identity: str


class _Resolver:
    """Looks up one scenario's names, collecting faults as it goes."""

    def __init__(self, document: Document, path: Path) -> None:
        self.document, self.path = document, path
        self.faults = Faults()
        self.resolved: dict[str, Any] = {}
        self.origins: dict[tuple[str | int, ...], str] = {}

    def fault(self, at: tuple[str, ...], what: str, cure: str, found: str = "") -> None:
        self.faults.add(self.document.fault(at, what, found, cure))

    def entry(self, registry: Mapping[str, Any], noun: str, at: tuple[str, ...], name: str) -> Any:
        """A catalogue entry, or None with a fault."""
        if name in registry:
            return registry[name]
        what, _, cure = unknown(noun, name, registry).partition("; ")
        self.fault(at, what, cure)
        return None

    def file(self, kind: Any, noun: str, at: tuple[str, ...], name: str) -> Path | None:
        """A file of the library, or None with a fault."""
        found = names(kind, self.path)
        if noun != "model":
            wanted = "device" if noun == "device" else "switch"
            found = {stem: path for stem, path in found.items() if sheet_kind(path) == wanted}
        path: Path | None = self.entry(found, noun, at, name)
        return path

    def parameters(self, schema: type[Section], table: str, given: Mapping[str, Any]) -> Any:
        """A plug-in's own parameters, or None with faults."""
        return self.faults.attempt(lambda: validate(self.document, schema, (table,), given))

    def sheet(self, path: Path, schema: type[Datasheet], table: str, given: Mapping[str, Any]) -> Any:
        """A datasheet's (sheet, document, SI values, written values), or None with faults."""
        read = self.faults.attempt(lambda: read_sheet(path, schema))
        if read is None:
            return None
        values = self.faults.attempt(lambda: sheet_values(read[0], given, self.document, (table,)))
        if values is None:
            return None
        return *read, values, written_values(read[0], values)

    def origin(self, at: tuple[str | int, ...], fallback: str) -> None:
        """Note where a value comes from."""
        if at in self.document.overrides:
            self.origins[at] = self.document.overrides[at][0]
        elif at in self.document.positions:
            self.origins[at] = f"{self.document.path}:{self.document.positions[at][0]}"
        else:
            self.origins[at] = fallback

    def table(self, name: str, values: Mapping[str, Any], fallback: str, places: Document | None = None) -> None:
        """Put a table into the resolved scenario, each value with its origin."""
        self.resolved[name] = {**self.resolved.get(name, {}), **{k: v for k, v in values.items() if v is not None}}
        for key in values:
            where = fallback
            if places is not None:
                spots = [p for p in places.positions if len(p) == 2 and p[1] == key and p[0] != "valid"]  # noqa: PLR2004
                where = f"{places.path}:{places.positions[spots[0]][0]}" if spots else fallback
            self.origin((name, key), where)


def sheet_kind(path: Path) -> str:
    """``device`` or ``switch`` as a datasheet says itself, empty where it cannot be read."""
    try:
        return str(read_document(path).data.get("kind", ""))
    except FaultError:
        return ""


def resolve(document: Document, path: Path) -> Plan:
    """Look up and check everything that a scenario names.

    Args:
        document: the scenario as read, with settings laid over it.
        path: where it lies; models and devices beside it are found first.

    Raises:
        FaultError: every fault at once, each with file, line and column.
    """
    r = _Resolver(document, path)
    file = validate(document, ScenarioFile)
    task = r.entry(TASKS, "task", ("task", "name"), file.task.name)
    controller = r.entry(CONTROLLERS, "controller", ("controller", "name"), file.controller.name)
    topology = r.entry(CROSSBARS, "topology", ("crossbar", "topology"), file.crossbar.topology)
    task_parameters = task and r.parameters(task.parameters, "task", file.task.model_extra or {})
    controller_parameters = controller and r.parameters(
        controller.parameters, "controller", file.controller.model_extra or {}
    )

    model_path = r.file("models", "model", ("model", "name"), file.model.name)
    model_document = model_path and r.faults.attempt(lambda: read_document(model_path))
    model = model_document and r.faults.attempt(lambda: read_model(model_document))

    device_path = r.file("devices", "device", ("device", "name"), file.device.name)
    technology = device_path and device_technology(device_path, r.faults)
    device_sheet = (
        r.sheet(device_path, technology.sheet, "device", file.device.model_extra or {})
        if device_path and technology
        else None
    )
    switch_path = r.file("devices", "switch technology", ("crossbar", "technology"), file.crossbar.technology)
    switch_sheet = switch_path and r.sheet(switch_path, SwitchSheet, "crossbar", file.crossbar.model_extra or {})

    device = technology.build(device_sheet[2]) if technology and device_sheet else None
    switch = build_switch(file.crossbar.technology, switch_sheet[0], switch_sheet[2]) if switch_sheet else None
    if model and model_document and task and task_parameters:
        _fit_task(r, model, model_document, task.shape(task_parameters))
    if model and model_document and device:
        for number, what, cure in device.problems(model, (0.0, 1.0)):
            r.faults.add(model_document.fault(("layer", number), what, "", cure))
    if technology and file.crossbar.scope not in technology.scopes:
        r.fault(
            ("crossbar", "scope"),
            f"banks of scope {file.crossbar.scope!r} cannot be built on {technology.name}",
            f"use {' or '.join(map(repr, technology.scopes))}",
        )
    if switch and switch.medium == "optical" and model and any(layer.learned_connections for layer in model.layers):
        r.fault(
            ("crossbar", "technology"),
            "loss and crosstalk of an optical crossbar in the signal path are not simulated yet",
            "use an electronic switch technology for runs; hwsim cost takes optical ones",
        )
    fabrics = _fabrics(r, file, model, topology) if model and topology else None
    _expectations(r, file, task.shape(task_parameters).goal if task and task_parameters else None)
    r.faults.check()

    r.resolved = {"title": file.title, "seed": file.seed}
    r.origin(("title",), "default")
    r.origin(("seed",), "default")
    r.table("task", {"name": file.task.name, **task_parameters.model_dump()}, "default")
    r.table("model", {"name": file.model.name}, "default")
    r.table("device", {"name": file.device.name, **device_sheet[3]}, "datasheet", device_sheet[1])
    r.table("crossbar", file.crossbar.model_dump(include=set(type(file.crossbar).model_fields)), "default")
    r.table("crossbar", switch_sheet[3], "datasheet", switch_sheet[1])
    r.table("controller", {"name": file.controller.name, **controller_parameters.model_dump()}, "default")
    r.table("execution", file.execution.model_dump(), "default")
    if file.expect.model_dump(exclude_none=True):
        r.table("expect", file.expect.model_dump(exclude_none=True), "default")
    assert model_document is not None
    assert model_path is not None
    assert device_path is not None
    assert switch_path is not None
    essence = {key: value for key, value in r.resolved.items() if key not in {"title", "expect"}}
    contents = [dict(d.data) for d in (model_document, device_sheet[1], switch_sheet[1])]
    digest = hashlib.sha256(json.dumps([VERSION, essence, contents], sort_keys=True, default=str).encode()).hexdigest()
    return Plan(
        name=path.stem,
        scenario=file,
        task=task,
        task_parameters=task_parameters,
        model=model,  # type: ignore[arg-type]
        device=device,  # type: ignore[arg-type]
        switch=switch,  # type: ignore[arg-type]
        fabrics=fabrics,  # type: ignore[arg-type]
        controller=controller,
        controller_parameters=controller_parameters,
        resolved=r.resolved,
        origins=r.origins,
        files={
            f"models/{model_path.name}": model_document.text,
            f"devices/{device_path.name}": device_sheet[1].text,
            f"devices/{switch_path.name}": switch_sheet[1].text,
        },
        identity=digest,
    )


def assemble(plan: Plan, task: Task) -> Hardware:
    """Fabricate a plan's chip and put its crossbars before it."""
    values = start(plan.model, plan.scenario.seed)
    chip = plan.device.fabricate(plan.model, values, task.train_x, plan.scenario.seed)
    crossbar = plan.scenario.crossbar
    return Hardware(plan.model, chip, plan.fabrics, plan.switch, crossbar.scope, crossbar.effort)


def device_technology(path: Path, faults: Faults) -> Any:
    """The technology that a device's datasheet names, or None with a fault."""
    document = faults.attempt(lambda: read_document(path))
    if document is None:
        return None
    name = document.data.get("technology")
    if isinstance(name, str) and name in DEVICES:
        return DEVICES[name]
    what, _, cure = unknown("technology", str(name), DEVICES).partition("; ")
    faults.add(document.fault(("technology",), what, "", cure))
    return None


def _fit_task(r: _Resolver, model: Model, document: Document, shape: Any) -> None:
    """Hold a model's ends against its task's."""
    name = r.document.data["task"]["name"]
    if model.inputs != shape.features:
        what = f"the model takes {model.inputs} inputs, but task {name!r} gives {shape.features}"
        r.faults.add(document.fault(("inputs",), what, str(model.inputs), f"set inputs = {shape.features}"))
    if model.outputs != shape.outputs:
        at = ("layer", len(model.layers) - 1, "units")
        what = f"the last layer does not fit task {name!r}, which wants {shape.outputs} outputs"
        r.faults.add(document.fault(at, what, str(model.outputs), f"set units = {shape.outputs}"))


def _fabrics(r: _Resolver, file: ScenarioFile, model: Model, topology: Any) -> tuple[Fabric | None, ...]:
    """One fabric for each layer with learned connections."""
    fabrics: list[Fabric | None] = []
    for bank in layout(model, file.crossbar.scope).layers:
        ports = file.crossbar.ports or bank.ports
        if not bank.learned:
            fabrics.append(None)
        elif ports < bank.ports:
            what = f"a crossbar of {ports} ports is too small for layer {bank.layer}, whose banks have {bank.ports} cells"
            r.fault(("crossbar", "ports"), what, f"give at least {bank.ports}, or leave ports out")
            fabrics.append(None)
        else:
            try:
                fabrics.append(topology.build(ports))
            except ValueError as error:
                r.fault(("crossbar", "ports"), str(error), "choose another number of ports or another topology")
                fabrics.append(None)
    return tuple(fabrics)


def _expectations(r: _Resolver, file: ScenarioFile, goal: str | None) -> None:
    """Refuse an expectation that the task cannot answer."""
    if goal == "regression" and file.expect.accuracy is not None:
        r.fault(("expect", "accuracy"), "a regression task has no accuracy", "expect max_error")
    if goal == "classification" and file.expect.max_error is not None:
        r.fault(("expect", "max_error"), "a classification task has no max_error", "expect accuracy")
