"""What is computed: layers, activations, shapes, and the values a network starts from."""

from hwsim.model.network import Layer, Model, ModelFile, Start, read_model, start

__all__ = ["Layer", "Model", "ModelFile", "Start", "read_model", "start"]
