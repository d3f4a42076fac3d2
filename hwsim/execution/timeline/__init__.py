"""When everything of a reconnection happens, and what that costs (SimPy lives here and nowhere else)."""

from hwsim.execution.timeline.port import PICOSECONDS, Span, bill, spans

__all__ = ["PICOSECONDS", "Span", "bill", "spans"]
