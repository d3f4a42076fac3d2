"""What a reconnection changes: the words that differ from the event before, at their addresses.

The file is a memory image for ``$readmemh`` itself: loaded over a memory that holds the words of the event before, it
leaves the words of this one (:mod:`hwsim.export.readmemh`).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hwsim.export.heading import told
from hwsim.export.image import read_image, write_image
from hwsim.export.snapshot import ExportPlugin
from hwsim.export.told import Changes
from hwsim.files.checksum import RULE
from hwsim.files.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsim.export.snapshot import LayerSnapshot, Snapshot
    from hwsim.export.told import Told
    from hwsim.files.whole import Content

_RULE = (
    "only words that differ from those of the event before; every word stands at the address that it has in the "
    "image of all words: bank times words per bank, plus its number in the bank. Load this image over the words "
    "before, and the words after are there; before and after are the CRC-32 of all words of all banks in that order, "
    "hexadecimal with as many digits as here, joined by single spaces"
)


def crc_of(words: Sequence[int], width: int) -> str:
    """Return the CRC-32 of configuration words of so many bits, as the files tell it.

    Example:
        >>> crc_of([1, 255], 8) == f"{zlib.crc32(b'01 ff'):08x}"
        True
    """
    digits = -(-width // 4)
    return f"{zlib.crc32(' '.join(f'{word:0{digits}x}' for word in words).encode()):08x}"


def words_of(layer: LayerSnapshot) -> tuple[list[int], int, int]:
    """Return all words of a layer, how many a bank has, and the bits of the widest."""
    pairs = [layer.fabric.words(state) for state in layer.states]
    return [value for bank in pairs for value, _ in bank], len(pairs[0]), max(width for _, width in pairs[0])


def _layer(snapshot: Snapshot, layer: LayerSnapshot, before: LayerSnapshot) -> Iterator[bytes]:
    (new, each, width), (old, _, _) = words_of(layer), words_of(before)
    changed = [(at, word) for at, (word, was) in enumerate(zip(new, old, strict=True)) if word != was]
    remarks = {
        "words per bank": each,
        "bits per word": width,
        "words": layer.fabric.word_order,
        "changes": _RULE,
        "changed words": len(changed),
        "before": crc_of(old, width),
        "after": crc_of(new, width),
    }
    return write_image(snapshot, layer, "delta", remarks, changed, width)


def export(snapshot: Snapshot) -> dict[str, Content]:
    """Write one file for every layer that has switches, though no word of it may change.

    Raises:
        Refusal: there is no event before.
    """
    before = snapshot.before()
    if before is None:
        raise Refusal(
            "there is no event before this one to tell changes from", "use --format readmemh, or a later --event"
        )
    pairs = [pair for pair in zip(snapshot.layers, before.layers, strict=True) if pair[0].fabric.switches]
    return {f"layer{layer.layer}_delta.mem": _layer(snapshot, layer, old) for layer, old in pairs}


def read(content: bytes) -> Told:
    """Read one layer's changes."""
    image = read_image(content)
    remarks = image.remarks
    if int(remarks["changed words"]) != len(image.memory):
        raise ValueError("another number of words than it tells")
    return told(
        image.remarks,
        wiring=image.wiring,
        changes=Changes(image.memory, int(remarks["bits per word"]), remarks["before"], remarks["after"]),
    )


PLUGIN = ExportPlugin(
    name="delta",
    summary="configuration words that a reconnection changes, as an image to load over those of the event before",
    export=export,
    named="layer<k>_delta.mem",
    checksum=f"{RULE}; CRC-32 of all words before and after the change",
    read=read,
)
