"""Progress of a run in a notebook: one line of HTML that changes in place."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from hwsim.kernels.watch import STAGE, watching
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

PAUSE = 0.2
"""Seconds between two changes of the line."""


def in_notebook() -> bool:
    """Tell whether this code runs in a notebook, which shows HTML; IPython is looked for, never loaded."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def progress_html(stage: str, share: float | None, score: str) -> str:
    """Write the line: a bar, the stage, and the score so far.

    Args:
        stage: what is being done.
        share: how much of it is, 0 to 1; None where nobody knows.
        score: of the last reconnection.

    Example:
        >>> progress_html("training", 0.5, "accuracy 0.9")
        '<progress max="1" value="0.500"></progress> training 50 %, accuracy 0.9'
    """
    value, words = (
        ("", stage) if share is None else (f' value="{share:.3f}"', f"{stage} {share:.0%}".replace("%", " %"))
    )
    return f'<progress max="1"{value}></progress> {escape(", ".join(filter(None, (words, score))))}'


class NotebookProgress:
    """A line that shows where a run stands; it is gone when the run ends."""

    def __enter__(self) -> Self:
        page: Any = import_module("IPython.display")  # there, since a notebook runs; it has no types
        self._make, self._score, self._last = page.HTML, "", 0.0
        self._line = page.display(page.HTML(progress_html("preparing", None, "")), display_id=True)
        self._ears = ExitStack()
        self._ears.enter_context(watching(self._compiling))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ears.close()
        self._line.update(self._make(""))

    def report(self, stage: str, share: float, row: Mapping[str, Any] | None) -> None:
        """Move the bar; a score row refreshes the score beside it."""
        metric = metric_in(row or {}).name
        if row is not None and row.get(metric) is not None:
            self._score = f"{metric.replace('_', ' ')} {row[metric]:.3f}, {row['toggles']:,} toggles"
        self._show(stage, share)

    def _compiling(self, done: int, busy: bool) -> None:
        if busy:
            self._show(f"{STAGE}, {done} kernels", None)

    def _show(self, stage: str, share: float | None) -> None:
        if time.monotonic() - self._last >= PAUSE or share == 1:
            self._last = time.monotonic()
            self._line.update(self._make(progress_html(stage, share, self._score)))
