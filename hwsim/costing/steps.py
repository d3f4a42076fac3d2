"""Reconnections that are known beforehand: read from a file, given as arrays, or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hwsim.costing.source import read_source
from hwsim.costing.text import parse_permutations
from hwsim.crossbar import PermutationError
from hwsim.crossbar.fabric import check_banks
from hwsim.files import Diagnostic, DiagnosticError, Diagnostics
from hwsim.schedule import ScheduleError, check_recorded, open_schedule
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

PORTS_LIMIT = 2**26
COUNT_LIMIT = 10**7


Event = tuple["NDArray[np.int64] | None", ...]
"""One entry per group: the permutations int64 (banks, ports), or None where the group stays as it is."""


class Reconnections(Protocol):
    """Reconnections of groups of equal banks, in order; can be gone through again and again."""

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Return banks and ports of each group."""

    @property
    def start(self) -> tuple[NDArray[np.int64], ...] | None:
        """Return permutations that are configured already, not counted; None: straight, just after power-up."""

    @property
    def writes(self) -> Sequence[int] | None:
        """Return registers that each event writes; None where permutations are all that is known."""

    @property
    def skips(self) -> bool:
        """Tell whether one that a circuit cannot realise may be left out: true of random ones."""

    @property
    def words(self) -> str:
        """Say in a few words how many and what they are."""

    def __len__(self) -> int: ...

    def following(self, connected: Sequence[NDArray[np.int64]]) -> Iterator[Event]:
        """Yield the events in order; when the next one is asked for, ``connected`` holds the present permutations."""


@dataclass(frozen=True)
class Recorded:
    """Reconnections held in memory, from power-up on.

    Example:
        >>> from_arrays([[1, 0, 2], [2, 0, 1]]).shapes
        ((1, 3),)
    """

    shapes: tuple[tuple[int, int], ...]
    events: tuple[Event, ...]
    words: str
    start: None = None
    writes: None = None
    skips: bool = False

    def __len__(self) -> int:
        return len(self.events)

    def following(self, connected: Sequence[NDArray[np.int64]]) -> Iterator[Event]:  # noqa: ARG002 - they are fixed
        """Yield the events as they were given."""
        return iter(self.events)


@dataclass(frozen=True)
class Redrawn:
    """Random reconnections of one bank, drawn anew at every pass, so that no more than one is in memory.

    Args:
        ports: positions of the permutation.
        count: reconnections.
        moved: positions that each one moves: chosen at random, and given each other's cells so that none keeps its
            own; all positions are drawn anew, uniformly, when None.
        seed: seed of the draws.

    Raises:
        DiagnosticError: numbers out of range.

    Example:
        >>> straight = np.arange(8)[None]
        >>> [int((p != straight).sum()) for p, in Redrawn(8, count=3, moved=2).following([straight])]
        [2, 2, 2]
    """

    ports: int
    count: int = 20
    moved: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        diagnostics = Diagnostics()
        for option, value, low, high in (
            ("--random", self.ports, 1, PORTS_LIMIT),
            ("--count", self.count, 1, COUNT_LIMIT),
            ("--seed", self.seed, 0, 2**63 - 1),
        ):
            if not low <= value <= high:
                diagnostics.add(Diagnostic(option, 1, 1, "out of range", str(value), f"give {low} to {high}"))
        if self.moved is not None and not 2 <= self.moved <= self.ports:  # noqa: PLR2004 - one alone cannot move
            what = f"{self.moved} of {self.ports} positions cannot move"
            hint = f"give 2 to {self.ports}, or leave it out" if self.ports > 1 else "leave it out"
            diagnostics.add(Diagnostic("--moved", 1, 1, what, "", hint))
        diagnostics.check()

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Return one bank."""
        return ((1, self.ports),)

    @property
    def start(self) -> tuple[NDArray[np.int64], ...]:
        """Return a random permutation: a machine in use, where straight connections would be a special case."""
        return (stream(self.seed, "cost/start").permutation(self.ports)[None, :],)

    @property
    def words(self) -> str:
        """Seed and number of moved ports."""
        moving = "all ports drawn anew" if self.moved is None else f"{self.moved:,} ports moved"
        return f"{_counted(self.count, 'random ')}, seed {self.seed}, {moving}, from a configured random permutation"

    @property
    def writes(self) -> None:
        """Return None: nothing is known of registers."""

    @property
    def skips(self) -> bool:
        """Return true: nobody asked for this very permutation."""
        return True

    def __len__(self) -> int:
        return self.count

    def following(self, connected: Sequence[NDArray[np.int64]]) -> Iterator[Event]:
        """Draw each one from what is connected then."""
        rng = stream(self.seed, "cost/redraw")
        for _ in range(self.count):
            if self.moved is None:
                wanted = rng.permutation(self.ports)[None, :]
            else:
                places = rng.choice(self.ports, self.moved, replace=False)
                wanted = connected[0].copy()
                wanted[0, places] = wanted[0, places[_derangement(rng, self.moved)]]
            yield (wanted,)


def _counted(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}reconnection{'' if count == 1 else 's'}"


def _derangement(rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    """Draw a permutation without fixed points, all equally likely: one in e of all permutations has none."""
    while True:
        drawn = rng.permutation(size)
        if (drawn != np.arange(size)).all():
            return drawn


def from_arrays(permutations: ArrayLike) -> Recorded:
    """Take reconnections of one bank (count, ports) or of equal banks (count, banks, ports); (ports,) is one alone.

    Raises:
        PermutationError: a row that is not a permutation; the message says which.

    Example:
        >>> len(from_arrays([2, 0, 1])), len(from_arrays([[2, 0, 1], [0, 1, 2]]))
        (1, 2)
    """
    try:
        values = np.asarray(permutations)
    except ValueError as error:
        raise PermutationError("no permutations: rows of unequal length; give (count, ports)") from error
    if not 1 <= values.ndim <= 3 or not values.size:  # noqa: PLR2004 - count, banks, ports
        raise PermutationError(f"no permutations: an array of shape {values.shape}; give (count, ports)")
    events = values.reshape((1,) * max(2 - values.ndim, 0) + values.shape)
    if events.ndim == 2:  # noqa: PLR2004 - one bank
        events = events[:, None, :]
    rows = []
    for number, event in enumerate(events):
        try:
            rows.append((check_banks(event, event.shape[1]),))
        except PermutationError as error:
            raise PermutationError(f"reconnection {number}: {error}") from None
    return Recorded(((events.shape[1], events.shape[2]),), tuple(rows), f"{_counted(len(rows))}, from power-up")


def read_permutations(path: Path) -> Reconnections:
    """Read a schedule file, or a text of permutations as :func:`hwsim.costing.text.parse_permutations` takes it.

    A pipe, ``/dev/stdin`` and ``-`` (standard input) are read once; a schedule that comes so is kept in a temporary
    file while it is in use.

    Raises:
        DiagnosticError: a text that is none, with line and column; an empty or unreadable file.
        ScheduleError: a file that looks like a schedule and is none, or only part of one.
    """
    source = read_source(path)
    if source.text is None:
        return _from_schedule(source.path, source.name, source.keeper)
    rows = parse_permutations(source.text, str(path))
    described = f"{_counted(len(rows))} of {source.name}, from power-up"
    return Recorded(((1, len(rows[0])),), tuple((row[None, :],) for row in rows), described)


@dataclass(frozen=True)
class Scheduled:
    """The events of a schedule file, read anew at every pass: a long schedule need not fit into memory.

    Every event is gone through, those that write registers alone too; the length counts the reconnections.
    """

    path: Path
    name: str
    shapes: tuple[tuple[int, int], ...]
    layers: tuple[int, ...]
    count: int
    writes: tuple[int, ...]
    keeper: object = None
    """What keeps the file where it is, as long as this is in use."""
    start: None = None
    skips: bool = False

    @property
    def words(self) -> str:
        """Name the file."""
        return f"{_counted(self.count)} of {self.name}, from power-up"

    def __len__(self) -> int:
        return self.count

    def following(self, connected: Sequence[NDArray[np.int64]]) -> Iterator[Event]:  # noqa: ARG002 - they are fixed
        """Yield the events of the file."""
        return _events(self.path, self.layers)


def _events(path: Path, layers: tuple[int, ...]) -> Iterator[Event]:
    with open_schedule(path) as schedule:
        for entry in schedule.entries():
            yield tuple(entry.permutations[layer] for layer in layers)


def _from_schedule(path: Path, name: str, keeper: object) -> Scheduled:
    with open_schedule(path) as schedule:
        check_recorded(path, schedule)
        learned = [bank for bank in schedule.layout.layers if bank.learned]
        scores = schedule.scores()
    mute = next((event for event, score in enumerate(scores) if "bias_writes" not in score), None)
    if mute is not None:
        raise ScheduleError(f"{name}: event {mute} does not say how many registers it wrote; run its scenario again")
    written = [int(score["bias_writes"]) for score in scores]
    layers = tuple(bank.layer for bank in learned)
    count = sum(1 for event in _events(path, layers) if any(permutation is not None for permutation in event))
    if not count:
        hint = "give the schedule of a run that reconnects"
        raise DiagnosticError([Diagnostic(name, 1, 1, "no reconnection in this schedule", "", hint)])
    shapes = tuple((bank.banks, bank.ports) for bank in learned)
    return Scheduled(path, name, shapes, layers, count, tuple(np.diff(written, prepend=0).tolist()), keeper)
