"""One row of the score table: the state of a run after one reconnection."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Score:
    """The score of a run after an event; costs are cumulative over the events so far.

    ``metric`` is the accuracy (classification) or the largest error (regression) of the emulated chip with event noise
    on, ``metric_low`` and ``metric_high`` its 95 % Wilson interval (classification only), ``metric_noiseless`` the
    value without event noise. Where a reconnection was not evaluated (``scores = "last"``) these are left out.
    ``task`` names the task that was evaluated, of several; ``trajectory_error`` is that of
    :func:`hwsim.score.evaluate.trajectory_errors` over the first period and ``trajectory_error_worst`` over the worst
    of several, for a task that has trajectories. ``saturated_registers`` counts those that are too narrow for their
    values, where there are any. ``fault`` says in words what broke at this event, or what was found and done about it.
    """

    event: int
    epoch: float
    metric: float | None
    metric_low: float | None
    metric_high: float | None
    metric_noiseless: float | None
    loss: float | None
    moves: int
    toggles: int
    bias_writes: int
    energy_j: float
    time_ps: int
    switches: int
    inference_energy_j: float
    inference_time_s: float
    router: str
    task: str | None = None
    trajectory_error: float | None = None
    trajectory_error_worst: float | None = None
    saturated_registers: int | None = None
    fault: str | None = None

    def row(self, metric: str) -> dict[str, Any]:
        r"""Return the row as users read it: the metric under its own name, time in seconds.

        Example:
            >>> score = Score(1, 1.0, 0.9, 0.8, 0.95, 0.91, 0.3, 4, 3, 2, 1e-9, 2000, 6, 1e-9, 1e-7, "greedy")
            >>> row = score.row("accuracy")
            >>> row["accuracy"], row["time_s"]
            (0.9, 2e-09)
        """
        named: dict[str, Any] = {}
        for field, name in columns(metric).items():
            value = getattr(self, field)
            if value is not None:
                named[name] = value / 10**12 if field == "time_ps" else value
        return named


def columns(metric: str) -> dict[str, str]:
    """Name the columns of a score table by the fields of :class:`Score` they are made from.

    Example:
        >>> columns("max_error")["metric"], columns("max_error")["time_ps"]
        ('max_error', 'time_s')
    """
    return {f.name: {"time_ps": "time_s"}.get(f.name, f.name.replace("metric", metric)) for f in fields(Score)}


def write_table(rows: Sequence[Mapping[str, Any]]) -> str:
    r"""Write rows as CSV text, columns in the order in which rows bring them up.

    Example:
        >>> write_table([{"event": 0, "toggles": 3}])
        'event,toggles\n0,3\n'
        >>> write_table([{"event": 0}, {"event": 1, "saturated_registers": 2}])
        'event,saturated_registers\n0,\n1,2\n'
    """
    text = io.StringIO()
    names = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(text, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
