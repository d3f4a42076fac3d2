"""What a network has more than once: units that can be relabelled, and what follows from it.

Source: Glukhov, Permutative redundancy (arXiv 2411.07008).

Example:
    >>> import hwsim
    >>> from hwsim.files.library import names
    >>> from hwsim.model import read_model
    >>> from hwsim.files import read_document
    >>> model = read_model(read_document(names("models")["digits-mlp"]))
    >>> round(hwsim.analysis.symmetry.symmetry_count(model).log10, 2)
    215.59
    >>> hwsim.analysis.symmetry.expected_collisions(units=128, inputs=8, density=0.5)
    31.75
"""

from hwsim.analysis.symmetry.automorphism import Group, SymmetryCount, find_groups, symmetry_count, value_freedom
from hwsim.analysis.symmetry.model import describe_model
from hwsim.analysis.symmetry.order import compare_binary, compare_real, reorder
from hwsim.analysis.symmetry.relabel import relabel
from hwsim.analysis.symmetry.spread import simulate_spread, stationary_variance
from hwsim.model.mask import draw_mask, expected_collisions, find_collisions

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
