"""What reconnecting is worth: joules an inference with reconnections paid off, the break-even, and lifetimes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.execution.break_even import INFERENCES, break_even, lifetime, paid_off, rewriting_of
from hwsim.execution.compute import compute_of
from hwsim.execution.timeline import PICOSECONDS

if TYPE_CHECKING:
    from hwsim.execution import Machine
    from hwsim.scenario import Plan


@dataclass(frozen=True)
class Means:
    """Reconnections after event 0, how many there were, and what one of them took in the mean."""

    count: int
    energy_j: float
    time_s: float
    moves: float


def worth(plan: Plan, machine: Machine, means: Means, worn: int | None, seconds: float) -> dict[str, Any]:
    """Hold reconnections against inferences, and against writing other weights into the same cells.

    Args:
        plan: the run's plan; its datasheets say what a write takes and what a switch survives.
        machine: as it stands after them.
        means: of its reconnections.
        worn: toggles of the most worn switch; None where nobody counted.
        seconds: for how long the machine went on like this.

    Returns:
        ``paid_off_j``: joules of an inference by how many there are between two reconnections. ``break_even``: rows of
        :func:`hwsim.execution.break_even.break_even` by ``all`` or ``changed`` cells and by ``joules`` or ``seconds``,
        or a sentence that says why there is none. ``lifetime`` where wear was counted.
    """
    if not means.count:
        return {}
    compute, rewriting = compute_of(machine), rewriting_of(plan.rewriting)
    holding = machine.circuits.standing * plan.switch.hold_power * compute.interval_ps / PICOSECONDS
    found: dict[str, Any] = {
        "paid_off_j": {str(n): paid_off(compute.energy + holding, means.energy_j, n) for n in INFERENCES}
    }
    if isinstance(rewriting, str):
        found["break_even"] = rewriting
    else:
        core, whole = machine.chip.inference_bill(), machine.inference_bill()
        circuits = whole.energy_j - core.energy_j + holding, whole.time_s - core.time_s
        once, cells = (means.energy_j, means.time_s), machine.chip.resources().cells
        found["break_even"] = {"all": {}, "changed": {}}
        for row in break_even(rewriting, cells, means.moves, once, circuits):
            found["break_even"][row.pop("of")][row.pop("in")] = row
    if worn is not None:
        cells_too = None if isinstance(rewriting, str) else rewriting
        found["lifetime"] = lifetime(plan.switch.endurance, worn, means.count, seconds, cells_too)
    return found
