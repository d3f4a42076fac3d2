"""A scenario with every name looked up and every number in place: checked as a whole before anything runs."""

from hwsim.plan.check import check_file
from hwsim.plan.fixed import KEPT, initial_values
from hwsim.plan.memory import check_memory
from hwsim.plan.resolve import Plan, assemble, resolve

__all__ = ["KEPT", "Plan", "assemble", "check_file", "check_memory", "initial_values", "resolve"]
