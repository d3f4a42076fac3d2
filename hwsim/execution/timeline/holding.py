"""Switches in cross, and for how long: what they take to be held there."""

from __future__ import annotations


class Holding:
    """Switches that stand in cross, summed over time.

    A switch counts from the moment on at which it begins to be set, and no longer from the one at which it begins to be
    reset. Where sets less resets are not what the machine's count grows by (circuits multiplexed in time, of which a
    part stands at a time; a switch that got stuck since), the whole growth counts from the end of the reconnection.

    Sums of whole numbers stay whole, and are exact.

    Example:
        >>> holding = Holding()
        >>> holding.expect(3.0, 3)
        >>> holding.change(5, 100, 2, 150)
        >>> holding.arrive(200)
        >>> holding.switch_ps(300)  # 5 for 50, 3 for 150
        700
    """

    def __init__(self) -> None:
        self._standing: float = 0
        self._moment: float = 0  # the sum of every change times when it was
        self._arriving: float = 0
        self._stepwise = True

    def expect(self, standing: float, growth: int) -> None:
        """Begin a reconnection.

        Args:
            standing: switches in cross in the whole machine afterwards.
            growth: sets less resets.
        """
        self._arriving = int(standing) if float(standing).is_integer() else standing
        self._stepwise = self._standing + growth == self._arriving

    def change(self, sets: int, set_ps: int, resets: int, reset_ps: int) -> None:
        """Let switches begin to be set at one time, and others to be reset at another."""
        if self._stepwise:
            self._standing += sets - resets
            self._moment += sets * set_ps - resets * reset_ps

    def arrive(self, at_ps: int) -> None:
        """End a reconnection."""
        growth = self._arriving - self._standing
        self._standing += growth
        self._moment += growth * at_ps

    def switch_ps(self, until_ps: int) -> float:
        """Sum switches times picoseconds that they stood in cross, from 0 on."""
        return self._standing * until_ps - self._moment
