"""The fields of a schema as a page of plain text, for ``hwsim help``."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pydantic
from pydantic.fields import FieldInfo

from hwsim.files.quantity import format_quantity
from hwsim.files.section import Section, describe, dimension_of, field_type, members, show, unwrap, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "multiple of"}
_SIZES = {"min_length": "at least", "max_length": "at most"}


_NUMBER = {"value", "status", "source"}
"""Keys of one number of a datasheet: its own table is shown once, below all the others."""
_MARK = " *"
_GAP = "  "
WIDTH = 100
"""Columns of a page where no terminal says how many it has."""


class _Row(NamedTuple):
    name: str
    kind: str
    default: str
    meaning: str


def _value(value: Any, annotation: Any) -> str:
    dimension = dimension_of(annotation)
    if dimension is not None and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f'"{format_quantity(value, dimension.name)}"'
    if isinstance(value, pydantic.BaseModel):
        return "as below"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item, Any) for item in value) + "]"
    return "none" if value is None else show(value)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        made = field.get_default(call_default_factory=True, validated_data={})
        return _value(made, field_type(field))
    return _value(field.default, field_type(field))


def _range(annotation: Any) -> str:
    parts: list[str] = []
    dimension = dimension_of(annotation)
    for item in [note for member in (annotation, *members(annotation)) for note in unwrap(member)[1]]:
        for note in item.metadata if isinstance(item, FieldInfo) else (item,):
            for name, phrase in _LIMITS.items():
                bound = getattr(note, name, None)
                if bound is not None:
                    text = format_quantity(bound, dimension.name) if dimension else f"{bound:g}"
                    parts.append(f"{phrase} {text}")
            parts.extend(
                f"{phrase} {getattr(note, name)} long"
                for name, phrase in _SIZES.items()
                if getattr(note, name, None) is not None
            )
    return ", ".join(dict.fromkeys(parts))


def models_in(annotation: Any) -> list[type[pydantic.BaseModel]]:
    """Find the schemas of the tables that a field may hold, each once."""
    found: list[type[pydantic.BaseModel]] = []
    for member in members(annotation):
        bare, _ = unwrap(member)
        if isinstance(bare, type) and issubclass(bare, pydantic.BaseModel):
            found.append(bare)
        elif not words(member):
            for inner in get_args(bare):
                found.extend(models_in(inner))
    return list(dict.fromkeys(found))


def _rows(schema: type[pydantic.BaseModel], indent: int, seen: set[type]) -> Iterator[_Row]:
    """Yield a row for every field, with fields of inner tables indented under it; each table is shown once."""
    for name, field in schema.model_fields.items():
        whole = field_type(field)
        choices = models_in(whole)
        meaning, range_ = " ".join((field.description or "").split()), _range(whole)
        kind, inner = describe(whole), choices
        if len(choices) == 1 and set(choices[0].model_fields) == _NUMBER:
            value = field_type(choices[0].model_fields["value"])
            kind, range_, inner = describe(value) + _MARK, _range(value), models_in(value)
        meaning = " ".join(filter(None, (meaning, f"({range_})" if range_ else "")))
        yield _Row("  " * indent + (field.alias or name), kind, _default(field), meaning)
        for choice in inner:
            if len(inner) > 1:
                yield _Row("  " * (indent + 1) + f"with {_told(choice)}:", "", "", "")
            if choice not in seen:
                seen.add(choice)
                yield from _rows(choice, indent + (2 if len(inner) > 1 else 1), seen)


def _told(choice: type[pydantic.BaseModel]) -> str:
    """Describe the key that tells one of several tables from the others."""
    found = ((key, field_type(one)) for key, one in choice.model_fields.items())
    return next((f"{key} = {describe(kind)}" for key, kind in found if len(words(kind)) == 1), choice.__name__)


def _numbers(schema: type[pydantic.BaseModel], seen: set[type]) -> type[pydantic.BaseModel] | None:
    """Find the table of one number of a datasheet, or None if the schema has no such table."""
    for field in schema.model_fields.values():
        for choice in models_in(field_type(field)):
            if set(choice.model_fields) == _NUMBER:
                return choice
            if choice not in seen:
                seen.add(choice)
                if (found := _numbers(choice, seen)) is not None:
                    return found
    return None


def reference(schema: type[Section], title: str, width: int = WIDTH) -> str:
    """Lay out the fields of a schema as a table: name, type, default, and what each means with the range it may have.

    Args:
        schema: the section; sections inside it follow indented. Numbers of a datasheet are marked; their own table,
            which all have in common, stands once at the end.
        title: the heading.
        width: characters of a line; cells are wrapped into their columns.

    Example:
        >>> class Layer(Section):
        ...     width: int = pydantic.Field(ge=1, description="Units in the layer.")
        ...     gain: float = 0.5
        >>> print(reference(Layer, "layer"))
        layer
        =====
        name   type          default   meaning
        width  whole number  required  Units in the layer. (at least 1)
        gain   number        0.5

    """
    rows = [_Row("name", "type", "default", "meaning"), *_rows(schema, 0, set())]
    number = _numbers(schema, set())
    if number is not None:
        rows.append(_Row("", "", "", ""))
        rows.append(_Row("* a table of:", "", "", ""))
        rows += [
            row._replace(kind="as above" if row.name.strip() == "value" else row.kind)
            for row in _rows(number, 1, {number})
        ]
    heading = _wrapped(title, width)
    return "\n".join([*heading, "=" * max(map(len, heading)), *table(rows, width)])


def table(rows: Sequence[Sequence[str]], width: int = WIDTH) -> list[str]:
    r"""Write rows as lines of a table with wrapped cells; the first column is never cut, the last takes the rest.

    Example:
        >>> print(*table([("a", "one two three four"), ("b", "five")], 19), sep="\n")
        a  one two three
           four
        b  five
    """
    count = max(map(len, rows))
    widths = [max((len(row[column]) for row in rows if any(row[1:])), default=0) for column in range(count)]
    most = max((width - widths[0]) // 4, 8)  # of the columns between the first and the last
    widths[1:-1] = [min(one, most) for one in widths[1:-1]]
    widths[-1] = max(width - sum(widths[:-1]) - len(_GAP) * (count - 1), 16)
    lines = []
    for row in rows:
        if not any(row[1:]):
            lines.append(row[0])
            continue
        cells = [[row[0]], *(_wrapped(text, one) for text, one in zip(row[1:], widths[1:], strict=True))]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = [part.ljust(one) for part, one in zip(parts, widths, strict=True)]
            lines.append(_GAP.join(padded).rstrip())
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]
