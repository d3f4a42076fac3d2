"""Whether an ONNX file that hwsim wrote is as it was written, and if not, which part of it is another."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hwsim.files.seal import is_sealed

if TYPE_CHECKING:
    import onnx

DIGEST = "hwsim.sha256"
"""The property of the file that holds its digest (:mod:`hwsim.files.seal`)."""
MARK = DIGEST.encode() + b"\x12@"
"""How a file has it: the key, and the head of a text of 64 letters (field 2 of a property)."""
CHECKSUMS = "hwsim.crc32"
"""The property that holds the CRC-32 of every constant, in their order."""


def change_in(content: bytes, file: onnx.ModelProto) -> str:
    """Say what was changed in a file since hwsim wrote it; empty if nothing was, or if hwsim did not write it.

    Args:
        content: of the file.
        file: the same, parsed.
    """
    if is_sealed(content, MARK) or (MARK not in content and file.producer_name != "hwsim"):
        return ""
    sums: list[str] = next((one.value.split() for one in file.metadata_props if one.key == CHECKSUMS), [])
    tensors = file.graph.initializer
    if len(sums) == len(tensors):
        for one, sum_ in zip(tensors, sums, strict=True):
            if f"{zlib.crc32(one.raw_data):08x}" != sum_:
                return f"the constant {one.name!r}"
    return "the graph or what the file says of itself"
