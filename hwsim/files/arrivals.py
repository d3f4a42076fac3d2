"""Arrival traces: when requests come, one time in seconds per line of a CSV file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING

import numpy as np

from hwsim.files.diagnostic import Diagnostic, DiagnosticError
from hwsim.files.memory import refuse_more

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEADER = "time_s"
PICOSECONDS = Decimal(10**12)
LATEST = 4_000_000
"""Seconds, 46 days: the sum of two times fits 64 bits of picoseconds."""
FEW = 5
"""Wrong lines that are told."""
MEMORY = 7
"""Bytes that reading takes at the least for one byte of the file: its text, its lines, its times."""
HINT = "write one time in seconds per line below the line time_s, such as 0.0025"


@dataclass(frozen=True, eq=False)
class Arrivals:
    """When requests come.

    Args:
        times_ps: int64 (requests,), picoseconds from the start on, never falling.
        digest: SHA-256 of the times in hexadecimal digits; how the file writes them does not matter.
    """

    times_ps: NDArray[np.int64]
    digest: str


def read_arrivals(path: Path) -> Arrivals:
    r"""Read an arrival trace: a line ``time_s``, then one time in seconds per line, never falling.

    Times are decimal numbers, rounded to whole picoseconds, halves to even.

    Raises:
        DiagnosticError: the file cannot be read, or lines are wrong; the first five of them are told.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "arrivals.csv")
        ...     _ = file.write_text("time_s\n0\n1.5e-6\n0.002\n")
        ...     read_arrivals(file).times_ps.tolist()
        [0, 1500000, 2000000000]
    """
    head, *lines = _text(path).removesuffix("\n").split("\n")
    if head.strip() != HEADER:
        raise DiagnosticError([_wrong(path, 0, "the first line must be 'time_s'", head)])
    if not lines:
        raise DiagnosticError([_wrong(path, 1, "an arrival trace needs at least one time", "")])
    times, found, last = np.zeros(len(lines), np.int64), list[Diagnostic](), Decimal()
    for row, line in enumerate(lines):
        try:
            time = Decimal(line.replace("_", "?"))  # Decimal reads 1_0 as ten
            if last <= time <= LATEST:
                times[row], last = int((time * PICOSECONDS).to_integral_value()), time
                continue
            what = "times must not fall" if 0 <= time < last else f"a time must lie between 0 and {LATEST:,} s"
        except DecimalException:
            what = "a time must be a number"
        found.append(_wrong(path, row + 1, what, line))
        if len(found) == FEW:
            break
    if found:
        raise DiagnosticError(found)
    return Arrivals(times, hashlib.sha256(times.astype("<i8").tobytes()).hexdigest())


def _text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        DiagnosticError: it cannot be read, is larger than the memory, or is not UTF-8.
    """
    try:
        refuse_more(MEMORY * path.stat().st_size, f"{path}: its arrivals")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row, why = error.object[: error.start].count(b"\n"), "an arrival trace must be UTF-8 text"
    except MemoryError as error:
        row, why = 0, str(error)
    except OSError as error:
        row, why = 0, f"the arrival trace cannot be read ({error.strerror or error})"
    raise DiagnosticError([_wrong(path, row, why, "")])


def _wrong(path: Path, row: int, what: str, line: str) -> Diagnostic:
    return Diagnostic(str(path), row + 1, 1, what, repr(line.strip()[:40]) if line else "", HINT, line)
