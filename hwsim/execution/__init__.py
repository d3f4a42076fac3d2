"""The hardware runs the schedule: circuits, and the machine of circuits, chip and registers."""

from hwsim.execution.change import Change, LayerChange, Load, Sent
from hwsim.execution.circuits import Circuits, ExecutionError, UnroutedError
from hwsim.execution.machine import Machine
from hwsim.execution.replay import first_entry, replay

__all__ = [
    "Change",
    "Circuits",
    "ExecutionError",
    "LayerChange",
    "Load",
    "Machine",
    "Sent",
    "UnroutedError",
    "first_entry",
    "replay",
]
