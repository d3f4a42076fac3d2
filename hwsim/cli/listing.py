"""``hwsim list``: the catalogue."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Noun = Literal[
    "scenarios", "reproductions", "models", "devices", "switches", "tasks", "crossbars", "controllers", "exports"
]


def list_(
    noun: Annotated[Noun | None, typer.Argument(help="What to list; everything when left out.")] = None,
) -> None:
    """List scenarios, reproductions, models, devices, switches, tasks, crossbars, controllers, exports."""
    from hwsim.cli.catalogue import CATALOGUE

    nouns = [noun] if noun else list(CATALOGUE)
    for number, word in enumerate(nouns):
        if noun is None:
            typer.echo(("\n" if number else "") + word)
        entries = CATALOGUE[word]()
        width = max((len(name) for name in entries), default=0)
        for name, summary in entries.items():
            typer.echo(f"{'' if noun else '  '}{name:<{width}}  {summary}")
