"""The fields of a schema as a page of plain text, for ``hwsim help``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pydantic
from pydantic.fields import FieldInfo

from hwsim.scenario.quantity import format_quantity
from hwsim.scenario.section import Section, describe, dimension_of, field_type, members, show, unwrap, words

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "multiple of"}
_SIZES = {"min_length": "at least", "max_length": "at most"}


class _Row(NamedTuple):
    cells: tuple[str, str, str, str]  # name, type, default, range
    meaning: str
    indent: int


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


def _models(annotation: Any) -> list[type[pydantic.BaseModel]]:
    found: list[type[pydantic.BaseModel]] = []
    for member in members(annotation):
        bare, _ = unwrap(member)
        if isinstance(bare, type) and issubclass(bare, pydantic.BaseModel):
            found.append(bare)
        elif not words(member):
            for inner in get_args(bare):
                found.extend(_models(inner))
    return list(dict.fromkeys(found))


def _rows(schema: type[pydantic.BaseModel], indent: int, seen: tuple[type, ...]) -> Iterator[_Row]:
    for name, field in schema.model_fields.items():
        whole = field_type(field)
        cells = (field.alias or name, describe(whole), _default(field), _range(whole))
        yield _Row(cells, " ".join((field.description or "").split()), indent)
        choices = _models(whole)
        for choice in choices:
            if len(choices) > 1:
                title = next(
                    (
                        f"{key} = {describe(field_type(one))}"
                        for key, one in choice.model_fields.items()
                        if len(words(field_type(one))) == 1
                    ),
                    choice.__name__,
                )
                yield _Row((f"with {title}:", "", "", ""), "", indent + 1)
            if choice not in seen:
                yield from _rows(choice, indent + (2 if len(choices) > 1 else 1), (*seen, choice))


def reference(schema: type[Section], title: str) -> str:
    """Lay out the fields of a schema: name, type, default and range in columns, the meaning of each under it.

    Args:
        schema: the section; sections inside it follow indented.
        title: the heading.

    Raises:
        Nothing.

    Example:
        >>> class Layer(Section):
        ...     width: int = pydantic.Field(ge=1, description="Units in the layer.")
        ...     gain: float = 0.5
        >>> print(reference(Layer, "layer"))
        layer
        =====
        name   type          default   range
        width  whole number  required  at least 1
            Units in the layer.
        gain   number        0.5

    """
    rows = [_Row(("name", "type", "default", "range"), "", 0), *_rows(schema, 0, (schema,))]
    shifted = [("  " * row.indent + row.cells[0], *row.cells[1:]) for row in rows]
    widths = [max(len(cells[column]) for cells in shifted if cells[1]) for column in range(3)]
    lines = [title, "=" * len(title)]
    for row, cells in zip(rows, shifted, strict=True):
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
        lines.append("  ".join([*padded, cells[3]]).rstrip())
        if row.meaning:
            lines.append("  " * row.indent + "    " + row.meaning)
    return "\n".join(lines)
