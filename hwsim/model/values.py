"""Values of a network in a file beside its model file."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from hwsim.model.network import Start

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hwsim.model.layer import Model

PARTS = ("weights", "bias", "gain")


def pack_values(values: Sequence[Start]) -> bytes:
    """Return weights, biases and gains of every layer as NumPy's npz.

    Arrays are named ``weights/0``, ``bias/0``, ``gain/0`` and so on, float64.
    """
    named = {f"{part}/{n}": np.asarray(getattr(each, part)) for n, each in enumerate(values) for part in PARTS}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **named)
    return buffer.getvalue()


def read_values(path: Path, model: Model, digest: str | None = None) -> list[Start]:
    """Read what :func:`pack_values` packed.

    Args:
        path: the file.
        model: the network that the values are for.
        digest: its SHA-256, where it is to be checked.

    Raises:
        ValueError: no such file, another one than the digest says, or values of another network.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the values cannot be read from {path} ({error.strerror})") from None
    if digest is not None and hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{path} has changed since the model file was written")
    found = []
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            for number, layer in enumerate(model.layers):
                weights, bias, gain = (kept[f"{part}/{number}"] for part in PARTS)
                if weights.shape != (layer.units, layer.inputs) or bias.shape != (layer.units,):
                    what = f"weights {weights.shape} and biases {bias.shape} of layer {number}"
                    raise ValueError(f"{path} has {what}, the model {(layer.units, layer.inputs)}")
                unit_gains = np.broadcast_to(gain, layer.units).copy() if layer.unit_gains else float(gain)
                found.append(Start(weights, bias, unit_gains))
    except (KeyError, BadZipFile, TypeError) as error:
        raise ValueError(f"{path} holds no values of this network ({error})") from None
    return found
