"""A worker of the worker pool: a process that is told tasks on stdin, pickled, and answers in lines on stdout.

It ends when its stdin does, even in the middle of a run, so that it never outlives who started it.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import queue
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwsim.errors import HwsimError
from hwsim.files.registry import blame
from hwsim.kernels.watch import watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.study.pool import PoolTask

REPORT_SECONDS = 0.5
SCENARIO, RUN = "scenario.toml", "run"
"""In a task's folder: its scenario, with what lies beside it, and the folder of its run."""


def main() -> None:
    """Carry out tasks until stdin ends."""
    orders: queue.Queue[tuple[PoolTask, Path]] = queue.Queue()

    def listen() -> None:
        told = io.BufferedReader(io.FileIO(0))
        try:
            while told.peek(1):
                orders.put(pickle.load(told))  # noqa: S301 - from the process that started this one
        except Exception:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)  # whoever started this is gone, or wants no more

    # an answer goes to the real stdout; whatever prints meanwhile must not be taken for one
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    threading.Thread(target=listen, daemon=True).start()
    while True:
        task, folder = orders.get()
        last = time.monotonic()

        def report(_stage: str, share: float, _row: dict[str, Any] | None) -> None:
            nonlocal last
            if time.monotonic() - last > REPORT_SECONDS:
                last = time.monotonic()
                answers.write(json.dumps({"share": share}) + "\n")
                answers.flush()

        def compiling(_done: int, busy: bool) -> None:
            answers.write(json.dumps({"compiling": busy}) + "\n")
            answers.flush()

        with watching(compiling):
            found = carry_out(task, folder, report)
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def carry_out(
    task: PoolTask, folder: Path, report: Callable[[str, float, dict[str, Any] | None], None]
) -> dict[str, Any]:
    """Carry out one task in a folder, or go on where an earlier try stopped.

    Args:
        task: what is wanted.
        folder: a folder for this task alone; its run lies in ``run`` afterwards.
        report: told the stage, the share of it that is done, and a score row.

    Returns:
        Its ``answer``, or under ``failed`` why there is none.
    """
    from hwsim.pipeline.session import load, measure

    begin = time.monotonic()
    try:
        for name, content in {**task.files, SCENARIO: task.scenario.encode()}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        found = measure(load(folder / SCENARIO, task.settings, task.seed), folder / RUN, report, task.events)
    except (Exception, MemoryError) as error:  # whatever it is, the other runs go on and the report names it
        return {"failed": _why(error)}
    return {"answer": {**found, "seconds": round(time.monotonic() - begin, 2)}}


def _why(error: BaseException) -> str:
    """Say what went wrong: in this program's words if it foresaw the error, else with the place in the code."""
    if isinstance(error, HwsimError):
        return str(error)
    if blamed := blame(error):
        return blamed
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
