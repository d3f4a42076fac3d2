"""Free text as a remark in a generated file of any format: one line that can neither end the remark nor mean anything.

Titles and names come from people, and files go to tools whose languages end a remark, a text or a line in many ways.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 100
"""Letters of a remark; more says nothing to a reader of the file."""
_REFUSED = re.compile(r"[^A-Za-z0-9 .,:;()+=%/_-]")


def one_line(text: str, most: int = LONGEST) -> str:
    r"""Return a text as one line of harmless ASCII: letters, digits, blanks and ``.,:;()+=%/_-``.

    Accents are dropped and every other character becomes ``_``, so that no quote, escape, macro, tag, bracket or end of
    a remark is left; neither are two hyphens or slashes in a row, with which remarks begin and end. Words stay words:
    a file that takes orders in its remarks (``synopsys``, ``verilator``) wants a word of its own before them.

    Args:
        text: any.
        most: letters of the longest line.

    Example:
        >>> one_line('Beneš "64"\n*/ `include x; -- </svg> $(rm) \\')
        'Benes _64_ _/ _include x; - _/svg_ _(rm) _'
    """
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    line = re.sub(r"([-/])\1+", r"\1", _REFUSED.sub("_", " ".join(plain.split())))
    return line[:most].strip(" -")
