"""Graphs and pictures, decoded from the file alone: by an XML parser, by the grammar of DOT, and by a browser."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hwsim.crossbar import CROSSBARS
from hwsim.export import EXPORTS
from hwsim.files.diagnostic import Refusal
from tests.export.snapshots import built, taken
from tests.tools import call, need

SPACE = {"g": "http://graphml.graphdrawing.org/xmlns"}
SVG = "{http://www.w3.org/2000/svg}"

Edges = dict[tuple[str, str], bool]


def parsed(text: bytes) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - written by this test


def edges_of_graphml(text: bytes) -> tuple[Edges, dict[str, int]]:
    """Whether each edge conducts, and whose signal each node says that it has."""
    graph = parsed(text).find("g:graph", SPACE)
    assert graph is not None
    edges = {}
    for edge in graph.iterfind("g:edge", SPACE):
        told = {data.get("key"): data.text for data in edge}
        edges[edge.attrib["source"], edge.attrib["target"]] = told["on"] == "true"
    signals = {node.attrib["id"]: int(data.text or "") for node in graph.iterfind("g:node", SPACE) for data in node}
    return edges, signals


def edges_of_dot(text: bytes) -> Edges:
    """The same of DOT, every statement by its grammar."""
    lines = text.decode().splitlines()
    body = lines[lines.index("digraph circuit {") + 2 : lines.index("}")]
    statement = re.compile(r'"(\w+)"(?: -> "(\w+)")?(?: \[((?:\w+=(?:\w+|"[^"\\]*"),? ?)+)\])?;')
    found = {}
    for line in body:
        read = statement.fullmatch(line)
        assert read is not None, line
        if read[2]:
            found[read[1], read[2]] = dict(re.findall(r'(\w+)=(\w+|"[^"]*")', read[3]))["on"] == "true"
    return found


def led(edges: Edges, ports: int) -> list[int]:
    """The input from which each output is reached along edges that conduct: one way back, and no other."""
    before: dict[str, str] = {}
    for (start, end), on in edges.items():
        if on:
            assert end not in before
            before[end] = start
    found = []
    for port in range(ports):
        node = f"out_{port}"
        while node in before:
            node = before[node]
        found.append(int(node.removeprefix("in_")))
    return found


@pytest.mark.parametrize("name", CROSSBARS)
@pytest.mark.parametrize("ports", [1, 2, 7, 8])
def test_edges_that_conduct_lead_to_the_cells(name: str, ports: int) -> None:
    fabric = built(name, ports)
    if fabric is None:
        return
    snapshot = taken(fabric, 2, ports)
    for bank, wanted in enumerate(snapshot.layers[0].permutations.tolist()):
        edges, signals = edges_of_graphml(EXPORTS["graphml"].files(snapshot)[f"layer0_bank{bank}.graphml"])
        assert led(edges, ports) == wanted
        assert [signals[f"out_{port}"] for port in range(ports)] == wanted
        assert edges_of_dot(EXPORTS["dot"].files(snapshot)[f"layer0_bank{bank}.dot"]) == edges


def picture(name: str, ports: int) -> tuple[bytes, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    fabric = built(name, ports)
    assert fabric is not None
    snapshot = taken(fabric, 1, ports)
    return EXPORTS["svg"].files(snapshot)["layer0_bank0.svg"], snapshot.layers[0].states[0]


def test_a_browser_shows_every_switch_in_its_state(tmp_path: Path) -> None:
    """Headless Chromium parses and lays out the file; a script counts what is drawn in it, not what is written."""
    svg, state = picture("benes", 16)
    (tmp_path / "benes.svg").write_bytes(svg)
    script = """<!doctype html><meta charset=utf-8>
    <object id=o type="image/svg+xml" data="benes.svg"></object><pre id=p></pre>
    <script>onload = () => { const d = document.getElementById("o").contentDocument;
    const drawn = [...d.querySelectorAll(".switch")].filter(s => s.getBBox().width > 0 && s.getBBox().height > 0);
    const told = drawn.map(s => s.classList[1] + " " + s.textContent);
    document.getElementById("p").textContent = told.join(";") }</script>"""
    (tmp_path / "page.html").write_text(script)
    words = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--allow-file-access-from-files",
        "--virtual-time-budget=5000",
    )
    said = call([need("chromium"), *words, "--dump-dom", "page.html"], tmp_path, seconds=60)
    found = re.search(r'<pre id="p">([^<]*)</pre>', said)
    assert found is not None, said[-2000:]
    drawn = [re.fullmatch(r"(bar|cross) switch (\d+): (bar|cross)", one) for one in unescape(found[1]).split(";")]
    states = {int(one[2]): int(one[1] == "cross") for one in drawn if one is not None and one[1] == one[3]}
    assert len(drawn) == len(states) == 56
    assert [states[switch] for switch in range(56)] == state.tolist()


@pytest.mark.parametrize(
    ("name", "ports"), [("benes", 100), ("benes", 1024), ("bitonic", 128), ("time-multiplexed", 64)]
)
def test_a_map_has_a_field_for_every_switch(name: str, ports: int) -> None:
    svg, state = picture(name, ports)
    root = parsed(svg)
    columns = list(root.iter(f"{SVG}path"))
    highs = [float(rect.attrib["height"]) for rect in root.iter(f"{SVG}rect") if rect.get("class") == "stage"]
    fields = [[int(k) for k in path.attrib["data-switches"].split()] for path in columns]
    tall = [[float(y) for y in re.findall(r"M[\d.e+]+ ([\d.e+]+)", path.attrib["d"])] for path in columns]
    fabric = built(name, ports)
    assert fabric is not None
    cycles = getattr(fabric, "cycles", 1)
    bits = state[: cycles * fabric.switches]
    starts = np.searchsorted(getattr(fabric, "stage", np.arange(fabric.switches)), np.arange(fabric.depth))
    sizes = [fabric.switches] * cycles if cycles > 1 else np.diff([*starts.tolist(), fabric.switches]).tolist()
    assert len(columns) == len(highs) == len(sizes)
    first = 0
    for size, crossed, at, high in zip(sizes, fields, tall, highs, strict=True):
        assert crossed == np.flatnonzero(bits[first : first + size]).tolist()
        assert at == pytest.approx([40 + high / size * k for k in crossed], rel=1e-4)
        first += size
    assert first == len(bits)


@pytest.mark.parametrize(("name", "ports"), [("crossbar", 300), ("clos", 40), ("clos-strict", 100)])
def test_a_map_has_a_dot_for_every_closed_crosspoint(name: str, ports: int) -> None:
    svg, state = picture(name, ports)
    root = parsed(svg)
    dots = [path.attrib["data-crosspoints"].split() for path in root.iter(f"{SVG}path")]
    drawn = [path.attrib["d"].count("M") for path in root.iter(f"{SVG}path")]
    assert drawn == [len(one) for one in dots]
    assert sum(drawn) == np.count_nonzero(state >= 0)
    if name == "crossbar":
        assert [int(one.split(",")[0]) for one in dots[0]] == state.tolist()


def test_circuits_too_large_for_a_picture() -> None:
    for name, ports in (("benes", 1025), ("spanke", 512)):
        with pytest.raises(Refusal, match=f"there is no picture of {name} circuits of {ports:,} ports"):
            picture(name, ports)
