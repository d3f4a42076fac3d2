"""Who chooses the next connection: one method per file."""

from hwsim.controller.protocol import (
    BoundMethod,
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
    YieldingController,
)
from hwsim.files.registry import Registry

CONTROLLERS: Registry[ControllerPlugin] = Registry("controller")

__all__ = [
    "CONTROLLERS",
    "BoundMethod",
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
    "YieldingController",
]
