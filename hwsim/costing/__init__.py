"""The price of reconnections that are known beforehand, against any crossbar and switch technology."""

from hwsim.costing.price import COUNT, DEFAULTS, cost, price
from hwsim.costing.steps import Reconnections, Recorded, Redrawn, from_arrays, read_permutations
from hwsim.costing.sweep import sweep

__all__ = [
    "COUNT",
    "DEFAULTS",
    "Reconnections",
    "Recorded",
    "Redrawn",
    "cost",
    "from_arrays",
    "price",
    "read_permutations",
    "sweep",
]
