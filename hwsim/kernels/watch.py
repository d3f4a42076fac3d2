"""Whoever wants to know when kernels are compiled: the first run on a machine spends most of its time so.

Loads no compiler. :mod:`hwsim.kernels.compile` rings, a progress bar or a worker listens.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Tell = Callable[[int, bool], None]

STAGE = "compiling (once on this machine)"
LINE_SECONDS = 10.0
"""How long nothing is said where nobody sees a bar."""


class _Count:
    """Kernels compiled in this process, and those being compiled now (one may need others)."""

    done = 0
    open = 0


_LISTENERS: list[Tell] = []
_LOCK = threading.RLock()


@contextmanager
def watching(tell: Tell) -> Iterator[None]:
    """Within the block, call ``tell(done, busy)`` whenever the compilation of a kernel begins or ends.

    ``done`` counts the kernels compiled in this process so far; ``busy`` says whether one is being compiled.

    Example:
        >>> seen = []
        >>> with watching(lambda done, busy: seen.append(busy)):
        ...     ring(1)
        ...     ring(-1)
        >>> seen
        [True, False]
    """
    _LISTENERS.append(tell)
    try:
        yield
    finally:
        _LISTENERS.remove(tell)


def ring(change: int) -> None:
    """Say that the compilation of a kernel begins (1) or has ended (-1)."""
    with _LOCK:
        _Count.open += change
        _Count.done += change < 0
        for tell in tuple(_LISTENERS):
            tell(_Count.done, _Count.open > 0)


@contextmanager
def logged() -> Iterator[None]:
    """Within the block, write to the log ``hwsim`` that kernels are compiled: at once, then every ten seconds.

    Without a handler of the user's own, Python's :mod:`logging` prints such lines on stderr.
    """
    begin, last = 0.0, -LINE_SECONDS

    def tell(done: int, busy: bool) -> None:
        nonlocal begin, last
        now = time.monotonic()
        if busy and now - last >= LINE_SECONDS:
            begin, last = begin or now, now
            logging.getLogger("hwsim").warning(say(done, now - begin))

    with watching(tell):
        yield


def say(done: int, seconds: float) -> str:
    """One line for people: the stage, the kernels compiled so far, and for how long.

    Example:
        >>> say(0, 0.2), say(12, 20.0)
        ('compiling (once on this machine)', 'compiling (once on this machine): 12 kernels so far, 20 s')
    """
    return STAGE + (f": {done} kernels so far, {seconds:.0f} s" if done else "")
