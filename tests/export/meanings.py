"""What a generated file means to the tools that read it: by a parser of its language, all remarks left out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import onnx
import pyarrow.parquet
import torch
import yaml

FREE = {"network", "technology", "title", "checksum", "info"}
"""Keys under which files of data hold words of people."""


def verilog(content: bytes) -> str:
    """Text without comments, as IEEE 1364-2005 section 3 has them, texts whole; every other byte stays."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:[^"\\\n]|\\.)*")|([^"/]+|.)', re.DOTALL)
    return "".join(found[1] or found[2] or " " for found in token.finditer(content.decode("ascii")))


def script(content: bytes) -> str:
    """Lines of make or a shell without remarks: a backslash at its end goes on with a remark too."""
    joined = re.sub(r"\\\n", " ", content.decode("ascii"))
    return "\n".join(line.partition("#")[0].rstrip() for line in joined.split("\n"))


def spice(content: bytes) -> str:
    """Cards without remarks; what follows ``+`` goes on with the line before."""
    joined = content.decode("ascii").replace("\n+", " ")
    return "\n".join(line for line in joined.split("\n")[1:] if not line.startswith("*"))


def memory(content: bytes) -> list[int]:
    """Numbers and addresses of ``$readmemh``."""
    tokens = re.sub(r"//[^\n]*", " ", content.decode("ascii")).split()
    return [-1 - int(token[1:], 16) if token.startswith("@") else int(token, 16) for token in tokens]


def xml(content: bytes) -> Any:
    """Elements with their attributes and texts; those of free keys without texts."""
    return _element(ET.fromstring(content))  # noqa: S314 - written by this test


def _element(element: ET.Element) -> Any:
    text = "" if element.get("key") in FREE else (element.text or "").strip()
    return element.tag, element.attrib, text, [_element(part) for part in element]


def data(found: Any) -> Any:
    """Objects without what stands under free keys."""
    if isinstance(found, dict):
        return {key: data(value) for key, value in found.items() if key not in FREE}
    return [data(one) for one in found] if isinstance(found, list) else found


def arrays(content: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        about = json.loads(found["about"].tobytes())
        return {"about": data(about)} | {name: found[name].tolist() for name in found.files if name != "about"}


def network(content: bytes) -> list[bytes]:
    graph = onnx.load_from_string(content).graph
    return [one.SerializeToString() for one in (*graph.node, *graph.input, *graph.output, *graph.initializer)]


def tensors(content: bytes) -> dict[str, Any]:
    found = torch.load(io.BytesIO(content), weights_only=True)
    return {name: value.tolist() for name, value in found.items() if isinstance(value, torch.Tensor)}


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(line for line in content.decode("ascii").splitlines() if not line.startswith("#")))


MEANINGS: dict[str, Callable[[bytes], Any]] = {
    ".cir": spice,
    ".csv": rows,
    ".dot": verilog,
    ".graphml": xml,
    ".json": lambda content: data(json.loads(content)),
    ".mem": memory,
    ".npz": arrays,
    ".onnx": network,
    ".parquet": lambda content: pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist(),
    ".pt": tensors,
    ".svg": xml,
    ".txt": lambda content: content.decode("ascii").count("\n"),
    ".v": verilog,
    ".yml": lambda content: data(yaml.safe_load(content)),
    "Makefile": script,
    ".pcf": script,
    ".lpf": script,
    ".cst": verilog,
}


def meaning(name: str, content: bytes) -> Any:
    """What a file says to a tool; a suffix that has no parser here fails."""
    return MEANINGS["Makefile" if name == "Makefile" else name[name.rindex(".") :]](content)
