"""A live bar on stderr, off where stderr is no terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

if TYPE_CHECKING:
    from hwsim.study import PoolProgress


class RunProgress:
    """One bar a stage; the latest score stands beside it."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Bar(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TaskProgressColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[score]}"),
            console=console,
            disable=not console.is_terminal,
        )
        # shown until the first stage: loading the libraries takes seconds on a cold machine
        self._preparing = self._bar.add_task("preparing", total=None, score="")
        self._stages: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.update(self._preparing, visible=False)
        self._bar.stop()

    def report(self, stage: str, share: float, row: dict[str, Any] | None) -> None:
        """Move a stage's bar; a row refreshes the score beside it."""
        self._bar.update(self._preparing, visible=False)
        if stage not in self._stages:
            self._stages[stage] = self._bar.add_task(stage, total=1.0, score="")
        self._bar.update(self._stages[stage], completed=share)
        from hwsim.task import metric_in

        metric = metric_in(row or {}).name
        if row is not None and metric in row:
            score = f"{metric.replace('_', ' ')} {row[metric]:.3f}, {row['toggles']:,} toggles"
            self._bar.update(self._stages[stage], score=score)


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

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def watch(self, standing: PoolProgress) -> None:
        """Move the bar."""
        words = f"{standing.done} of {standing.jobs} runs" + f", {standing.failed} failed" * bool(standing.failed)
        left = "" if standing.left_seconds is None else f"about {spoken(standing.left_seconds)} left"
        self._bar.update(self._task, completed=standing.share, description=words, left=left)
        if not self._console.is_terminal and time.monotonic() - self._last > self.LINE_SECONDS:
            self._last = time.monotonic()
            self._console.print(", ".join(filter(None, (words, f"{standing.share:.0%}", left))))


def spoken(seconds: float) -> str:
    """A duration as one says it.

    Example:
        >>> spoken(42), spoken(600), spoken(9000)
        ('42 s', '10 min', '2.5 h')
    """
    minute, hour = 60, 3600
    if seconds < 2 * minute:
        return f"{seconds:.0f} s"
    return f"{seconds / minute:.0f} min" if seconds < 2 * hour else f"{seconds / hour:.1f} h"
