"""A small reader of SPICE: subcircuits, parameters and linear sources, solved as one system of node equations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Subcircuit:
    name: str
    nodes: list[str]
    defaults: dict[str, str]
    params: dict[str, str] = field(default_factory=dict)
    lines: list[list[str]] = field(default_factory=list)


def _settings(words: list[str]) -> tuple[list[str], dict[str, str]]:
    plain = [word for word in words if "=" not in word]
    return plain, dict(word.split("=", 1) for word in words if "=" in word)


def read(text: str) -> dict[str, Subcircuit]:
    """The subcircuits of a file, by name."""
    found: dict[str, Subcircuit] = {}
    here: Subcircuit | None = None
    for line in re.sub(r"\n\+ ?", " ", text).splitlines():
        if line.startswith("*") or not line.strip():
            continue
        first, *words = line.split()
        if first == ".subckt":
            (name, *nodes), defaults = _settings(words)
            assert here is None
            assert name not in found
            here = found[name] = Subcircuit(name, nodes, defaults)
        elif first == ".ends":
            assert here is not None
            assert words == [here.name]
            here = None
        elif first == ".param":
            assert here is not None
            here.params |= _settings(words)[1]
        else:
            assert here is not None
            assert first[0] in "XER", line
            here.lines.append([first, *words])
    assert here is None
    return found


def _value(text: str, known: dict[str, float]) -> float:
    text = text.removeprefix("{").removesuffix("}").replace("1G", "1e9")
    return float(eval(text, {"__builtins__": {}}, dict(known)))  # noqa: S307 - numbers and names of our own file


def flatten(
    parts: dict[str, Subcircuit], name: str, joined: dict[str, str], given: dict[str, float], path: str = ""
) -> list[tuple[str, str, str, str, float]]:
    """All sources as (node, node below it, control, control below it, factor), by names of nodes in the whole."""
    part = parts[name]
    known = {key: _value(value, {}) for key, value in part.defaults.items()} | given
    for key, value in part.params.items():
        known[key] = _value(value, known)
    assert set(joined) == set(part.nodes)
    names = {**joined, "0": "0"}

    def node(inner: str) -> str:
        return names.setdefault(inner, f"{path}.{inner}")

    found = []
    for first, *words in part.lines:
        plain, settings = _settings(words)
        if first[0] == "X":
            *outer, kind = plain
            ends = dict(zip(parts[kind].nodes, map(node, outer), strict=True))
            values = {key: _value(value, known) for key, value in settings.items()}
            found += flatten(parts, kind, ends, values, f"{path}.{first}")
        elif first[0] == "E":
            a, b, c, d = map(node, plain[:4])
            found.append((a, b, c, d, _value(plain[4], known)))
    return found


def solve(sources: list[tuple[str, str, str, str, float]], driven: list[str], wanted: list[str]) -> Any:
    """The voltages of wanted nodes (driven, wanted) where one driven node after the other has 1 V and others none."""
    number: dict[str, int] = {}
    for nodes in sources:
        for one in nodes[:4]:
            if one != "0":
                number.setdefault(one, len(number))
    equations = np.zeros((len(number), len(number)))
    right = np.zeros((len(number), len(driven)))
    row = 0
    for a, b, c, d, factor in sources:
        for node, weight in ((a, 1.0), (b, -1.0), (c, -factor), (d, factor)):
            if node != "0":
                equations[row, number[node]] += weight
        row += 1
    floating = set(number) - {nodes[0] for nodes in sources} - {nodes[1] for nodes in sources}
    for node in sorted(floating):  # ports: driven from outside, or at 0 through their resistor
        equations[row, number[node]] = 1.0
        if node in driven:
            right[row, driven.index(node)] = 1.0
        row += 1
    assert row == len(number), "as many equations as nodes"
    return np.linalg.solve(equations, right)[[number[node] for node in wanted]].T
