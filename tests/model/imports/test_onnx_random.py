"""Random ONNX graphs: the emulation gives what onnx's evaluator gives of a file, or refuses the file; never other."""

from __future__ import annotations

import warnings
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hwsim
from hwsim.errors import HwsimWarning
from hwsim.files import read_document
from hwsim.model import Layer, read_model
from hwsim.model.imports import RefusedError, write_model
from hwsim.pipeline.probing import read_network

reference = pytest.importorskip("onnx.reference")
random_onnx = pytest.importorskip("tests.model.imports.random_onnx")

if TYPE_CHECKING:
    from pathlib import Path

HALF = 10


def plain(written: Layer, layer: Layer) -> Layer:
    """A layer of a file, where what only learning asks for is what a model file says when it says nothing."""
    kept = {key: getattr(layer, key) for key in ("units", "inputs", "activation", "parameters", "groups")}
    return replace(written, **kept)


def compare(seed: int, path: Path) -> bool:
    """Whether a graph is taken, and then gives what it gives to rounding."""
    graph = random_onnx.grow(Random(seed))  # noqa: S311 - no secret
    graph.save(path)
    x = np.random.default_rng(seed).normal(size=(3, *graph.shape)).astype(np.float32)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", HwsimWarning)  # a last Softmax is left out
            found = read_network(path, None)
    except RefusedError:
        return False
    written = read_model(read_document(write_model(found, path.parent / "models", f"net{seed}")[0]))
    assert (written.nodes, written.layers) == (found.model.nodes, tuple(map(plain, written.layers, found.model.layers)))
    evaluator, size = reference.ReferenceEvaluator(str(path)), graph.batch if isinstance(graph.batch, int) else 3
    parts = [
        evaluator.run(None, {"x": x[n : n + size].astype(random_onnx.KINDS[graph.kind])})[0] for n in range(0, 3, size)
    ]
    wanted, got = np.concatenate(parts).astype(np.float64), hwsim.emulate(found)(x)
    if graph.nodes[-1].op_type == "Softmax":
        powers = np.exp(got - got.max(axis=1, keepdims=True))
        got = powers / powers.sum(axis=1, keepdims=True)
    room = 3e-2 if graph.kind == HALF else 2e-4
    assert got.shape == wanted.shape
    assert got == pytest.approx(wanted, abs=room * max(1.0, float(np.abs(wanted).max())))
    return True


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_random_graphs(tmp_path: Path, seed: int) -> None:
    compare(seed, tmp_path / "net.onnx")


@pytest.mark.slow
def test_many_random_graphs(tmp_path: Path) -> None:
    """Most are taken: a reader that refuses everything would never be other."""
    taken = [compare(seed, tmp_path / "net.onnx") for seed in range(300)]
    assert sum(taken) > 150
