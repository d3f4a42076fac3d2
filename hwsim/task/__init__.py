"""What is to be learned: functions, images, dynamical systems."""

from hwsim.registry import Registry
from hwsim.task.data import DataError, Shape, Task, TaskPlugin, join

TASKS: Registry[TaskPlugin] = Registry("task")

__all__ = ["TASKS", "DataError", "Shape", "Task", "TaskPlugin", "join"]
