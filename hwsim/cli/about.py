"""What ``hwsim`` says of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsim.version import VERSION


def _tell(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hwsim {VERSION}")
        raise typer.Exit


def about(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Simulate fixed-weight neural hardware that learns by reconnection."""
