"""A schedule made elsewhere, carried out event by event: ``hwsim replay SCHEDULE SCENARIO``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from hwsim.controller.followed import FollowedParameters
from hwsim.controller.protocol import ControllerPlugin, UnfitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hwsim.controller.protocol import Controller, Job, Reconnection


class ReplayParameters(FollowedParameters):
    """Parameters of the controller ``replay``."""

    schedule: str = Field(min_length=1)
    """File of reconnections: ``.csv``, ``.npz``, ``.parquet`` or ``.sqlite`` (``hwsim help schedule``). A path counts
    from the scenario file; one that ``--set`` gives, from the current folder."""


class Replaying:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, changes: Sequence[Reconnection]) -> None:
        self._changes, self._next = changes, 0

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Return the next reconnection of the schedule."""
        report(self._next / max(len(self._changes), 1) if self._next < len(self._changes) else 1.0)
        if self._next == len(self._changes):
            return None
        self._next += 1
        return self._changes[self._next - 1]

    def dump(self) -> bytes:
        """Return how far it is."""
        return str(self._next).encode()

    def load(self, state: bytes) -> None:
        """Go on from there."""
        self._next = int(state)


def _unbound(parameters: ReplayParameters, job: Job) -> Controller:
    del job
    raise UnfitError(f"the schedule {parameters.schedule} is not read yet; use it by a scenario")


PLUGIN = ControllerPlugin(
    name="replay",
    summary="a schedule made elsewhere, executed as it stands: hwsim replay SCHEDULE SCENARIO",
    parameters=ReplayParameters,
    begin=_unbound,
    training=ReplayParameters.training,
    literal=True,
    refers=lambda parameters: parameters.epochs > 0,
    file="schedule",
)
