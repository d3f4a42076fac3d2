"""The machine in time: what its port sends, how switches settle, when it can compute, and what all of it takes."""

from hwsim.execution.timeline.parts import Compute, Host, Parts, Port, Requests, Switching
from hwsim.execution.timeline.port import PICOSECONDS, Span, bill
from hwsim.execution.timeline.simulation import Simulation
from hwsim.execution.timeline.tally import Passage, Tally
from hwsim.execution.timeline.work import Work, work_of

__all__ = [
    "PICOSECONDS",
    "Compute",
    "Host",
    "Parts",
    "Passage",
    "Port",
    "Requests",
    "Simulation",
    "Span",
    "Switching",
    "Tally",
    "Work",
    "bill",
    "work_of",
]
