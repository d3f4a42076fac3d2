"""A last line with the CRC-32 of all bytes before it: a flipped byte anywhere in a file is found, whatever its format.

The line is a remark of the format, so that the format's own tools read the file as it stands. CRC-32 is that of zlib,
zip and Ethernet; it finds every flipped byte, and every error within 32 bits.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from hwsim.files.diagnostic import Diagnostic, DiagnosticError
from hwsim.files.whole import split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hwsim.files.whole import Content

RULE = "last line: CRC-32 of all bytes before it"
"""What the line means, for people."""
REMARKS = {
    "verilog": ("// ", ""),
    "script": ("# ", ""),
    "spice": ("* ", ""),
    "xml": ("<!-- ", " -->"),
    "json": (' "checksum": "', '"}'),
    "lines": ('{"checksum": "', '"}'),
    "plain": ("", ""),
}
"""How a remark of a language begins and ends; of JSON it is the last key, and ends the object; of JSON lines it is an
object of its own."""
LAST = b"of all bytes before this line"
"""Stands in the line, whatever the language."""
_LINE = re.compile(
    b"(?:%s)\n\\Z"
    % b"|".join(
        re.escape(begin.encode()) + rb"crc32 ([0-9a-f]{8}) of all bytes before this line" + re.escape(end.encode())
        for begin, end in REMARKS.values()
    )
)
LONGEST = 100
"""Bytes that hold the line for certain."""


def checked(content: Content, language: str) -> Iterator[bytes]:
    r"""Yield a file's content and then the line with its checksum.

    Args:
        content: all but that line; text ends with a line break.
        language: one of :data:`REMARKS`.

    Example:
        >>> b"".join(checked("0f\n", "verilog"))
        b'0f\n// crc32 085819bd of all bytes before this line\n'
    """
    crc = 0
    for part in split(content):
        crc = zlib.crc32(part, crc)
        yield part
    begin, end = REMARKS[language]
    yield f"{begin}crc32 {crc:08x} of all bytes before this line{end}\n".encode()


def is_checked(content: bytes) -> bool:
    r"""Tell whether a file ends with the line that has its checksum.

    Example:
        >>> is_checked(b"0f\n// crc32 085819bd of all bytes before this line\n"), is_checked(b"0f\n// crc32 0858")
        (True, False)
    """
    return _LINE.search(content, max(len(content) - LONGEST, 0)) is not None


def check(content: bytes, path: Path, hint: str = "export it again") -> bytes:
    """Return a file's content without the line that has its checksum.

    Args:
        content: all bytes of the file.
        path: where they are from, for the message.
        hint: what would work.

    Raises:
        DiagnosticError: the line is not there, or a byte is another one than when it was written.
    """
    found = _LINE.search(content, max(len(content) - LONGEST, 0))
    line = content.count(b"\n") + (not content.endswith(b"\n"))
    if found is None:
        what = "the last line holds no checksum: the file was cut or changed"
        raise DiagnosticError([Diagnostic(str(path), max(line, 1), 1, what, "", hint)])
    told = next(group for group in found.groups() if group).decode()
    crc = f"{zlib.crc32(memoryview(content)[: found.start()]):08x}"
    if told != crc:
        what = f"changed since it was written: its bytes have the CRC-32 {crc}, its last line says {told}"
        raise DiagnosticError([Diagnostic(str(path), line, 1, what, "", hint)])
    return content[: found.start()]
