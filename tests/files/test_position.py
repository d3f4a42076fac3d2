from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.files import scan
from hwsim.files.emitting import emit

NASTY = '''\
# a [comment] = "with" 'quotes'
"" = 0
a.b . "c.d" = 1 # [x]
'lit"eral' = [ 1, # one ]
  [2, "]", \'\'\'
]'\'\'\'\'],
  {x.y = 1, "z#" = { w = [] }}, ]
when = 1979-05-27 07:32:00
dates = [1979-05-27 07:32:00, 07:32:00]
text = """
[no] = 1
\\""" still """""
empty = ""
none = \'\'
raw = \'C:\\\'
[ t . "u.v" ]
"esc\\u0041pe\\"d" = {}
[t]
after = true
[[list]]
[[list]]
k = 1
[list.sub]
k = 2
[[list.sub2.deep]]
[[list.sub2.deep]]
k = """a"""
last = inf'''

KEYS = st.sampled_from(["a", "b-1", "", "c.d", '"', "'", "é", "1", "#", "[", "=", "\t"])
SCALARS = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(alphabet="ab\"'\\#[]{}=,\n\r\té", max_size=6),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(KEYS, VALUES, max_size=4)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {path}
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in pairs:
            found |= paths(item, (*path, step))
    return found


def spell_key(draw: st.DrawFn, key: str) -> str:
    if "'" not in key and draw(st.booleans()):
        return f"'{key}'"
    return json.dumps(key)


def spell_text(draw: st.DrawFn, text: str) -> str:
    style = draw(st.integers(0, 3))
    if style == 1 and not set(text) & set("'\n\r"):
        return f"'{text}'"
    if style == 2 and "'''" not in text and "\r" not in text:
        return f"'''\n{text}'''"
    if style == 3:
        body = text.replace("\\", "\\\\").replace("\r", "\\r").replace('"""', '""\\"')
        return f'"""\n{body}"""' if '""""' not in f'{body}"""'.removesuffix('"') else json.dumps(text)
    return json.dumps(text)


def spell(draw: st.DrawFn, value: Any) -> str:
    if isinstance(value, str):
        return spell_text(draw, value)
    gap = draw(st.sampled_from(["", " ", "\t"]))
    if isinstance(value, dict):
        return "{" + ",".join(f"{gap}{spell_key(draw, k)}{gap}={gap}{spell(draw, v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        gap = draw(st.sampled_from(["", " ", "\n  ", " # ] [\n"]))
        return "[" + "".join(f"{gap}{spell(draw, item)}{gap}," for item in value) + gap + "]"
    return emit({"k": value}).removeprefix("k = ").strip()


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines: list[str] = []
    later: list[tuple[str, dict[str, Any], bool]] = []

    def table(content: dict[str, Any], header: str) -> None:
        for name, value in content.items():
            key = spell_key(draw, name)
            full = f"{header}.{key}" if header else key
            dots = draw(st.sampled_from([".", " . "]))
            indent = draw(st.sampled_from(["", "  ", "\t", "\n# [c]\n"]))
            style = draw(st.integers(0, 2))
            if isinstance(value, dict) and style == 1:
                later.append((full, value, False))
            elif isinstance(value, list) and value and style == 1 and all(isinstance(one, dict) for one in value):
                later.extend((full, one, True) for one in value)
            elif isinstance(value, dict) and value and style == 2:
                lines.extend(f"{indent}{key}{dots}{spell_key(draw, k)} = {spell(draw, v)}" for k, v in value.items())
            else:
                lines.append(f"{indent}{key}={spell(draw, value)} # end")

    table(draw(DATA), "")
    while later:
        full, content, double = later.pop(0)
        lines.append(f" [[ {full} ]]" if double else f"[{full}] # [t]")
        before = later[:]
        later.clear()
        table(content, full)
        later.extend(before)
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return "\n".join(lines).replace("\n", ending)


@settings(max_examples=400, deadline=None)
@given(documents())
def test_finds_the_same_paths_as_the_standard_parser(text: str) -> None:
    assert set(scan(text)) == paths(tomllib.loads(text))


@settings(max_examples=200, deadline=None)
@given(documents())
def test_every_place_is_in_the_text(text: str) -> None:
    lines = text.split("\n")
    for path, (line, column) in scan(text).items():
        assert 1 <= line <= len(lines)
        assert path == () or lines[line - 1][column - 1] not in " \t#\r"


def test_nasty_document() -> None:
    assert set(scan(NASTY)) == paths(tomllib.loads(NASTY))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("",), (2, 1)),
        (("a", "b", "c.d"), (3, 7)),
        (('lit"eral', 1, 1), (5, 7)),
        (('lit"eral', 2), (7, 3)),
        (('lit"eral', 2, "x", "y"), (7, 6)),
        (("t", "u.v"), (16, 1)),
        (("t", 'escApe"d'), (0, 0)),
        (("t", "u.v", 'escApe"d'), (17, 1)),
        (("t",), (18, 1)),
        (("list",), (20, 1)),
        (("list", 1, "k"), (22, 1)),
        (("list", 1, "sub2", "deep", 1, "k"), (27, 1)),
        (("list", 1, "sub2", "deep", 1, "last"), (28, 1)),
    ],
)
def test_places_of_the_nasty_document(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert scan(NASTY).get(path, (0, 0)) == place


def test_invalid_text_is_refused() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        scan("a = ")
