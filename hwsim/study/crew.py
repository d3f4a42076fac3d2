"""Workers side by side: jobs handed out, answers gathered, a worker that dies replaced."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from hwsim.study.jobs import RunJob

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_WORK = "from hwsim.study.worker import main; main()"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class PoolProgress:
    """How far all jobs are: told to whoever watches."""

    jobs: int
    done: int
    failed: int
    share: float
    """Of the whole cost, 0 to 1."""
    left_seconds: float | None
    """Estimate from what the jobs have taken so far; None in the beginning."""
    compiling: bool = False
    """Whether a worker is compiling kernels."""


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    complaints: IO[str]
    job: RunJob | None = None
    share: float = 0.0
    compiling: bool = False
    ear: threading.Thread | None = None
    """Reads what the worker says."""


class Crew:
    """Worker processes of one thread each; leaving the block ends them at once.

    Args:
        size: how many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._workers: list[_Worker] = []
        self._said: queue.SimpleQueue[tuple[_Worker, bytes | None]] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.process.kill()  # what it wrote is whole: SQLite and answers are
        for worker in self._workers:
            self._bury(worker)

    def carry_out(
        self,
        jobs: Sequence[RunJob],
        order: Callable[[RunJob], Mapping[str, Any]],
        watch: Callable[[PoolProgress], None] = lambda _: None,
    ) -> Iterator[tuple[RunJob, dict[str, Any]]]:
        """Hand out jobs in order and give each one's answer as it comes: ``answer``, or ``failed`` and why.

        Args:
            jobs: what is to be done.
            order: what a worker is told of a job.
            watch: told how far all are, a few times a second.
        """
        waiting, total, begin = list(jobs)[::-1], sum(job.cost for job in jobs) or 1.0, time.monotonic()
        done, failed, spent = 0, 0, 0.0
        for _ in range(min(self._size, len(waiting))):
            self._hire(waiting.pop(), order)
        while any(worker.job for worker in self._workers):
            for worker, said in self._heard():
                job = worker.job
                if job is None:  # died between jobs
                    continue
                if "compiling" in said:
                    worker.compiling = bool(said["compiling"])
                    continue
                if "share" in said:
                    worker.share = float(said["share"])
                    continue
                done, failed, spent = done + 1, failed + ("failed" in said), spent + job.cost
                worker.job, worker.share = None, 0.0
                if said.get("dead"):
                    self._workers.remove(worker)
                    self._bury(worker)
                    if waiting:
                        self._hire(waiting.pop(), order)
                elif waiting:
                    self._tell(worker, waiting.pop(), order)
                yield job, said
            share = (spent + sum(w.share * w.job.cost for w in self._workers if w.job)) / total
            passed = time.monotonic() - begin
            left = passed / share * (1 - share) if share > 0 else None
            compiling = any(worker.compiling for worker in self._workers)
            watch(PoolProgress(len(jobs), done, failed, share, left, compiling))

    def _heard(self) -> list[tuple[_Worker, dict[str, Any]]]:
        """What workers have said since the last time, after at most half a second."""
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self._said.get(timeout=0.5))
            while True:
                found.append(self._said.get_nowait())
        return [(worker, self._end(worker) if line is None else json.loads(line)) for worker, line in found]

    def _hire(self, job: RunJob, order: Callable[[RunJob], Mapping[str, Any]]) -> None:
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
        self._tell(worker, job, order)

    def _tell(self, worker: _Worker, job: RunJob, order: Callable[[RunJob], Mapping[str, Any]]) -> None:
        worker.job = job
        with contextlib.suppress(BrokenPipeError):  # dead already: its silence is heard next
            if worker.process.stdin is not None:
                worker.process.stdin.write(json.dumps(order(job)).encode() + b"\n")
                worker.process.stdin.flush()

    def _listen(self, worker: _Worker) -> None:
        """Pass on a worker's whole lines, and then that it ended: a thread each, as not every system watches pipes."""
        for line in worker.process.stdout or ():
            if line.endswith(b"\n"):
                self._said.put((worker, line))
        self._said.put((worker, None))

    @staticmethod
    def _end(worker: _Worker) -> dict[str, Any]:
        """Why a worker ended."""
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
