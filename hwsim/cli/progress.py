"""A live bar on stderr; where stderr is no terminal, a plain line now and then."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from hwsim.kernels.watch import LINE_SECONDS, STAGE, say, watching

if TYPE_CHECKING:
    from hwsim.study import SweepProgress


class RunProgress:
    """One bar a stage; the latest score stands beside it. Where stderr is no terminal, a line every ten seconds."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._terminal = console.is_terminal
        self._bar = Bar(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TaskProgressColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[score]}"),
            console=console,
            disable=not self._terminal,
        )
        # shown until the first stage: loading the libraries takes seconds on a cold machine
        self._preparing = self._bar.add_task("preparing", total=None, score="")
        self._stages: dict[str, Any] = {}
        self._ears = ExitStack()
        self._ended = threading.Event()
        self._now, self._done, self._began = "", 0, 0.0
        self._busy = False

    def __enter__(self) -> Self:
        self._bar.start()
        self._ears.enter_context(watching(self.compiling))
        if not self._terminal:
            threading.Thread(target=self._live, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._ears.close()
        self._bar.update(self._preparing, visible=False)
        self._bar.stop()

    def report(self, stage: str, share: float, row: dict[str, Any] | None) -> None:
        """Move a stage's bar; a row refreshes the score beside it."""
        self._now = f"{stage} {share:.0%}"
        self._bar.update(self._preparing, visible=False)
        if stage not in self._stages:
            self._stages[stage] = self._bar.add_task(stage, total=1.0, score="")
        self._bar.update(self._stages[stage], completed=share)
        from hwsim.task import metric_in

        metric = metric_in(row or {}).name
        if row is not None and metric in row:
            score = f"{metric.replace('_', ' ')} {row[metric]:.3f}, {row['toggles']:,} toggles"
            self._bar.update(self._stages[stage], score=score)

    def compiling(self, done: int, busy: bool) -> None:
        """Show that kernels are compiled: a moving bar, since nobody knows how many this run will need."""
        first, self._done, self._busy = not self._began, done, busy
        if first:
            self._began = time.monotonic()
            self._bar.update(self._preparing, visible=False)
            self._stages[STAGE] = self._bar.add_task(STAGE, total=None, score="")
            self._line()
        total = None if busy else max(done, 1)  # all that were begun are done: until the next one the bar stands still
        self._bar.update(self._stages[STAGE], total=total, completed=done, score=f"{done} kernels")

    def _live(self) -> None:
        while not self._ended.wait(LINE_SECONDS):
            self._line()

    def _line(self) -> None:
        """Say where things stand, on one line, where there is no terminal and something has begun."""
        text = say(self._done, time.monotonic() - self._began) if self._busy else self._now
        if text and not self._terminal:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


class Sweep:
    """One bar for many runs, with an estimate of what is left; a line now and then where stderr is no terminal."""

    LINE_SECONDS = 60.0

    def __init__(self, runs: int) -> None:
        self._console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(f"0 of {runs} runs", total=1.0, left="")
        self._last = time.monotonic()
        self._compiling = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def watch(self, progress: SweepProgress) -> None:
        """Move the bar."""
        words = f"{progress.done} of {progress.jobs} runs" + f", {progress.failed} failed" * bool(progress.failed)
        words += f", {STAGE}" * progress.compiling
        left = "" if progress.left_seconds is None else f"about {spoken(progress.left_seconds)} left"
        self._bar.update(self._task, completed=progress.share, description=words, left=left)
        began = progress.compiling and not self._compiling
        self._compiling = self._compiling or progress.compiling
        pause = LINE_SECONDS if progress.compiling else self.LINE_SECONDS
        if not self._console.is_terminal and (began or time.monotonic() - self._last > pause):
            self._last = time.monotonic()
            line = ", ".join(filter(None, (words, f"{progress.share:.0%}", left)))
            self._console.print(line, soft_wrap=True)


def spoken(seconds: float) -> str:
    """Write a duration as people say it.

    Example:
        >>> spoken(42), spoken(600), spoken(9000)
        ('42 s', '10 min', '2.5 h')
    """
    minute, hour = 60, 3600
    if seconds < 2 * minute:
        return f"{seconds:.0f} s"
    return f"{seconds / minute:.0f} min" if seconds < 2 * hour else f"{seconds / hour:.1f} h"
