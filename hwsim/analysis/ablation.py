"""The account: a run's last connections and registers on chips with effects switched on one by one, and all but one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.variation import EFFECTS
from hwsim.errors import BAD_INPUT, HwsimError
from hwsim.execution import replay
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values
from hwsim.pipeline.session import run
from hwsim.schedule import Entry, Fault, Follower, open_schedule
from hwsim.score import evaluate
from hwsim.stream import stream
from hwsim.task import METRICS
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.execution import Machine
    from hwsim.model import Start
    from hwsim.pipeline.session import Scenario
    from hwsim.scenario import Plan
    from hwsim.task import Task


CROSSBAR: dict[str, dict[str, Any]] = {
    "crossbar loss": {"bar_loss": 0.0, "cross_loss": 0.0, "crossing_loss": 0.0},
}
"""Effects of optical crossbars: the numbers of their switches that switch them off."""


class AblationError(HwsimError, ValueError):
    """There is nothing to account for; the message says why."""

    exit_code = BAD_INPUT


@dataclass(frozen=True)
class Item:
    """What one effect costs in accuracy (or adds to the largest error): means over chips, and their standard errors.

    ``alone``: against a device without any effect, when only this one is on. ``last``: what switching it off on the
    whole device gains. The two differ where effects hide or amplify each other.
    """

    effect: str
    alone: float
    alone_error: float
    last: float
    last_error: float


@dataclass(frozen=True)
class Ablation:
    """A device's account on one scenario.

    ``metric`` names the value (``accuracy`` or ``max_error``), ``everything`` is its mean with all effects on,
    ``nothing`` with none; ``run`` is the folder whose final state was taken, ``chips`` the chips averaged over.
    """

    metric: str
    everything: float
    nothing: float
    items: tuple[Item, ...]
    chips: int
    run: Path


def account(
    scenario: Scenario,
    chips: int = 5,
    out: Path | None = None,
    report: Callable[[str, float, dict[str, Any] | None], None] = lambda *_: None,
) -> Ablation:
    """Run a scenario (or take its finished run) and charge each effect of its device with what it costs.

    Connections and registers are those that the run ended with on the whole device; nothing is trained again. Every
    chip is fabricated anew for each set of effects from the same random streams, so that only the effects differ.

    Args:
        scenario: from :func:`hwsim.load`.
        chips: how many chips to average over, at least 1.
        out: run folder, the usual one when None.
        report: told the stage and the share of it that is done.

    Raises:
        AblationError: the device has no effects that could be switched off.
        DiagnosticError: the scenario is faulty.
    """
    if chips < 1:
        raise AblationError(f"an ablation over {chips} chips says nothing; give --chips 1 or more")
    plan = scenario.plan()
    effects = active(plan)
    if not effects:
        name = plan.scenario.device.name
        raise AblationError(f"device {name} has no effects that can be switched off: there is nothing to account for")
    folder = run(scenario, out, report).run
    task = load_task(plan.task, plan.task_parameters)
    values = initial_values(plan, task, folder / KEPT)
    breaks = bool(plan.scenario.fault or plan.scenario.execution.faults)
    machine = assemble(plan, task, values) if plan.switch.medium == "optical" or breaks else None
    state = final_state(folder, machine)
    settings = machine.circuits.states if machine is not None else None
    sets = [(), tuple(effects), *((e,) for e in effects), *(tuple(o for o in effects if o != e) for e in effects)]
    found = np.empty((len(sets), chips))
    for number, switched_off in enumerate(sets):
        for chip in range(chips):
            found[number, chip] = _metric(plan, task, values, (state, settings), switched_off, chip)
            report("ablation", (number * chips + chip + 1) / found.size, None)
    sign = 1 if METRICS[task.metric].more_is_better else -1
    everything, nothing = found[0], found[1]
    items = []
    for number, effect in enumerate(effects):
        without, alone = found[2 + number], found[2 + len(effects) + number]
        costs = sign * (nothing - alone), sign * (without - everything)
        errors = [float(cost.std(ddof=1) / chips**0.5) if chips > 1 else float("nan") for cost in costs]
        items.append(Item(effect, float(costs[0].mean()), errors[0], float(costs[1].mean()), errors[1]))
    ranked = tuple(sorted(items, key=lambda item: -max(item.alone, item.last)))
    return Ablation(task.metric, float(everything.mean()), float(nothing.mean()), ranked, chips, folder)


def active(plan: Plan) -> list[str]:
    """List the effects that a plan's device and optical crossbars have: switching one off makes another plan.

    Example:
        >>> from hwsim import load
        >>> "drive error" in active(load("digits-photonic-bias").plan())
        True
    """
    effects = {**plan.technology.effects, **EFFECTS}
    found = [effect for effect in effects if without(plan, [effect]).device != plan.device]
    lit = plan.switch.medium == "optical" and any(fabric is not None for fabric in plan.fabrics)
    return found + [effect for effect in CROSSBAR if lit and without(plan, [effect]).switch != plan.switch]


def without(plan: Plan, effects: Sequence[str]) -> Plan:
    """Return the same plan with some effects of its device and crossbars switched off."""
    values, switch = dict(plan.device_values), plan.switch
    for effect in effects:
        if effect in CROSSBAR:
            switch = replace(switch, **CROSSBAR[effect])
        else:
            values.update({**plan.technology.effects, **EFFECTS}[effect])
    return replace(plan, device=plan.technology.make(values), switch=switch)


def final_state(folder: Path, machine: Machine | None = None) -> Entry:
    """Tell where a run ended: the last permutations of every layer and the last registers, as one reconnection.

    Args:
        folder: the run folder.
        machine: executes every reconnection on the way, since switches may end otherwise on a shorter one, and stuck
            ones lead elsewhere than was asked for. Cells that died on the way die at the reconnection returned.
    """
    from hwsim.pipeline.folder import RunFolder

    with open_schedule(RunFolder(folder).schedule) as schedule:
        end: Machine | Follower = Follower(schedule.layout) if machine is None else machine
        dead = list[Fault]()
        last = replay(schedule.entries(), end, after=lambda entry: dead.extend(_dead(entry)))
    assert last is not None  # noqa: S101 - a finished run has event 0
    return Entry(last.event, last.batch, tuple(end.permutations), last.registers, faults=tuple(dead))


def _dead(entry: Entry) -> list[Fault]:
    return [fault for fault in entry.faults if fault.cell is not None]


def _metric(
    plan: Plan,
    task: Task,
    values: Sequence[Start],
    end: tuple[Entry, Sequence[NDArray[Any] | None] | None],
    switched_off: Sequence[str],
    chip: int,
) -> float:
    """Return accuracy or largest error of one chip, at a run's end, with some effects switched off."""
    changed = without(plan, switched_off)
    seed = plan.scenario.seed + chip
    machine = assemble(replace(changed, scenario=plan.scenario.model_copy(update={"seed": seed})), task, values)
    machine.execute(*end)
    noise = stream(seed, "budget/read") if machine.chip.noisy else None
    return evaluate(task, machine.infer(task.test_x, noise)).metric
