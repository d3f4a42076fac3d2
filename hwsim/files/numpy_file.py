"""NumPy's files, read without trust: no pickles, and sizes are compared with the file and the memory beforehand."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from math import prod
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

from hwsim.files.diagnostic import Refusal
from hwsim.files.memory import refuse_more

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_KINDS = "biufUS"
"""Kinds of numbers and text that are taken."""
_DAMAGED = (OSError, ValueError, EOFError, SyntaxError, RecursionError, zlib.error, zipfile.BadZipFile)
_HEADER = (tokenize.TokenError, KeyError, TypeError, AttributeError, OverflowError, MemoryError)
"""What NumPy raises besides for headers that are nonsense."""
_FOREIGN = (NotImplementedError, RuntimeError)
"""What zipfile raises for methods that it lacks, and for encrypted members."""


def read_npy(path: Path) -> NDArray[Any]:
    """Read the array of an ``.npy`` file.

    Raises:
        Refusal: it cannot be read, holds objects, is cut short, or does not fit the memory.
    """
    with _told(path), path.open("rb") as file:
        return _array(file, path.stat().st_size, str(path))


class Archive:
    """An ``.npz`` file: which arrays it has, and each when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(path), zipfile.ZipFile(path) as archive:
            self._members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
            if len(self._members) != len(archive.infolist()):
                raise Refusal(f"{path}: names occur twice in it, or folders", "save it again with numpy.savez")

    @property
    def names(self) -> list[str]:
        """List the keys of its arrays."""
        return [name.removesuffix(".npy") for name in self._members]

    def read(self, name: str) -> NDArray[Any]:
        """Read one array.

        Raises:
            Refusal: as for :func:`read_npy`, or there is none of that name.
        """
        if name not in self.names:
            raise Refusal(f"{self.path} has no array {name!r}", f"it has {', '.join(self.names[:12]) or 'none'}")
        member = f"{name}.npy" if f"{name}.npy" in self._members else name
        what = f"{self.path}, array {name!r}"
        with _told(self.path), zipfile.ZipFile(self.path) as archive, archive.open(member) as file:
            found = _array(file, self._members[member].file_size, what)
            if file.read(1):
                raise Refusal(f"{what}: something follows the array", "save it again with numpy.savez")
        return found


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read why, in one line."""
    try:
        yield
    except FileNotFoundError:
        raise Refusal(f"there is no file {path}", "give the path of a data file") from None
    except IsADirectoryError:
        raise Refusal(f"{path} is a folder", "name a file in it") from None
    except (*_DAMAGED, *_HEADER, *_FOREIGN) as error:
        if isinstance(error, Refusal):
            raise
        why = " ".join(str(getattr(error, "strerror", None) or error).split())[:120]
        raise Refusal(f"{path} cannot be read as a NumPy file ({why})", "save it again with numpy.savez") from None


def _array(file: IO[bytes], size: int, what: str) -> NDArray[Any]:
    """Read the array of an open ``.npy`` stream of so many bytes, after checking its header."""
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise Refusal(f"{what}: names of fields beyond Latin-1, which no plain array has", "save a plain array")
    header = npy.read_array_header_1_0(file) if version == (1, 0) else npy.read_array_header_2_0(file)
    shape, columns_first, dtype = header
    if dtype.hasobject:
        raise Refusal(f"{what} holds Python objects, which are never unpickled", "save an array of numbers or text")
    if dtype.kind not in _KINDS:
        raise Refusal(f"{what} holds {dtype}, neither real numbers nor text", "convert it with astype")
    needed = prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or file.tell() + needed != size:
        found = f"{what}: its header says {' x '.join(map(str, shape))} of {dtype}"
        raise Refusal(f"{found}, {needed:,} bytes, and {size - file.tell():,} follow", "save it again")
    try:
        refuse_more(2 * needed, f"{what}: {' x '.join(map(str, shape))} of {dtype}, twice,")
    except MemoryError as error:
        raise Refusal(str(error), "give fewer samples") from None
    content = file.read(needed)
    if len(content) != needed:
        raise Refusal(f"{what}: cut short", "save it again")
    flat = np.frombuffer(content, dtype)
    return flat.reshape(shape[::-1]).transpose() if columns_first else flat.reshape(shape)
