"""A digest inside the bytes that it is of, for formats that have none: a file that was changed since is found.

Behind a mark stand 64 hexadecimal digits: SHA-256 of the whole file with zeros in their place, so that no byte of the
file is outside of it.
"""

from __future__ import annotations

import hashlib

OPEN = b"0" * 64
"""What stands in the place of a digest that is yet to be computed."""


def seal(content: bytes, mark: bytes) -> bytes:
    """Put a digest into the one place that is open for it.

    Args:
        content: the file, with ``mark`` and :data:`OPEN` behind it.
        mark: what stands before the digest, once in the file.

    Example:
        >>> sealed = seal(b"1 2 3 digest=" + OPEN, b"digest=")
        >>> is_sealed(sealed, b"digest="), is_sealed(sealed.replace(b"2", b"4"), b"digest=")
        (True, False)
    """
    if content.count(mark + OPEN) != 1:
        raise AssertionError("a sealed file has one place for its digest")
    return content.replace(mark + OPEN, mark + hashlib.sha256(content).hexdigest().encode())


def is_sealed(content: bytes, mark: bytes) -> bool:
    """Tell whether a file holds the digest of all else in it behind the mark."""
    before, found, after = content.partition(mark)
    digest, rest = after[: len(OPEN)], after[len(OPEN) :]
    return bool(found) and hashlib.sha256(before + mark + OPEN + rest).hexdigest().encode() == digest
