"""A live bar on stderr, off where stderr is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar


class Progress:
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
        merit = next((name for name in ("accuracy", "max_error") if name in (row or {})), None)
        if row is not None and merit is not None:
            score = f"{merit.replace('_', ' ')} {row[merit]:.3f}, {row['toggles']:,} toggles"
            self._bar.update(self._stages[stage], score=score)
