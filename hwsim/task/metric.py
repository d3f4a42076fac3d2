"""By what number outputs are evaluated: its name in score rows, its words in pictures, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Metric:
    """One number by which outputs are evaluated.

    Args:
        name: its key in score rows and answers.
        words: what people call it.
        on: what it is taken over.
        more_is_better: whether larger values are better.
    """

    name: str
    words: str
    on: str
    more_is_better: bool

    @property
    def axis(self) -> str:
        """Return what stands at the axis of a picture.

        Example:
            >>> METRICS["accuracy"].axis
            'accuracy on the test set'
        """
        return f"{self.words} on the {self.on}"


METRICS = {
    one.name: one
    for one in (
        Metric("accuracy", "accuracy", "test set", more_is_better=True),
        Metric("max_error", "largest error", "test grid", more_is_better=False),
    )
}
"""Every metric by its name: of classification, and of regression."""


def metric_in(row: Mapping[str, Any]) -> Metric:
    """Return the metric whose number a score row or an answer holds; that of regression if it holds none.

    Example:
        >>> metric_in({"accuracy": 0.9}).name, metric_in({"max_error": 0.1}).more_is_better
        ('accuracy', False)
    """
    return METRICS[next((name for name in METRICS if name in row), "max_error")]
