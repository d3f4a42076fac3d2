"""No learning on the hardware: the chip stays as it left fabrication.

With trained values (``[fabrication] values = "trained"``) this asks what a device makes of a network that works; the
reference is then the same network, computed exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.controller.protocol import ControllerPlugin, TrainingSettings
from hwsim.files import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.controller.protocol import Job, Reconnection


class NoParameters(Section):
    """Parameters of the controller ``none``: there are none."""

    def training(self) -> TrainingSettings:
        """No free training either: the reference is the network as it is."""
        return TrainingSettings(epochs=0, batch=1, learning_rate=1.0, rate_decay=1.0, period=1)


class Nothing:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, parameters: NoParameters, job: Job) -> None:
        del parameters, job

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Return None at once: there is no reconnection."""
        report(1.0)
        return None

    def dump(self) -> bytes:
        """Return nothing."""
        return b""

    def load(self, state: bytes) -> None:
        """Take up nothing: there is no state."""
        del state


PLUGIN = ControllerPlugin(
    name="none",
    summary="no learning on the hardware: the chip stays as it left fabrication",
    parameters=NoParameters,
    begin=Nothing,
    training=NoParameters.training,
    reconnects=lambda parameters, batches: iter(()),  # noqa: ARG005 - there is none, whatever they are
)
