"""A scenario with every name looked up and every number in place: checked as a whole before anything runs."""

from hwsim.plan.check import check_file
from hwsim.plan.memory import check_memory
from hwsim.plan.resolve import Plan, resolve

__all__ = ["Plan", "check_file", "check_memory", "resolve"]
