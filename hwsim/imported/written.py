"""An imported network as a model file, with its values beside it, that a scenario can start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit

from hwsim.model.values import write_values

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.imported.graph import Imported
    from hwsim.model import Layer, Node


def write_model(network: Imported, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``NAME.toml`` and ``NAME.npz`` into a folder.

    Returns:
        Both paths.

    Raises:
        FileExistsError: one of them is there already.
    """
    model, values = folder / f"{name}.toml", folder / f"{name}.npz"
    for path in (model, values):
        if path.exists():
            raise FileExistsError(17, "is there already; give another --name or folder, or remove it", str(path))
    folder.mkdir(parents=True, exist_ok=True)
    digest = write_values(values, network.start)
    document = tomlkit.document()
    document.add(tomlkit.comment("written by hwsim import; a scenario starts from its values with"))
    document.add(tomlkit.comment(f'[model] name = "{name}" and [fabrication] values = "imported"'))
    document["title"] = network.model.title
    document["inputs"] = network.model.inputs
    if len(network.shape) > 1:
        document["shape"] = list(network.shape)
    document["values"] = values.name
    document["values_digest"] = digest
    layers = tomlkit.aot()
    summands = {node.summand for node in network.model.nodes if node.summand is not None}
    for number, (node, origin) in enumerate(zip(network.model.nodes, network.origins, strict=True)):
        layers.append(_table(network, node, f"n{number}" if number in summands else "", origin))
    document["layer"] = layers
    model.write_text(tomlkit.dumps(document))
    return model, values


def _table(network: Imported, node: Node, name: str, origin: str) -> tomlkit.items.Table:
    table = tomlkit.table()
    table.comment(origin)
    table["kind"] = node.kind
    if name:
        table["name"] = name
    if node.layer is not None:
        _weighted(table, network.model.layers[node.layer])
    if node.window is not None:
        table["kernel"] = list(node.window.kernel)
        table["stride"] = list(node.window.stride)
        if node.kind == "conv2d":
            table["padding"] = [*node.window.before, *node.window.after]
    if node.summand is not None:
        table["summand"] = f"n{node.summand}" if node.summand >= 0 else "input"
        table["activation"] = "relu" if node.rectify else "identity"
    return table


def _weighted(table: tomlkit.items.Table, layer: Layer) -> None:
    table["units"] = layer.units
    table["activation"] = layer.activation
    if layer.activation == "leaky-relu":
        table["slope"] = layer.parameters[0]
