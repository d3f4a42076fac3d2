"""Networks from elsewhere: a torch module or an ONNX file as a model and the values that it starts from."""

from hwsim.imported.graph import Imported
from hwsim.imported.module import read_module
from hwsim.imported.onnx_file import read_onnx
from hwsim.imported.written import write_model

__all__ = ["Imported", "read_module", "read_onnx", "write_model"]
