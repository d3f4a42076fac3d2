"""The whole flow on one page, one call an arrow: read it first.

scenario -> task, model, device -> chip -> crossbar -> controller -> schedule -> execution -> score -> export, report
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import Job, SpentError, TrainingError
from hwsim.controller.descent import pack, unpack
from hwsim.controller.free import train_freely
from hwsim.controller.multi_task import begin
from hwsim.crossbar import PermutationError
from hwsim.errors import HwsimError
from hwsim.execution import ExecutionError, first_entry, replay
from hwsim.execution.resources import account
from hwsim.files.registry import PluginError, blame
from hwsim.pipeline.fabrication import KEPT, assemble, initial_values, learner
from hwsim.pipeline.folder import RunFolder, claim
from hwsim.pipeline.promise import find_fault
from hwsim.pipeline.snapshot import snapshot
from hwsim.pipeline.timeline import Timeline
from hwsim.scenario import check_memory
from hwsim.scenario.found import sure
from hwsim.schedule import Entry, Follower, ScheduleError, check_recorded, open_schedule
from hwsim.score import Score, evaluate, interval, worst
from hwsim.stream import stream
from hwsim.task.loading import load_task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hwsim.controller import Controller, Reconnection
    from hwsim.execution import Machine
    from hwsim.model import Start
    from hwsim.scenario import Plan
    from hwsim.schedule import ScheduleFile
    from hwsim.task import Task

    Report = Callable[[str, float, dict[str, Any] | None], None]


SECONDS_AT_RISK = 5.0
"""How much work a kill may cost a run that only its answer is wanted of."""


def run(plan: Plan, out: Path, report: Report) -> dict[str, Any]:
    """Carry out a plan in its run folder; go on where an earlier try stopped, answer at once if it is done.

    Args:
        plan: a resolved scenario.
        out: the run folder.
        report: told the stage, the share of it that is done and, after a reconnection, its score row.

    Returns:
        The run's answer, what ``hwsim run --json`` prints. ``made_at`` is when the run ended, ``reused`` whether that
        was before this call.

    Raises:
        FolderError: the folder belongs to another run, is in use, or cannot be written.
        DataError: the task's data cannot be had.
        MemoryError: the run cannot fit this machine.
        ExecutionError: the hardware did not do what it must.
        ScheduleError: the schedule of a finished run is not the one that it ended with.
    """
    done = RunFolder(out)
    if done.finished and (answer := done.answer())["identity"] == plan.identity:
        with open_schedule(done.schedule) as schedule:
            check_recorded(done.schedule, schedule)
        return {**answer, "reused": True}
    check_memory(plan)
    task = load_task(plan.task, plan.task_parameters)  # before a folder is made
    check_memory(plan, len(task.test_x))
    with claim(out, plan) as folder:
        reused = folder.finished  # another process may have come first
        if not reused:
            values = initial_values(plan, task, folder.path / KEPT, lambda share: report("fabrication", share, None))
            machine = assemble(plan, task, values)
            timeline = Timeline(plan, machine, task, keep=plan.in_time)
            with open_schedule(folder.schedule, (plan.identity, machine.layout)) as schedule:
                if schedule.complete:
                    replay(schedule.entries(), machine, after=timeline.follow)
                    execution = timeline.finish()
                else:
                    execution = _train(plan, task, timeline, values, schedule, report)
                last = schedule.events() - 1
            report("writing", 0.0, None)
            timeline.write(folder.path, execution)
            resources = account(machine.chip, machine.circuits)
            resources |= {"placed": plan.placed.summary()} if plan.placed else {}
            folder.finish(plan, snapshot(plan.identity, machine, last), resources)
            report("writing", 1.0, None)
        return {**folder.answer(), "reused": reused}


def measure(plan: Plan, out: Path, report: Report, events: Sequence[int] = ()) -> dict[str, Any]:
    """Carry out a plan for its answer alone: no table, no picture, no exports; goes on where an earlier try stopped.

    The schedule is written every few seconds, so a kill costs no more than those.

    Args:
        plan: a resolved scenario.
        out: a folder for the run while it lasts.
        report: as for :func:`run`.
        events: events whose score rows are wanted besides.

    Returns:
        The run's answer, as :func:`run` gives it; under ``rows`` the score rows of the events asked for, each with
        ``moved``, the moves of that event alone.
    """
    check_memory(plan)
    task = load_task(plan.task, plan.task_parameters)
    check_memory(plan, len(task.test_x))
    with claim(out, plan) as folder:
        values = initial_values(plan, task, folder.path / KEPT, lambda share: report("fabrication", share, None))
        machine = assemble(plan, task, values)
        with open_schedule(folder.schedule, (plan.identity, machine.layout), SECONDS_AT_RISK) as schedule:
            if not schedule.complete:
                _train(plan, task, Timeline(plan, machine, task), values, schedule, report)
            answer, rows = folder.sum_up(plan, schedule), schedule.scores() if events else []
    moved = [0, *(new["moves"] - old["moves"] for old, new in pairwise(rows))]
    return {**answer, "rows": {e: {**rows[e], "moved": moved[e]} for e in events if e < len(rows)}}


def _train(
    plan: Plan, task: Task, timeline: Timeline, values: Sequence[Start], schedule: ScheduleFile, report: Report
) -> dict[str, Any]:
    """Train, reconnect, execute and evaluate to the end, and mark the schedule complete; the run's numbers in time."""
    machine = timeline.machine
    job = _job(plan, task, machine, values)
    controller = begin(plan.controller, plan.controller_parameters, job)
    tasks = task.tasks or (task,)
    current, every = tasks[0], plan.scenario.execution.scores == "every"
    ended = plan.method.ended if plan.method else ""
    upkeep, said = timeline.upkeep, ""

    def keep(entry: Entry, *, evaluated: bool = True, state: bytes | None = None) -> Entry:
        nonlocal said
        timeline.follow(entry)
        said = upkeep.tell(entry, controller)
        row = _score(plan, current, timeline, entry, evaluated=evaluated, fault=said)
        schedule.append(entry, row, state or (lambda: _dump(controller, machine)))
        if entry.event:
            report("training", entry.batch / _batches(plan, tasks), row)
        return entry

    if not schedule.events():
        machine.execute(entry := first_entry(plan.model, values))
        keep(entry)
    else:
        entry = _take_up(plan, controller, timeline, values, schedule)
        current = next(one for one in tasks if one.name == schedule.scores()[-1].get("task", one.name))

    try:
        while True:
            while (found := upkeep.mending(entry)) is not None:
                machine.execute(found)
                entry = keep(found)
            state = _dump(controller, machine) if upkeep.waits else None  # what breaks comes before what is decided now
            change = _advance(controller, schedule, report)
            _check(plan, machine, schedule.events(), change)
            until = timeline.until_ps(None if change is None else change.batch)
            while (broken := upkeep.breaking(entry, until)) is not None:
                machine.execute(broken)
                entry = keep(broken, state=state)
            if change is None:
                break
            entry, current = _fulfil(plan, machine, schedule.events(), change), tasks[change.task]
            keep(entry, evaluated=every or change.task_switch)
    except SpentError as end:
        ended = str(end)

    last = None if every else _score(plan, current, timeline, entry, fault=said)
    reference = {task.metric: None, "loss": None}
    if plan.scenario.execution.reference and plan.controller.refers(plan.controller_parameters):
        reference = _refer(plan, job, tasks, report)
    notes = {"reference": json.dumps(reference), "execution": json.dumps(execution := timeline.finish())}
    schedule.finish({**notes, **({"ended": ended} if ended else {})}, last)
    return execution


def _job(plan: Plan, task: Task, machine: Machine, values: Sequence[Start]) -> Job:
    """Collect what the controller is given: design values of the cells, and questions to the chip that are billed."""
    return Job(
        task=task,
        model=learner(plan),
        start=values,
        cells=[bank.rows(machine.chip.nominal(bank.layer)) for bank in machine.layout.layers],
        seed=plan.scenario.seed,
        threads=plan.scenario.execution.torch_threads,
        device=plan.scenario.execution.torch_device,
        probe=machine,
    )


def _advance(controller: Controller, schedule: ScheduleFile, report: Report) -> Reconnection | None:
    """Return the next reconnection, or None at the end.

    Raises:
        TrainingError: training diverged; the message names the last reconnection, which is kept.
    """
    try:
        return controller.advance(lambda share: report("training", share, None))
    except TrainingError as error:
        event, epoch = schedule.last()
        where = f"event {event} (epoch {epoch:g})" if event else "event 0, the chip as fabricated,"
        raise type(error)(f"{error}; the last good reconnection is {where} kept in {schedule.path}") from error


def _check(plan: Plan, machine: Machine, event: int, change: Any) -> None:
    """Check what a controller wants before anything is made of it.

    Raises:
        PluginError: it is no reconnection of this network; the message names the controller.
    """
    if change is not None and (wrong := find_fault(change, plan.model, machine.layout)):
        raise PluginError(f"controller {plan.controller.name!r}: event {event}: {wrong}")


def _fulfil(plan: Plan, machine: Machine, event: int, change: Reconnection) -> Entry:
    """Carry out what the controller wants, once it was checked.

    Raises:
        PluginError: a permutation that is none; the message names the controller.
    """
    try:
        return _execute(machine, event, change) if plan.controller.literal else machine.fulfil(event, change)
    except ExecutionError as error:
        refused = error.__cause__.__context__ if error.__cause__ else None
        if not isinstance(refused, PermutationError):
            raise
        raise PluginError(f"controller {plan.controller.name!r}: event {event}: {refused}") from error


def _execute(machine: Machine, event: int, change: Reconnection) -> Entry:
    """Carry out a reconnection of a schedule: its units stand where they are to stand."""
    values = zip(change.registers, machine.model.layers, strict=True)
    registers = tuple(each.flat(layer.gains) for each, layer in values)
    machine.execute(Entry(event, change.batch, change.permutations, registers))
    pairs = zip(change.permutations, machine.asked, strict=True)
    return Entry(event, change.batch, tuple(None if wanted is None else now for wanted, now in pairs), registers)


def _refer(plan: Plan, job: Job, tasks: Sequence[Task], report: Report) -> dict[str, Any]:
    """Train freely: return what that makes of the task, or of each task of a multi-task and of the worst of them."""
    training, metric, found = plan.controller.training(plan.controller_parameters), job.task.metric, {}
    for number, task in enumerate(tasks):

        def tell(share: float, before: int = number) -> None:
            report("reference", (before + share) / len(tasks), None)

        free = evaluate(task, train_freely(replace(job, task=task), training, tell))
        found[task.name] = {metric: free.metric, "loss": free.loss}
    return {**worst(list(found.values()), metric), **({"tasks": found} if job.task.tasks else {})}


def _take_up(
    plan: Plan, controller: Controller, timeline: Timeline, values: Sequence[Start], schedule: ScheduleFile
) -> Entry:
    """Bring machine, timeline and controller to the last reconnection that was kept, and return it.

    Raises:
        ScheduleError: the state to go on from is damaged.
        TrainingError: a method that begins anew wants something else than the first time.
    """
    machine = timeline.machine
    if not plan.controller.restarts:
        last = replay(schedule.entries(), machine, after=timeline.follow)
        _load(schedule, controller, machine)
        return sure(last)
    follower = Follower(machine.layout)
    machine.execute(last := first_entry(plan.model, values))
    timeline.follow(last)
    for kept in schedule.entries():
        follower.execute(kept)
        repeats = True
        if kept.faults or kept.found:
            machine.execute(last := kept)
            timeline.follow(last)
        elif kept.event:
            change = controller.advance(lambda _: None)
            _check(plan, machine, kept.event, change)
            repeats = change is not None
            last = kept if change is None else _fulfil(plan, machine, kept.event, change)
            timeline.follow(last)
        stands = [*machine.asked, *machine.registers]
        wanted = [*follower.permutations, *follower.registers]
        same = all(map(np.array_equal, stands, wanted))
        if not repeats or not same:
            what = f"at event {kept.event} it wants something else than before the run was interrupted"
            hint = f"let it draw random numbers from job.seed alone, or remove {schedule.path.parent}"
            raise TrainingError(f"controller {sure(plan.method).name!r} does not repeat itself: {what}; {hint}")
    return last


def _dump(controller: Controller, machine: Machine) -> bytes:
    """Pack what is needed to go on from here: the controller's state, and the machine's that the schedule lacks."""
    return pack({"controller": np.frombuffer(controller.dump(), np.uint8), **machine.dump()})


def _load(schedule: ScheduleFile, controller: Controller, machine: Machine) -> None:
    """Take up the state that was put away with the last reconnection.

    Raises:
        ScheduleError: it is damaged.
    """
    try:
        arrays = unpack(schedule.state() or b"")
        controller.load(arrays["controller"].tobytes())
        machine.load(arrays)
    except Exception as error:
        if isinstance(error, HwsimError) or blame(error):
            raise
        what = f"the state to go on from cannot be read ({' '.join(str(error).split()) or type(error).__name__})"
        raise ScheduleError(f"{schedule.path}: {what}; remove the run folder and run its scenario again") from error


def _score(
    plan: Plan, task: Task, timeline: Timeline, entry: Entry, *, evaluated: bool = True, fault: str = ""
) -> dict[str, Any]:
    """Evaluate the emulated chip as it is connected now, or write down the bill alone, and what broke or was found."""
    machine, spent = timeline.machine, timeline.spent
    noisy = quiet = low = high = None
    if evaluated:
        quiet = evaluate(task, machine.infer(task.test_x, None))
        noise = stream(plan.scenario.seed, f"score/{entry.event}/read")
        noisy = evaluate(task, machine.infer(task.test_x, noise)) if machine.chip.noisy else quiet
        if task.shape.goal == "classification":
            low, high = interval(noisy.metric, len(task.test_y))
    bill = machine.inference_bill()
    batches = plan.controller.training(plan.controller_parameters).steps_per_epoch(len(task.train_x))
    score = Score(
        event=entry.event,
        epoch=entry.batch / batches,
        metric=noisy.metric if noisy else None,
        metric_low=low,
        metric_high=high,
        metric_noiseless=quiet.metric if quiet else None,
        loss=noisy.loss if noisy else None,
        moves=spent.moves,
        toggles=spent.toggles,
        bias_writes=spent.bias_writes,
        energy_j=spent.energy_j,
        time_ps=spent.time_ps,
        switches=machine.circuits.switches,
        inference_energy_j=bill.energy_j,
        inference_time_s=bill.time_s,
        trajectory_error=noisy.trajectory_error if noisy else None,
        trajectory_error_worst=noisy.worst_period if noisy else None,
        router=_router(machine),
        task=task.name or None,
        saturated_registers=machine.saturated or None,
        fault=fault or None,
    )
    return score.row(task.metric)


def _router(machine: Machine) -> str:
    """Name the effort and the equivalence that found the configurations; the effort alone if no cells are alike."""
    effort, word = machine.circuits.effort, machine.equivalence
    idle = word == "none" or (word == "levels" and not machine.exchanges_values)
    return effort if idle else f"{effort}+{word}"


def _batches(plan: Plan, tasks: Sequence[Task]) -> int:
    training = plan.controller.training(plan.controller_parameters)
    return max(sum(training.steps_per_epoch(len(task.train_x)) for task in tasks) * training.epochs, 1)
