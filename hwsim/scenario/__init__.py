"""A scenario with every name looked up and every number in place: checked as a whole before anything runs."""

from hwsim.scenario.check import check_file
from hwsim.scenario.memory import check_memory
from hwsim.scenario.resolve import Plan, resolve

__all__ = ["Plan", "check_file", "check_memory", "resolve"]
