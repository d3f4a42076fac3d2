"""MNIST, 28 x 28 pixels, 60,000 training and 10,000 test images.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits. The digests are those of the
decompressed files as published.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import tempfile
import urllib.request
from dataclasses import astuple
from pathlib import Path

import numpy as np
from pydantic import Field

from hwsim.files import Section
from hwsim.task.data import DataError, Shape, Task, TaskPlugin
from hwsim.task.distortion import Reach, distort
from hwsim.task.pixels import Pixels, arrange

ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
CURE = (
    "set HWSIM_DATA to a folder that holds the four MNIST files (or mnist/ with them), or run where there is a network"
)


class MnistParameters(Section):
    """Parameters of the task ``mnist``."""

    train_limit: int = Field(default=60_000, ge=1, le=60_000)
    """Use the first so many training images."""
    validation: int = Field(default=0, ge=0, le=59_999)
    """Keep the last so many of those images from training and evaluate on them instead of the test images: for choosing
    numbers such as learning rates without a look at the test."""
    rotation: float = Field(default=0.0, ge=0, le=180)
    """In training, turn every image by an angle drawn from plus or minus so many degrees."""
    zoom: float = Field(default=0.0, ge=0, lt=1)
    """In training, stretch rows and columns by two factors drawn from 1 - zoom to 1 + zoom."""
    shift: float = Field(default=0.0, ge=0, le=1)
    """In training, move every image along rows and columns by a share of its side drawn from plus or minus so much."""
    pixels: Pixels = "plain"
    """Arrangement of the pixels: ``plain``, ``permuted`` once and for all, ``rotated`` by 90 degrees; or a list of
    them, which makes a multi-task: one task after the other, each with its own registers."""
    pixel_seed: int = Field(default=0, ge=0)
    """Seed of the permutation of ``permuted`` pixels; independent of the run's seed."""


def _shape(_: MnistParameters) -> Shape:
    return Shape(features=784, outputs=10, goal="classification")


def _checked(name: str, content: bytes, origin: str) -> bytes:
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != FILES[name]:
        raise DataError(f"MNIST file {name} from {origin} has md5 {found}, published is {FILES[name]}; fetch it again")
    return content


def _unpacked(packed: bytes, origin: str) -> bytes:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, ValueError) as error:
        raise DataError(f"MNIST file {origin} is no whole gzip file ({error}); fetch it again") from error


def _from_folder(folder: Path, name: str) -> bytes | None:
    for path in (folder / "mnist" / f"{name}.gz", folder / f"{name}.gz", folder / "mnist" / name, folder / name):
        if path.is_file():
            content = path.read_bytes()
            return _checked(name, _unpacked(content, str(path)) if path.suffix == ".gz" else content, str(path))
    return None


def _download(name: str, cache: Path) -> bytes:
    address = f"{ADDRESS}{name}.gz"
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - a constant https address
            packed: bytes = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"MNIST is neither in HWSIM_DATA nor reachable at {ADDRESS} ({error}); {CURE}") from error
    content = _checked(name, _unpacked(packed, address), address)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
        file.write(packed)
    Path(file.name).replace(cache / f"{name}.gz")
    return content


def _content(name: str) -> bytes:
    given = os.environ.get("HWSIM_DATA")
    if given:
        content = _from_folder(Path(given), name)
        if content is None:
            raise DataError(f"HWSIM_DATA={given} holds no MNIST file {name}(.gz); {CURE}")
        return content
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hwsim" / "mnist"
    found = _from_folder(cache, name)
    return _download(name, cache) if found is None else found


def _images(content: bytes) -> np.ndarray:
    return (np.frombuffer(content, np.uint8, offset=16).reshape(-1, 784) / np.float32(255)).astype(np.float32)


def _labels(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8, offset=8).astype(np.int64)


def load(parameters: MnistParameters) -> Task:
    """Load MNIST from ``HWSIM_DATA``, the cache, or its published address, and check its digests.

    Raises:
        DataError: not found, not reachable, or not the published bytes; one line that names the hint.
    """
    content = {name: _content(name) for name in FILES}
    labels = _labels(content["train-labels-idx1-ubyte"])
    limit, held = min(parameters.train_limit, len(labels)), parameters.validation
    if held >= limit:
        raise DataError(f"validation = {held} leaves none of {limit} images for training; hold out fewer")
    x, y = _images(content["train-images-idx3-ubyte"])[:limit], labels[:limit]
    test_x, test_y = _images(content["t10k-images-idx3-ubyte"]), _labels(content["t10k-labels-idx1-ubyte"])
    first = limit - held
    reach = Reach(parameters.rotation, parameters.zoom, parameters.shift)
    task = Task(
        shape=_shape(parameters),
        train_x=x[:first],
        train_y=y[:first],
        test_x=x[first:] if held else test_x,
        test_y=y[first:] if held else test_y,
        input_range=(0.0, 1.0),
        augment=(lambda images, rng: distort(images, rng, reach)) if any(astuple(reach)) else None,
    )
    return arrange(task, parameters.pixels, parameters.pixel_seed)


PLUGIN = TaskPlugin(
    name="mnist",
    summary="MNIST from HWSIM_DATA or its published address, 10 classes",
    parameters=MnistParameters,
    shape=_shape,
    load=load,
)
