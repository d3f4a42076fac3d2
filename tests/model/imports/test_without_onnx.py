"""Where the package onnx is missing, the message says how to get it."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from hwsim.model.imports import read_onnx


def test_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "onnx":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"^a\.onnx: reading ONNX files takes the package onnx; pip install 'hwsim\["):
        read_onnx(Path("a.onnx"))
