"""Random networks on chips of any device, connected by chance, as exports of networks are given them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from hypothesis import strategies as st

from hwsim.crossbar import crossbar
from hwsim.device import Chip, infer
from hwsim.device.fpga.lut import FpgaLut
from hwsim.device.fpga.wired import FpgaWired
from hwsim.export import LayerSnapshot, Snapshot
from hwsim.files import parse_document
from hwsim.model import Model, Registers, read_model, start

Array = np.ndarray[Any, np.dtype[Any]]
Draw = Callable[[st.SearchStrategy[Any]], Any]
ACTIVATIONS = [
    'activation = "relu"',
    'activation = "leaky-relu"\nslope = 0.25',
    'activation = "look-up"\ntable = [0.5, -1, 2, 0.3, 1, 0]\ntable_range = [-2, 2]',
    'activation = "look-up"\ntable = [1, 2, 1.5, 3]\ntable_range = [-1, 1]',
    'activation = "look-up"\ntable = [-1, -2, -1.5, -3]\ntable_range = [-1, 1]',
]
STEP = 'activation = "step"'
NUMBERS = ['activation = "tanh"', 'activation = "sigmoid"', 'activation = "identity"', 'activation = "relu"']


SMALL = """
title = "4-3-2"
inputs = 4

[[layer]]
kind = "dense"
units = 3
activation = "relu"

[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
RESIDUAL = """
title = "6-6-6-2"
inputs = 6

[[layer]]
name = "first"
kind = "dense"
units = 6
activation = "relu"
bias = "uniform"

[[layer]]
kind = "dense"
units = 6
activation = "leaky-relu"
slope = 0.125
bias = "uniform"

[[layer]]
kind = "add"
summand = "first"

[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
BRANCHED = """
title = "images behind each other and beside each other"
inputs = 32
shape = [2, 4, 4]

[[layer]]
name = "one"
kind = "conv2d"
units = 2
kernel = 3
padding = "same"
activation = "leaky-relu"
slope = 0.5
bias = "uniform"

[[layer]]
name = "two"
kind = "conv2d"
takes = "input"
units = 2
kernel = 1
activation = "look-up"
table = [-1.0, 0.5, 1.0, 2.0]
table_entries = 2
table_range = [-1, 1]

[[layer]]
kind = "add"
summand = "one"
activation = "identity"

[[layer]]
kind = "activation"
activation = "relu"

[[layer]]
kind = "conv2d"
units = 3
kernel = 2
stride = 2
activation = "identity"
bias = "uniform"

[[layer]]
kind = "reshape"
shape = [4, 3]
"""
SEQUENCE = """
title = "steps"
inputs = 12
shape = [4, 3]

[[layer]]
kind = "dense"
units = 5
activation = "relu"
bias = "uniform"

[[layer]]
kind = "dense"
units = 2
activation = "identity"
"""
LEVELS = onnxruntime.GraphOptimizationLevel


def runtime(file: bytes | Path, x: Array, *, optimised: bool) -> list[Array]:
    """All outputs that onnxruntime gives."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = LEVELS.ORT_ENABLE_ALL if optimised else LEVELS.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    content = file if isinstance(file, bytes) else file.read_bytes()
    session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    return list(session.run(None, {entry.name: x.reshape(len(x), *entry.shape[1:])}))


def array(bits: int, signals: int, *, wired: bool) -> FpgaLut:
    if wired:
        return FpgaWired(weight_bits=2, activation_bits=signals, bias_bits=24, headroom_bits=1, clock=1e8, lut_energy=0)
    return FpgaLut(bits, signals, 24, 1, 1e8, 0, table_bits=6)


def _window(draw: Draw, kind: str, rest: str) -> str:
    sides = draw(st.lists(st.integers(0, 1), min_size=4, max_size=4))
    kernel = draw(st.sampled_from([[2, 2], [2, 1]] if kind != "conv2d" else [[2, 2], [3, 2], [1, 1]]))
    stride = draw(st.sampled_from([[1, 1], [1, 2]]))
    padding = sides if kind == "conv2d" or min(kernel) > max(sides) else [0, 0, 0, 0]
    return f'kind = "{kind}"\nkernel = {kernel}\nstride = {stride}\npadding = {padding}\n{rest}'


@st.composite
def models(draw: Draw, activations: list[str] = ACTIVATIONS, *, step: str = STEP) -> Model:
    """A dense network, or one of convolutions, pools, averages and additions with dense layers behind them."""
    layers: list[str] = []
    # an array cannot add in a network of steps
    steps, image = bool(step) and draw(st.booleans()), draw(st.booleans())
    chosen = [*activations, step] if steps else activations
    if image:
        channels = draw(st.integers(1, 3))
        shape = [channels, 5, 5]
        for number in range(draw(st.integers(1, 2))):
            units, groups = channels * draw(st.integers(1, 2)), draw(st.sampled_from([1, channels]))
            more = f'units = {units}\ngroups = {groups}\nbias = "uniform"\n{draw(st.sampled_from(chosen))}\n'
            layers.append(_window(draw, "conv2d", f'{more}name = "c{number}"'))
            channels = units
        if not steps and draw(st.booleans()):
            more = f'units = {units}\nbias = "uniform"\n{draw(st.sampled_from(chosen))}\n'
            layers.append(f'kind = "conv2d"\nkernel = 3\npadding = "same"\n{more}')
            rule = draw(st.sampled_from(["relu", "identity"]))
            layers.append(f'kind = "add"\nsummand = "c{number}"\nactivation = "{rule}"')
        pool = draw(st.sampled_from(["", "max-pool", "average-pool"]))
        if pool:
            padding = [1, 0, draw(st.integers(0, 1)), 0]
            layers.append(f'kind = "{pool}"\nkernel = [2, 1]\nstride = [1, 1]\npadding = {padding}')
        layers.append('kind = "flatten"')
    else:
        shape = [draw(st.integers(1, 9))]
        for _ in range(draw(st.integers(0, 2))):
            units = draw(st.integers(1, 7))
            layers.append(f'kind = "dense"\nunits = {units}\nbias = "uniform"\n{draw(st.sampled_from(chosen))}')
    layers.append(f'kind = "dense"\nunits = {draw(st.integers(1, 4))}\nbias = "uniform"\nactivation = "identity"')
    head = f'title = "random"\ninputs = {int(np.prod(shape))}\nshape = {shape}\n'
    return read_model(parse_document(head + "".join(f"\n[[layer]]\n{one}\n" for one in layers), "m.toml"))


def connected(model: Model, chip: Chip, registers: list[Registers], rng: np.random.Generator) -> Snapshot:
    """Let every unit meet its cells in an order of chance, and take the snapshot of it."""
    layers = []
    for number, made in enumerate(model.layers):
        fabric = crossbar("crossbar", made.inputs)
        p = np.stack([rng.permutation(made.inputs) for _ in range(made.units)])
        cells = (p + np.arange(made.units)[:, None] * made.inputs).reshape(-1)
        moved = np.flatnonzero(cells != np.arange(cells.size))
        chip.connect(number, moved, cells[moved])
        layers.append(LayerSnapshot(number, fabric, p, fabric.route_many(p), np.zeros(made.units, np.int64)))
    held = tuple(np.asarray(chip.register_codes(n, one)) for n, one in enumerate(registers))
    return Snapshot("0" * 64, 1, "none", model, tuple(layers), held, chip)


def fabricated(
    device: Any, model: Model, rng: np.random.Generator, *, signed: bool, reach: float = 1.5
) -> tuple[Snapshot, Array, Array]:
    """A snapshot of a chip, inputs that reach so far beyond what it was calibrated for, and a quiet read of them."""
    begun = start(model, int(rng.integers(1 << 30)))
    x = rng.uniform(-1 if signed else 0, 1, (20, model.inputs)).astype(np.float32)
    chip = device.fabricate(model, begun, x, 0)
    registers = [Registers(one.bias + rng.normal(0, 0.05, one.bias.shape), one.gain) for one in begun]
    snapshot = connected(model, chip, registers, rng)
    beyond = (reach * x).astype(np.float32)
    return snapshot, beyond, infer(model, chip, beyond, registers, None)
