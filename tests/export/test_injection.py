"""Nothing that people write in titles and names breaks a generated file, or tells the tool that reads it anything."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hwsim
from hwsim.errors import HwsimError
from hwsim.export import EXPORTS, Snapshot
from hwsim.pipeline.replay import configured
from tests.conftest import TINY_MODEL, TINY_SCENARIO, run_here
from tests.export.meanings import MEANINGS, meaning
from tests.export.snapshots import LIGHT, built, taken
from tests.export.test_photonic_core import chip_of, snapshot_of

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
GRIDS = {"crosspoints": "crossbar"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A small run on an FPGA array after one event; what its bench runs is reckoned once."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "models").mkdir()
    (folder / "models" / "tiny.toml").write_text(TINY_MODEL.replace("units = 12", "units = 2"))
    (folder / "tiny.toml").write_text(TINY_SCENARIO)
    run_here(folder / "tiny.toml", folder / "run", "controller.epochs=1")
    snapshot = configured(
        hwsim.load(folder / "tiny.toml", ["controller.epochs=1"]).plan(), folder / "run" / "schedule.sqlite", 1
    )
    phases, before, history = tuple(snapshot.trial(2)), snapshot.before(), tuple(snapshot.history())
    quiet = snapshot.quiet() if snapshot.quiet is not None else None
    return dataclasses.replace(
        snapshot,
        trial=lambda _: phases,
        before=lambda: before,
        history=lambda: history,
        quiet=None if quiet is None else lambda: quiet,
    )


@cache
def optical(topology: str) -> Snapshot:
    """Circuits of light, or grids, without a run."""
    fabric = built(topology, 4)
    assert fabric is not None
    return dataclasses.replace(taken(fabric, 1, 0), switch=LIGHT)


def named(snapshot: Snapshot, text: str) -> Snapshot:
    """The same with a text wherever people name things."""
    switch = None if snapshot.switch is None else dataclasses.replace(snapshot.switch, name=text)
    model = dataclasses.replace(snapshot.model, title=text)
    return dataclasses.replace(snapshot, technology=text, model=model, switch=switch)


def snapshot_for(name: str, finished: Snapshot) -> Snapshot:
    if name == "photonic-core":
        return snapshot_of(chip_of("as published"))
    return optical(GRIDS.get(name, "benes")) if name in GRIDS or name.startswith("photonic") else finished


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
