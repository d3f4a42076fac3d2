"""What a switch is made of: a datasheet of set and reset costs, losses and wear, and of the port that loads it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from hwsim.files import Bits, Decibels, Hertz, Joules, Seconds, Section, Watts
from hwsim.files.datasheet import Datasheet, Datum, Unlimited
from hwsim.files.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

SELDOM = 1e-3
"""What a port gets through without a lost word less often than that is refused: it would be sent for ever."""
LOSSES = ("bar_loss", "cross_loss", "crossing_loss")

Loss = Annotated[Decibels, Field(ge=0)]
Ratio = Annotated[Decibels, Field(le=0)]


def _survived(value: object) -> object:
    if isinstance(value, int | float) and value <= 0:
        raise Refusal("must be more than 0", 'write toggles that a switch survives, or "unlimited"')
    return value


Toggles = Annotated[float | Unlimited, BeforeValidator(_survived)]


class SwitchCostNumbers(Section):
    """What a switch and its configuration port cost."""

    set_time: Datum[Seconds]
    """Time from bar to cross (crosspoint: from open to closed)."""
    reset_time: Datum[Seconds]
    """Time from cross to bar."""
    set_energy: Datum[Joules]
    """Energy of going from bar to cross, for the whole data width of the source."""
    reset_energy: Datum[Joules]
    """Energy of going from cross to bar."""
    hold_power: Datum[Watts]
    """Power of one switch held in cross."""
    bar_loss: Datum[Loss] | None = None
    """Loss of light that passes a switch in bar (passes by an open crosspoint); optical switches must have it."""
    cross_loss: Datum[Loss] | None = None
    """Loss of light that passes a switch in cross (turns in at a closed crosspoint); optical switches must have it."""
    crossing_loss: Datum[Loss] | None = None
    """Loss of light at one crossing of waveguides between switches; optical switches must have it."""
    crosstalk: Datum[Ratio] | None = None
    """What one switch leaks into the wrong output, relative to the signal: negative; nothing leaks when left out."""
    endurance: Datum[Toggles] | None = None
    """Toggles that one switch survives, or ``unlimited``, which is also what is taken when left out. A published number
    of cycles (set and reset) is given as so many toggles, which errs on the safe side."""
    pass_energy: Datum[Joules]
    """Energy of one data bit through one switch."""
    pass_time: Datum[Seconds]
    """Delay of one switch in the data path."""
    port_width: Datum[Bits]
    """Configuration bits that the port takes in one clock."""
    port_clock: Datum[Hertz]
    """Clock of the configuration port."""
    port_energy: Datum[Joules]
    """Energy of one configuration bit through the port."""
    luts: Datum[int] | None = None
    """LUTs that one switch takes for each data bit; only for switches in an FPGA."""
    data_flip_flops: Datum[int] | None = None
    """Flip-flops that one switch takes for each data bit."""
    state_flip_flops: Datum[int] | None = None
    """Flip-flops that hold the state of one switch."""


class SwitchDatasheet(Datasheet):
    """A switch technology's datasheet in ``devices/``."""

    kind: Literal["switch"]
    """This is a switch technology."""
    medium: Literal["electronic", "optical"]
    """Whether signals pass as bits or as light; light loses power on its path, bits are restored at every switch."""
    cost: SwitchCostNumbers
    """What a switch and its configuration port cost."""

    @model_validator(mode="after")
    def _light_has_losses(self) -> Self:
        given = [name for name in LOSSES if getattr(self.cost, name) is not None]
        if self.medium == "optical" and len(given) < len(LOSSES):
            lacking = ", ".join(name for name in LOSSES if name not in given)
            raise Refusal(f"of an optical switch lacks {lacking}", "give them in [cost], 0 dB where there is no loss")
        if self.medium == "electronic" and (given or self.cost.crosstalk is not None):
            has = ", ".join(given or ["crosstalk"])
            raise Refusal(f"of an electronic switch has {has}", "leave losses and crosstalk out, bits are restored")
        return self


@dataclass(frozen=True)
class Switch:
    """One switch technology in SI units and decibels; fields as in :class:`SwitchCostNumbers`.

    ``crosstalk`` None: nothing leaks; ``endurance`` None: a switch never wears out.

    Example:
        >>> Switch("ideal", "electronic", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 32, 1e8, 0.0).endurance is None
        True
    """

    name: str
    medium: str
    set_time: float
    reset_time: float
    set_energy: float
    reset_energy: float
    hold_power: float
    pass_energy: float
    pass_time: float
    port_width: int
    port_clock: float
    port_energy: float
    bar_loss: float = 0.0
    cross_loss: float = 0.0
    crossing_loss: float = 0.0
    crosstalk: float | None = None
    endurance: float | None = None
    luts: int = 0
    data_flip_flops: int = 0
    state_flip_flops: int = 0

    @property
    def drive_power(self) -> float:
        """Return the watts that a switch takes while it changes: the dearer way, and what holding it takes.

        Example:
            >>> Switch("s", "optical", 1e-6, 2e-6, 3e-6, 1e-6, 0.5, 0.0, 0.0, 32, 1e8, 0.0).drive_power
            3.5
        """
        ways = ((self.set_energy, self.set_time), (self.reset_energy, self.reset_time))
        return max(energy / time if time else energy and math.inf for energy, time in ways) + self.hold_power

    def driven(self, power: float) -> int | None:
        """Return how many switches may change at a time on a budget of watts; None for any number.

        Example:
            >>> switch = Switch("s", "optical", 1e-6, 2e-6, 3e-8, 1e-8, 0.07, 0.0, 0.0, 32, 1e8, 0.0)
            >>> switch.driven(0.3), switch.driven(0.09)
            (3, 0)
        """
        one = self.drive_power
        return int(power / one * (1 + 1e-12)) if one else None  # three times 0.1 W is a budget of 0.3 W


def build_switch(name: str, sheet: SwitchDatasheet, values: Mapping[str, float | str]) -> Switch:
    """Build a switch technology from its sheet's numbers in SI units; ``unlimited`` becomes None."""
    numbers = {key: None if isinstance(value, str) else value for key, value in values.items()}
    return Switch(name=name, medium=sheet.medium, **numbers)  # type: ignore[arg-type]


def intact(words: int, loss: float) -> float:
    """Return the chance that a block of port words gets through: each is lost, or not, on its own.

    Example:
        >>> intact(2, 0.5)
        0.25
    """
    return (1 - loss) ** words
