"""Measured ratios of emulated inference to the same product in float32, whichever of NumPy and torch is faster.

Run as ``python tests/bench/inference.py``: one process, as many threads as it may have, medians of interleaved repeats.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import numpy as np
import torch

from hwsim.device import DEVICES, Registers, infer, read_sheet, sheet_values
from hwsim.library import names
from hwsim.model import Layer, Model, start
from hwsim.scenario import read_document


def model(*sizes: int) -> Model:
    last = len(sizes) - 2
    layers = (
        Layer(u, i, "identity" if n == last else "relu", "he-uniform", 1.0, False, "uniform", 0.1, False, False)
        for n, (i, u) in enumerate(pairwise(sizes))
    )
    return Model("bench", tuple(layers))


def timed(*works: Callable[[], object], seconds: float = 4.0) -> list[float]:
    """Medians of the times of some works, taken in turn; all of them warmed up first."""
    for work in works * 3:
        work()
    found: list[list[float]] = [[] for _ in works]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for times, work in zip(found, works, strict=True):
            before = time.perf_counter()
            work()
            times.append(time.perf_counter() - before)
    return [median(times) for times in found]


def emulated(net: Model, device: str, x: np.ndarray) -> Callable[[], object]:
    document = read_document(names("devices")[device])
    technology = DEVICES[document.data["technology"]]
    built = technology.build(sheet_values(read_sheet(document, technology.sheet), {}, document, ()))
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


CASES = [
    ("pcm-nandakumar-2019", (784, 256, 10), 256, 2.6),
    ("pcm-nandakumar-2019", (784, 256, 10), 1, 8.0),
    ("ideal", (1024, 1024), 256, 1.1),
    ("fpga-lut-bthowen-2022", (1024, 1024), 256, 2.0),
    ("pcm-nandakumar-2019", (1024, 1024), 256, 2.4),
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
