"""The test inputs of a run through an exported file: how far it is from the emulated chip, told by the file itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.export.snapshot import Snapshot

AT_ONCE = 512
"""Samples that run together."""


def count_differing(snapshot: Snapshot, content: bytes, unit: float) -> str:
    """Say how many outputs a file gives otherwise than the chip, in whole steps of a unit.

    Args:
        snapshot: the run, with its test inputs where they are at hand.
        content: the file, whose one output is compared.
        unit: of the chip's outputs, which are whole multiples of it.
    """
    tried = _tried(snapshot, content)
    if isinstance(tried, str):
        return tried
    found, wanted, by = tried
    wrong = int((np.rint(found / unit) != np.rint(wanted / unit)).sum())
    return f"{wrong} of {wanted.size} of {by}"


def largest_difference(snapshot: Snapshot, content: bytes) -> str:
    """Say how far a file's outputs are from those of a quiet read, relative to the largest; arguments as above."""
    tried = _tried(snapshot, content)
    if isinstance(tried, str):
        return tried
    found, wanted, by = tried
    most = float(np.abs(wanted).max()) or 1.0
    return f"{float(np.abs(found - wanted).max()) / most:.2g} of the largest output of {by}"


def _tried(snapshot: Snapshot, content: bytes) -> tuple[NDArray[np.float64], NDArray[Any], str] | str:
    """Return outputs of the file, those of the chip and what they are of; or why there are none."""
    if snapshot.quiet is None:
        return "unknown, no test inputs were at hand"
    try:
        import onnxruntime
    except ImportError:
        return "unknown, onnxruntime was not installed"
    x, wanted = snapshot.quiet()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    images = x.reshape(len(x), *snapshot.model.nodes[0].taken)
    parts = [session.run(None, {"x": images[n : n + AT_ONCE]})[0] for n in range(0, len(x), AT_ONCE)]
    found = np.concatenate(parts).astype(np.float64).reshape(wanted.shape)
    by = f"the {len(x)} test inputs, by onnxruntime {onnxruntime.__version__} with its default optimisations"
    return found, wanted, by
