"""The picture of a circuit shows the permutation that its state realises; read back from the lines alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.crossbar import CROSSBARS, crossbar
from hwsim.crossbar.picture import MOST_PORTS

POWERS = ("cantor", "omega", "butterfly", "dilated-benes")
"""Topologies whose ports are a power of two."""
STAGED = [name for name in CROSSBARS if hasattr(crossbar(name, 4), "draw")]


def _walked(svg: str) -> list[int]:
    """The input that reaches each output, by walking along line after line, which all have its colour."""
    root = ET.fromstring(svg)  # noqa: S314 - our own text
    after: dict[tuple[float, float], tuple[float, float]] = {}
    lines: dict[tuple[float, float], str] = {}
    colors: dict[tuple[str, int], str] = {}
    labels: dict[str, dict[float, int]] = {"input": {}, "output": {}}
    for one in root:
        tag = one.tag.rpartition("}")[2]
        if tag == "path":
            x0, y0, x1, y1 = map(float, re.fullmatch(r"M(\S+) (\S+)L(\S+) (\S+)", one.attrib["d"]).groups())  # type: ignore[union-attr]
            assert (x0, y0) not in after, "two lines leave one point"
            after[x0, y0] = (x1, y1)
            lines[x0, y0] = one.attrib["stroke"]
        elif tag == "text":
            labels[one.attrib["class"]][float(one.attrib["y"]) - 3] = int(one.text or "")
            colors[one.attrib["class"], int(one.text or "")] = one.attrib["fill"]
    found = {}
    start = min(x for x, _ in after)
    for y, port in labels["input"].items():
        at, color = (start, y), colors["input", port]
        while at in after:
            assert lines[at] == color, "a line has another signal's colour"
            at = after[at]
        output = labels["output"][at[1]]
        assert colors["output", output] == color
        found[output] = port
    return [found[output] for output in range(len(found))]


@pytest.mark.parametrize("topology", STAGED)
@settings(max_examples=8)
@given(data=st.data())
def test_lines_lead_every_input_to_its_output(topology: str, data: st.DataObject) -> None:
    ports = data.draw(st.sampled_from([2, 4, 8] if topology in POWERS else [1, 2, 3, 4, 7, 8]))
    fabric = crossbar(topology, ports)
    if fabric.blocking == "blocking":
        state = data.draw(st.lists(st.integers(0, 1), min_size=fabric.switches, max_size=fabric.switches))
        chosen = np.array(state, np.uint8)
        wanted = fabric.apply_many(chosen[None], np.arange(ports)[None])[0].tolist()
    else:
        wanted = data.draw(st.permutations(range(ports)))
        chosen = fabric.route(wanted).state
    svg = fabric.svg(chosen)
    assert svg is not None
    assert _walked(svg) == wanted


@given(st.permutations(range(6)))
def test_a_grid_has_a_closed_crosspoint_where_an_input_turns_to_its_output(wanted: list[int]) -> None:
    fabric = crossbar("crossbar", 6)
    svg = fabric.svg(fabric.route(wanted).state) or ""
    closed = re.findall(r'<circle[^>]* cx="(\S+)" cy="(\S+)"', svg)
    rows = {float(y) - 3: int(port) for y, port in re.findall(r'class="input"[^>]*? y="(\S+)"[^>]*>(\d+)<', svg)}
    columns = {float(x) + 3: int(port) for x, port in re.findall(r'class="output" x="(\S+)"[^>]*>(\d+)<', svg)}
    assert {columns[float(x)]: rows[float(y)] for x, y in closed} == dict(enumerate(wanted))


@pytest.mark.parametrize("topology", CROSSBARS)
def test_every_circuit_says_what_it_is(topology: str) -> None:
    fabric = crossbar(topology, 4)
    assert f"<th>{topology}</th>" in fabric._repr_html_()
    assert repr(fabric).startswith(f"<{topology}: 4 ports")
    assert ("<svg" in fabric._repr_html_()) == (topology in {*STAGED, "crossbar"})
    large = crossbar(topology, 2 * MOST_PORTS)
    assert large.svg() is None
    assert "<svg" not in large.html()


def test_a_configuration_is_one_line_at_a_prompt() -> None:
    assert repr(crossbar("benes", 4).route([1, 0, 2, 3])) == "<configuration of benes: 4 ports, 1 switches set>"
