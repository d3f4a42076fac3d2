"""MNIST: the published bytes or one line that says what would help."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.task import DataError, mnist
from hwsim.task.mnist import ADDRESS, CURE, FILES, MnistParameters, load

NAMES = list(FILES)


def real() -> bool:
    given = os.environ.get("HWSIM_DATA")
    return given is not None and any((Path(given) / sub / f"{NAMES[0]}.gz").is_file() for sub in (".", "mnist"))


@pytest.mark.skipif(not real(), reason="HWSIM_DATA names no folder with MNIST")
def test_the_real_data() -> None:
    task = load(MnistParameters())
    assert (task.train_x.shape, task.test_x.shape) == ((60_000, 784), (10_000, 784))
    assert (task.train_y[:5].tolist(), task.test_y[:5].tolist()) == ([5, 0, 4, 1, 9], [7, 2, 1, 0, 4])
    # published class counts of the training and the test set
    assert np.bincount(task.train_y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(task.test_y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (float(task.train_x.min()), float(task.train_x.max())) == task.input_range == (0, 1)
    assert float(task.train_x.mean(dtype=np.float64)) == pytest.approx(0.1307, abs=5e-5)
    few = load(MnistParameters(train_limit=7))
    assert np.array_equal(few.train_x, task.train_x[:7])
    assert len(few.train_y) == 7
    assert len(few.test_y) == 10_000
    held = load(MnistParameters(train_limit=9, validation=4))
    assert np.array_equal(held.train_x, task.train_x[:5])
    assert np.array_equal(held.test_x, task.train_x[5:9])
    assert np.array_equal(held.test_y, task.train_y[5:9])


def small(count: int) -> dict[str, bytes]:
    """Four files of the published layout with few samples: sample i is all pixels i, class i mod 10."""
    head = b"\0\0\x08\x03" + count.to_bytes(4, "big") + (28).to_bytes(4, "big") * 2
    pixels = b"".join(bytes([i]) * 784 for i in range(count))
    labels = b"\0\0\x08\x01" + count.to_bytes(4, "big") + bytes(i % 10 for i in range(count))
    return {name: head + pixels if "images" in name else labels for name in NAMES}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Small files in place of the published ones, digests too; HWSIM_DATA names ``tmp_path``."""
    content = small(12)
    published = {name: hashlib.md5(data, usedforsecurity=False).hexdigest() for name, data in content.items()}
    monkeypatch.setattr(mnist, "FILES", published)
    monkeypatch.setenv("HWSIM_DATA", str(tmp_path))
    return content


@pytest.mark.parametrize("folder", [".", "mnist"])
@pytest.mark.parametrize("packed", [False, True])
def test_files_in_a_folder(folder: str, packed: bool, files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    for name, data in files.items():
        path = tmp_path / folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(data) if packed else data)
    task = load(MnistParameters())
    assert np.array_equal(task.train_x * 255, np.repeat(np.arange(12.0), 784).reshape(12, 784).astype(np.float32))
    assert task.test_y.tolist() == [*range(10), 0, 1]


def refused(words: str) -> None:
    with pytest.raises(DataError, match=f"^{words}$") as caught:
        load(MnistParameters())
    assert "\n" not in str(caught.value)


def test_other_bytes(files: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    wrong = files[NAMES[1]][:-1] + b"\x03"
    (tmp_path / NAMES[1]).write_bytes(wrong)
    found, wanted = hashlib.md5(wrong, usedforsecurity=False).hexdigest(), mnist.FILES[NAMES[1]]
    origin = re.escape(str(tmp_path / NAMES[1]))
    refused(f"MNIST file {NAMES[1]} from {origin} has md5 {found}, published is {wanted}; fetch it again")


def flip(packed: bytes) -> bytes:
    """Destroy a byte in the middle of the compressed stream."""
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 0xFF]) + packed[middle + 1 :]


@pytest.mark.parametrize("harm", [lambda b: b[: len(b) // 2], lambda b: b"no gzip", lambda b: b"", flip])
def test_broken_gzip(harm: Any, files: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in files.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    path = tmp_path / f"{NAMES[0]}.gz"
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(DataError) as caught:
        load(MnistParameters())
    assert re.fullmatch(
        rf"MNIST file {re.escape(str(path))} is no whole gzip file \(.+\); fetch it again"
        rf"|MNIST file {NAMES[0]} from {re.escape(str(path))} has md5 d41d8cd98f00b204e9800998ecf8427e, .*",
        str(caught.value),
    )


def test_a_folder_without_them(files: dict[str, bytes], tmp_path: Path) -> None:
    assert files
    refused(re.escape(f"HWSIM_DATA={tmp_path} holds no MNIST file {NAMES[0]}(.gz); {CURE}"))


@pytest.fixture
def asked(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No HWSIM_DATA, an empty cache, and a network that serves the small files; the addresses that were asked for."""
    monkeypatch.delenv("HWSIM_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    addresses: list[str] = []

    def answer(address: str, timeout: float) -> io.BytesIO:
        assert timeout > 0
        addresses.append(address)
        return io.BytesIO(gzip.compress(files[address.removeprefix(ADDRESS).removesuffix(".gz")]))

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    return addresses


def test_fetched_once(asked: list[str], tmp_path: Path) -> None:
    first, second = load(MnistParameters()), load(MnistParameters())
    assert asked == [f"{ADDRESS}{name}.gz" for name in NAMES]
    assert np.array_equal(first.train_x, second.train_x)
    assert sorted(path.name for path in (tmp_path / "cache/hwsim/mnist").iterdir()) == sorted(f"{n}.gz" for n in NAMES)


@pytest.mark.parametrize(
    "error", [urllib.error.URLError("no route"), TimeoutError("timed out"), ConnectionResetError()]
)
def test_no_network(error: OSError, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(address: str, timeout: float) -> io.BytesIO:
        del address, timeout
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    assert asked == []
    refused(re.escape(f"MNIST is neither in HWSIM_DATA nor reachable at {ADDRESS} ({error}); {CURE}"))
    assert not (tmp_path / "cache").exists()


def test_an_answer_cut_short(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that ends early (http.client.IncompleteRead is no OSError)."""
    import http.client

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            del size
            raise http.client.IncompleteRead(b"", 9)

    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: Cut())
    assert asked == []
    refused(rf"MNIST is neither in HWSIM_DATA nor reachable at {re.escape(ADDRESS)} \(IncompleteRead.*\); .*")


def test_a_page_in_place_of_the_file(asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: io.BytesIO(b"<html>log in first</html>"))
    assert asked == []
    refused(rf"MNIST file {re.escape(ADDRESS)}{NAMES[0]}\.gz is no whole gzip file \(.*\); fetch it again")
    assert not (tmp_path / "cache").exists()


def test_nothing_left_to_train_on(files: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert len(load(MnistParameters(validation=11)).train_y) == 1
    with pytest.raises(DataError, match=r"^validation = 12 leaves none of 12 images for training; hold out fewer$"):
        load(MnistParameters(validation=12))


def test_augmentation_is_asked_for(files: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert load(MnistParameters()).augment is None
    task = load(MnistParameters(shift=0.1))
    assert task.augment is not None
    assert task.augment(task.train_x, np.random.default_rng(0)).shape == task.train_x.shape
