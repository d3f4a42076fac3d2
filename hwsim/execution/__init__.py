"""The hardware runs the schedule (SimPy lives here and nowhere else)."""

from hwsim.execution.hardware import ExecutionError, Hardware, Step
from hwsim.execution.port import Load, simulate

__all__ = ["ExecutionError", "Hardware", "Load", "Step", "simulate"]
