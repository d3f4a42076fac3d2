"""``hwsim import``: a trained network from an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hwsim.model import Node
    from hwsim.model.imports import Imported


def import_(
    file: Annotated[Path, typer.Argument(help="ONNX file (needs pip install 'hwsim[onnx]').")],
    out: Annotated[Path, typer.Option(help="Folder whose models/ takes the model file and its values.")] = Path(),
    name: Annotated[str | None, typer.Option(help="Name of the model file; the ONNX file's when left out.")] = None,
    shape: Annotated[
        str | None, typer.Option(metavar="C,H,W", help="Shape of one sample, where the file leaves it open.")
    ] = None,
    device: Annotated[
        list[str] | None, typer.Option(help="What one inference costs on a device; repeat to compare.")
    ] = None,
    write: Annotated[bool, typer.Option(help="Write model file and values, or only tell of them.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Turn a trained network from an ONNX file into a model file and its values, which a scenario can start from.

    The file is taken by what its output depends on, and compared with onnx's reference evaluator on probe inputs; all
    that cannot be emulated is named at once, with its node. A last Softmax is left out with a warning.
    """
    from hwsim.cli.place import check_place
    from hwsim.files import Diagnostic, DiagnosticError
    from hwsim.model.imports import RefusedError, write_model
    from hwsim.pipeline.probing import read_network

    stem = _stem(file.stem if name is None else name)
    if write:
        check_place(out / "models", "--out")
    try:
        network = read_network(file, _sizes(shape))
        costs = {one: _cost(network, one) for one in device or []}
        written = write_model(network, out / "models", stem) if write else ()
    except ValueError as error:
        if isinstance(error, DiagnosticError):
            raise
        if isinstance(error, RefusedError):
            raise DiagnosticError(Diagnostic(str(file), 1, 1, str(one)) for one in error.refused) from None
        raise DiagnosticError([Diagnostic(str(file), 1, 1, str(error).removeprefix(f"{file}: "), "", "")]) from None
    layers = _layers(network)
    if json:
        import json as writer

        answer = {"layers": layers, "devices": costs, "written": [str(path) for path in written]}
        typer.echo(writer.dumps(answer))
        return
    typer.echo(_table(layers))
    for one, cost in costs.items():
        typer.echo(f"{one}: {cost['problem'] or _bill(cost)}")
    if assumed := _assumed(one for one, cost in costs.items() if not cost["problem"]):
        typer.echo(assumed)
    if written:
        typer.echo(f"wrote {written[0]} and {written[1]}")
        typer.echo(f'a scenario takes them with [model] name = "{written[0].stem}", [fabrication] values = "imported"')


def _stem(name: str) -> str:
    """Return the name of a model file, which must stay in its folder on every system.

    Raises:
        DiagnosticError: it is no plain name.

    Example:
        >>> _stem("resnet.8")
        'resnet.8'
    """
    from hwsim.files import Diagnostic, DiagnosticError

    forbidden = sorted({letter for letter in name if letter in '/\\:*?"<>|' or not letter.isprintable()})
    if not name.strip() or name.startswith(".") or name != name.strip() or forbidden:
        what = f"{name!r} is not a plain name for a model file"
        hint = "give one without / \\ : and the like, and without a dot or blank at its start, such as --name mynet"
        raise DiagnosticError([Diagnostic("--name", 1, 1, what, "", hint)])
    return name


def _sizes(shape: str | None) -> tuple[int, ...] | None:
    if shape is None:
        return None
    sizes = shape.replace("x", ",").split(",")
    if not all(size.strip().isdigit() and int(size) > 0 for size in sizes):
        raise ValueError(f"--shape {shape}: give whole numbers such as 1,28,28")
    return tuple(map(int, sizes))


def _layers(network: Imported) -> list[dict[str, Any]]:
    found = []
    for node, origin in zip(network.model.nodes, network.origins, strict=True):
        law = None if node.layer is None else network.model.layers[node.layer]
        found.append(
            {
                "kind": node.kind,
                "gives": list(node.given),
                "cells": law.units * law.inputs if law else 0,
                "activation": law.activation if law else _applied(node),
                "from": origin,
            }
        )
    return found


def _applied(node: Node) -> str:
    """Return the activation of a node without cells, if it has one."""
    return node.activation if node.kind == "activation" else "relu" if node.rectify else ""


def _table(layers: list[dict[str, Any]]) -> str:
    lines = [f"{'kind':<13}{'gives':<13}{'cells':>10}  {'activation':<11} from"]
    for row in layers:
        gives = " x ".join(map(str, row["gives"]))
        lines.append(f"{row['kind']:<13}{gives:<13}{row['cells'] or '':>10}  {row['activation']:<11} {row['from']}")
    return "\n".join([*lines, f"{'in all':<26}{sum(row['cells'] for row in layers):>10}"])


def _cost(network: Imported, device: str) -> dict[str, Any]:
    """Return what one inference costs on a device, or why it cannot be built there."""
    from hwsim.pipeline.emulation import emulate
    from hwsim.pipeline.hardware import NotOnDeviceError

    try:
        cost = emulate(network, device).cost()
    except NotOnDeviceError as error:
        return {"problem": str(error), "inference_energy_j": None, "inference_time_s": None}
    return {"problem": "", **{key: cost[key] for key in ("inference_energy_j", "inference_time_s")}}


def _assumed(devices: Iterable[str]) -> str:
    """Tell which costs of devices that were priced are assumed, in one line."""
    from hwsim.cli.assumed import assumed_lines
    from hwsim.scenario.lookup import find_sheet

    return assumed_lines(find_sheet("device", one) for one in devices)


def _bill(cost: dict[str, Any]) -> str:
    from hwsim.files import format_quantity

    energy, time = cost["inference_energy_j"], cost["inference_time_s"]
    words = [format_quantity(float(f"{n:.4g}"), of) for n, of in ((energy, "energy"), (time, "time"))]
    return f"{words[0]} and {words[1]} an inference"
