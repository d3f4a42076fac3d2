"""JSON Schemas of the files that users write, so that editors complete and check them while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from hwsim.controller import CONTROLLERS
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import SwitchDatasheet
from hwsim.device import DEVICES, read_datasheet
from hwsim.files import read_document
from hwsim.files.datasheet import settable
from hwsim.model import ModelFile
from hwsim.scenario.lookup import device_technology, sheets
from hwsim.scenario.schema import ScenarioFile
from hwsim.task import TASKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pydantic

FileKind = Literal["scenario", "model", "device"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: FileKind) -> dict[str, Any]:
    """Describe one kind of file as a JSON Schema (draft 2020-12): keys, types, units, choices, and what each is.

    A schema looks at one file alone: whether a name leads to a file, or two tables fit together, ``hwsim check`` knows.

    Args:
        kind: ``scenario``; ``model``; or ``device``, the datasheets of devices and of switches.

    Example:
        >>> sorted(json_schema("model")["required"])
        ['inputs', 'layer', 'title']
    """
    made = {"scenario": _scenario, "model": _model, "device": _datasheet}[kind]()
    return {"$schema": DIALECT, **made}


def _model() -> dict[str, Any]:
    return _described(ModelFile)


def _described(schema: type[pydantic.BaseModel], owner: str = "") -> dict[str, Any]:
    """Build one schema for people; its parts are called after the owner, since two of them may have one name."""
    prefix = f"{owner}.".replace(" ", "-") if owner else ""
    made: dict[str, Any] = _plain(schema.model_json_schema(ref_template=f"#/$defs/{prefix}{{model}}"))
    if "$defs" in made:
        made["$defs"] = {f"{prefix}{name}": part for name, part in made["$defs"].items()}
    return made


def _plain(node: Any) -> Any:
    """Leave out what only a program reads: titles made from keys, ``null`` (TOML has none), and marks of docstrings."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {
        key: ({name: _plain(one) for name, one in value.items()} if key in {"properties", "$defs"} else _plain(value))
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    if isinstance(made.get("description"), str):
        made["description"] = made["description"].replace("``", "")
    choices = [one for one in made.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1 and len(made["anyOf"]) > 1:
        return {**choices[0], **{key: value for key, value in made.items() if key != "anyOf"}}
    return {**made, "anyOf": choices} if "anyOf" in made else made


def _scenario() -> dict[str, Any]:
    """Build the schema of a scenario file; a name in a table brings the keys of that name with it."""
    made = _described(ScenarioFile)
    defs = made["$defs"]
    own = {key: defs[key]["properties"] for key in ("Choice", "CrossbarChoice")}
    catalogues: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
        "task": ("name", {name: _described(entry.parameters, f"task.{name}") for name, entry in TASKS.items()}),
        "controller": (
            "name",
            {name: _described(one.parameters, f"controller.{name}") for name, one in CONTROLLERS.items()},
        ),
        "device": ("name", _settable("device")),
        "crossbar": ("technology", _settable("switch")),
    }
    for table, (key, known) in catalogues.items():
        base = own["CrossbarChoice" if table == "crossbar" else "Choice"]
        base = {**base, key: {**base[key], "examples": sorted(known)}}
        if table in {"task", "controller"}:
            base[key] = {**base[key], "enum": sorted(known)}
        if table == "crossbar":
            base["topology"] = {**base["topology"], "enum": sorted(CROSSBARS)}
        for name, schema in known.items():
            defs |= schema.get("$defs", {})
            defs[f"{table}.{name}"] = {
                "type": "object",
                "properties": {**base, **schema["properties"]},
                "required": schema.get("required", []),
                "additionalProperties": False,
            }
        required = ["topology", "technology"] if table == "crossbar" else ["name"]
        made["properties"][table] = {
            "type": "object",
            "description": made["properties"][table].get("description", ""),
            "properties": base,
            "required": required,
            "allOf": [_when(key, name, f"#/$defs/{table}.{name}") for name in known],
        }
    del defs["Choice"], defs["CrossbarChoice"]
    return made


def _when(key: str, name: str, ref: str) -> dict[str, Any]:
    """Build the rule for a key with one value; names of the user's own files are left to ``hwsim check``."""
    return {"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": {"$ref": ref}}


def _settable(kind: Literal["device", "switch"]) -> dict[str, dict[str, Any]]:
    """List, for every shipped datasheet, the numbers that a scenario may set."""
    found = {}
    for name, path in sheets(kind).items():
        document = read_document(path)
        schema: Any = SwitchDatasheet if kind == "switch" else device_technology(document).datasheet
        found[name] = _described(settable(read_datasheet(document, schema)), name)
    return found


def _datasheet() -> dict[str, Any]:
    """Build the schema of a datasheet: of the technology that it names, or of a switch."""
    schemas: Mapping[str, Any] = {name: technology.datasheet for name, technology in DEVICES.items()}
    defs: dict[str, Any] = {}
    rules = []
    for name, schema in schemas.items():
        described = _described(schema, name)
        defs |= described.pop("$defs", {})
        defs[f"device.{name}"] = described
        rules.append(_when("technology", name, f"#/$defs/device.{name}"))
    switch = _described(SwitchDatasheet, "switches")
    defs |= switch.pop("$defs", {})
    defs["switch"] = switch
    return {
        "type": "object",
        "description": "A datasheet of a device or of a switch technology.",
        "properties": {"kind": {"enum": ["device", "switch"]}, "technology": {"type": "string"}},
        "required": ["kind", "technology"],
        "if": {"properties": {"kind": {"const": "switch"}}},
        "then": {"$ref": "#/$defs/switch"},
        "else": {"properties": {"technology": {"enum": sorted(schemas)}}, "allOf": rules},
        "$defs": defs,
    }
