"""``hwsim help``: formats, units and fields, printed from schemas and docstrings."""

from __future__ import annotations

from typing import Annotated

import typer


def help_(
    topic: Annotated[str | None, typer.Argument(help="A topic; the list of topics when left out.")] = None,
) -> None:
    """Explain a format, a parameter or a word; without a topic, list the topics."""
    from hwsim.manual import page, topics
    from hwsim.registry import unknown

    if topic is None:
        known = topics()
        width = max(map(len, known))
        typer.echo("hwsim help TOPIC explains:")
        for name, summary in known.items():
            typer.echo(f"  {name:<{width}}  {summary}")
        return
    if topic not in topics():
        typer.echo(unknown("topic", topic, topics()), err=True)
        raise typer.Exit(2)
    typer.echo(page(topic))
