"""Columns of numbers and words as a Parquet file, whose rows have a digest; -1 and NaN stand for what a row lacks.

Statistics, by which other tools leave rows out, are in no digest of rows and no page: a CRC-32 covers every byte.
"""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.files.diagnostic import Refusal
from hwsim.files.frame import extra
from hwsim.files.memory import refuse_more

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"PAR1"
"""How a Parquet file begins and ends."""
DIGEST = "hwsim.sha256"
"""The key in a file's metadata for the SHA-256 of its rows."""
CRC, EMPTY = "hwsim.crc32", b"00000000"
"""The key for the CRC-32 of the whole file, and what stands in its place while that is reckoned."""
_CRC = re.compile(CRC.encode() + rb"[^0-9a-f]{0,3}([0-9a-f]{8})")
KINDS: dict[str, Any] = {"i": np.int64, "f": np.float64, "U": np.str_}
"""Types of columns: whole numbers from 0, finite numbers, words."""


def write_columns(columns: Mapping[str, NDArray[Any]], about: Mapping[str, str]) -> bytes:
    """Return a file of columns, int64, float64 or text, with a digest of all rows, a CRC-32 of every page and of all.

    Args:
        columns: by name, all of one length; -1 and NaN become null.
        about: what its metadata say besides.
    """
    pa = extra("pyarrow", "parquet")
    from pyarrow import parquet

    made = {}
    for name, values in columns.items():
        lacking = {"i": values == -1, "f": values != values}.get(values.dtype.kind)  # noqa: PLR0124 - NaN alone is not itself
        made[name] = pa.array(values.tolist() if lacking is None else values, mask=lacking)
    table, file = pa.table(made), io.BytesIO()
    with parquet.ParquetWriter(file, table.schema, store_schema=False, write_page_checksum=True) as writer:
        writer.write_table(table)
        told = {**about, DIGEST: _digest(columns), CRC: EMPTY.decode()}
        writer.add_key_value_metadata(told)  # near the end of the file
    return _with(file.getvalue(), None)


def check_bytes(path: Path) -> None:
    """Hold a file that hwsim wrote to the CRC-32 of all its bytes; tools that write it anew leave another one.

    Raises:
        Refusal: it cannot be read, or a byte is another one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refusal(f"{path}: cannot be read ({error.strerror})", "name a file") from None
    if not _CRC.search(content) or _with(_with(content, EMPTY), None) != content:
        raise Refusal(f"{path}: changed since it was written, as its CRC-32 tells", "export it again")


def _with(content: bytes, crc: bytes | None) -> bytes:
    """Return a file with a CRC-32 in its place, that of the file itself where None."""
    *_, place = _CRC.finditer(content)
    return content[: place.start(1)] + (crc or f"{zlib.crc32(content):08x}".encode()) + content[place.end(1) :]


def read_columns(path: Path, wanted: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read columns back; a file that has a digest must have the rows that it is of.

    Args:
        path: the file; other columns in it are left out.
        wanted: by name, a key of :data:`KINDS`.

    Raises:
        Refusal: it cannot be read, lacks a column, holds something else in one, or was changed.
    """
    pa = extra("pyarrow", "parquet")
    from pyarrow import parquet

    try:
        refuse_more(8 * path.stat().st_size, f"{path}: its columns")
        file = parquet.ParquetFile(path, page_checksum_verification=True)
        missing = [name for name in wanted if name not in file.schema_arrow.names]
        if missing:
            raise Refusal(f"{path}: no column {missing[0]!r}", f"columns are {', '.join(wanted)}")
        table = file.read(list(wanted))
        found = {name: _column(path, name, table.column(name), kind) for name, kind in wanted.items()}
    except (OSError, MemoryError, UnicodeDecodeError, pa.ArrowException) as error:
        raise Refusal(f"{path}: cannot be read ({' '.join(str(error).split())[:120]})", "write it again") from None
    told = (file.metadata.metadata or {}).get(DIGEST.encode())
    if told is not None and told.decode(errors="replace") != _digest(found):
        raise Refusal(f"{path}: its rows were changed since hwsim wrote it", "export it again")
    return found


def _column(path: Path, name: str, column: Any, kind: str) -> NDArray[Any]:
    values = column.combine_chunks()
    lacking = np.asarray(values.is_null())
    if lacking.all():  # such a column may have no type
        return np.full(len(lacking), {"U": "", "f": np.nan, "i": -1}[kind])
    if kind == "U":
        return np.array([text or "" for text in values.to_pylist()], np.str_)
    numbers = np.asarray(values.fill_null(0), np.float64 if kind == "f" else None)
    if kind == "f":
        return np.where(lacking, np.nan, numbers)
    lacking |= np.isnan(numbers) if numbers.dtype.kind == "f" else False  # as pandas writes whole numbers with gaps
    whole = np.where(lacking, 0, numbers)
    if numbers.dtype.kind not in "iuf" or (whole != np.floor(whole)).any() or (whole < 0).any():
        raise Refusal(f"{path}: column {name!r} holds not whole numbers from 0", "write integers")
    return np.where(lacking, -1, whole.astype(np.int64))


def _digest(columns: Mapping[str, NDArray[Any]]) -> str:
    total = hashlib.sha256()
    for name in sorted(columns):
        values = columns[name]
        text = values.dtype.kind == "U"
        whole = "\n".join(values.tolist()).encode() if text else values.astype(f"<{values.dtype.kind}8").tobytes()
        total.update(f"{name} {len(values)} {len(whole)}\n".encode() + whole)
    return total.hexdigest()
