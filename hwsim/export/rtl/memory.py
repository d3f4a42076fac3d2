"""Contents of a memory for Verilog's ``$readmemh``: words as hexadecimal numbers, with remarks."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from hwsim.files.remark import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray


def write_memory(words: Iterable[int], bits: int, remarks: Sequence[str]) -> str:
    r"""Write the words of a memory one a line, address 0 first (IEEE 1364-2005, 17.2.9).

    Args:
        words: unsigned numbers.
        bits: of a word; every word has the same number of hexadecimal digits.
        remarks: what stands in the memory; free text becomes a harmless line.

    Returns:
        The file, in ASCII. Its last remark tells how many words there are.

    Raises:
        ValueError: a word needs more bits.

    Example:
        >>> print(write_memory([1, 255], 9, ["codes"]))
        // codes
        // 2 words of 9 bits
        001
        0ff
        <BLANKLINE>
    """
    digits = -(-bits // 4)
    written: list[str] = []
    for word in words:
        if word < 0 or word >> bits:
            raise ValueError(f"word {len(written)}, {word}, does not fit into {bits} bits")
        written.append(f"{word:0{digits}x}")
    told = [line for remark in remarks for line in textwrap.wrap(one_line(remark, 2000), 117)]
    told.append(f"{len(written)} words of {bits} bits")
    return "\n".join([*(f"// {line}" for line in told), *written, ""])


def pack(values: NDArray[np.integer], bits: int) -> list[int]:
    """Put values side by side into words, the first lowest, negative ones in two's complement.

    Args:
        values: (words, values a word).
        bits: of a value.

    Raises:
        ValueError: a value does not fit as a signed or an unsigned number of so many bits.

    Example:
        >>> import numpy as np
        >>> [hex(word) for word in pack(np.array([[1, -1], [2, 3]]), 4)]
        ['0xf1', '0x32']
    """
    if values.size and (values.min() < -(1 << (bits - 1)) or values.max() >= 1 << bits):
        raise ValueError(f"values from {values.min()} to {values.max()} do not fit into {bits} bits")
    mask = (1 << bits) - 1
    return [sum((value & mask) << (place * bits) for place, value in enumerate(row)) for row in values.tolist()]
