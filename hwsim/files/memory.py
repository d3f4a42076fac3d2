"""How much memory there is, asked before something is begun that would not fit: the system ends it without a word."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux tells what a container may use."""


def find_memory() -> int:
    """Count the bytes that this process may use: what the machine has, or less by a container or ``ulimit -v``.

    Example:
        >>> find_memory() > 2**20
        True
    """
    found = [2**63]
    with suppress(AttributeError):  # systems other than POSIX cannot be asked so
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in GROUPS:
        with suppress(OSError, ValueError):  # no such file, or the word max
            found.append(int(path.read_text()))
    with suppress(ImportError):  # other systems than POSIX have no limits of this kind
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        found += [limit] if limit != resource.RLIM_INFINITY else []
    return min(found)


def refuse_more(needed: int, what: str, memory: int | None = None) -> None:
    """Refuse what does not fit.

    Args:
        needed: bytes at the least.
        what: what needs them, a plural.
        memory: bytes there are; what :func:`find_memory` says when None.

    Raises:
        MemoryError: what is needed at the least, and what there is.

    Example:
        >>> refuse_more(2**41, "10 elephants", memory=2**33)
        Traceback (most recent call last):
        ...
        MemoryError: 10 elephants take at least 2,048.0 GiB, and this machine has 8.0
    """
    there = find_memory() if memory is None else memory
    if needed > there:
        gib = 2.0**30
        raise MemoryError(f"{what} take at least {needed / gib:,.1f} GiB, and this machine has {there / gib:,.1f}")
