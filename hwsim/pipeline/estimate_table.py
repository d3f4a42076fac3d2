"""The table of an estimate: numbers in closed form, and the names of those for which only the simulation can speak."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hwsim.execution.closed_form import Sums
from hwsim.execution.serving import served
from hwsim.execution.timeline import PICOSECONDS
from hwsim.pipeline.parts import parts_of
from hwsim.pipeline.worth import Means, worth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hwsim.execution import Machine
    from hwsim.execution.timeline import Parts, Work
    from hwsim.scenario import Plan


class Line(NamedTuple):
    """One number: None where only the simulation can tell, or nobody; ``why`` says that, or what it rests on.

    ``key`` is the place of the same number under ``execution`` in the answer of a run.
    """

    key: str
    value: float | None
    unit: str
    why: str = ""


@dataclass(frozen=True)
class Basis:
    """What an estimate rests on.

    Args:
        told: what the works stand for; empty where they are the run's own.
        moves: positions that one reconnection feeds by another cell, in the mean.
        worn: toggles of the most worn switch; None where each reconnection is taken to toggle it once.
        unknown: why nobody knows how many reconnections there will be; empty where the works are all of them.
        values: what cells hold, where that is not what the run's hold; areas, and so energies, may depend on it.
    """

    told: str = ""
    moves: float = 0.0
    worn: int | None = None
    unknown: str = ""
    values: str = ""


def table(plan: Plan, machine: Machine, works: Iterable[Work], basis: Basis) -> list[Line]:
    """Sum up works, event 0 first; where it is unknown how many there are, the others give means alone.

    Args:
        plan: a resolved scenario.
        machine: its machine, which has executed them or what they stand for.
        works: what is summed up.
        basis: what they are.
    """
    parts = parts_of(plan, machine)
    sums, alone = Sums(parts), Sums(replace(parts, host=replace(parts.host, issue="done", length_ps=0)))
    for number, work in enumerate(works):
        sums.add(work)
        if number:
            alone.add(work)
    count = max(alone.reconnections, 1)
    means = Means(alone.reconnections, alone.energy_j / count, alone.now_ps / PICOSECONDS / count, basis.moves)
    found = [*_once(alone, means, basis.told), *_whole(parts, sums, basis.unknown), *_streamed(parts, sums, basis)]
    if not alone.contention:
        worn = alone.reconnections if basis.worn is None else basis.worn
        found += _lasting(lines_of(worth(plan, machine, means, worn, sums.now_ps / PICOSECONDS)), basis)
    return found


def _lasting(found: Iterable[Line], basis: Basis) -> Iterator[Line]:
    """Say of lifetimes what they rest on; nobody knows years without knowing how often a machine reconnects."""
    for line in found:
        if basis.unknown and line.key.endswith("_years"):
            yield line._replace(value=None, why=basis.unknown)
        elif line.value is not None and line.key.startswith("lifetime.switch") and basis.worn is None:
            yield line._replace(why="at least: one switch is toggled every time")
        else:
            yield line


def lines_of(found: Mapping[str, Any]) -> Iterator[Line]:
    """Yield a line for each number of a run in time, as its answer has them under ``execution``.

    Example:
        >>> list(lines_of({"watched_s": 0.5, "lifetime": {"cell_years": None}}))[1]
        Line(key='lifetime.cell_years', value=None, unit='', why='without end')
    """
    for key, value in found.items():
        yield from _flat(key, value)


def _line(key: str, value: float | None, why: str = "") -> Line:
    """Make a line; its unit follows from its key.

    Example:
        >>> _line("energy_j.idle", 1.0).unit, _line("break_even.all.seconds.rewriting", 1.0).unit
        ('J', 's')
    """
    *_, kind, last = ["", "", *key.split(".")]
    counted = last in {"reconnections", "inferences"}
    joules = kind.endswith("_j") or last.endswith("_j") or kind == "joules"
    seconds = last.endswith("_s") or kind == "seconds"
    unit = "" if counted else "J" if joules else "s" if seconds else UNITS.get(last, "")
    return Line(key, value, unit, why)


SELDOM = 0.01
"""Share of the time that swaps may take, so that requests hardly ever meet one."""
UNITS = {"port_bits": "bit", "throughput": "1/s"}


def _once(alone: Sums, means: Means, told: str) -> Iterator[Line]:
    """Yield what one reconnection takes, in the mean."""
    if not means.count:
        return
    why = alone.contention
    yield _line("reconnection.port_bits", alone.port_bits / means.count, told)
    yield _line("reconnection.toggles", alone.toggles / means.count, told)
    yield _line("reconnection.moves", means.moves, told)
    yield _line("reconnection.energy_j", None if why else means.energy_j, why or told)
    yield _line("reconnection.time_s", None if why else means.time_s, why or told)


def _whole(parts: Parts, sums: Sums, unknown: str) -> Iterator[Line]:
    """Yield what all reconnections take."""
    found, why, lost = sums.finish(), sums.contention, sums.contention if parts.port.loss else ""
    found |= {"makespan_s": sums.now_ps / PICOSECONDS, "watched_s": found.pop("watched_ps") / PICOSECONDS}
    found["energy_j"] = found.pop("energy")
    drains = "but for inferences that end first" if parts.requests else ""
    sent = {"reconnections": "", "toggles": "", "port_bits": lost, "energy_j.configuration": lost}
    sent["energy_j.toggling"] = ""
    for key, value in found.items():
        for line in _flat(key, value):
            missing = unknown or sent.get(line.key, why)
            given = "" if line.key in sent else drains
            yield line._replace(value=None if missing else line.value, why=missing or given)


def _flat(key: str, value: Any, why: str = "") -> Iterator[Line]:
    """Yield a line for each number in tables in a table; a text says why there is none."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner, why)
    elif isinstance(value, str):
        yield Line(key, None, "", value)
    else:
        yield _line(key, value, "without end" if value is None else why)


def _streamed(parts: Parts, sums: Sums, basis: Basis) -> Iterator[Line]:
    """Yield what an inference takes that meets nobody, and what requests meet."""
    compute, unknown = parts.compute, basis.unknown or sums.contention
    yield _line("inference.latency_s", compute.latency_ps / PICOSECONDS, "of one that waits for nothing")
    yield _line("inference.interval_s", compute.interval_ps / PICOSECONDS)
    yield _line("inference.energy_j", compute.energy, basis.values)
    if parts.requests is None:
        return
    whole = sums.finish()
    # before each swap the pipeline empties, for which it may take a latency
    gone = (sums.busy_ps + sums.reconnections * compute.latency_ps) / whole["watched_ps"] if sums.busy_ps else 0.0
    hidden = not sums.busy_ps or (parts.memory == "double" and gone <= SELDOM and not unknown)
    found = served(parts, hidden=hidden)
    swaps = f", but for swaps, {gone:.2g} of the time at most" if gone and found.wait_mean is not None else ""
    yield _line("throughput", found.throughput, found.why)
    yield _line("utilisation.compute", found.load, found.why)
    for name in ("latency_mean", "latency_p50", "latency_p99", "wait_mean"):
        yield _line(f"{name}_s", getattr(found, name), found.why + swaps)
    count = None if unknown or found.throughput is None else found.throughput * whole["watched_ps"] / PICOSECONDS
    why = "expected" if count is not None else unknown or found.why
    yield _line("inferences", count, why)
    for name, joules in (("compute", compute.energy - compute.conversion), ("conversion", compute.conversion)):
        yield _line(f"energy_j.{name}", None if count is None else count * joules, why)
