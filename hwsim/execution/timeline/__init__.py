"""When everything of a reconnection happens, and what that costs: spans of time, and sums over them."""

from hwsim.execution.timeline.port import PICOSECONDS, Span, bill, spans

__all__ = ["PICOSECONDS", "Span", "bill", "spans"]
