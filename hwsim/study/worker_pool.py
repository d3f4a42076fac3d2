"""The worker pool of this machine: processes side by side, and one that dies is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

from hwsim.study.pool import PoolAnswer, PoolReport, PoolTask
from hwsim.study.worker import RUN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_WORK = "from hwsim.study.worker import main; main()"


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    complaints: IO[str]
    task: PoolTask | None = None
    share: float = 0.0
    compiling: bool = False
    ear: threading.Thread | None = None
    """Reads what the worker says."""


class WorkerPool:
    """Carries out tasks in processes of one thread each: a :class:`hwsim.study.Pool`.

    Args:
        size: how many processes.
        folder: where unfinished runs lie, a folder each; a task that was interrupted goes on from its own.
    """

    def __init__(self, size: int, folder: Path) -> None:
        self._size, self._folder = size, folder
        self._waiting: deque[PoolTask] = deque()
        self._workers: list[_Worker] = []
        self._said: queue.SimpleQueue[tuple[_Worker, bytes | None]] = queue.SimpleQueue()
        self._given: list[PoolTask] = []
        """Tasks whose answers were given, and perhaps not taken yet."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.kill()  # what it wrote is whole: SQLite is
        for worker in self._workers:
            self._bury(worker)
        if kind is None:
            self._clear()

    def submit(self, task: PoolTask) -> None:
        """Put a task behind those that wait."""
        self._waiting.append(task)

    def collect(self, wait: float) -> list[PoolReport | PoolAnswer]:
        """Hand waiting tasks to workers, and give what those have said; see :meth:`hwsim.study.Pool.collect`."""
        self._clear()
        self._spread()
        found: list[PoolReport | PoolAnswer] = []
        for worker, said in self._heard(wait):
            task = worker.task
            if said.get("dead"):
                self._workers.remove(worker)
                self._bury(worker)
            if task is None:  # died between tasks
                continue
            if "answer" in said or "failed" in said:
                worker.task, worker.share = None, 0.0
                found.append(self._answer(task, said))
                self._spread()
            else:
                worker.share = float(said.get("share", worker.share))
                worker.compiling = bool(said.get("compiling", worker.compiling))
                found.append(PoolReport(task.key, worker.share, worker.compiling))
        return found

    def _place(self, task: PoolTask) -> Path:
        """Tell where a task is carried out."""
        safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in task.name)
        return self._folder / f"{safe}-{task.key[:8]}"

    def _answer(self, task: PoolTask, said: dict[str, Any]) -> PoolAnswer:
        """Return what a worker said of its task, with the files wanted; a failed task's folder stays."""
        if "failed" in said:
            return PoolAnswer(task.key, failed=str(said["failed"]))
        try:
            files = {name: (self._place(task) / RUN / name).read_bytes() for name in task.wanted}
        except OSError as error:
            return PoolAnswer(task.key, failed=str(error))
        self._given.append(task)
        return PoolAnswer(task.key, said["answer"], files=files)

    def _clear(self) -> None:
        """Remove the folders of runs whose answers were taken."""
        for task in self._given:
            shutil.rmtree(self._place(task), ignore_errors=True)
        self._given.clear()

    def _spread(self) -> None:
        """Give waiting tasks to workers that have none, and start workers while there are fewer than wanted."""
        while self._waiting:
            worker = next((worker for worker in self._workers if worker.task is None), None)
            if worker is None:
                if len(self._workers) >= self._size:
                    return
                worker = self._hire()
            self._tell(worker, self._waiting.popleft())

    def _heard(self, wait: float) -> Iterator[tuple[_Worker, dict[str, Any]]]:
        """Wait for a worker to say something; yield all that workers have said since the last time."""
        deadline = time.monotonic() + wait
        with contextlib.suppress(queue.Empty):
            while True:
                worker, line = self._said.get(timeout=max(0.0, deadline - time.monotonic()))
                deadline = 0.0
                yield worker, self._end(worker) if line is None else json.loads(line)

    def _hire(self) -> _Worker:
        complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when the worker is buried
        process = subprocess.Popen(  # noqa: S603 - this Python, this package
            # the same modules as here, from wherever they came
            [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {_WORK}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, **ONE_THREAD},
            # Ctrl-C reaches this process alone, which ends the workers
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        worker = _Worker(process, complaints)
        self._workers.append(worker)
        worker.ear = threading.Thread(target=self._listen, args=(worker,), daemon=True)
        worker.ear.start()
        return worker

    def _tell(self, worker: _Worker, task: PoolTask) -> None:
        worker.task = task
        with contextlib.suppress(BrokenPipeError):  # dead already: its silence is heard next
            if worker.process.stdin is not None:
                pickle.dump((task, self._place(task)), worker.process.stdin)
                worker.process.stdin.flush()

    def _listen(self, worker: _Worker) -> None:
        """Pass on a worker's whole lines, and then that it ended: a thread each, as not every system watches pipes."""
        for line in worker.process.stdout or ():
            if line.endswith(b"\n"):
                self._said.put((worker, line))
        self._said.put((worker, None))

    @staticmethod
    def _end(worker: _Worker) -> dict[str, Any]:
        """Say why a worker ended."""
        code = worker.process.wait()
        worker.complaints.seek(0)
        last = [text for text in worker.complaints.read().splitlines() if text.strip()][-1:]
        why = f"its process was ended by signal {-code}" if code < 0 else f"its process ended with code {code}"
        hint = " (out of memory?)" if code == -9 else ""  # noqa: PLR2004 - SIGKILL
        return {"failed": ": ".join([why + hint, *last]), "dead": True}

    @staticmethod
    def _bury(worker: _Worker) -> None:
        worker.process.wait()
        if worker.ear is not None:
            worker.ear.join()
        for stream in (worker.process.stdin, worker.process.stdout, worker.complaints):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
