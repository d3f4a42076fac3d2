"""Networks by chance, exported whole: their benches pass in both architectures and every circuit of 2 x 2 switches."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsim.files import DiagnosticError
from hwsim.model import Model
from tests.export import networks
from tests.export.rtl import composing
from tests.export.rtl.test_project import folder, logic
from tests.tools import icarus

DRAWS = (networks.dense, networks.convolved, composing.image, composing.sequence)
CASES = {
    "seed": st.integers(0, 2**32 - 1),
    "topology": st.sampled_from(networks.TWO_BY_TWO),
    "signed": st.booleans(),
    "weight_bits": st.integers(2, 8),
    "pipeline": st.sampled_from([0, 0, 1, 2]),
    "lanes": st.sampled_from([1, 1, 2, 4]),
}
Draw = Callable[[np.random.Generator], Model]


def passes(draw: Draw, seed: int, topology: str, signed: bool, weight_bits: int, pipeline: int, lanes: int) -> None:
    """Both architectures pass, with stalls and without."""
    try:
        model = draw(np.random.default_rng(seed))
    except DiagnosticError:  # a window is larger than what it walks over
        assume(False)
    case = networks.build(model, topology=topology, signed=signed, seed=seed, weight_bits=weight_bits, images=5)
    for arch in ("spatial", "folded"):
        files = logic(folder(case, arch, **({"pipeline": pipeline} if arch == "spatial" else {"lanes": lanes})))
        with tempfile.TemporaryDirectory() as place:
            for plusarg in (f"+seed={seed % 1000}", "+even"):
                told = icarus(files, "bench", Path(place), plusargs=[plusarg])
                assert told.splitlines()[-1].startswith("PASS, 10 images in 2 phases")


@settings(max_examples=5)
@given(draw=st.sampled_from(DRAWS), **CASES)
def test_some(draw: Draw, seed: int, topology: str, signed: bool, weight_bits: int, pipeline: int, lanes: int) -> None:
    passes(draw, seed, topology, signed, weight_bits, pipeline, lanes)


@pytest.mark.rtl
@pytest.mark.parametrize("draw", DRAWS)
@settings(max_examples=25)
@given(**CASES)
def test_many(draw: Draw, seed: int, topology: str, signed: bool, weight_bits: int, pipeline: int, lanes: int) -> None:
    passes(draw, seed, topology, signed, weight_bits, pipeline, lanes)
