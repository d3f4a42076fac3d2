"""Networks from elsewhere: a torch module or an ONNX file as a model and the values that it starts from."""

from hwsim.model.imports.graph import Imported
from hwsim.model.imports.module import read_module
from hwsim.model.imports.onnx_file import read_onnx
from hwsim.model.imports.refusal import RefusedError, RefusedLayer
from hwsim.model.imports.written import write_model

__all__ = ["Imported", "RefusedError", "RefusedLayer", "read_module", "read_onnx", "write_model"]
