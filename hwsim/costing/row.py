"""The columns of a comparison of crossbars, what they mean, and the numbers that stand in them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hwsim.costing.steps import Reconnections
    from hwsim.costing.trace import Account, Trace
    from hwsim.crossbar import Fabric
    from hwsim.crossbar.technology import Switch

PICOSECONDS = 10**12
COLUMNS = {
    "topology": "arrangement of the switches",
    "technology": "datasheet of the switches, by its full name",
    "effort": "how hard the router tries",
    "writes": "how configurations are sent: full, addressed, delta or shortest",
    "ports": "ports of the largest circuit",
    "switches": "switches (or crosspoints) of all circuits together",
    "depth": "switches on the longest path",
    "configuration_bits": "configuration bits of the largest circuit",
    "reconnections": "how many were priced: what totals are sums and means are means of",
    "blocked_share": "share of random reconnections that a blocking topology cannot realise; the others are priced",
    "moves_total": "positions fed by another cell than before, all reconnections",
    "moves_mean": "the same of one reconnection",
    "toggles_total": "switches that changed state, all reconnections",
    "toggles_mean": "the same of one reconnection",
    "toggles_p95": "95th percentile of the toggles of one reconnection",
    "toggles_max": "most toggles of one reconnection",
    "bits_total": "configuration bits sent through the port, all reconnections",
    "bits_mean": "the same of one reconnection",
    "energy_j_total": "joules of the circuits, all reconnections: toggling, configuration bits, holding meanwhile",
    "energy_j_mean": "the same of one reconnection",
    "time_s_total": "seconds of the circuits, all reconnections: loading the bits, and settling",
    "time_s_mean": "the same of one reconnection",
    "register_writes_total": "registers written over the whole schedule, those at power-up too",
    "register_energy_j_total": "joules that they add; a run's bill is the circuits' and theirs",
    "register_time_s_total": "seconds that they add",
    "hold_w": "watts that hold the last configuration",
    "loss_db_min": "least loss of light on a path, over all paths after every reconnection",
    "loss_db_mean": "mean loss of light on a path",
    "loss_db_max": "most loss of light on a path",
    "crosstalk_db": "leaks of lowest order at the worst output, relative to the signal",
    "lifetime_reconnections": "reconnections like these until the switch that toggles most is worn out",
}
"""Columns of a row, in order, and what they mean; null where one does not apply."""
EACH_COLUMNS = {
    **{key: COLUMNS[key] for key in ("topology", "technology", "effort", "writes")},
    "event": "number of the reconnection, from 0; of the event where a schedule is priced",
    "moves": "positions fed by another cell than before",
    "toggles": "switches that changed state",
    "bits": "configuration bits sent through the port",
    "energy_j": "joules of the circuits",
    "time_s": "seconds of the circuits",
    "register_writes": "registers written with it",
    "register_energy_j": "joules that they add",
    "register_time_s": "seconds that they add",
}
"""Columns of a row for each reconnection. Events that only write registers have one too, so that columns sum up."""


def sums(trace: Trace, account: Account, reconnections: Reconnections) -> dict[str, Any]:
    """Sum up what all reconnections did and cost with one switch technology, under the names in :data:`COLUMNS`."""
    return {
        **_counted(trace, reconnections),
        **_paid(trace, account, reconnections),
        "hold_w": trace.held * account.switch.hold_power,
        **_lost(account),
        "crosstalk_db": _crosstalk(trace.fabrics, account.switch),
        "lifetime_reconnections": _lifetime(trace, account.switch),
    }


def _counted(trace: Trace, reconnections: Reconnections) -> dict[str, Any]:
    """Count the reconnections and what they changed."""
    done = trace.reconnections
    asked = reconnections.skips and trace.blocking
    toggles, moves = [step.toggles for step in done], sum(step.moves for step in done)
    bits = sum(step.bits for step in done)
    return {
        "reconnections": len(done),
        "blocked_share": trace.blocked / len(reconnections) if asked else None,
        "moves_total": moves,
        "moves_mean": moves / len(done),
        "toggles_total": sum(toggles),
        "toggles_mean": float(np.mean(toggles)),
        "toggles_p95": float(np.percentile(toggles, 95)),
        "toggles_max": max(toggles),
        "bits_total": bits,
        "bits_mean": bits / len(done),
        "register_writes_total": None if reconnections.writes is None else sum(step.writes for step in trace.steps),
    }


def _paid(trace: Trace, account: Account, reconnections: Reconnections) -> dict[str, float | None]:
    """Return what the reconnections cost with one switch technology."""
    paid, count = account.payments, len(trace.reconnections)
    energy, time = sum(one.energy for one in paid), sum(one.time for one in paid) / PICOSECONDS
    found: dict[str, float | None] = {
        "energy_j_total": energy,
        "energy_j_mean": energy / count,
        "time_s_total": time,
        "time_s_mean": time / count,
    }
    if reconnections.writes is not None:
        found["register_energy_j_total"] = sum(one.register_energy for one in paid)
        found["register_time_s_total"] = sum(one.register_time for one in paid) / PICOSECONDS
    return found


def _lost(account: Account) -> dict[str, float | None]:
    return {f"loss_db_{key}": value for key, value in (account.loss or dict.fromkeys(("min", "mean", "max"))).items()}


def each_step(trace: Trace, account: Account, *, registers: bool) -> Iterator[dict[str, Any]]:
    """Yield what each step did and cost with one switch technology; ``registers``: whether their cost is known."""
    for step, paid in zip(trace.steps, account.payments, strict=True):
        yield {
            "event": step.event,
            "moves": step.moves,
            "toggles": step.toggles,
            "bits": step.bits,
            "energy_j": paid.energy,
            "time_s": paid.time / PICOSECONDS,
            "register_writes": step.writes if registers else None,
            "register_energy_j": paid.register_energy if registers else None,
            "register_time_s": paid.register_time / PICOSECONDS if registers else None,
        }


def _crosstalk(fabrics: Sequence[Fabric], switch: Switch) -> float | None:
    """Return the leaks of lowest order at the worst output of all circuits, dB relative to the signal."""
    if switch.crosstalk is None:
        return None
    leaks = [fabric.leaks for fabric in fabrics]
    found = [order * switch.crosstalk + 10 * math.log10(count) for count, order in leaks if count > 0]
    return max(found, default=None)


def _lifetime(trace: Trace, switch: Switch) -> float | None:
    """Count reconnections until the switch that toggles most is worn out, if all were like these."""
    if switch.endurance is None or not trace.worn:  # nothing was counted of circuits multiplexed in time
        return None
    return switch.endurance * len(trace.reconnections) / trace.worn
