"""Nothing that people write in titles and names breaks a generated file, or tells the tool that reads it anything."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.export import EXPORTS, Snapshot
from tests.export.everything import snapshot_for
from tests.export.meanings import MEANINGS, meaning

ENDS = [
    *"\"'`\\\n\r\t<>&{}[]()$@#|?;,:*/-=",
    "*/ wire x; /*",
    '\n`include "/etc/passwd"\n',
    "\nendmodule\n",
    "--\n",
    "-->",
    "]]>",
    "</svg><script>alert(1)</script>",
    '"];\n',
    '"}, {"layers": []',
    "\\\n\trm -rf /\n",
    "$(shell id)",
    "\n.end\n.include x\n",
    "\n+ r1 1 0 1\n",
    "=1+1",
    "synopsys translate_off",
    "verilator lint_off",
    "\x00\x1b[31m",
    "\u2028\u202e",
    "ä",
]
TEXTS = st.lists(st.one_of(st.sampled_from(ENDS), st.text(max_size=8)), max_size=6).map("".join)
LOGIC = {"rtl": ({"arch": "folded"}, {"arch": "spatial"})}
"""Options of a format with which it is written too."""


def named(snapshot: Snapshot, text: str) -> Snapshot:
    """The same with a text wherever people name things."""
    switch = None if snapshot.switch is None else dataclasses.replace(snapshot.switch, name=text)
    model = dataclasses.replace(snapshot.model, title=text)
    return dataclasses.replace(snapshot, technology=text, model=model, switch=switch)


def meanings(name: str, snapshot: Snapshot, options: dict[str, Any]) -> dict[str, Any]:
    from hwsim.files.whole import split

    made = EXPORTS[name].contents(snapshot, **options)
    return {file: meaning(file, b"".join(split(content))) for file, content in made.items()}


@pytest.mark.parametrize("name", [name for name in EXPORTS if name != "photonic-gds"])
@settings(max_examples=12)
@given(text=TEXTS)
def test_files_mean_the_same_whatever_things_are_called(name: str, text: str, finished: Snapshot) -> None:
    snapshot = snapshot_for(name, finished)
    for options in LOGIC.get(name, ({},)):
        plain = _plain(name, snapshot, options)
        assert plain
        assert meanings(name, named(snapshot, text), options) == plain


_KEPT: dict[str, dict[str, Any]] = {}


def _plain(name: str, snapshot: Snapshot, options: dict[str, Any]) -> dict[str, Any]:
    key = f"{name} {options}"
    if key not in _KEPT:
        _KEPT[key] = meanings(name, named(snapshot, "net"), options)
    return _KEPT[key]


@pytest.mark.parametrize(
    ("name", "content", "injected"),
    [
        ("a.v", b"// t\nwire a;\n", b"// t\nwire b;\nwire a;\n"),
        ("a.v", b"/* t */ wire a;\n", b"/* t */ wire b; /* */ wire a;\n"),
        ("Makefile", b"# t\nall:\n\ttrue\n", b"# t\\\nall:\n\ttrue\n"),
        ("a.cir", b"title\n* t\nr1 1 0 1\n", b"title\n* t\n.end\nr1 1 0 1\n"),
        ("a.csv", b"# t\na,b\n", b"# t\n1,2\na,b\n"),
        ("a.dot", b'// t\ndigraph { "a" }\n', b'// t\n}\ndigraph { "a" }\n'),
        ("a.svg", b"<svg><title>t</title></svg>", b"<svg><title>t</title><script/></svg>"),
        ("a.json", b'{"network": "t", "layers": [1]}', b'{"network": "t", "layers": []}'),
        ("a.mem", b"// t\n1f\n", b"// t\n0\n1f\n"),
        ("a.yml", b"info: t\nports: 4\n", b"info: t\nports: 5\n"),
    ],
)
def test_an_injection_would_be_found(name: str, content: bytes, injected: bytes) -> None:
    assert meaning(name, content) != meaning(name, injected)


def test_every_language_has_a_parser(finished: Snapshot) -> None:
    for name in EXPORTS:
        try:
            files = EXPORTS[name].contents(snapshot_for(name, finished))
        except HwsimError:
            assert name == "photonic-gds"
            continue
        assert {Path(file).suffix or file for file in files} <= set(MEANINGS)
