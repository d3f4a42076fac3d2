"""A machine in time, word by word and switch by switch, by lists that are gone through again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hwsim.execution.timeline import Host, Parts, Port, Switching, Work

NEVER = 10**18
"""Picoseconds."""


class Ended(NamedTuple):
    """One reconnection: when it began and ended, and for how long nothing could be inferred."""

    begin: int
    end: int
    unavailable: int
    toggles: list[tuple[int, int]]
    """When every switch begins to change, and whether it is set (1) or reset (-1)."""
    loads: list[int]
    """When every block of the port is in."""
    bits: int


def words_in(port: Port, blocks: Sequence[int]) -> tuple[list[int], int]:
    """Picoseconds after which each block is in, and the bits sent: one clock a word, a pause after each burst."""
    now, word, found, bits = 0, 0, [], 0
    for block in blocks:
        left = block + port.check_bits
        bits += left
        while left > 0:
            if port.burst and word and word % port.burst == 0:
                now += port.pause * port.clock_ps
            now, word, left = now + port.clock_ps, word + 1, left - port.width
        found.append(now)
    return found, bits


def settle(switching: Switching, banks: Sequence[tuple[int, int, int]]) -> tuple[int, list[tuple[int, int]]]:
    """Let switches of banks (since when, sets, resets) change one by one; the end of the last, and what began when."""
    waiting = []
    for number, (ready, sets, resets) in enumerate(banks):
        resets_first = switching.order == "reset-first"
        waiting += [(NEVER if resets_first and resets else ready, number, int(resets_first), 1)] * sets
        waiting += [(ready, number, int(not resets_first), -1)] * resets
    drivers = len(waiting) if switching.drivers is None else switching.drivers
    running: list[tuple[int, int, int]] = []
    begun, last, now = [], 0, min((ready for ready, *_ in banks), default=0)
    while waiting or running:
        running = [one for one in running if one[0] > now]
        for place, (ready, number, phase, what) in enumerate(waiting):
            before = [one for one in [*running, *waiting] if one[1] == number and one[-1] == -1]
            if ready == NEVER and not before:
                waiting[place] = (now, number, phase, what)
        for one in sorted(one for one in waiting if one[0] <= now):
            if len(running) < drivers:
                waiting.remove(one)
                end = now + (switching.set_ps if one[3] == 1 else switching.reset_ps)
                running.append((end, one[1], one[3]))
                begun.append((now, one[3]))
                last = max(last, end)
        later = [one[0] for one in waiting if one[0] > now] + [one[0] for one in running]
        now = min(later, default=now)
    return last, begun


def issue(host: Host, number: int, batch: int, done: int) -> int:
    """When the host issues reconnection ``number``."""
    if host.issue == "steps":
        return host.step_ps * batch
    times = dict(enumerate(host.times_ps, start=1)) | {0: 0}
    return times.get(number, done) if host.issue == "times" else done


def carry_out(parts: Parts, works: Sequence[Work]) -> list[Ended]:
    """Carry out reconnections on a machine that nobody sends requests to, and that loses no word."""
    found, done = [], 0
    for number, work in enumerate(works):
        begin = max(done, issue(parts.host, number, work.batch, done))
        own, registers = parts.port.own_registers, [32 * work.registers] * (work.registers > 0)
        ins, bits = words_in(parts.port, work.bits.tolist() + ([] if own else registers))
        beside, more = words_in(parts.port, registers if own else [])
        loaded = max([0, *ins, *beside])
        rows = list(zip(ins[: work.bits.size], work.sets.tolist(), work.resets.tolist(), strict=True))
        start = loaded if parts.memory == "double" else 0
        if parts.memory == "double":
            rows = [(loaded, *row[1:]) for row in rows]
        settled, toggles = settle(parts.switching, rows)
        something = work.bits.size or registers
        done = begin + max(settled, loaded) + (parts.switching.guard_ps if something else 0)
        shifted = [(begin + at, what) for at, what in toggles]
        loads = [begin + at for at in ins]
        found.append(Ended(begin, done, done - begin - start, shifted, loads, bits + more))
    return found
