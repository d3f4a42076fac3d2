"""Where results go: a place that cannot be written is refused before anything is computed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.files import Diagnostic, DiagnosticError

PICTURES = (".png", ".svg", ".pdf")
"""What pictures can be written as."""


class PlaceError(HwsimError):
    """Results cannot be written where they should go; the message names the place and the option that helps."""

    exit_code = BAD_INPUT


def check_place(path: Path, option: str) -> None:
    """Refuse a file or folder that cannot be made or replaced; nothing stays behind.

    Args:
        path: what is to be written; folders on the way to it may be missing.
        option: the option that names another place, for the message.

    Raises:
        PlaceError: why not, and the option.

    Example:
        >>> check_place(Path(__file__) / "x.png", "--picture")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        hwsim.cli.place.PlaceError: ...place.py/x.png: cannot write there (Not a directory); give ... with --picture
    """
    folder = path.absolute()
    if not folder.is_dir():
        folder = folder.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise PlaceError(f"{path}: cannot write there ({why}); give a writable place with {option}") from None


def check_picture(path: Path, option: str) -> None:
    """Refuse a picture that cannot be drawn or written.

    Raises:
        DiagnosticError: no picture can have such a name.
        PlaceError: why not, and the option.

    Example:
        >>> check_picture(Path("a.gif"), "--picture")
        Traceback (most recent call last):
        ...
        hwsim.files.diagnostic.DiagnosticError: --picture:1:1: no picture can be written as .gif, use .png, .svg or .pdf
    """
    if path.suffix.lower() not in PICTURES:
        what = path.suffix or "a file without a suffix"
        raise DiagnosticError(
            [Diagnostic(option, 1, 1, f"no picture can be written as {what}", "", "use .png, .svg or .pdf")]
        )
    if path.is_dir():
        raise PlaceError(f"{path}: cannot write there (Is a directory); give a file with {option}")
    check_place(path, option)
