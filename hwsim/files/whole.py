"""Write files whole or not at all: one in the place of another, or several together.

Several processes may write to one folder: parts have names of their own, and files that belong together are moved
while the folder is locked, so that a set is of one process.
"""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, contextmanager, suppress
from os.path import lexists
from typing import TYPE_CHECKING

from hwsim.files.diagnostic import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Content = bytes | str | Iterable[bytes]
    """What a file holds: bytes, text that becomes UTF-8, or bytes part by part, which never lie in memory together."""


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a file to write that replaces another at the end; a failure leaves nothing behind and names the target.

    Raises:
        OSError: it cannot be written; the error names the target.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     with whole(Path(folder) / "a.txt") as part:
        ...         _ = part.write_text("all of it")
        ...     [path.name for path in Path(folder).iterdir()]
        ['a.txt']
    """
    part = _beside(target, "part")
    try:
        with _named(target):
            yield part
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def check_free(*paths: Path, force: bool = False, hint: str = "give another place, or --force to replace it") -> None:
    """Refuse places where something is already, unless it may be replaced; a folder never is.

    Args:
        paths: files to be written.
        force: whether files that are there may be replaced.
        hint: what would work.

    Raises:
        DiagnosticError: the first that is there, and how many others are.

    Example:
        >>> from pathlib import Path
        >>> check_free(Path(__file__).parent)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: ...files:1:1: is a folder, give the name of a file in it
    """
    for path in paths:
        if path.is_dir():
            raise DiagnosticError([Diagnostic(str(path), 1, 1, "is a folder", "", "give the name of a file in it")])
    for folder in {path.parent for path in paths}:
        if lexists(folder) and not folder.is_dir():
            what = "is a file, where a folder is needed"
            raise DiagnosticError([Diagnostic(str(folder), 1, 1, what, "", "give another place")])
    taken = [] if force else [path for path in paths if lexists(path)]
    if taken:
        others = f", and so {'is' if len(taken) == 2 else 'are'} {len(taken) - 1} more" if len(taken) > 1 else ""  # noqa: PLR2004 - one more
        raise DiagnosticError([Diagnostic(str(taken[0]), 1, 1, f"is there already{others}", "", hint)])


def write_all(files: Mapping[Path, Content], *, force: bool = False) -> list[Path]:
    """Write several files, all of them or none; folders on the way are made.

    They are written beside their places and moved there last. Where that fails, what was there before is there again.

    Args:
        files: content by place.
        force: whether files that are there may be replaced.

    Returns:
        The places, in order.

    Raises:
        DiagnosticError: something is there already, and ``force`` does not say that it may be replaced.
        OSError: a file cannot be written; the error names it.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     written = write_all({Path(folder) / "new" / "a": "text", Path(folder) / "b": (b"x" for _ in range(3))})
        ...     [path.read_text() for path in written]
        ['text', 'xxx']
    """
    check_free(*files, force=force)
    parts: dict[Path, Path] = {}
    made: list[Path] = []
    try:
        for target, content in files.items():
            with _named(target):
                made += _make_folder(target.parent)
                parts[target] = _beside(target, "part")
                with parts[target].open("wb") as file:
                    file.writelines(split(content))
        with _locked({target.parent for target in parts}):
            check_free(*files, force=force)  # writing may have taken long
            _move(parts)
        made = []
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):  # something else lies there by now
                folder.rmdir()
    return list(files)


def split(content: Content) -> Iterable[bytes]:
    """Return what a file holds as parts of bytes.

    Example:
        >>> b"".join(split("text")), b"".join(split(bytes([number]) for number in b"parts"))
        (b'text', b'parts')
    """
    whole_content = content.encode() if isinstance(content, str) else content
    return [whole_content] if isinstance(whole_content, bytes) else whole_content


def _move(parts: Mapping[Path, Path]) -> None:
    """Move every file to its place, or put back what was there; no place is ever empty on the way."""
    before: dict[Path, Path | None] = {}
    try:
        for target, part in parts.items():
            with _named(target):
                before[target] = _beside(target, "old") if lexists(target) else None
                _keep(target, before[target])
                part.replace(target)
    except BaseException:
        for target, old in before.items():
            _put_back(target, old)
        raise
    for old in before.values():
        if old is not None:
            old.unlink()


def _keep(target: Path, old: Path | None) -> None:
    """Give what stands at a place a second name, or another one where a file has but one."""
    if old is not None:
        try:
            os.link(target, old, follow_symlinks=False)
        except (OSError, NotImplementedError):
            target.replace(old)


def _put_back(target: Path, old: Path | None) -> None:
    if old is None:
        target.unlink(missing_ok=True)
    elif lexists(old):
        old.replace(target)
        old.unlink(missing_ok=True)  # two names of one file stay two


@contextmanager
def _locked(folders: Iterable[Path]) -> Iterator[None]:
    """Keep other processes from moving files into folders for a while; where no folder can be locked, do nothing."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with ExitStack() as stack:
        for folder in sorted(folders):  # in one order, so that no two processes wait for each other
            with suppress(OSError):
                opened = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, opened)
                fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def _beside(target: Path, word: str) -> Path:
    """Return a hidden name beside a place, which no other process gives."""
    return target.with_name(f".{word}.{secrets.token_hex(4)}.{target.name}")


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder; return those that were not there, the highest first."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Let an error of the system name the file that was to be written."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(target)) from error
