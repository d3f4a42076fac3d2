"""The switches as they change, where any number may at a time: those of a bank together, in one event."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simpy import Environment, Event

    from hwsim.execution.timeline.holding import Holding
    from hwsim.execution.timeline.parts import Switching
    from hwsim.execution.timeline.port import Record


class Drivers:
    """Drivers for all switches of a machine.

    Args:
        env: keeps the clock.
        switching: the switches.
        holding: is told when switches begin to change.
        record: takes spans; None where nobody looks at them.
    """

    used_ps = 0
    """Picoseconds in which a driver drove a switch, summed over drivers, where they are limited."""

    def __init__(self, env: Environment, switching: Switching, holding: Holding, record: Record | None) -> None:
        self.env, self.switching, self.holding, self.record = env, switching, holding, record
        self.resets_first = switching.order == "reset-first"

    def change(self, loaded: Event) -> None:
        """Let the switches of a bank change from now on.

        Args:
            loaded: its value are the numbers of layer and bank, switches that go from bar to cross, and switches that
                go back.
        """
        layer, bank, sets, resets = loaded.value  # type: ignore[misc]
        now: int = self.env.now  # type: ignore[assignment]
        switching, record = self.switching, self.record
        reset = now + switching.reset_ps if resets else now
        begin = reset if self.resets_first else now
        end = begin + switching.set_ps if sets else now
        self.holding.change(sets, begin, resets, now)
        if record:
            name = f"layer {layer} bank {bank}"
            if sets:
                record((name, begin, end, "sets", sets, sets * switching.set_energy))
            if resets:
                record((name, now, reset, "resets", resets, resets * switching.reset_energy))
        self.env.timeout((max(reset, end)) - now)
