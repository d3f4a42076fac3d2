"""Who chooses the next connection: one method a file."""

from hwsim.controller.protocol import (
    Controller,
    ControllerPlugin,
    Course,
    Expense,
    Job,
    NoDeviceError,
    Probe,
    Reconnection,
    SpentError,
    TrainingError,
    UnfitError,
)
from hwsim.files.registry import Registry

CONTROLLERS: Registry[ControllerPlugin] = Registry("controller")

__all__ = [
    "CONTROLLERS",
    "Controller",
    "ControllerPlugin",
    "Course",
    "Expense",
    "Job",
    "NoDeviceError",
    "Probe",
    "Reconnection",
    "SpentError",
    "TrainingError",
    "UnfitError",
]
