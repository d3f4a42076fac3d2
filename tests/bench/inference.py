"""Measured ratios of emulated inference to the same product in float32, whichever of NumPy and torch is faster.

Run as ``python tests/bench/inference.py [--threads N] [--seconds S] [WORD]``; a word picks the lines that hold it. One
process, works in turn, as many threads for the product as for the emulation: on one thread in processor time, so that
what else the machine does counts little, else in wall time, for which the machine must be idle.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise


def wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ratios of emulated inference to the product in float32")
    parser.add_argument("--threads", type=int, default=1, help="of all libraries and kernels; 1 unless told")
    parser.add_argument("--seconds", type=float, default=5.0, help="to measure a line for; 5 unless told")
    parser.add_argument("word", nargs="?", default="", help="measure the lines that hold it")
    return parser.parse_args()


WISHES = wishes() if __name__ == "__main__" else argparse.Namespace(threads=1, seconds=5.0, word="")
THREADS = str(WISHES.threads)
if __name__ == "__main__":  # before NumPy and Numba read them
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[_name] = THREADS

import numpy as np  # noqa: E402
import torch  # noqa: E402

from hwsim.device import DEVICES, datasheet_values, infer, read_datasheet  # noqa: E402
from hwsim.files import read_document  # noqa: E402
from hwsim.files.library import names  # noqa: E402
from hwsim.model import Layer, Model, Registers, start  # noqa: E402


def model(*sizes: int) -> Model:
    last = len(sizes) - 2
    layers = (
        Layer(u, i, "identity" if n == last else "relu", "he-uniform", 1.0, False, "uniform", 0.1, False, False)
        for n, (i, u) in enumerate(pairwise(sizes))
    )
    return Model("bench", tuple(layers))


COUNTED = 10
"""Runs of a work that count, each time it is its turn, and fewest runs before them that do not."""


def timed(*works: Callable[[], object], seconds: float = 5.0, threads: int = 1) -> list[float]:
    """Times of works, taken in turn by tens: of each, what a tenth of its runs stay below (others compute too).

    What is run first in a turn does not count: threads of the library before, which still spin, would slow it down or
    be counted. They do so for a number of rounds, or for up to 0.2 s; with more than one thread that is waited for.
    """
    clock = time.process_time if threads == 1 else time.perf_counter
    rest = 0.0 if threads == 1 else 0.2
    found: list[list[float]] = [[] for _ in works]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not found[-1]:
        for times, work in zip(found, works, strict=True):
            begun, runs = time.perf_counter(), 0
            while runs < COUNTED or time.perf_counter() - begun < rest:
                work()
                runs += 1
            for _ in range(COUNTED):
                before = clock()
                work()
                times.append(clock() - before)
    return [sorted(times)[len(times) // 10] for times in found]


def emulated(net: Model, device: str, x: np.ndarray, *, reconnected: bool) -> Callable[[], object]:
    """Inference on a chip as fabricated, or with every position of every unit on another cell of the unit's."""
    document = read_document(names("devices")[device])
    technology = DEVICES[document.data["technology"]]
    settings = TILES if technology.name == "photonic-pcm" else {}
    built = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), settings, document, ()))
    values = start(net, 0)
    chip = built.fabricate(net, values, x, 0)
    registers = [Registers(v.bias, 1.0) for v in values]
    for number, layer in enumerate(net.layers if reconnected else ()):
        size = layer.units * layer.inputs
        order = np.random.default_rng(number).permuted(np.arange(size).reshape(layer.units, layer.inputs), axis=1)
        chip.connect(number, np.arange(size), order.reshape(-1))
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
    ("pcm-nandakumar-2019", (784, 256, 10), 256, False, 2.6),
    ("pcm-nandakumar-2019", (784, 256, 10), 1, False, 8.0),
    ("ideal", (1024, 1024), 256, False, 1.1),
    ("fpga-lut-bthowen-2022", (1024, 1024), 256, False, 2.0),
    ("pcm-nandakumar-2019", (1024, 1024), 256, False, 2.4),
    ("photonic-feldmann-2021", (1024, 1024), 256, False, 20.0),
    ("photonic-feldmann-2021", (1024, 1024), 256, True, 20.0),
]
"""Device, sizes, batch, whether every position is reconnected first, and the goal."""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    torch.set_num_threads(WISHES.threads)
    what = f"device, {THREADS} thread" + "s" * (WISHES.threads > 1)
    say(f"{what:36} {'network':>12} {'batch':>5} {'numpy':>9} {'torch':>9} {'emulated':>9} {'ratio':>6} {'goal':>5}")
    for device, sizes, batch, reconnected, goal in CASES:
        name = device + ", reconnected" * reconnected
        if WISHES.word not in name:
            continue
        net = model(*sizes)
        x = np.random.default_rng(0).random((batch, sizes[0])).astype(np.float32)
        works = [emulated(net, device, x, reconnected=reconnected), *product(net, x)]
        ours, numpy, torch_ = timed(*works, seconds=WISHES.seconds, threads=WISHES.threads)
        times = " ".join(f"{1e6 * t:7.0f}us" for t in (numpy, torch_, ours))
        network = "-".join(map(str, sizes))
        say(f"{name:36} {network:>12} {batch:5} {times} {ours / min(numpy, torch_):6.2f} {goal:5}")


if __name__ == "__main__":
    main()
