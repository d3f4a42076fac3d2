"""A schedule as columns of a Parquet file, row by row what lines of CSV say (``hwsim export RUN --format parquet``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files.parquet import read_columns
from hwsim.schedule.lines import LineReader, Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = {"event": "i", "kind": "U", "layer": "i", "bank": "i", "position": "i", "cell": "i", "value": "f"}
"""Columns with their kinds (:mod:`hwsim.files.parquet`)."""
NEEDED = {
    "cell": ("event", "layer", "bank", "position", "cell"),
    "bias": ("event", "layer", "bank"),
    "gain": ("event", "layer", "bank"),
    "steps": ("event", "cell"),
}
"""What rows of a kind must have; a line of a report is the number of a row, counted from 1."""


class ColumnReader(LineReader):
    """One file of columns, and what is wrong with it."""

    def parsed(self) -> Lines:
        """Take every row by its kind; report those that lack something.

        Raises:
            Refusal: no such columns, or a file that was changed.
            MissingExtraError: pyarrow is not installed.
        """
        columns = read_columns(self.path, COLUMNS)
        rows = {kind: self._rows(columns, kind) for kind in NEEDED}
        for row in np.flatnonzero(~np.isin(columns["kind"], list(NEEDED))):
            hint = f"write {', '.join(NEEDED)}"
            self.fault(int(row) + 1, "there is no such kind of row", repr(str(columns["kind"][row])[:20]), hint)
        moved = rows["cell"]
        moves = np.stack([moved + 1, *(columns[name][moved] for name in NEEDED["cell"])], axis=1)
        writes = []
        for kind in ("bias", "gain"):
            for row in rows[kind].tolist():
                numbers = [int(columns[name][row]) for name in NEEDED[kind]]
                write = self.register(row + 1, kind, numbers, float(columns["value"][row]))
                writes += [write] if write is not None else []
        steps = {int(columns["event"][row]): (int(row) + 1, int(columns["cell"][row])) for row in rows["steps"]}
        return Lines(moves.reshape(-1, 6), writes, steps)

    def _rows(self, columns: dict[str, NDArray[Any]], kind: str) -> NDArray[np.int64]:
        """Return the rows of a kind that have all they need; report the others."""
        chosen = np.flatnonzero(columns["kind"] == kind)
        lacking = np.stack([columns[name][chosen] < 0 for name in NEEDED[kind]])
        for column, at in np.argwhere(lacking):
            self.fault(int(chosen[at]) + 1, f"a row of kind {kind!r} has no {NEEDED[kind][column]!r}")
        return np.asarray(chosen[~lacking.any(axis=0)], np.int64)
