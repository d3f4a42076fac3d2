"""Whether an ONNX file that hwsim wrote is as it was written, and if not, which constant of it is another."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hwsim.files.checksum import check
from hwsim.files.diagnostic import DiagnosticError

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

PRODUCER = "hwsim"
CHECKSUMS = "hwsim.crc32"
"""The property that holds the CRC-32 of every constant, in their order."""
CHECKSUM = "hwsim.checksum"
"""The last property, whose text is the line of :mod:`hwsim.files.checksum`: it ends the file."""
_MARKS = (b"hwsim export ", CHECKSUM.encode())


def change_in(content: bytes, file: onnx.ModelProto, path: Path) -> str:
    """Say what was changed in a file since hwsim wrote it; empty if nothing was, or if hwsim did not write it.

    Args:
        content: of the file.
        file: the same, parsed.
        path: where it is from.
    """
    if file.producer_name != PRODUCER and not any(mark in content for mark in _MARKS):
        return ""
    try:
        check(content, path)
    except DiagnosticError:
        sums: list[str] = next((one.value.split() for one in file.metadata_props if one.key == CHECKSUMS), [])
        tensors = file.graph.initializer
        for one, told in zip(tensors, sums, strict=False):
            if f"{zlib.crc32(one.raw_data):08x}" != told:
                return f"the constant {one.name!r}"
        return "the graph or what the file says of itself"
    return ""
