"""Switches that are held: step by step where sets and resets explain them, else all at the end of a reconnection."""

from __future__ import annotations

import pytest

from hwsim.execution.timeline.holding import Holding


@pytest.mark.parametrize(("standing", "held"), [(2.0, 3 * 200 - 150), (3.5, 3.5 * 100), (1.0, 100)])
def test_growth_that_sets_do_not_explain_counts_from_the_end(standing: float, held: float) -> None:
    """Three sets at 100 ps and a reset at 150; the reconnection ends at 200, and 300 is when one looks."""
    holding = Holding()
    holding.expect(standing, 2)
    holding.change(3, 100, 1, 150)
    holding.arrive(200)
    assert holding.switch_ps(300) == held
