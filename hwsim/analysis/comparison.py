"""Finished runs side by side: one row per run, with the settings in which they differ and what came out."""

from __future__ import annotations

import glob
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwsim.errors import BAD_INPUT, HwsimError, HwsimWarning, check_type
from hwsim.files import read_document
from hwsim.files.frame import to_pandas, to_polars
from hwsim.files.markup import html_table, svg_image
from hwsim.pipeline.folder import SCENARIO, RunFolder
from hwsim.pipeline.session import Answer, read_run
from hwsim.report.comparison import draw_comparison
from hwsim.report.style import svg_of
from hwsim.task import metric_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.figure import Figure


_NAMED = (("task", "name"), ("device", "name"), ("crossbar", "technology"), ("controller", "name"))
"""Tables whose other settings follow from a name, for the most part."""


class NoRunsError(HwsimError, ValueError):
    """There is nothing to read or to compare; the message says where it was looked for."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Comparison:
    """Finished runs, with what differs between them.

    ``differing`` are the settings that are not the same in all runs, as dotted keys of a scenario. ``rows`` has one
    dictionary per run: ``run``, ``scenario``, ``made_at``, the differing settings, ``events``, ``reference``, and every
    number of the final score.
    """

    answers: tuple[Answer, ...]
    differing: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        return f"<Comparison of {len(self.rows)} runs, which differ in {', '.join(self.differing) or 'nothing'}>"

    def _repr_html_(self) -> str:
        columns = list(self.rows[0])
        table = html_table(columns, [[row.get(one) for one in columns] for row in self.rows])
        alike = len({metric_in(answer.rows[0]).name for answer in self.answers}) == 1
        return table + (svg_image(svg_of(self.figure())) if alike else "")

    def labels(self) -> list[str]:
        """Name every run by its differing settings, or by its folder where those say nothing.

        Where devices differ, for example, their names say it, and not each number of their datasheets.
        """
        named = {f"{table}." for table, name in _NAMED if f"{table}.{name}" in self.differing}
        heads = [f"{table}.{name}" for table, name in _NAMED]
        keys = [one for one in self.differing if one in heads or f"{one.partition('.')[0]}." not in named]
        said = [", ".join(f"{key} = {row[key]}" for key in keys) for row in self.rows]
        alike = len(set(said)) < len(said)
        return [str(row["run"]) if alike else text for row, text in zip(self.rows, said, strict=True)]

    def figure(self) -> Figure:
        """Draw accuracy (or error) against toggles, one line per run.

        Raises:
            NoRunsError: the runs are scored by different metrics.
        """
        names = {metric_in(answer.rows[0]).name for answer in self.answers}
        if len(names) > 1:
            raise NoRunsError(f"these runs are scored by {' and '.join(sorted(names))}; compare those of one kind")
        return draw_comparison([answer.rows for answer in self.answers], self.labels())

    def to_pandas(self) -> Any:
        """Make a pandas DataFrame of the rows (``pip install 'hwsim[pandas]'``)."""
        return to_pandas(self.rows)

    def to_polars(self) -> Any:
        """Make a polars DataFrame of the rows (``pip install 'hwsim[polars]'``)."""
        return to_polars(self.rows)


def compare(*runs: Answer | str | Path) -> Comparison:
    """Lay finished runs side by side: settings that differ, final scores, and one picture of all.

    Args:
        runs: answers, run folders, or patterns such as ``"runs/*"``; folders that a pattern finds and that hold no
            finished run are left out with a warning.

    Raises:
        NoRunsError: no finished run is there.
        FolderError: a folder that was named holds no finished run, or a damaged one.
    """
    answers: list[Answer] = []
    for one in runs:
        if isinstance(one, Answer):
            answers.append(one)
            continue
        check_type("runs", one, "a path")
        answers += [read_run(folder) for folder in _folders(one)]
    if not answers:
        raise NoRunsError("no runs to compare; give answers, run folders, or a pattern such as 'runs/*'")
    settings = [_settings(answer.run) for answer in answers]
    keys = dict.fromkeys(key for found in settings for key in found)
    differing = tuple(key for key in keys if len({json.dumps(found.get(key)) for found in settings}) > 1)
    differing = tuple(key for key in differing if key != "title")
    return Comparison(
        tuple(answers), differing, tuple(_row(*both, differing) for both in zip(answers, settings, strict=True))
    )


def read(pattern: str | Path = "runs/*", frame: str = "pandas") -> Any:
    """Read finished runs into one frame, a row per run, with the settings that differ as columns.

    Args:
        pattern: run folders, such as ``"runs/*"`` or ``"runs/digits-*"``; or one folder.
        frame: ``pandas`` or ``polars``, whichever is installed (``pip install 'hwsim[pandas]'``).

    Raises:
        NoRunsError: no finished run is there, or an unknown frame.
        FolderError: a run is damaged.
    """
    check_type("pattern", pattern, "a path")
    if frame not in {"pandas", "polars"}:
        raise NoRunsError(f"there is no frame {frame!r}; use 'pandas' or 'polars'")
    found = compare(pattern)
    return found.to_pandas() if frame == "pandas" else found.to_polars()


def _folders(given: str | Path) -> list[Path]:
    """List the run folders that a path or a pattern names, sorted."""
    if Path(given).is_dir() or not glob.has_magic(str(given)):
        return [Path(given)]
    found = [Path(one) for one in sorted(glob.glob(str(given))) if Path(one).is_dir()]  # noqa: PTH207 - a pattern may be absolute
    done = [one for one in found if RunFolder(one).finished]
    if left := [str(one) for one in found if one not in done]:
        shown = ", ".join(left[:3]) + (f" and {len(left) - 3} more" if len(left) > 3 else "")  # noqa: PLR2004 - a short line
        warnings.warn(HwsimWarning(f"left out, since no finished run lies there: {shown}"), stacklevel=4)
    if not done:
        raise NoRunsError(f"{given}: no finished run matches; hwsim run leaves its folder under runs/")
    return done


def _settings(run: Path) -> dict[str, Any]:
    """Return every setting of a finished run by its dotted key."""
    return dict(_flat(read_document(run / SCENARIO).data, ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _row(answer: Answer, settings: Mapping[str, Any], differing: Iterable[str]) -> dict[str, Any]:
    """Return one run as a row; lists among its settings become text."""
    plain = {key: _plain(settings.get(key)) for key in differing}
    made = {"run": str(answer.run), "scenario": settings.get("title", ""), "made_at": answer.made_at}
    return {**made, **plain, "events": answer.events, "reference": answer.reference, **answer.final}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else json.dumps(value)
