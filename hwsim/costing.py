"""The price of reconnections that are known beforehand, against any crossbar and switch technology."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar import CROSSBARS, PermutationError, check_permutation, extend
from hwsim.crossbar.effort import EFFORT_LINES
from hwsim.crossbar.technology import Switch, SwitchSheet, build_switch
from hwsim.device import read_sheet, sheet_values
from hwsim.execution import Load, simulate
from hwsim.library import names
from hwsim.plan.lookup import sheet_kind
from hwsim.registry import unknown
from hwsim.scenario import Fault, FaultError, Faults, read_document
from hwsim.schedule import open_schedule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class BankSteps:
    """Equal banks through time: per step int64 (banks, ports), and how many registers each step writes."""

    steps: tuple[NDArray[np.int64], ...]


def read_permutations(path: Path) -> list[BankSteps]:
    """Read a schedule file, or a text of permutations, one a line, integers apart by spaces or commas, ``#`` remarks.

    Raises:
        FaultError: a line that is no permutation, with line and column; an empty or unreadable file.
        ScheduleError: a file that looks like a schedule and is none, or only part of one.
    """
    try:
        with path.open("rb") as file:
            binary = b"\0" in file.read(4096)
    except OSError as error:
        raise FaultError([Fault(str(path), 1, 1, f"cannot be read: {error.strerror}")]) from None
    return _from_schedule(path) if binary else [_from_text(path)]


def _from_schedule(path: Path) -> list[BankSteps]:
    with open_schedule(path) as schedule:
        found: dict[int, list[NDArray[np.int64]]] = {b.layer: [] for b in schedule.layout.layers if b.learned}
        for entry in schedule.entries():
            for layer, permutation in enumerate(entry.permutations):
                if permutation is not None and layer in found:
                    found[layer].append(permutation)
        if not any(found.values()):
            cure = "give the schedule of a run that reconnects"
            raise FaultError([Fault(str(path), 1, 1, "no reconnection in this schedule", "", cure)])
        return [BankSteps(tuple(steps)) for steps in found.values() if steps]


def _from_text(path: Path) -> BankSteps:
    faults = Faults()
    rows: list[NDArray[np.int64]] = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise FaultError(
            [Fault(str(path), 1, 1, "neither text nor a schedule", "", "one permutation a line")]
        ) from None
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        wrong = next((word for word in words if not word.lstrip("-").isdecimal()), None)
        if wrong is not None:
            cure = "write integers apart by spaces or commas"
            faults.add(Fault(str(path), number, line.index(wrong) + 1, "not a whole number", wrong[:40], cure))
            continue
        row = np.array([int(word) for word in words], object)
        try:
            rows.append(check_permutation(row.astype(np.int64), len(rows[0]) if rows else len(words)))
        except OverflowError:
            faults.add(Fault(str(path), number, 1, "a number is too large", "", f"use 0 to {len(words) - 1}"))
        except PermutationError as error:
            faults.add(Fault(str(path), number, 1, str(error)))
    if not rows and not faults.found:
        faults.add(Fault(str(path), 1, 1, "no permutation in this file", "", "one a line, for example: 2 0 1 3"))
    faults.check()
    return BankSteps(tuple(row[None, :] for row in rows))


def price(
    banks: Sequence[BankSteps],
    topologies: Sequence[str],
    technologies: Sequence[str],
    efforts: Sequence[str],
    ports: int | None = None,
) -> list[dict[str, Any]]:
    """Price steps from power-up on, for every combination of topology, technology and effort.

    Returns:
        Rows with ``topology, technology, effort, ports, switches, depth, configuration_bits, moves, toggles, energy_j,
        time_s, hold_w``: totals over all steps; ``toggles`` mean, p95 and max a step; ``ports``, ``depth`` and
        ``configuration_bits`` of the largest bank, ``switches`` of all banks together; ``hold_w`` after the last step.

    Raises:
        FaultError: an unknown name, or a crossbar that is too small or cannot have this size.

    Example:
        >>> steps = BankSteps((np.array([[1, 0, 3, 2]]),))
        >>> row, = price([steps], ["crossbar"], ["fpga-register-ug474-2016"], ["any"])
        >>> row["moves"], row["toggles"]["max"]
        (4, 4.0)
    """
    faults = Faults()
    for option, given, known in (
        ("--topology", topologies, CROSSBARS),
        ("--effort", efforts, EFFORT_LINES),
    ):
        _known(faults, option, given, known)
    sheets = {name: path for name, path in names("devices").items() if sheet_kind(path) == "switch"}
    _known(faults, "--technology", technologies, sheets)
    most = max(steps.steps[0].shape[1] for steps in banks)
    if ports is not None and ports < most:
        what = f"a crossbar of {ports} ports is too small for a permutation of {most}"
        faults.add(Fault("--ports", 1, 1, what, "", f"give at least {most}"))
    faults.check()
    switches = {name: _switch(name, sheets[name]) for name in technologies}
    return [
        _row(banks, topology, switches[technology], effort, ports)
        for topology in topologies
        for technology in technologies
        for effort in efforts
    ]


def _known(faults: Faults, option: str, given: Sequence[str], known: Mapping[str, object]) -> None:
    for name in given:
        if name not in known:
            what, _, cure = unknown(option.removeprefix("--"), name, known).partition("; ")
            faults.add(Fault(option, 1, 1, what, "", cure))


def _switch(name: str, path: Path) -> Switch:
    document = read_document(path)
    sheet = read_sheet(document, SwitchSheet)
    return build_switch(name, sheet, sheet_values(sheet, {}, document, ()))


def _row(banks: Sequence[BankSteps], topology: str, switch: Switch, effort: str, ports: int | None) -> dict[str, Any]:
    toggles: dict[int, int] = {}
    energy, time, moves, held_at_end, switches, bits, depth, largest = 0.0, 0, 0, 0, 0, 0, 0, 0
    loads: dict[int, list[Load]] = {}
    for steps in banks:
        count, size = steps.steps[0].shape
        try:
            fabric = CROSSBARS[topology].build(ports or size)
        except ValueError as error:
            raise FaultError([Fault("--topology", 1, 1, str(error), topology, "choose another topology")]) from None
        switches += count * fabric.switches
        bits, depth = max(bits, fabric.configuration_bits), max(depth, fabric.depth)
        largest = max(largest, fabric.ports)
        state = fabric.power_up(count)
        before = np.tile(np.arange(size), (count, 1))
        for number, wanted in enumerate(steps.steps):
            new = fabric.route_many(extend(wanted, fabric.ports), previous=state, effort=effort)
            changed, sets, held = fabric.toggles_many(state, new), fabric.sets_many(state, new), fabric.held_many(new)
            moves += int((wanted != before).sum())
            toggles[number] = toggles.get(number, 0) + int(changed.sum())
            loads.setdefault(number, []).extend(
                Load(fabric.configuration_bits, int(sets[b]), int(changed[b] - sets[b]), int(held[b]))
                for b in np.flatnonzero(changed)
            )
            state, before = new, wanted
        held_at_end += int(fabric.held_many(state).sum())
    for each in loads.values():
        joules, picoseconds = simulate(each, 0, switch)
        energy, time = energy + joules, time + picoseconds
    counts = np.array([toggles[number] for number in sorted(toggles)], float)
    return {
        "topology": topology,
        "technology": switch.name,
        "effort": effort,
        "ports": largest,
        "switches": switches,
        "depth": depth,
        "configuration_bits": bits,
        "moves": moves,
        "toggles": {
            "mean": float(counts.mean()),
            "p95": float(np.percentile(counts, 95)),
            "max": float(counts.max()),
        },
        "energy_j": energy,
        "time_s": time / 10**12,
        "hold_w": held_at_end * switch.hold_power,
    }
