"""Who chooses the next connection: one method per file."""

from hwsim.controller.protocol import (
    Controller,
    ControllerPlugin,
    Expense,
    Job,
    NoDeviceError,
    Probe,
    Reconnection,
    SpentError,
    TrainingError,
    TrainingSettings,
    UnfitError,
)
from hwsim.files.registry import Registry

CONTROLLERS: Registry[ControllerPlugin] = Registry("controller")

__all__ = [
    "CONTROLLERS",
    "Controller",
    "ControllerPlugin",
    "Expense",
    "Job",
    "NoDeviceError",
    "Probe",
    "Reconnection",
    "SpentError",
    "TrainingError",
    "TrainingSettings",
    "UnfitError",
]
