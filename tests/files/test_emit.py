from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.files import emit

SCALARS = st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False), st.datetimes(), st.dates())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=10
)
DATA = st.dictionaries(st.text(), VALUES, max_size=5)


@settings(deadline=None, max_examples=300)
@given(DATA, st.text(), st.text())
def test_reading_back_gives_the_same(data: dict[str, Any], header: str, origin: str) -> None:
    origins: dict[tuple[str | int, ...], str] = {(name,): origin for name in data}
    assert tomllib.loads(emit(data, origins, header)) == data


def test_layout() -> None:
    data = {
        "layers": [{"width": 3}, {"width": 4, "act": {"name": "relu"}}],
        "seed": 1,
        "only": {"tables": {"x": True}},
        "none": {},
        "mixed": [1, {"a": 2}],
    }
    origins: dict[tuple[str | int, ...], str] = {("seed",): "--set", ("layers", 1, "width"): "base.toml:3"}
    assert emit(data, origins, "made by a test\nsecond") == (
        "# made by a test\n# second\nseed = 1  # --set\nmixed = [1, { a = 2 }]\n"
        '\n[[layers]]\nwidth = 3\n\n[[layers]]\nwidth = 4  # base.toml:3\n\n[layers.act]\nname = "relu"\n'
        "\n[only.tables]\nx = true\n\n[none]\n"
    )
    assert emit({}) == ""
    assert emit({"a": dt.date(2020, 1, 2), "b": (1, 2)}) == "a = 2020-01-02\nb = [1, 2]\n"


def test_what_toml_does_not_have_is_named() -> None:
    with pytest.raises(TypeError, match=r"^TOML has no value for a\.b\.1, a NoneType$"):
        emit({"a": {"b": [1, None]}})
