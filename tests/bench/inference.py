"""Measured ratios of emulated inference to the same product in float32, whichever of NumPy and torch is faster.

Run as ``python tests/bench/inference.py``: one process, one thread, works in turn, processor time, so that what else
the machine does counts little. ``HWSIM_BENCH_THREADS`` sets another number of threads; spinning then counts too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise

THREADS = os.environ.get("HWSIM_BENCH_THREADS", "1")
if __name__ == "__main__":  # before NumPy and Numba read them
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[_name] = THREADS

import numpy as np  # noqa: E402
import torch  # noqa: E402

from hwsim.device import DEVICES, Registers, infer, read_sheet, sheet_values  # noqa: E402
from hwsim.library import names  # noqa: E402
from hwsim.model import Layer, Model, start  # noqa: E402
from hwsim.scenario import read_document  # noqa: E402


def model(*sizes: int) -> Model:
    last = len(sizes) - 2
    layers = (
        Layer(u, i, "identity" if n == last else "relu", "he-uniform", 1.0, False, "uniform", 0.1, False, False)
        for n, (i, u) in enumerate(pairwise(sizes))
    )
    return Model("bench", tuple(layers))


def timed(*works: Callable[[], object], seconds: float = 5.0) -> list[float]:
    """Times of works, taken in turn by twenties: of each, what a tenth of its runs stay below (others compute too).

    The first ten of twenty are not counted: threads of the library before, which still spin, would be.
    """
    found: list[list[float]] = [[] for _ in works]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not found[-1]:
        for times, work in zip(found, works, strict=True):
            for number in range(20):
                before = time.process_time()
                work()
                if number >= 10:
                    times.append(time.process_time() - before)
    return [sorted(times)[len(times) // 10] for times in found]


def emulated(net: Model, device: str, x: np.ndarray) -> Callable[[], object]:
    document = read_document(names("devices")[device])
    technology = DEVICES[document.data["technology"]]
    settings = TILES if technology.name == "photonic-pcm" else {}
    built = technology.build(sheet_values(read_sheet(document, technology.sheet), settings, document, ()))
    values = start(net, 0)
    chip = built.fabricate(net, values, x, 0)
    registers = [Registers(v.bias, 1.0) for v in values]
    rng = np.random.default_rng(0) if chip.noisy else None
    return lambda: infer(net, chip, x, registers, rng)


def product(net: Model, x: np.ndarray) -> list[Callable[[], object]]:
    """The bare network, ReLU and biases included, in NumPy and in torch."""
    weights = [v.weights.astype(np.float32) for v in start(net, 0)]
    biases = [v.bias.astype(np.float32) for v in start(net, 0)]
    tensors, shifts, xt = (
        [torch.from_numpy(w) for w in weights],
        [torch.from_numpy(b) for b in biases],
        torch.from_numpy(x),
    )

    def in_numpy() -> object:
        y = x
        for n, (w, b) in enumerate(zip(weights, biases, strict=True)):
            y = y @ w.T + b
            if n < len(weights) - 1:
                np.maximum(y, 0, out=y)
        return y

    def in_torch() -> object:
        y = xt
        with torch.no_grad():
            for n, (w, b) in enumerate(zip(tensors, shifts, strict=True)):
                y = torch.nn.functional.linear(y, w, b)
                if n < len(weights) - 1:
                    y.relu_()
        return y

    return [in_numpy, in_torch]


TILES = {"tile_rows": 16, "tile_columns": 16}
CASES = [
    ("pcm-nandakumar-2019", (784, 256, 10), 256, 2.6),
    ("pcm-nandakumar-2019", (784, 256, 10), 1, 8.0),
    ("ideal", (1024, 1024), 256, 1.1),
    ("fpga-lut-bthowen-2022", (1024, 1024), 256, 2.0),
    ("pcm-nandakumar-2019", (1024, 1024), 256, 2.4),
    ("photonic-feldmann-2021", (1024, 1024), 256, 20.0),
]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    say(
        f"{'device':24} {'network':>12} {'batch':>5} {'numpy':>9} {'torch':>9} {'emulated':>9} {'ratio':>6} {'goal':>5}"
    )
    for device, sizes, batch, goal in CASES:
        net = model(*sizes)
        x = np.random.default_rng(0).random((batch, sizes[0])).astype(np.float32)
        ours, numpy, torch_ = timed(emulated(net, device, x), *product(net, x))
        times = " ".join(f"{1e6 * t:7.0f}us" for t in (numpy, torch_, ours))
        say(f"{device:24} {'-'.join(map(str, sizes)):>12} {batch:5} {times} {ours / min(numpy, torch_):6.2f} {goal:5}")


if __name__ == "__main__":
    main()
