"""A torch network on chips beside ``hwsim.emulate`` and beside torch alone: ``python tests/bench/network.py [WORD]``.

784-256-10, batch 256, one thread, in processor time. Works are taken in turn in one process; each time is what a tenth
of its runs stay below, since others compute too.
"""

from __future__ import annotations

import os
import sys

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"  # before NumPy and Numba read it

from collections.abc import Callable, Iterator  # noqa: E402
from functools import partial  # noqa: E402
from typing import Any  # noqa: E402

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import hwsim  # noqa: E402
from tests.bench.bench import Figure  # noqa: E402
from tests.bench.inference import timed  # noqa: E402

DEVICES = {
    "ideal": 1.1,
    "fpga-lut-bthowen-2022": 1.1,
    "pcm-nandakumar-2019": 1.1,
    "photonic-feldmann-2021": 1.1,
}
"""Goal of the forward ratio."""


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def step(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Callable[[], object]:
    """One training step: forward, backward, Adam."""
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)

    def call() -> None:
        optimizer.zero_grad()
        loss: Any = functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()

    return call


def figures(word: str, seconds: float = 5.0) -> Iterator[Figure]:
    torch.set_num_threads(1)
    x, y = torch.rand(256, 784), torch.randint(10, (256,))
    for device, goal in DEVICES.items():
        name = f"forward on chips / hwsim.emulate, {device}, time"
        if word not in name:
            continue
        emulated, converted = (
            hwsim.emulate(network(), device, calibration=x),
            hwsim.nn.convert(network(), device, calibrate=x),
        )
        samples = x.numpy()

        def forward(net: nn.Module = converted) -> object:
            with torch.no_grad():
                return net(x)

        ours, plain = timed(forward, partial(emulated, samples), seconds=seconds)
        yield Figure(name, ours / plain, goal)
    name = "training step on chips / in float, pcm-nandakumar-2019, time"
    if word in name:
        chips = hwsim.nn.convert(network(), "pcm-nandakumar-2019", calibrate=x).train()
        ours, plain = timed(step(chips, x, y), step(network(), x, y), seconds=seconds)
        yield Figure(name, ours / plain, 2.5)


if __name__ == "__main__":
    import warnings

    from hwsim.pipeline.emulation import ClippedWarning

    warnings.simplefilter("ignore", ClippedWarning)
    for figure in figures(sys.argv[1] if len(sys.argv) > 1 else ""):
        sys.stdout.write(figure.line + "\n")
        sys.stdout.flush()
