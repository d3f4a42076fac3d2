"""Tables with named columns: CSV text, and Parquet where pyarrow is installed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files.memory import refuse_more
from hwsim.task.arrays.sources import FEW, listed, refuse
from hwsim.task.data import DataFault, DataFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

DELIMITERS = ",;\t"


class Table:
    """Columns by name. Those of numbers are read as float64, or int64 from Parquet; all else as text."""

    def __init__(self, path: Path, key: str, names: Sequence[str], line: Callable[[int], str]) -> None:
        self.path, self.names, self.line = path, list(names), line
        twice = [name for name, count in Counter(names).items() if count > 1 or not name]
        if twice:
            raise refuse(key, f"{path}: columns without a name of their own: {listed(twice)}", "name each column once")

    def missing(self, names: Sequence[str], key: str) -> list[DataFault]:
        """Report a fault for every name that no column has."""
        known = f"it has {listed(self.names)}"
        return [
            DataFault(key, f"{self.path} has no column {name!r}", known) for name in names if name not in self.names
        ]

    def numbers(self, names: Sequence[str], key: str) -> NDArray[Any]:
        """Return columns of numbers side by side, (rows, columns).

        Raises:
            DataFaults: cells that are empty or no numbers, each with its line.
        """
        raise NotImplementedError

    def words(self, name: str, key: str) -> NDArray[Any]:
        """Return one column as it stands: text, or numbers where the format itself has them."""
        raise NotImplementedError


class CsvTable(Table):
    """A text whose first line names the columns."""

    def __init__(self, path: Path, key: str) -> None:
        rows, self._lines = _rows(path, key)
        super().__init__(path, key, [name.strip() for name in rows[0]], lambda row: f"line {self._lines[row + 1]}")
        if not any(map(_letters, self.names)):
            raise refuse(key, f"{path}: the first line names no columns", "write their names there")
        wrong = [n for n, row in enumerate(rows) if len(row) != len(self.names)]
        if wrong:
            where = listed([f"line {self._lines[n]} has {len(rows[n])}" for n in wrong], FEW)
            raise refuse(key, f"{path}: {len(self.names)} columns have names, but {where}", "mend these lines")
        self._columns = dict(zip(self.names, zip(*rows[1:], strict=True), strict=True)) if rows[1:] else {}
        if not self._columns:
            raise refuse(key, f"{path}: no line follows the names", "give samples")

    def numbers(self, names: Sequence[str], key: str) -> NDArray[Any]:
        """Return columns of numbers side by side, float64 (rows, columns)."""
        faults: list[DataFault] = []
        found = []
        for name in names:
            column = [cell.strip() for cell in self._columns[name]]
            try:
                found.append(
                    np.array([cell.replace("_", "?") for cell in column], np.float64)
                )  # Python reads 1_0 as ten
            except ValueError:
                wrong = [(row, cell) for row, cell in enumerate(column) if not _is_number(cell)]
                where = listed([f"{self.line(row)} has {cell[:20]!r}" for row, cell in wrong], FEW)
                hint = "give a number in every cell, or name the columns of numbers in 'inputs'"
                faults.append(DataFault(key, f"{self.path}: column {name!r} is not all numbers: {where}", hint))
        if faults:
            raise DataFaults(faults)
        return np.stack(found, axis=1)

    def words(self, name: str, key: str) -> NDArray[Any]:
        """Return one column as text."""
        del key
        return np.array([cell.strip() for cell in self._columns[name]])


class ParquetTable(Table):
    """A Parquet file, read column by column."""

    def __init__(self, path: Path, key: str) -> None:
        try:
            import pyarrow as pa
            from pyarrow import parquet
        except ImportError:
            raise refuse(key, f"{path}: reading Parquet needs pyarrow", "pip install 'hwsim[parquet]'") from None
        try:
            self._file = parquet.ParquetFile(path)
        except FileNotFoundError:
            raise refuse(key, f"there is no file {path}", "give the path of a data file") from None
        except (OSError, pa.ArrowException) as error:
            why = " ".join(str(error).split())[:120]
            raise refuse(key, f"{path} cannot be read as Parquet ({why})", "write it again") from None
        super().__init__(path, key, self._file.schema_arrow.names, lambda row: f"row {row}")
        about = self._file.metadata
        groups = [about.row_group(n) for n in range(about.num_row_groups)]
        try:
            refuse_more(2 * sum(group.total_byte_size for group in groups), f"{path}: {about.num_rows:,} rows, twice,")
        except MemoryError as error:
            raise refuse(key, str(error), "give fewer samples") from None
        if not about.num_rows:
            raise refuse(key, f"{path}: it has no rows", "give samples")

    def numbers(self, names: Sequence[str], key: str) -> NDArray[Any]:
        """Return columns of numbers side by side, float64 (rows, columns)."""
        columns = [self.words(name, key) for name in names]
        text = [name for name, column in zip(names, columns, strict=True) if column.dtype.kind not in "biuf"]
        if text:
            what = f"{self.path}: not columns of numbers: {listed(text)}"
            raise refuse(key, what, "name those of numbers in 'inputs'")
        return np.stack([column.astype(np.float64) for column in columns], axis=1)

    def words(self, name: str, key: str) -> NDArray[Any]:
        """Return one column of numbers or text."""
        import pyarrow as pa

        try:
            column = self._file.read([name]).column(name).combine_chunks()
        except (OSError, pa.ArrowException) as error:
            why = " ".join(str(error).split())[:120]
            raise refuse(key, f"{self.path}, column {name!r}: cannot be read ({why})", "write it again") from None
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
        if column.null_count:
            rows = np.flatnonzero(np.asarray(column.is_null()))
            what = f"{self.path}: column {name!r} lacks values: {listed([self.line(int(r)) for r in rows], FEW)}"
            raise refuse(key, what, "fill them in, or leave these rows out")
        found = np.asarray(column.to_pylist())
        if found.dtype.kind not in "biufU" or found.ndim != 1:
            raise refuse(key, f"{self.path}: column {name!r} holds {column.type}", "give numbers or text")
        return found


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _letters(name: str) -> bool:
    return bool(name) and not _is_number(name)


def _rows(path: Path, key: str) -> tuple[list[list[str]], list[int]]:
    """Return all rows that are not empty, the names first, and the line in which each ends."""
    try:
        refuse_more(2 * path.stat().st_size, f"{path}: its text, twice,")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise refuse(key, f"there is no file {path}", "give the path of a data file") from None
    except MemoryError as error:
        raise refuse(key, str(error), "give fewer samples") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise refuse(key, f"{path}: line {line} is not UTF-8", "save the file as UTF-8") from None
    except OSError as error:
        raise refuse(key, f"{path} cannot be read: {error.strerror}", "give a file of text") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise refuse(key, f"{path}: line {line} has a null character: no text", "save the file as UTF-8 text")
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    rows, lines = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise refuse(key, f"{path}: line {reader.line_num}: {error}", "mend this line") from None
    if not rows:
        raise refuse(key, f"{path}: it is empty", "write names of columns and then samples")
    return rows, lines
