"""Networks by chance as an FPGA array computes them, with the machine that emulates them: what logic is held to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch
from hwsim.device.fpga.lut import FpgaLut
from hwsim.execution import Machine
from hwsim.export.logic import netlist_of
from hwsim.files import parse_document
from hwsim.model import read_model, start
from hwsim.pipeline.snapshot import snapshot
from hwsim.pipeline.trial import exercise, phase
from hwsim.schedule import Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.export.netlist import Netlist
    from hwsim.export.trial import Phase
    from hwsim.model import Model

SWITCH = Switch("s", "electronic", 7e-9, 5e-9, 3e-12, 2e-12, 1e-3, 2e-13, 1e-9, 4, 1e8, 1e-12)
TWO_BY_TWO = ("benes", "waksman", "bitonic", "odd-even-merge", "odd-even-transposition", "spanke")
"""Topologies of 2 x 2 switches that any number of ports can have."""
ACTIVATIONS = ("relu", "leaky-relu", "step", "look-up")


class Case(NamedTuple):
    """A machine that holds some configuration, its netlist, and two phases for a bench."""

    machine: Machine
    netlist: Netlist
    phases: tuple[Phase, Phase]


def build(
    model: Model,
    *,
    topology: str | Sequence[str] = "benes",
    scope: str = "output",
    signed: bool = False,
    seed: int = 0,
    weight_bits: int = 6,
    activation_bits: int = 8,
    images: int = 8,
) -> Case:
    """Fabricate a model, and reconnect it twice by chance with so many inputs each.

    Layers may have a topology each; where it is empty, connections are fixed.
    """
    rng = np.random.default_rng(seed)
    device = FpgaLut(weight_bits, activation_bits, 24, 1, 1e8, 2e-13)
    samples = rng.uniform(-1.0 if signed else 0.0, 1.0, (max(images, 40), model.inputs)).astype(np.float32)
    values = start(model, seed)
    chip = device.fabricate(model, values, samples, seed)
    sizes = [each.inputs if scope == "output" else each.inputs * each.units for each in model.layers]
    names = [topology] * len(sizes) if isinstance(topology, str) else topology
    fabrics = [CROSSBARS[name].build(size) if name else None for name, size in zip(names, sizes, strict=True)]
    machine = Machine(model, chip, fabrics, SWITCH, scope, "any")
    machine.execute(Entry(0, 0, (None,) * len(sizes), tuple(one.bias for one in values)))
    first = phase("before", machine, 0, samples[:images])
    return Case(
        machine,
        netlist_of(snapshot("0" * 64, machine, 0)),
        (first, exercise(machine, 1, images, rng)),
    )


def read(layers: str, inputs: int, shape: tuple[int, ...] = ()) -> Model:
    """Return the model of some ``[[layer]]`` tables."""
    head = f'title = "t"\ninputs = {inputs}\n' + (f"shape = {list(shape)}\n" if shape else "")
    return read_model(parse_document(head + layers, "m.toml"))


def layers(inputs: int, *units: int) -> Model:
    """Return a dense network of these sizes: ReLU behind all layers but the last."""
    last = len(units) - 1
    return read(
        "".join(
            table(
                kind="dense",
                units=each,
                activation="identity" if number == last else "relu",
                bias="uniform",
                bias_bound=0.1,
            )
            for number, each in enumerate(units)
        ),
        inputs,
    )


def table(**keys: Any) -> str:
    """Write one ``[[layer]]``."""
    lines = [f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in keys.items()]
    return "\n".join(["[[layer]]", *lines, ""])


def activated(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return the keys of an activation."""
    extra: dict[str, dict[str, Any]] = {
        "leaky-relu": {"slope": 0.25},
        "look-up": {"table": [float(v) for v in rng.uniform(-1, 1, 9).round(3)], "table_range": [-1.0, 1.0]},
    }
    return {"activation": name, "bias": "uniform", "bias_bound": 0.1, **extra.get(name, {})}


def dense(rng: np.random.Generator, most: int = 9) -> Model:
    """Draw a dense network of two or three layers."""
    sizes = rng.integers(1, most, rng.integers(2, 4))
    hidden = [table(kind="dense", units=int(n), **activated(str(rng.choice(ACTIVATIONS)), rng)) for n in sizes[1:]]
    last = table(kind="dense", units=int(rng.integers(1, 5)), activation="identity", bias="uniform", bias_bound=0.1)
    return read("".join([*hidden, last]), int(sizes[0]))


def convolved(rng: np.random.Generator) -> Model:
    """Draw a network of a convolution, a pool and a dense layer."""
    channels, side = int(rng.integers(1, 3)), int(rng.integers(4, 7))
    groups = int(rng.choice([1, channels]))
    first = table(
        kind="conv2d",
        units=2 * groups,
        kernel=int(rng.integers(1, 4)),
        stride=int(rng.integers(1, 3)),
        padding=[int(rng.integers(0, 2))] * 4 if rng.random() < 0.5 else "same",
        groups=groups,
        **activated(str(rng.choice(ACTIVATIONS[:2])), rng),
    )
    pool = table(kind=str(rng.choice(["max-pool", "average-pool"])), kernel=2)
    last = table(kind="dense", units=3, activation="identity", bias="uniform", bias_bound=0.1)
    return read(first + pool + table(kind="flatten") + last, channels * side * side, (channels, side, side))
