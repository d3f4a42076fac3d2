"""``hwsim check``: all that is wrong in scenario, model and device files, without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Scenario, reproduction, model or device files, or names of scenarios."),
    ],
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print scenarios with every value and where it comes from.")
    ] = False,
) -> None:
    """Check scenario, reproduction, model and device files and report all that is wrong, with line and column."""
    from hwsim.files import DiagnosticError, Diagnostics, emit, read_document
    from hwsim.pipeline.session import find
    from hwsim.scenario import check_file, check_memory
    from hwsim.scenario.reproduction import is_reproduction

    diagnostics = Diagnostics()
    for file in files:
        try:
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
