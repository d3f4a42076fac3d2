"""A reconnection in time: what the port sends, how long switches settle, what that takes in energy."""

from hwsim.execution.timeline.parts import Compute, Host, Parts, Port, Requests, Switching
from hwsim.execution.timeline.port import PICOSECONDS, Span, bill, spans
from hwsim.execution.timeline.work import Work, work_of

__all__ = [
    "PICOSECONDS",
    "Compute",
    "Host",
    "Parts",
    "Port",
    "Requests",
    "Span",
    "Switching",
    "Work",
    "bill",
    "spans",
    "work_of",
]
