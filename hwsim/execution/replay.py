"""A schedule carried out again, event by event: what every reader of a finished run does first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hwsim.model import Registers
from hwsim.schedule import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hwsim.model import Model, Start


class Executor(Protocol):
    """An executor of entries: a :class:`Machine`, or one that only follows permutations and registers."""

    def execute(self, entry: Entry, /) -> Any:
        """Carry out one entry."""


def replay(
    entries: Iterable[Entry],
    machine: Executor,
    until: int | None = None,
    after: Callable[[Entry], None] = lambda _: None,
) -> Entry | None:
    """Carry out entries in order. Routing is deterministic, so a machine ends as it stood in the run.

    Args:
        entries: those of a schedule, from event 0 on.
        machine: what carries them out.
        until: number of the last event that is carried out; all are when None.
        after: told every entry once it is carried out.

    Returns:
        The last entry that was carried out, None where there was none.

    Example:
        >>> from hwsim.schedule import Entry, Follower, Layout
        >>> seen = []
        >>> events = [Entry(number, 0, (), ()) for number in range(4)]
        >>> last = replay(events, Follower(Layout(())), until=2, after=lambda entry: seen.append(entry.event))
        >>> last.event, seen
        (2, [0, 1, 2])
    """
    entry = None
    for entry in entries:
        machine.execute(entry)
        after(entry)
        if entry.event == until:
            break
    return entry


def first_entry(model: Model, start: Sequence[Start]) -> Entry:
    """Return event 0: the state after power-up, identity connections and initial registers."""
    values = zip(model.layers, start, strict=True)
    registers = tuple(Registers(one.bias, one.gain).flat(layer.gains) for layer, one in values)
    return Entry(0, 0, (None,) * len(model.layers), registers)
