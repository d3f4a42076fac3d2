"""What a network leaves open: among equal cells and equal units, the connection that moves and toggles least."""

from hwsim.execution.equivalence.exchange import assign_values, number_classes
from hwsim.execution.equivalence.units import Placement
from hwsim.execution.equivalence.values import route_values, values_can_be_routed

__all__ = ["Placement", "assign_values", "number_classes", "route_values", "values_can_be_routed"]
