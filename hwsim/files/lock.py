"""One process at a time in a folder: a lock on a file in it, which the system frees when its process ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class BusyError(HwsimError):
    """Another process holds the lock."""

    exit_code = BAD_INPUT


@contextmanager
def locked(file: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock for a while; the file stays behind.

    Args:
        file: what is locked; it is made where it is not there, in a folder that is.
        wait: whether to wait until another process is done.

    Raises:
        BusyError: another process holds it, and waiting is not wanted.
        OSError: the file cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(file)
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise BusyError(f"{file} is locked by another process") from None
    try:
        yield
    finally:
        lock.release()
