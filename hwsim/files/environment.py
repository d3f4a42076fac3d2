"""Settings of the libraries beneath that come from environment variables, looked at before any of them is loaded."""

from __future__ import annotations

import os
import re
from importlib import import_module

from hwsim.errors import BAD_INPUT, NUMBA_WARNING, HwsimError

MOST_THREADS = 4096
"""More threads than this are a slip of the hand; asking for them would end in the system's own words."""
POOLS = {"tbb": "tbbpool", "omp": "omppool", "workqueue": "workqueue"}
"""Numba's threading layers that are named, and the module of each, which may be missing."""
LAYERS = ("default", "safe", "forksafe", "threadsafe", *POOLS)
"""What Numba takes for NUMBA_THREADING_LAYER."""


class EnvironmentVariableError(HwsimError):
    """An environment variable that a library reads holds nonsense; the message names it and what would work."""

    exit_code = BAD_INPUT


def check_environment() -> None:
    """Refuse values that Numba or OpenMP would stumble over; loads neither.

    Raises:
        EnvironmentVariableError: the variable, its value, and what would work.
    """
    for name, several in (("NUMBA_NUM_THREADS", False), ("OMP_NUM_THREADS", True)):
        text = os.environ.get(name, "").strip()
        counts = text.split(",") if several else [text]
        if text and not all(_is_count(count.strip()) for count in counts):
            _refuse(name, f"give a whole number from 1 to {MOST_THREADS}, or leave it out")
    layer = os.environ.get("NUMBA_THREADING_LAYER", "")
    if layer and layer not in LAYERS:
        _refuse("NUMBA_THREADING_LAYER", f"give one of {', '.join(LAYERS)}, or leave it out")


def check_pool() -> None:
    """Refuse a threading layer that this installation of Numba lacks; loads it.

    Raises:
        EnvironmentVariableError: the variable, its value, and what would work.
    """
    layer = os.environ.get("NUMBA_THREADING_LAYER", "")
    if layer in POOLS:
        try:
            import_module(f"numba.np.ufunc.{POOLS[layer]}")
        except ImportError:
            _refuse("NUMBA_THREADING_LAYER", "this threading layer is not installed; give workqueue, or leave it out")


def unreadable(error: BaseException) -> str:
    """Explain an error that Numba's warning about an unreadable value became; return "" for other errors.

    Example:
        >>> unreadable(UserWarning("Environment variable 'NUMBA_OPT' is defined but its associated value 'x' could"))
        "environment variable NUMBA_OPT cannot be read: leave it out, or see Numba's list of environment variables"
    """
    name = re.match(rf"{NUMBA_WARNING}\w+", str(error)) if isinstance(error, Warning) else None
    hint = "leave it out, or see Numba's list of environment variables"
    return f"environment variable {name[0].split(chr(39))[1]} cannot be read: {hint}" if name else ""


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_THREADS


def _refuse(name: str, hint: str) -> None:
    found = f"{name}={os.environ[name]!r}" if name in os.environ else name
    raise EnvironmentVariableError(f"environment variable {found}: {hint}") from None
