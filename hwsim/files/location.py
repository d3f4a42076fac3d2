"""Where a validation error points to: from pydantic's location to a key path of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin

import pydantic

from hwsim.files.section import field_type, members, unwrap, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

    from hwsim.files.position import KeyPath


class Spot(NamedTuple):
    """The place that an error points to: keys only, without union tags."""

    path: KeyPath
    annotation: Any
    parent: Any
    union: tuple[KeyPath, Any] | None  # the outermost union on the way whose choices have no tag
    choice: str


def models(annotation: Any) -> list[type[pydantic.BaseModel]]:
    """List the schemas among the choices of a type.

    Example:
        >>> models(int | None)
        []

    """
    bare = (unwrap(member)[0] for member in members(annotation))
    return [one for one in bare if isinstance(one, type) and issubclass(one, pydantic.BaseModel)]


def fields(model: type[pydantic.BaseModel]) -> dict[str, FieldInfo]:
    """Give the fields of a schema by the key that files use.

    Example:
        >>> class Layer(pydantic.BaseModel):
        ...     width: int
        >>> list(fields(Layer))
        ['width']

    """
    return {field.alias or name: field for name, field in model.model_fields.items()}


def child(annotation: Any, step: str | int) -> Any:
    """Give the type of what stands at a key or index inside a type; ``Any`` when the type does not tell.

    Example:
        >>> child(tuple[int, str], 1), child(list[int], 7), child(dict[str, float], "x")
        (<class 'str'>, <class 'int'>, <class 'float'>)

    """
    bare, _ = unwrap(annotation)
    for model in models(bare):
        if step in fields(model):
            return field_type(fields(model)[str(step)])
    inner = get_args(bare)
    if get_origin(bare) is tuple and Ellipsis not in inner:
        return inner[step] if isinstance(step, int) and step < len(inner) else Any
    if isinstance(step, int) and inner:
        return inner[0]
    return inner[-1] if inner else Any


def locate(schema: Any, location: Iterable[str | int]) -> Spot:
    """Follow a location of pydantic through a schema, leaving out what names a choice of a union.

    Args:
        schema: the type that was validated against.
        location: the ``loc`` of an error.

    Example:
        >>> class Layer(pydantic.BaseModel):
        ...     width: int | str
        >>> locate(Layer, ("width", "int")).path
        ('width',)

    """
    path: KeyPath = ()
    at = parent = schema
    union: tuple[KeyPath, Any] | None = None
    choice = ""
    for step in location:
        choices = members(at)
        if len(choices) > 1:  # this step is the tag of a choice, not a key
            tagged = [one for one in models(at) if any(step in words(field_type(f)) for f in fields(one).values())]
            named = [one for one in choices if getattr(unwrap(one)[0], "__name__", "") == step]
            if not tagged and union is None:
                union, choice = (path, at), str(step)
            at = next(iter([*tagged, *named]), Any)
        elif step != "[key]":
            path = (*path, step)
            at, parent = child(choices[0], step), choices[0]
    return Spot(path, at, parent, union, choice)
