"""Model files of more than dense layers: shapes, and diagnostics with their places."""

from __future__ import annotations

import pytest

from hwsim.files import DiagnosticError, parse_document
from hwsim.model import read_model
from hwsim.model.layer import Norm


def text(*layers: str, shape: str = "[1, 8, 8]", inputs: int = 64) -> str:
    rows = "".join("[[layer]]\n" + layer.replace("; ", "\n") + "\n" for layer in layers)
    return f'title = "t"\ninputs = {inputs}\nshape = {shape}\n{rows}'


CONV = 'kind = "conv2d"; units = 3; kernel = 3; activation = "relu"'
END = 'kind = "flatten"', 'kind = "dense"; units = 2; activation = "identity"'


def test_shapes() -> None:
    pool = 'kind = "max-pool"; kernel = 2'
    model = read_model(parse_document(text(CONV + '; padding = "same"; name = "a"', CONV, pool, *END), "m.toml"))
    assert [node.given for node in model.nodes] == [(3, 8, 8), (3, 6, 6), (3, 3, 3), (27,), (2,)]
    assert [(layer.units, layer.inputs) for layer in model.layers] == [(3, 9), (3, 27), (2, 27)]
    assert (model.inputs, model.outputs) == (64, 2)
    assert read_model(parse_document(text(CONV, pool), "m.toml")).outputs == 27  # the last cells need not stand last


NORM = CONV.replace("relu", "identity"), 'kind = "batch-norm"; statistics = "batch"'
CASES = [
    (text(END[1]), "m.toml:5:1: a dense layer cannot take an image of 1 x 8 x 8, put a layer of kind 'flatten' before"),
    (text(CONV, shape="[64]"), "m.toml:5:1: a layer of kind 'conv2d' takes an image, not 64, give the model shape"),
    (text(CONV.replace("kernel = 3", "kernel = 9")), "m.toml:7:1: a window of 9 x 9 does not fit into an image of 8 x"),
    (text(CONV.replace("kernel = 3; ", "")), "m.toml:4:1: missing key 'kernel' of a 'conv2d' layer, add it"),
    (text('kind = "flatten"; units = 3'), "m.toml:6:1: a layer of kind 'flatten' has no 'units', allowed: kind, name"),
    (text(*END, shape="[1, 8, 9]"), "m.toml:3:1: the shape [1, 8, 9] holds 72 numbers, but inputs = 64"),
    (text(CONV, 'kind = "add"; summand = "b"', *END), "m.toml:11:1: no earlier layer is called 'b', known: input"),
    (text(CONV, 'kind = "add"; summand = "input"', *END), "m.toml:11:1: 'input' gives 1 x 8 x 8, but 3 x 6 x 6 stand"),
    (text(CONV, 'kind = "batch-norm"', *END), "m.toml:10:1: batch-norm must follow a 'dense' or 'conv2d' layer whose"),
    (text(CONV.replace("3; act", "0; act")), "m.toml:7:1: 'kernel' must be at least 1, write 1 or more"),
    (text(CONV + "; slope = 0.5"), "m.toml:9:1: 'slope' belongs to activation 'leaky-relu', leave it out, or set"),
    (text(CONV.replace("relu", "hermite")), "m.toml:8:1: missing key 'coefficients' of activation 'hermite', add it"),
    (text('kind = "dropout"', *END), "m.toml:4:1: missing key 'drop' of a 'dropout' layer, add it"),
    (text('kind = "dropout"; drop = 1.0', *END), "m.toml:6:1: 'drop' must be less than 1"),
    (text(CONV + '; weights = "constant"', *END), "m.toml:9:1: missing key 'weight_value' of 'constant', add it"),
    (text(CONV + "; weight_value = 0.1", *END), "m.toml:9:1: 'weight_value' belongs to weights 'constant', leave it"),
    (
        text(CONV + '; weights = "normal"; weight_deviation = "1 / inputs"', *END),
        "m.toml:10:1: 'weight_deviation' cann",
    ),
    (
        text(CONV + '; weights = "normal"; weight_deviation = -1', *END),
        "m.toml:10:1: 'weight_deviation' must be from 0",
    ),
    (
        text(NORM[0], 'kind = "batch-norm"; momentum = 0.1', *END),
        "m.toml:11:1: 'momentum' belongs to statistics 'batch'",
    ),
    (text(NORM[0] + '; registers = "fixed"', NORM[1], *END), "m.toml:12:1: batch statistics move the registers of the"),
    (text('kind = "rnn"; units = 2; activation = "tanh"'), "m.toml:5:1: an rnn takes a sequence of steps and features"),
]


@pytest.mark.parametrize(("content", "begins"), CASES)
def test_faults(content: str, begins: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_model(parse_document(content, "m.toml"))
    assert str(caught.value).splitlines()[0].startswith(begins)


def test_tables() -> None:
    layer = 'kind = "dense"; units = 2; activation = "look-up"; table = [1.0, 2.0, 3.0, 4.0]; table_range = [-1.0, 1.0]'
    content = text(layer, shape="[64]")
    assert read_model(parse_document(content, "m.toml")).layers[0].parameters == (-1, 1, 4, 1, 2, 3, 4)
    own = text(layer + "; table_entries = 2", shape="[64]")
    assert read_model(parse_document(own, "m.toml")).layers[0].parameters[2] == 2
    with pytest.raises(DiagnosticError, match=r"m\.toml:8:1: the table has 4 entries, neither 3 nor 2 times 3"):
        read_model(parse_document(text(layer + "; table_entries = 3", shape="[64]"), "m.toml"))


def test_starts_and_training_of_a_layer() -> None:
    layer = CONV + '; weights = "normal"; weight_deviation = "1.5 / sqrt(inputs)"; l2 = 1e-4; registers = "permuted"'
    (one,) = read_model(parse_document(text(layer), "m.toml")).layers
    assert (one.weight_deviation, one.l2, one.places) == (0.5, 1e-4, 9)
    assert (one.learned_registers, one.permuted_registers) == (True, True)
    units = layer.replace("inputs", "units").replace("units = 3", "units = 9")
    assert read_model(parse_document(text(units), "m.toml")).layers[0].weight_deviation == 0.5


def test_what_a_file_keeps() -> None:
    """Qiu & Suda: the first layer keeps at least 0.8 of its weights; a layer's own number goes before."""
    content = text(CONV, CONV, CONV + "; keep = 0.1")
    assert [one.keep for one in read_model(parse_document(content, "m.toml")).layers] == [1, 1, 0.1]
    for share, first in ((0.3, 0.8), (0.9, 0.9)):
        file = content.replace("inputs", f"keep = {share}\ninputs", 1)
        assert [one.keep for one in read_model(parse_document(file, "m.toml")).layers] == [first, share, 0.1]


def test_dropout_and_batch_statistics() -> None:
    content = text(NORM[0], NORM[1], 'kind = "dropout"; drop = 0.25', *END)
    model = read_model(parse_document(content, "m.toml"))
    assert [node.drop for node in model.nodes] == [0, 0, 0.25, 0, 0]
    assert (model.layers[0].norm, model.layers[0].gains) == (Norm(0.1, 1e-5), 3)
    plain = read_model(parse_document(content.replace('statistics = "batch"', 'statistics = "none"'), "m.toml"))
    assert plain.layers[0].norm is None
