"""``hwsim fit``: a datasheet of your own from a table of measured cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hwsim.analysis.fitting.sheet import FittedDevice


def fit(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV file, a row a read: columns target (or level) and value, for drift and noise also time, device, "
            "read; units in the header, as in 'value [uS]'. Lines that begin with # are remarks."
        ),
    ],
    technology: Annotated[str, typer.Option(help="resistive or photonic-pcm; the start is enough.")],
    out: Annotated[Path, typer.Option(help="Datasheet to write, such as devices/mine.toml.")],
    base: Annotated[
        str | None,
        typer.Option(
            help="Datasheet that says which laws to fit and gives what the table does not tell; pcm-nandakumar-2019 or "
            "photonic-feldmann-2021 when left out."
        ),
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=UNIT", help="Unit of a column whose header does not say it.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN=HEADER", help="Which column of the file is value, time, ...")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What the datasheet says it describes.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the datasheet if it is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Fit a datasheet to measured cells: spread of programming, drift, read noise, each with its standard error.

    Conductances are in S, mS, uS, nS or pS, transmissions in shares of 1, % or dB, times in s, ms, us, ns, min, h or d.
    Numbers that the table tells get the status measured; all others are kept from the base datasheet, with theirs.
    """
    from hwsim.analysis.fitting.sheet import check_sheet_place
    from hwsim.analysis.fitting.sheet import fit as carry_out
    from hwsim.cli.place import check_place

    check_sheet_place(out, force=force)
    check_place(out, "--out")
    options = (_pairs("--column", column), _pairs("--unit", unit))
    found = carry_out(table, technology, base=base, columns=options[0], units=options[1], title=title)
    path = found.write(out, force=force)
    if json:
        import json as writer

        typer.echo(writer.dumps({"datasheet": str(path), **_numbers(found)}))
        return
    typer.echo(f"{_levels(found)}\n\n{_laws(found)}")
    chosen = "" if base else ", since no --base was named"
    typer.echo(f"kept from {found.base}{chosen}: {', '.join(found.kept)}")
    if found.technology == "photonic-pcm":
        typer.echo(
            "read noise of the table is its set-up's; that of the receiver is kept, since the law is of the receiver"
        )
    typer.echo(f"wrote {path}; hwsim show device {path} draws it")


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """Read options of the form COLUMN=WORD.

    Raises:
        DiagnosticError: one is of another form.
    """
    from hwsim.files import Diagnostic, DiagnosticError

    pairs = {}
    for one in given or []:
        name, _, word = one.partition("=")
        if not name.strip() or not word.strip():
            raise DiagnosticError([Diagnostic(option, 1, 1, "is not COLUMN=WORD", one, "as in value=uS")])
        pairs[name.strip().lower()] = word.strip()
    return pairs


def _levels(found: FittedDevice) -> str:
    """Write what was estimated at each level."""
    levels = found.levels
    columns: list[tuple[str, list[str]]] = [
        ("target", [f"{value:.5g}" for value in levels.target]),
        ("cells", [f"{count:,}" for count in levels.cells]),
        ("mean", _both(levels.mean, levels.mean_error)),
        ("spread", [f"{value:.3g}" for value in levels.spread]),
        ("drift", _both(levels.slope, levels.slope_error)),
        ("read noise Q", _both(levels.flicker, levels.flicker_error)),
    ]
    widths = [max(len(title), *map(len, cells)) for title, cells in columns]
    rows = zip(*(cells for _, cells in columns), strict=True)
    lines = ["  ".join(f"{title:>{width}}" for (title, _), width in zip(columns, widths, strict=True))]
    lines += ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(lines)


def _both(values: Any, errors: Any) -> list[str]:
    """Write values with their standard errors; a dash where the table does not tell."""
    pairs = zip(values.tolist(), errors.tolist(), strict=True)
    return ["-" if value != value else f"{value:.4g} +- {error:.1g}" for value, error in pairs]  # noqa: PLR0124 - NaN


def _laws(found: FittedDevice) -> str:
    """Write what goes into the datasheet."""
    lines = []
    for number in found.numbers:
        if not number.errors:
            lines.append(f"{number.key:<22}{number.value}")
        for name, error in number.errors.items():
            shown = number.key if name == number.key else f"{number.key} {name}"
            lines.append(f"{shown:<34}{number.estimates[name]:>12.5g} +- {error:.2g}")
        lines += [f"  {note}" for note in number.notes]
    return "\n".join(lines)


def _numbers(found: FittedDevice) -> dict[str, Any]:
    numbers = {
        number.key: {
            "value": number.value,
            "estimates": number.estimates,
            "standard_errors": number.errors,
            "notes": list(number.notes),
        }
        for number in found.numbers
    }
    return {"technology": found.technology, "numbers": numbers, "kept": found.kept}
