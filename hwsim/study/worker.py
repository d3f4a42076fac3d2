"""A worker: one process that carries out runs, told one per line on stdin, answering a line each on stdout.

It ends when its stdin does, even in the middle of a run, so that it never outlives who started it.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from hwsim.errors import HwsimError
from hwsim.files.registry import blame
from hwsim.kernels.watch import watching

REPORT_SECONDS = 0.5


def main() -> None:
    """Carry out runs until stdin ends."""
    orders: queue.Queue[dict[str, Any]] = queue.Queue()

    def listen() -> None:
        for line in sys.stdin:
            orders.put(json.loads(line))
        os._exit(0)  # whoever started this is gone, or wants no more

    # an answer goes to the real stdout; whatever prints meanwhile must not be taken for one
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    threading.Thread(target=listen, daemon=True).start()
    while True:
        order = orders.get()
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
            found = _carry_out(order, report)
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def _why(error: BaseException) -> str:
    """What went wrong: in the words of this program where it foresaw it, else with the place in the code."""
    if isinstance(error, HwsimError):
        return str(error)
    if blamed := blame(error):
        return blamed
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"


def _carry_out(order: dict[str, Any], report: Any) -> dict[str, Any]:
    """One run; its answer, or why it failed. The run's folder is removed once the answer is kept."""
    from hwsim.pipeline.session import load, measure

    folder, kept = Path(order["folder"]), Path(order["kept"])
    begin = time.monotonic()
    try:
        scenario = load(order["scenario"], order["settings"], order["seed"])
        found = measure(scenario, folder, report, order["events"])
    except (Exception, MemoryError) as error:  # whatever it is, the other runs go on and the report names it
        return {"failed": _why(error)}
    answer = {**found, "seconds": round(time.monotonic() - begin, 2)}
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f".part.{kept.name}.{os.getpid()}")
    part.write_text(json.dumps(answer, indent=1) + "\n")
    part.replace(kept)
    if not order["keep_folder"]:
        shutil.rmtree(folder, ignore_errors=True)
    return {"answer": answer}
