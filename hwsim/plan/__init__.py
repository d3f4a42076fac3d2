"""A scenario with every name looked up and every number in place: checked as a whole before anything runs."""

from hwsim.plan.check import check_file
from hwsim.plan.resolve import Plan, assemble, resolve

__all__ = ["Plan", "assemble", "check_file", "resolve"]
