"""Sections: the schema of a table of a file, and its types in words."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pydantic

from hwsim.files.quantity import Dimension

if typing.TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class Section(pydantic.BaseModel):
    """The schema of one table of a file: frozen, no unknown keys, the docstring under a field documents it.

    Raises:
        pydantic.ValidationError: on construction; `validate` turns it into diagnostics with line and column.

    Example:
        >>> class Layer(Section):
        ...     width: int
        >>> Layer(width=3)
        Layer(width=3)

    """

    model_config = pydantic.ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, protected_namespaces=()
    )


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take an annotation apart: the bare type and what ``Annotated`` says about it.

    Example:
        >>> from typing import Annotated
        >>> unwrap(Annotated[int, "count"])
        (<class 'int'>, ('count',))

    """
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(annotation) is Annotated:
            metadata = (*annotation.__metadata__, *metadata)
            annotation = annotation.__origin__
        elif hasattr(annotation, "__value__"):  # a named alias
            annotation = annotation.__value__
        else:
            return annotation, metadata


def field_type(field: FieldInfo) -> Any:
    """Give the whole type of a field, with what ``Annotated`` said about it.

    Example:
        >>> class Layer(Section):
        ...     width: int
        >>> field_type(Layer.model_fields["width"])
        <class 'int'>

    """
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def members(annotation: Any) -> list[Any]:
    """List the choices of a union, ``None`` left out; a type that is no union is its only choice.

    Example:
        >>> members(int | None)
        [<class 'int'>]

    """
    bare, _ = unwrap(annotation)
    if get_origin(bare) in (typing.Union, types.UnionType):
        return [one for choice in get_args(bare) if choice is not type(None) for one in members(choice)]
    return [annotation]


def words(annotation: Any) -> list[Any]:
    """List the values that a ``Literal`` or an enumeration allows, unions included; nothing for other types.

    Example:
        >>> from typing import Literal
        >>> words(Literal["output", "layer"])
        ['output', 'layer']

    """
    allowed: list[Any] = []
    for member in members(annotation):
        bare, _ = unwrap(member)
        if get_origin(bare) is Literal:
            allowed.extend(get_args(bare))
        elif isinstance(bare, type) and issubclass(bare, Enum):
            allowed.extend(item.value for item in bare)
    return allowed


def dimension_of(annotation: Any) -> Dimension | None:
    """Give the dimension of a quantity type, or None for any other type.

    Example:
        >>> from hwsim.files.quantity import Seconds
        >>> dimension_of(Seconds | None).name
        'time'

    """
    found = [item for member in members(annotation) for item in unwrap(member)[1] if isinstance(item, Dimension)]
    return found[0] if found else None


def show(value: object, limit: int = 60) -> str:
    """Write a value as a message shows it: as in TOML, but lists and tables by their size only.

    Example:
        >>> show("3 pJ"), show(True), show([1, 2])
        ('"3 pJ"', 'true', 'a list of 2')

    """
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def describe(annotation: Any, *, full: bool = False) -> str:
    """Name a type in a user's words: the dimension of a quantity, ``whole number``, ``list of text``.

    Args:
        annotation: any type that a section's field may have.
        full: with article, example and units, for use in a sentence.

    Example:
        >>> from hwsim.files.quantity import Seconds
        >>> describe(Seconds), describe(tuple[int, ...] | None), describe(Seconds, full=True)
        ('time', 'list of whole numbers', 'a time such as "25 ns" (units: s, ms, us, ns, ps)')

    """
    return " or ".join(dict.fromkeys(_name(member, full=full) for member in members(annotation)))


_PLURAL = ("whole number", "number", "table", "path", "time", "power", "length", "temperature", "ratio")


def _name(annotation: Any, *, full: bool) -> str:
    dimension = dimension_of(annotation)
    if dimension is not None:
        return dimension.wanted if full else dimension.name
    allowed = words(annotation)
    if allowed:
        return ("one of " if len(allowed) > 1 else "") + ", ".join(map(show, allowed))
    bare, _ = unwrap(annotation)
    plain = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path", Any: "any value"}
    origin = get_origin(bare) or bare
    inner = [choice for choice in get_args(bare) if choice is not Ellipsis]
    name = "value"
    if bare in plain:
        name = plain[bare]
    elif isinstance(origin, type) and issubclass(origin, pydantic.BaseModel):
        name = "table"
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        name = f"table of {describe(inner[-1])}" if inner else "table"
    elif isinstance(origin, type) and issubclass(origin, Iterable):
        kinds = [kind + "s" * (kind in _PLURAL) for kind in dict.fromkeys(map(describe, inner))]
        size = f"{len(inner)} " if origin is tuple and Ellipsis not in get_args(bare) else ""
        name = f"list of {size}{', '.join(kinds)}" if kinds else "list"
    bare_noun = not full or name in ("true or false", "text", "any value")
    return name if bare_noun else f"a {name}"
