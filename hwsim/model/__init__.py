"""What is computed: layers, activations, shapes, and the values a network starts from."""

from hwsim.model.activation import activate
from hwsim.model.dense import write_dense
from hwsim.model.file import read_model
from hwsim.model.layer import Layer, Model, Node, Window, pad_same
from hwsim.model.network import Start, start
from hwsim.model.registers import Registers
from hwsim.model.schema import ModelFile

__all__ = [
    "Layer",
    "Model",
    "ModelFile",
    "Node",
    "Registers",
    "Start",
    "Window",
    "activate",
    "pad_same",
    "read_model",
    "start",
    "write_dense",
]
