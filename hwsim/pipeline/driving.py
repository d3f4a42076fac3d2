"""A run carried out on a board: its reconnections are loaded over the serial line, and sums compared image by image."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hwsim.boards.host import Board
from hwsim.boards.line import Line, open_port
from hwsim.export.logic import netlist_of
from hwsim.export.verilog import architecture_of
from hwsim.pipeline.exporting import plan_of
from hwsim.pipeline.folder import SCHEDULE
from hwsim.pipeline.snapshot import prepare, snapshot
from hwsim.pipeline.trial import phase
from hwsim.schedule import ScheduleError, open_schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Driven(NamedTuple):
    """One configuration on the board.

    ``words`` were written for it in ``loading`` seconds; ``wrong`` of the ``sums`` of its images differ from the
    emulator's, and the images took ``computing`` seconds, the line included.
    """

    event: int
    words: int
    loading: float
    images: int
    sums: int
    wrong: int
    computing: float


def drive(
    run: Path,
    port: str,
    events: Sequence[int] | None,
    images: int,
    *,
    arch: str,
    pipeline: int = 0,
    lanes: int = 1,
    baud: int,
) -> Iterator[Driven]:
    """Load events of a run into a board one after another, and compare what it computes with the emulator.

    Args:
        run: the run's folder.
        port: name of the serial port.
        events: numbers of events, ascending; the last two where None.
        images: test images of each event.
        arch: architecture of the board's bitstream.
        pipeline: switch stages between its registers.
        lanes: multipliers where it is folded.
        baud: of the line.

    Raises:
        ScheduleError: there is no such event.
        BoardError: the board does not answer, or holds another design.
    """
    plan = plan_of(run)
    task, machine = prepare(plan, run / SCHEDULE)
    with open_schedule(run / SCHEDULE) as schedule:
        entries = list(schedule.entries())
    last = len(entries) - 1
    wanted = list(range(max(last - 1, 0), last + 1)) if events is None else sorted(events)
    if not wanted or wanted[0] < 0 or wanted[-1] > last:
        raise ScheduleError(f"{run}: events {', '.join(map(str, wanted))}; the schedule holds events 0 to {last}")
    board = None
    for entry in entries[: wanted[-1] + 1]:
        machine.execute(entry)
        if entry.event not in wanted:
            continue
        if board is None:
            logic = architecture_of(netlist_of(snapshot(plan.identity, machine, entry.event)), arch, pipeline, lanes)
            board = Board(Line(open_port(port, baud)), logic)
        due = phase("", machine, entry.event, task.test_x[:images])
        begin = time.perf_counter()
        words = board.configure(due.configuration)
        loaded = time.perf_counter()
        found = board.infer(due.inputs)
        sums = due.accumulators[-1].reshape(len(due.inputs), -1)  # place by place, and there unit by unit
        wrong = int(np.count_nonzero(found != sums))
        end = time.perf_counter() - loaded
        yield Driven(entry.event, words, loaded - begin, len(found), sums.size, wrong, end)
