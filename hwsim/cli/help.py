"""``hwsim help``: formats, units and fields, printed from schemas and docstrings."""

from __future__ import annotations

from typing import Annotated

import typer


def help_(
    topic: Annotated[str | None, typer.Argument(help="A topic; the list of topics when left out.")] = None,
) -> None:
    """Explain a format, a parameter or a word; without a topic, list all, and of a noun (controller) its entries."""
    import shutil

    from hwsim.cli.glossary import glossary
    from hwsim.cli.manual import find, page, topics
    from hwsim.files.registry import unknown

    known, meant = topics(), None if topic is None else find(topic)
    width = min(max(shutil.get_terminal_size((100, 24)).columns, 60), 120)
    family = {
        name: summary for name, summary in known.items() if topic is None or name.startswith(f"{meant or topic}/")
    }
    if meant is not None:
        typer.echo(page(meant, width))
        if not family:
            return
    if not family:
        typer.echo(unknown("topic", str(topic), [*known, *glossary()]).partition(" known:")[0].rstrip(";"), err=True)
        typer.echo("hwsim help lists the topics, hwsim help words the words", err=True)
        raise typer.Exit(2)
    from hwsim.files.fields import table

    typer.echo("hwsim help TOPIC explains:")
    typer.echo("\n".join(table([(f"  {name}", summary) for name, summary in family.items()], width)))
