"""An imported network as a model file, with its values beside it, that a scenario can start from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from hwsim.files import emit
from hwsim.files.whole import check_free, write_all
from hwsim.model.values import pack_values

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.model import Layer, Node, Window
    from hwsim.model.imports.graph import Imported
    from hwsim.model.layer import Activation


def write_model(network: Imported, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``NAME.toml`` and ``NAME.npz`` into a folder.

    Returns:
        Both paths.

    Raises:
        DiagnosticError: one of them is there already.
    """
    model, values = folder / f"{name}.toml", folder / f"{name}.npz"
    check_free(model, values, hint="give another --name or folder, or remove it")
    content = pack_values(network.start)
    data: dict[str, Any] = {"title": network.model.title, "inputs": network.model.inputs}
    if len(network.shape) > 1:
        data["shape"] = list(network.shape)
    data |= {"values": values.name, "values_digest": hashlib.sha256(content).hexdigest()}
    summands = {other for node in network.model.nodes for other in (node.summand, node.source) if other is not None}
    data["layer"] = [
        _table(network, node, f"n{number}" if number in summands else "")
        for number, node in enumerate(network.model.nodes)
    ]
    header = (
        "written by hwsim import; a scenario starts from its values with\n"
        f'[model] name = "{name}" and [fabrication] values = "imported"'
    )
    remarks: dict[tuple[str | int, ...], str] = {
        ("layer", number, "kind"): origin for number, origin in enumerate(network.origins)
    }
    write_all({model: emit(data, remarks, header), values: content})
    return model, values


def _table(network: Imported, node: Node, name: str) -> dict[str, Any]:
    table: dict[str, Any] = {"kind": node.kind}
    if name:
        table["name"] = name
    if node.source is not None:
        table["takes"] = _called(node.source)
    if node.layer is not None:
        table |= _weighted(network.model.layers[node.layer])
    if node.window is not None:
        table |= _windowed(node.window)
    if node.kind == "reshape":
        table["shape"] = list(node.given)
    if node.summand is not None:
        table["summand"] = _called(node.summand)
        table["activation"] = "relu" if node.rectify else "identity"
    if node.kind == "activation":
        table |= _activated(node.activation, node.parameters)
    if node.kind in {"layer-norm", "scale"}:
        table |= {"factors": list(node.factors), "shifts": list(node.shifts)}
    if node.kind == "layer-norm":
        table["epsilon"] = node.epsilon
    return table


def _called(number: int) -> str:
    return f"n{number}" if number >= 0 else "input"


def _windowed(window: Window) -> dict[str, Any]:
    table: dict[str, Any] = {"kernel": list(window.kernel), "stride": list(window.stride)}
    if any(sides := [*window.before, *window.after]):
        table["padding"] = sides
    return table | ({} if window.dilation == (1, 1) else {"dilation": list(window.dilation)})


def _weighted(layer: Layer) -> dict[str, Any]:
    table = {"units": layer.units, **_activated(layer.activation, layer.parameters)}
    return table | ({} if layer.groups == 1 else {"groups": layer.groups})


def _activated(name: Activation, parameters: tuple[float, ...]) -> dict[str, Any]:
    return {"activation": name, **({"slope": parameters[0]} if name == "leaky-relu" else {})}
