"""What a network has more than once: units that can be relabelled, and what follows from it.

Source: Glukhov, Permutative redundancy (arXiv 2411.07008).

Example:
    >>> import hwsim
    >>> from hwsim.library import names
    >>> from hwsim.model import read_model
    >>> from hwsim.scenario import read_document
    >>> model = read_model(read_document(names("models")["digits-mlp"]))
    >>> round(hwsim.redundancy.symmetry_count(model).log10, 2)
    215.59
    >>> hwsim.redundancy.expected_collisions(units=128, inputs=8, density=0.5)
    31.75
"""

from hwsim.model.mask import draw_mask, expected_collisions, find_collisions
from hwsim.redundancy.model import describe_model
from hwsim.redundancy.order import compare_binary, compare_real, reorder
from hwsim.redundancy.relabel import relabel
from hwsim.redundancy.spread import simulate_spread, stationary_variance
from hwsim.redundancy.symmetry import Group, SymmetryCount, find_groups, symmetry_count, value_freedom

__all__ = [
    "Group",
    "SymmetryCount",
    "compare_binary",
    "compare_real",
    "describe_model",
    "draw_mask",
    "expected_collisions",
    "find_collisions",
    "find_groups",
    "relabel",
    "reorder",
    "simulate_spread",
    "stationary_variance",
    "symmetry_count",
    "value_freedom",
]
