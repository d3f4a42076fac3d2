"""What a switch is made of: a datasheet of set and reset costs, and of the port that loads configurations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hwsim.device.datasheet import Datasheet, Datum
from hwsim.scenario import Bits, Hertz, Joules, Seconds, Section, Watts

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class SwitchSheet(Datasheet):
    """A switch technology's datasheet in ``devices/``."""

    kind: Literal["switch"]
    """This is a switch technology."""
    medium: Literal["electronic", "optical"]
    """Whether signals pass as bits or as light; light loses power on its path."""
    cost: SwitchCostNumbers
    """What a switch and its configuration port cost."""


@dataclass(frozen=True)
class Switch:
    """One switch technology in SI units; fields as in :class:`SwitchCostNumbers`."""

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


def build_switch(name: str, sheet: SwitchSheet, values: Mapping[str, float]) -> Switch:
    """A switch technology from its sheet's numbers in SI units."""
    return Switch(name=name, medium=sheet.medium, **values)  # type: ignore[arg-type]
