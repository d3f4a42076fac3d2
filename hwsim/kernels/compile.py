"""Numba's options, in one place: what is compiled, how, and where the machine code is kept.

The disk cache lies in a folder named by the digest of all kernel sources, since Numba itself misses edits in other
files; a second run compiles nothing. Each of its files ends with a digest of its content, which is checked before it is
used. The folder lies below NUMBA_CACHE_DIR, else XDG_CACHE_HOME, else ``~/.cache``. Where it cannot be written, kernels
are compiled in memory, with a warning; where it can and the disk is full, that is said. Whoever listens
(:mod:`hwsim.kernels.watch`) is told when a kernel is compiled.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import warnings
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
from numba.core import event

from hwsim.errors import HwsimWarning
from hwsim.files.environment import check_pool
from hwsim.kernels.watch import ring

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

check_pool()
_DAMAGED: list[str] = []
"""Kernels whose kept machine code was damaged in this process; the first is told."""
_DISPATCHERS: list[Any] = []
SUM_BYTES = 32
"""Of the digest at the end of a file of machine code."""


def _digest() -> str:
    total = hashlib.sha256(numba.__version__.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """The folder of this version's machine code, None where it cannot be written."""
    folder = Path("~/.cache")
    try:
        given = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
        folder = Path(given).absolute() if given else folder.expanduser()
        folder = folder / "hwsim" / "kernels" / _digest()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
        why = getattr(error, "strerror", None) or str(error)
    else:
        if os.access(folder, os.W_OK):
            return folder
        why = "it cannot be written"
    what = f"{folder}: machine code of kernels cannot be kept here ({why}), so every process compiles its own"
    warnings.warn(HwsimWarning(f"{what}; set NUMBA_CACHE_DIR to a folder that can be written"), stacklevel=2)
    return None


_CACHE = _cache_folder()
if _CACHE is not None:
    numba.config.CACHE_DIR = str(_CACHE)  # type: ignore[attr-defined]


class _Bell(event.Listener):
    """Numba's own sign that a function is compiled, passed on for those of this package."""

    def on_start(self, event: Any) -> None:
        if _is_own(event):
            ring(1)

    def on_end(self, event: Any) -> None:
        if _is_own(event):
            ring(-1)


def _is_own(event: Any) -> bool:
    return str(event.data["dispatcher"].py_func.__module__).startswith("hwsim.")


event.register("numba:compile", _Bell())  # type: ignore[no-untyped-call]


def _compile(original: F, *, parallel: bool) -> F:
    function = original
    if parallel:
        # Numba's disk cache tells functions apart by name and line, not by options: without a name of its own, the
        # parallel version of a function would be served the serial one's machine code
        function = cast(
            "F", FunctionType(original.__code__, original.__globals__, original.__name__, original.__defaults__)
        )
        function.__doc__, function.__module__ = original.__doc__, original.__module__
        function.__qualname__ = f"{original.__qualname__}.parallel"
    made = numba.njit(function, cache=_CACHE is not None, nogil=True, error_model="numpy", parallel=parallel)
    _DISPATCHERS.append(made)
    if _CACHE is not None and hasattr(made, "_cache"):  # NUMBA_DISABLE_JIT leaves the function itself
        _seal(made._cache._cache_file)  # noqa: SLF001 - Numba offers no other way in
        _name_failures(made, _CACHE)
    return cast("F", made)


def _seal(file: Any) -> None:
    """Let every file of machine code end with a digest of its name and content, and take none without the right one.

    Numba itself runs whatever a file holds: a flipped bit would be another program, or a crash.

    Args:
        file: Numba's ``IndexDataCacheFile``; what its methods do is kept, with a digest behind what they write.
    """

    def write(path: str, content: bytes) -> None:
        with file._open_for_write(path) as out:  # noqa: SLF001 - Numba offers no other way in
            out.write(content + _sum(path, content))

    def read(path: str) -> bytes:
        whole = Path(path).read_bytes()
        content = whole[:-SUM_BYTES]
        if whole[-SUM_BYTES:] != _sum(path, content):
            raise ValueError("its digest is another one")
        return content

    def load_index() -> dict[Any, str]:
        try:
            version, stamp, overloads = pickle.loads(read(file._index_path))  # noqa: S301, SLF001 - digest checked
        except FileNotFoundError:
            return {}
        fresh = (version, stamp) == (file._version, file._source_stamp)  # noqa: SLF001
        return dict(overloads) if fresh else {}

    def save_index(overloads: dict[Any, str]) -> None:
        content = file._version, file._source_stamp, overloads  # noqa: SLF001
        write(file._index_path, file._dump(content))  # noqa: SLF001

    def load_data(name: str) -> Any:
        return pickle.loads(read(file._data_path(name)))  # noqa: S301, SLF001 - digest checked

    def save_data(name: str, data: Any) -> None:
        write(file._data_path(name), file._dump(data))  # noqa: SLF001

    methods = {"_load_index": load_index, "_save_index": save_index, "_load_data": load_data, "_save_data": save_data}
    for name, method in methods.items():
        setattr(file, name, method)


def _sum(path: str, content: bytes) -> bytes:
    return hashlib.sha256(Path(path).name.encode() + b"\0" + content).digest()


def _name_failures(dispatcher: Any, folder: Path) -> None:
    """Let what goes wrong when machine code is written say where; the system's error has no file name."""
    cache = dispatcher._cache  # noqa: SLF001 - Numba offers no other way in
    save = cache.save_overload

    def saved(*arguments: Any) -> Any:
        try:
            return save(*arguments)
        except OSError as error:
            why = f"machine code of kernels cannot be kept here ({error.strerror or error})"
            hint = "make room, or set XDG_CACHE_HOME to a folder that has some"
            raise OSError(error.errno, f"{why}; {hint}", str(folder)) from error

    load = cache.load_overload

    def loaded(*arguments: Any) -> Any:
        """Load kept machine code; what is damaged is thrown away, and the kernel is compiled anew."""
        try:
            return load(*arguments)
        except Exception as error:
            if not _DAMAGED:
                what = f"machine code kept here is damaged ({type(error).__name__}) and is compiled anew"
                warnings.warn(HwsimWarning(f"{folder}: {what}"), stacklevel=2)
            _DAMAGED.append(dispatcher.__name__)
            cache.flush()
            return None

    cache.save_overload, cache.load_overload = saved, loaded


def kernel(function: F) -> F:
    """Compile a serial kernel.

    Example:
        >>> from hwsim.kernels.routing.benes import route_one  # says @kernel
        >>> route_one.__name__
        'route_one'
    """
    return _compile(function, parallel=False)


def parallel_kernel(function: F) -> F:
    """Compile a kernel whose ``prange`` loops write to separate rows: the same bits for any number of threads.

    Example:
        >>> from hwsim.kernels.routing.fast_looping import route_chunks  # says @parallel_kernel
        >>> route_chunks.__name__
        'route_chunks'
    """
    return _compile(function, parallel=True)


SMALL = 1 << 19
"""Elements below which waking threads costs more than they save."""


def sized_kernel(function: F) -> F:
    """Compile a kernel twice, for small work and for large: serial where the first argument is small, else parallel.

    Its ``prange`` loops write to separate rows, so that both give the same bits.

    Example:
        >>> from hwsim.kernels.reading.noise import draw_normals  # says @sized_kernel
        >>> draw_normals.__name__
        'draw_normals'
    """
    serial, parallel = _compile(function, parallel=False), _compile(function, parallel=True)

    @functools.wraps(function)
    def choose(*arguments: Any) -> Any:
        return (serial if arguments[0].size < SMALL else parallel)(*arguments)

    return cast("F", choose)


def compiled() -> int:
    """Kernels that this process had to compile, because no machine code was kept for them.

    Example:
        >>> compiled() >= 0
        True
    """
    return sum(sum(d.stats.cache_misses.values()) for d in _DISPATCHERS if hasattr(d, "stats"))


def threads(n: int | None) -> None:
    """Give parallel kernels n threads from now on; None leaves them as they are.

    Raises:
        ValueError: fewer than 1, or more than the process can have.

    Example:
        >>> threads(1)
        >>> threading()["threads"]
        1
        >>> threads(numba.config.NUMBA_NUM_THREADS)
    """
    if n is None:
        return
    most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    if not 1 <= n <= most:
        raise ValueError(f"kernels cannot use {n} threads; use 1 to {most} (NUMBA_NUM_THREADS sets the limit)")
    numba.set_num_threads(n)


def count_threads() -> int:
    """Threads of parallel kernels.

    Example:
        >>> count_threads() >= 1
        True
    """
    return int(numba.get_num_threads())


def threading() -> dict[str, Any]:
    """Threads of parallel kernels and the layer that carries them (known after the first parallel call).

    Example:
        >>> sorted(threading())
        ['layer', 'threads']
    """
    try:
        layer = str(numba.threading_layer())  # type: ignore[attr-defined]
    except ValueError:
        layer = "not used"
    return {"threads": int(numba.get_num_threads()), "layer": layer}
