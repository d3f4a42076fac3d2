"""``hwsim check``: all that is wrong in scenario, model and device files, and in exported ones, without a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Scenario, reproduction, model or device files, names of scenarios, files of hwsim export, or traces.",
        ),
    ],
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print scenarios with every value and where it comes from.")
    ] = False,
    base: Annotated[
        Path | None, typer.Option(help="Exported configuration of the event before, which changes are laid over.")
    ] = None,
) -> None:
    """Check scenario, reproduction, model and device files and report all that is wrong, with line and column.

    Of a file that hwsim export wrote the checksum is compared, and where the format
    can be read back, its switches are walked: they must do what the file says.
    Of a trace (trace.jsonl, trace.json) the checksum is compared and every span is read.
    """
    from hwsim.export.reading import is_export
    from hwsim.files import DiagnosticError, Diagnostics, emit, read_document
    from hwsim.pipeline.session import find
    from hwsim.scenario import check_file, check_memory
    from hwsim.scenario.reproduction import is_reproduction

    diagnostics = Diagnostics()
    for file in files:
        try:
            if _is_trace(file):
                typer.echo(_traced(file))
                continue
            if is_export(file):
                typer.echo(_exported(file, base))
                continue
            path = find(file)
            document = read_document(path)
            if is_reproduction(document):
                from hwsim.study import plan_jobs, read_reproduction

                jobs = plan_jobs(read_reproduction(document, path))
                typer.echo(f"{path}: a sound reproduction of {len(jobs)} runs")
                continue
            kind, plan = check_file(path)
            if plan is not None:
                check_memory(plan)
        except DiagnosticError as error:
            diagnostics.extend(error.diagnostics)
            continue
        except MemoryError as error:
            hint = "use a smaller model or smaller banks, or a larger machine"
            diagnostics.add(document.diagnostic((), str(error), "", hint))
            continue
        if resolved and plan is not None:
            typer.echo(emit(plan.resolved, plan.origins, f"identity {plan.identity}"), nl=False)
        else:
            typer.echo(f"{path}: a sound {kind}")
            for line in plan.data.words if plan is not None and plan.data is not None else ():
                typer.echo(f"  {line}")
    diagnostics.check()


def _exported(file: Path, base: Path | None) -> str:
    """Check a file that an export wrote; say what it is.

    Raises:
        DiagnosticError: what is wrong with it.
    """
    from hwsim.export import EXPORTS
    from hwsim.export.reading import open_export, read_configuration

    name, _ = open_export(file)
    if EXPORTS[name].read is None:
        return f"{file}: a sound checksum of the export {name}, which is not read back"
    found = read_configuration(file, base)
    lines = [f"{file}: a sound configuration of run {found.run[:12]}, event {found.event} ({name})"]
    for layer in found.layers:
        what = f"{len(layer.states):,} {layer.fabric.topology} of {layer.fabric.ports:,} ports"
        lines.append(f"  layer {layer.layer}: {what}, for {layer.cells:,} cells each")
    return "\n".join(lines)


def _is_trace(file: Path) -> bool:
    """Tell whether a file begins as a trace does."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return b'"hwsim trace, version ' in opened.read(200)


def _traced(file: Path) -> str:
    """Check a trace; say what it is.

    Raises:
        DiagnosticError: what is wrong with it.
    """
    from hwsim.execution.timeline import PICOSECONDS
    from hwsim.execution.timeline.trace import read_trace
    from hwsim.files import format_quantity

    run, spans = read_trace(file)
    last = max((span.end_ps for span in spans), default=0)
    until = format_quantity(last / PICOSECONDS, "time")
    return f"{file}: a sound trace of run {run[:12]}, {len(spans):,} spans until {until}"
