# ruff: noqa: INP001 - a script beside pages
"""Two networks that are no Sequential, on three kinds of chips: ``python -m docs.networks [digits | characters]``.

Some minutes on one core.

A residual network with LayerNorm and GELU tells the handwritten digits, a transformer of two blocks the next character
of this repository's LICENSE. Both are trained in float, put on chips (two or three of each kind), and then
their biases and norms are trained on through the noise of the chips. ``docs/networks.txt`` keeps what this printed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

import hwsim
from hwsim.pipeline.emulation import ClippedWarning
from hwsim.task import TASKS
from hwsim.task.loading import load_task
from tests.nn.networks import Characters, Residual

DEVICES = ("fpga-lut-bthowen-2022", "pcm-nandakumar-2019", "photonic-feldmann-2021")
CONTEXT = 32

Batches = Callable[[torch.Generator], tuple[torch.Tensor, torch.Tensor]]
Judge = Callable[[nn.Module], float]


def digits() -> tuple[nn.Module, Batches, Judge, torch.Tensor]:
    """Network, batches, accuracy on the test images, samples for calibration."""
    task = load_task(TASKS["digits"], TASKS["digits"].parameters())
    x, y = torch.from_numpy(task.train_x), torch.from_numpy(task.train_y).long()
    tx, ty = torch.from_numpy(task.test_x), torch.from_numpy(task.test_y).long()

    def batch(draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        chosen = torch.randint(len(x), (64,), generator=draw)
        return x[chosen], y[chosen]

    def judge(net: nn.Module) -> float:
        with torch.no_grad():
            return float((net.eval()(tx).argmax(1) == ty).float().mean())

    return Residual(x.shape[1], 32), batch, judge, x[:256]


def characters() -> tuple[nn.Module, Batches, Judge, torch.Tensor]:
    """Network, batches, mean loss in nats a character on the last tenth of the text, samples for calibration."""
    text = (Path(__file__).parent.parent / "LICENSE").read_text()
    letters = sorted(set(text))
    codes = torch.tensor([letters.index(one) for one in text])
    kept, rest = codes[: len(codes) * 9 // 10], codes[len(codes) * 9 // 10 :]

    def windows(source: torch.Tensor, starts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        rows = torch.stack([source[s : s + CONTEXT + 1] for s in starts.tolist()])
        return rows[:, :-1], rows[:, 1:]

    def batch(draw: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        return windows(kept, torch.randint(len(kept) - CONTEXT - 1, (16,), generator=draw))

    x, y = windows(rest, torch.arange(0, len(rest) - CONTEXT - 1, CONTEXT))

    def judge(net: nn.Module) -> float:
        with torch.no_grad():
            return float(functional.cross_entropy(net.eval()(x).flatten(0, 1), y.flatten()))

    return Characters(len(letters), 32, 2, CONTEXT), batch, judge, batch(torch.Generator().manual_seed(9))[0]


def train(net: nn.Module, batch: Batches, steps: int, rate: float, seed: int) -> None:
    """Adam on whatever is a parameter, the rate falling to nothing."""
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    net.train()
    for _ in range(steps):
        x, y = batch(draw)
        optimizer.zero_grad()
        found = net(x)
        loss: Any = functional.cross_entropy(found.flatten(0, -2), y.flatten())
        loss.backward()
        optimizer.step()
        falling.step()


def lines(
    name: str, made: tuple[nn.Module, Batches, Judge, torch.Tensor], steps: int, more: int, chips: int
) -> Iterator[str]:
    """Rows of the table: mean over chips, and the worst and best of them."""
    net, batch, judge, samples = made
    train(net, batch, steps, 3e-3, 0)
    yield f"{name:<12} {'float':<24} {judge(net):8.4f}"
    for device in DEVICES:
        before, after = [], []
        for seed in range(chips):
            chip = hwsim.nn.convert(net, device, calibrate=samples, seed=seed)
            before.append(judge(chip))
            train(chip, batch, more, 3e-3, 1 + seed)
            after.append(judge(chip))
        yield f"{name:<12} {device:<24} {_spread(before)}   {_spread(after)}"


def _spread(values: list[float]) -> str:
    return f"{sum(values) / len(values):8.4f} ({min(values):.4f} to {max(values):.4f})"


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ClippedWarning)  # signals grow while biases and norms learn
    sys.stdout.write(
        "network      device                   on chips: mean (least to most)  biases and norms trained on\n"
    )
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for name, made, numbers in (("digits", digits, (600, 150, 3)), ("characters", characters, (600, 50, 2))):
        if wanted not in name:
            continue
        torch.manual_seed(0)
        for line in lines(name, made(), *numbers):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
