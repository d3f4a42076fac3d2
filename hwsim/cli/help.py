"""``hwsim help``: formats, units and fields, printed from schemas and docstrings."""

from __future__ import annotations

from typing import Annotated

import typer


def help_(
    topic: Annotated[str | None, typer.Argument(help="A topic; the list of topics when left out.")] = None,
) -> None:
    """Explain a format, a parameter or a word; without a topic, list all, and of a noun (controller) its entries."""
    from hwsim.manual import page, topics
    from hwsim.registry import unknown

    known = topics()
    if topic in known:
        typer.echo(page(topic))
        return
    family = {name: summary for name, summary in known.items() if topic is None or name.startswith(f"{topic}/")}
    if not family:
        typer.echo(unknown("topic", str(topic), known), err=True)
        raise typer.Exit(2)
    width = max(map(len, family))
    typer.echo("hwsim help TOPIC explains:")
    for name, summary in family.items():
        typer.echo(f"  {name:<{width}}  {summary}")
