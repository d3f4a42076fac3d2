"""What controllers share that train nothing: settings of the free training beside them."""

from __future__ import annotations

from pydantic import Field

from hwsim.controller.descent import DescentParameters


class FollowedParameters(DescentParameters):
    """Parameters of a method that trains nothing by itself; those of training are of the reference."""

    epochs: int = Field(default=0, ge=0, le=1_000_000)
    """Passes over the training set of free training, the reference; 0 for none."""
    digest: str = ""
    """SHA-256 of what reconnects; it is filled in, and a run folder's scenario has it. Of code that has none, a number
    that never comes again."""
