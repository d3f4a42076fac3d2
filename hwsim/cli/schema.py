"""``hwsim schema``: JSON Schemas, with which editors complete and check files."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class SchemaKind(StrEnum):
    """Kinds of files that have a schema."""

    scenario = "scenario"
    model = "model"
    device = "device"


def schema(
    kind: Annotated[SchemaKind, typer.Argument(help="Which files: scenarios, models, or datasheets (device).")],
) -> None:
    """Print the JSON Schema of a kind of file, with which an editor completes and checks what you type.

    hwsim schema scenario > scenario.json; then, as the first line of a scenario in an editor with Taplo (such as VS
    Code's Even Better TOML): #:schema ./scenario.json
    """
    import json

    from hwsim.scenario.completion import json_schema

    typer.echo(json.dumps(json_schema(kind.value), indent=1, ensure_ascii=False))
