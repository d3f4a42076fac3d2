"""HTML for notebooks: tables, with every text escaped."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def html_table(head: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """Make an HTML table of plain values; numbers stand to the right, floats have five digits, None is empty.

    Example:
        >>> html_table(["run"], [["a<b"]]).partition("<tbody>")[2]
        '<tr><td style="text-align:left">a&lt;b</td></tr></tbody></table>'
    """
    top = f"<caption>{escape(caption)}</caption>" if caption else ""
    titles = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{top}<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f'<td style="text-align:{"right" if number else "left"}">{escape(plain(value))}</td>'


def svg_image(svg: bytes) -> str:
    """Put an SVG picture into HTML as an image of its own, so that names inside it meet no others.

    Example:
        >>> svg_image(b"<svg/>")
        '<img src="data:image/svg+xml;base64,PHN2Zy8+">'
    """
    return f'<img src="data:image/svg+xml;base64,{b64encode(svg).decode()}">'


def plain(value: Any) -> str:
    """Write one value of a table for people.

    Example:
        >>> [plain(one) for one in (1234567, 0.0000123456, None, "text", True)]
        ['1,234,567', '1.2346e-05', '', 'text', 'true']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
