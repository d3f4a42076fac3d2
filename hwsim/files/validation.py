"""What a failed validation means to the person who wrote the file."""

from __future__ import annotations

import difflib
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsim.files.diagnostic import Refusal
from hwsim.files.location import Spot, child, fields, locate, models
from hwsim.files.quantity import format_quantity
from hwsim.files.section import describe, dimension_of, show, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pydantic
    from pydantic_core import ErrorDetails

    from hwsim.files.position import KeyPath


class Finding(NamedTuple):
    """One thing wrong, at a key path of the data."""

    path: KeyPath
    what: str
    found: str = ""
    hint: str = ""


class _Case(NamedTuple):
    """One error with all that is needed to explain it."""

    kind: str
    context: Mapping[str, Any]
    spot: Spot
    name: str
    value: Any
    found: str


_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "a multiple of"}
_SIZES = {"min_length": "at least", "max_length": "at most"}
_GAP = object()


def _look(data: Any, path: KeyPath) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return _GAP
    return data


def _quoted(path: KeyPath) -> str:
    last = len(path)
    while last and isinstance(path[last - 1], int):
        last -= 1
    name = str(path[last - 1]) if last else ""
    return f"'{name}{''.join(f'[{index}]' for index in path[last:])}'" if path else "the table"


RENAMED = {
    "freedom": "equivalence",
    "kinks": "breakpoints",
    "penalty": "l2",
    "rate": "learning_rate",
    "steps": "step-functions",
}
"""Keys and words of files as they were called in drafts of version 0.1.0, and what they are called now."""


def choose(word: object, allowed: Iterable[object]) -> str:
    """Say what may stand in the place of a word that is unknown.

    Example:
        >>> choose("widht", ["height", "width"])
        "did you mean 'width'? allowed: 'height', 'width'"
        >>> choose("rate", ["batch", "learning_rate"])
        "it is called 'learning_rate' now"
        >>> choose("kinks", ["breakpoints", "step-functions"])
        "it is called 'breakpoints' now"
    """
    names = [str(one) for one in allowed]
    if RENAMED.get(str(word)) in names:
        return f"it is called '{RENAMED[str(word)]}' now"
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.5)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}allowed: {', '.join(map(repr, names)) or 'none'}"


def _missing(case: _Case) -> Finding | None:
    if case.kind != "missing":
        return None
    if isinstance(case.spot.path[-1], int):
        return Finding(
            case.spot.path, f"{case.name} is missing", "", f"write {describe(case.spot.annotation, full=True)}"
        )
    key = str(case.spot.path[-1])
    described = [fields(model)[key].description for model in models(case.spot.parent) if key in fields(model)]
    meaning = f": {' '.join(described[0].replace('``', '').split())}" if described and described[0] else ""
    hint = f"write {describe(case.spot.annotation, full=True)}{meaning}"
    return Finding(case.spot.path, f"missing key '{key}'", "", hint)


def _unknown_key(case: _Case) -> Finding | None:
    if case.kind != "extra_forbidden":
        return None
    key = case.spot.path[-1]
    allowed = [one for model in models(case.spot.parent) for one in fields(model)]
    return Finding(case.spot.path, f"unknown key '{key}'", "", choose(key, allowed))


def _tag(case: _Case) -> Finding | None:
    if case.kind not in ("union_tag_invalid", "union_tag_not_found"):
        return None
    key = str(case.context["discriminator"]).strip("'")
    allowed = [
        word for model in models(case.spot.annotation) if key in fields(model) for word in words(child(model, key))
    ]
    path, tag = (*case.spot.path, key), _look(case.value, (key,))
    if tag is _GAP:
        return Finding(path, f"missing key '{key}'", "", choose("", allowed))
    return Finding(path, f"unknown word for '{key}'", show(tag), choose(tag, allowed))


def _refused(case: _Case) -> Finding | None:
    refusal = case.context.get("error")
    if isinstance(refusal, Refusal):
        return Finding(case.spot.path, f"{case.name} {refusal.what}", case.found, refusal.hint)
    if isinstance(refusal, Exception):
        return Finding(case.spot.path, f"{case.name}: {refusal}", case.found)
    return None


def _word(case: _Case) -> Finding | None:
    allowed = words(case.spot.annotation)
    if not allowed:
        return None
    return Finding(case.spot.path, f"unknown word for {case.name}", case.found, choose(case.value, allowed))


def _bound(case: _Case) -> Finding | None:
    dimension = dimension_of(case.spot.annotation)
    for limit, phrase in _LIMITS.items():
        if limit in case.context:
            bound = case.context[limit]
            text = format_quantity(bound, dimension.name) if dimension else f"{bound:.12g}"
            return Finding(case.spot.path, f"{case.name} must be {phrase} {text}", case.found)
    for limit, phrase in _SIZES.items():
        if limit in case.context:
            unit = "characters" if isinstance(case.value, str) else "elements"
            what = f"{case.name} must have {phrase} {case.context[limit]} {unit}"
            return Finding(case.spot.path, what.removesuffix("s") if case.context[limit] == 1 else what, case.found)
    return None


def _type(case: _Case) -> Finding | None:
    if case.kind == "finite_number":
        return Finding(case.spot.path, f"{case.name} must be a finite number", case.found)
    if not case.kind.endswith(("_type", "_parsing", "_from_float")):
        return None
    return Finding(case.spot.path, f"{case.name} must be {describe(case.spot.annotation, full=True)}", case.found)


_RULES = (_missing, _unknown_key, _tag, _refused, _word, _bound, _type)


def _explain(error: ErrorDetails, spot: Spot, data: Any) -> Finding:
    value = _look(data, spot.path)
    found = "" if value is _GAP or not spot.path or isinstance(value, dict) else show(value)
    case = _Case(error["type"], error.get("ctx", {}), spot, _quoted(spot.path), value, found)
    for rule in _RULES:
        finding = rule(case)
        if finding is not None:
            return finding
    message = error["msg"]
    return Finding(spot.path, f"{case.name}: {message[:1].lower()}{message[1:]}", found)


def _follows(error: ErrorDetails, value: Any) -> bool:
    """Tell whether an error follows from another: a default that a faulty value decides, a list short of them."""
    if error["type"] == "default_factory_not_called":
        return True
    short = error["type"] == "too_short" and isinstance(value, list)
    return short and len(value) >= error.get("ctx", {}).get("min_length", 0)


def diagnose(schema: Any, error: pydantic.ValidationError, data: Mapping[str, Any]) -> list[Finding]:
    """Put each error of a validation into words, with the key path of the data that it concerns.

    Of the choices of a union without a tag, only the one that got furthest speaks.

    Args:
        schema: the type that was validated against.
        error: what the validation raised.
        data: what was validated.

    Example:
        >>> import pydantic
        >>> class Layer(pydantic.BaseModel):
        ...     width: int
        >>> try:
        ...     Layer.model_validate({"width": "x"})
        ... except pydantic.ValidationError as error:
        ...     print(diagnose(Layer, error, {"width": "x"})[0].what)
        'width' must be a whole number

    """
    located = [(one, locate(schema, one["loc"])) for one in error.errors(include_url=False)]
    located = [(one, spot) for one, spot in located if not _follows(one, _look(data, spot.path))]
    findings: list[Finding] = []
    for union, group in groupby(located, key=lambda pair: pair[1].union):
        errors = list(group)
        if union is not None:
            deeper = [spot.choice for _, spot in errors if len(spot.path) > len(union[0])]
            if not deeper:
                path, annotation = union
                what = f"{_quoted(path)} must be {describe(annotation, full=True)}"
                findings.append(Finding(path, what, show(_look(data, path))))
                continue
            errors = [pair for pair in errors if pair[1].choice == deeper[0]]
        findings.extend(_explain(one, spot, data) for one, spot in errors)
    return findings
