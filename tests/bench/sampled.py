"""Sampled values against Adam: processor time to the same test error on digits, as a ratio in one process.

``python tests/bench/sampled.py`` prints, per width, the test accuracy of sampled tanh networks (64-width-10), the time
they take, the time Adam takes to reach the same accuracy for the first time, and the ratio. Adam has the learning rate
that is quickest among three, and its test accuracy is looked at after every epoch without being charged for it. Where
Adam does not get there in 200 epochs, the ratio is a lower bound.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from hwsim.controller import Job, TrainingSettings
from hwsim.controller.descent import Descent
from hwsim.model import Layer, Model, start
from hwsim.model.sampling import respond, sample_values
from hwsim.task import TASKS

if TYPE_CHECKING:
    from hwsim.task import Task

REPEATS, EPOCHS = 3, 200


def network(width: int) -> Model:
    hidden = Layer(width, 64, "tanh", "he-uniform", 1.0, True, "zero", 1.0, False, True)
    return Model("bench", (hidden, Layer(10, width, "identity", "he-uniform", 1.0, True, "zero", 1.0, False, True)))


def accuracy(outputs: np.ndarray, task: Task) -> float:
    return float((outputs.argmax(axis=1) == task.test_y).mean())


def sampled(width: int, task: Task, seed: int, rcond: float) -> tuple[float, float]:
    """Accuracy and seconds of one sampled network."""
    model = network(width)
    before = time.process_time()
    values = sample_values(model, task.train_x, task.train_y, seed, rcond)
    seconds = time.process_time() - before
    return accuracy(respond(model, values, task.test_x), task), seconds


def trained(width: int, task: Task, seed: int, learning_rate: float, wanted: float) -> tuple[bool, float]:
    """Whether Adam does not reach an accuracy, and the seconds it takes."""
    import torch

    model = network(width)
    values = start(model, seed)
    job = Job(task, model, values, [each.weights for each in values], seed, threads=1)
    descent = Descent(
        job, TrainingSettings(EPOCHS, 32, learning_rate, 1.0, 1), [each.weights for each in values], [True, True]
    )
    seconds = 0.0
    while not descent.done:
        before = time.process_time()
        descent.step(descent.batches)
        seconds += time.process_time() - before
        with torch.no_grad():
            found = descent.forward(torch.from_numpy(task.test_x)).numpy()
        if accuracy(found, task) >= wanted:
            return False, seconds
    return True, seconds


def main() -> None:
    plugin = TASKS["digits"]
    task = plugin.load(plugin.parameters())
    sampled(64, task, 0, 1e-3)
    trained(64, task, 0, 1e-3, 0.1)  # first calls load libraries
    for width, rcond in ((128, 1e-8), (128, 1e-3), (256, 1e-3), (512, 1e-3)):
        rows = []
        for seed in range(REPEATS):
            share, seconds = sampled(width, task, seed, rcond)
            never, adam = min(trained(width, task, seed, learning_rate, share) for learning_rate in (1e-3, 3e-3, 1e-2))
            rows.append((share, seconds, never, adam, adam / seconds))
        share, seconds, never, adam, ratio = (statistics.median(column) for column in zip(*rows, strict=True))
        sys.stdout.write(
            f"width {width:>3}  rcond {rcond:.0e}  accuracy {share:.4f}  sampled {seconds:.3f} s  "
            f"Adam {'never in ' if never else ''}{adam:.3f} s  ratio {'> ' if never else ''}{ratio:.1f}\n"
        )


if __name__ == "__main__":
    main()
