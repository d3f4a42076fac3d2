"""What a network leaves open: among equal cells and equal units, the connection that moves and toggles least."""

from hwsim.freedom.exchange import assign_values, number_kinds
from hwsim.freedom.units import Placement
from hwsim.freedom.values import route_values, values_can_be_routed

__all__ = ["Placement", "assign_values", "number_kinds", "route_values", "values_can_be_routed"]
