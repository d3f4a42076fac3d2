"""The hardware runs the schedule: circuits, and the machine of circuits, chip and registers."""

from hwsim.execution.circuits import Change, Circuits, ExecutionError, LayerChange, Load, UnroutedError
from hwsim.execution.machine import Machine, first_entry
from hwsim.execution.replay import replay

__all__ = [
    "Change",
    "Circuits",
    "ExecutionError",
    "LayerChange",
    "Load",
    "Machine",
    "UnroutedError",
    "first_entry",
    "replay",
]
