"""Who chooses the next connection: one method a file."""

from hwsim.controller.protocol import (
    Controller,
    ControllerPlugin,
    Course,
    Job,
    NoDeviceError,
    Reconnection,
    TrainingError,
)
from hwsim.registry import Registry

CONTROLLERS: Registry[ControllerPlugin] = Registry("controller")

__all__ = [
    "CONTROLLERS",
    "Controller",
    "ControllerPlugin",
    "Course",
    "Job",
    "NoDeviceError",
    "Reconnection",
    "TrainingError",
]
