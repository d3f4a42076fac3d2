"""Permutations built for a function, without gradients (Cai, Chen and Qiao, arXiv 2407.01033).

Example:
    >>> import numpy as np
    >>> import hwsim
    >>> b = np.linspace(-1, 1, 20)
    >>> basis = hwsim.controller.construction.Basis(np.concatenate([-b, b]), np.arange(40) < 20)
    >>> target = hwsim.controller.construction.tabulate(np.square, -1, 1)
    >>> found = hwsim.controller.construction.construct(basis, np.concatenate([b, -b]), target)
    >>> found.largest < 0.05
    True
"""

from hwsim.controller.construction.basis import Basis, read_basis
from hwsim.controller.construction.construct import Construction, Method, Norm, construct
from hwsim.controller.construction.signs import balance, largest_gap
from hwsim.controller.construction.step_functions import match_constant, match_step
from hwsim.controller.construction.target import Target, interpolate, tabulate

__all__ = [
    "Basis",
    "Construction",
    "Method",
    "Norm",
    "Target",
    "balance",
    "construct",
    "interpolate",
    "largest_gap",
    "match_constant",
    "match_step",
    "read_basis",
    "tabulate",
]
