"""What is to be learned: functions, images, dynamical systems."""

from hwsim.files.registry import Registry
from hwsim.task.data import DataError, Shape, Task, TaskPlugin, join
from hwsim.task.metric import METRICS, Metric, metric_in

TASKS: Registry[TaskPlugin] = Registry("task")

__all__ = ["METRICS", "TASKS", "DataError", "Metric", "Shape", "Task", "TaskPlugin", "join", "metric_in"]
