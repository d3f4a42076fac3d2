"""Workers side by side: jobs handed out, answers gathered, a worker that dies replaced."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    from hwsim.reproduction.job import Job

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

_WORK = "from hwsim.reproduction.worker import main; main()"


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Standing:
    """How far all jobs are: told to whoever watches."""

    jobs: int
    done: int
    failed: int
    share: float
    """Of the whole cost, 0 to 1."""
    left_seconds: float | None
    """Estimate from what the jobs have taken so far; None in the beginning."""


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    complaints: IO[str]
    job: Job | None = None
    share: float = 0.0
    heard: bytes = b""
    """What came after the last whole line."""


class Crew:
    """Worker processes of one thread each; leaving the block ends them at once.

    Args:
        size: how many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._workers: list[_Worker] = []

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
        jobs: Sequence[Job],
        order: Callable[[Job], Mapping[str, Any]],
        watch: Callable[[Standing], None] = lambda _: None,
    ) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Hand out jobs in order and give each one's answer as it comes: ``answer``, or ``failed`` and why.

        Args:
            jobs: what is to be done.
            order: what a worker is told of a job.
            watch: told how far all are, a few times a second.
        """
        waiting, total, begin = list(jobs)[::-1], sum(job.cost for job in jobs) or 1.0, time.monotonic()
        done, failed, spent = 0, 0, 0.0
        with selectors.DefaultSelector() as ears:
            for _ in range(min(self._size, len(waiting))):
                self._hire(ears, waiting.pop(), order)
            while any(worker.job for worker in self._workers):
                heard = [(key, said) for key, _ in ears.select(timeout=0.5) for said in self._hear(key.data)]
                for key, said in heard:
                    worker: _Worker = key.data
                    job = worker.job
                    if job is None:
                        if said.get("dead"):  # between jobs: its end would be heard again and again
                            ears.unregister(key.fileobj)
                        continue
                    if "share" in said:
                        worker.share = float(said["share"])
                        continue
                    done, failed, spent = done + 1, failed + ("failed" in said), spent + job.cost
                    worker.job, worker.share = None, 0.0
                    if said.get("dead"):
                        ears.unregister(key.fileobj)
                        self._workers.remove(worker)
                        self._bury(worker)
                        if waiting:
                            self._hire(ears, waiting.pop(), order)
                    elif waiting:
                        self._tell(worker, waiting.pop(), order)
                    yield job, said
                share = (spent + sum(w.share * w.job.cost for w in self._workers if w.job)) / total
                passed = time.monotonic() - begin
                watch(Standing(len(jobs), done, failed, share, passed / share * (1 - share) if share > 0 else None))

    def _hire(self, ears: selectors.BaseSelector, job: Job, order: Callable[[Job], Mapping[str, Any]]) -> None:
        complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed when the worker is buried
        process = subprocess.Popen(  # noqa: S603 - this Python, this package
            # the same modules as here, from wherever they came
            [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {_WORK}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C reaches this process alone, which ends the workers
        )
        worker = _Worker(process, complaints)
        self._workers.append(worker)
        ears.register(process.stdout or sys.stdin, selectors.EVENT_READ, worker)
        self._tell(worker, job, order)

    def _tell(self, worker: _Worker, job: Job, order: Callable[[Job], Mapping[str, Any]]) -> None:
        worker.job = job
        with contextlib.suppress(BrokenPipeError):  # dead already: its silence is heard next
            if worker.process.stdin is not None:
                worker.process.stdin.write(json.dumps(order(job)).encode() + b"\n")
                worker.process.stdin.flush()

    @staticmethod
    def _hear(worker: _Worker) -> list[dict[str, Any]]:
        """The lines of a worker that are there; a worker that died in its job says so by its end.

        All of them at once, past Python's buffers: a line left in one would never wake the selector.
        """
        found = os.read(worker.process.stdout.fileno(), 1 << 16) if worker.process.stdout is not None else b""
        if found:
            *lines, worker.heard = (worker.heard + found).split(b"\n")
            return [json.loads(line) for line in lines]
        code = worker.process.wait()
        worker.complaints.seek(0)
        last = [text for text in worker.complaints.read().splitlines() if text.strip()][-1:]
        why = f"its process was ended by signal {-code}" if code < 0 else f"its process ended with code {code}"
        hint = " (out of memory?)" if code == -9 else ""  # noqa: PLR2004 - SIGKILL
        return [{"failed": ": ".join([why + hint, *last]), "dead": True}]

    @staticmethod
    def _bury(worker: _Worker) -> None:
        worker.process.wait()
        for stream in (worker.process.stdin, worker.process.stdout, worker.complaints):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
