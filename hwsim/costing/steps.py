"""Reconnections that are known beforehand: read from a file, given as arrays, or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from hwsim.crossbar import PermutationError, check_permutation
from hwsim.crossbar.fabric import check_banks
from hwsim.scenario import Fault, FaultError, Faults
from hwsim.schedule import check_recorded, open_schedule
from hwsim.stream import stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

PORTS_LIMIT = 2**26
COUNT_LIMIT = 10**7


class Reconnections(Protocol):
    """Reconnections of groups of equal banks, in order; can be gone through again and again.

    Each item has one entry a group: the permutations int64 (banks, ports), or None where the group stays as it is.
    """

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Banks and ports of each group."""

    @property
    def start(self) -> tuple[NDArray[np.int64], ...] | None:
        """Permutations that are configured already, not counted; None: just after power-up, connected straight."""

    @property
    def words(self) -> str:
        """How many and what they are, in a few words."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64] | None, ...]]: ...


@dataclass(frozen=True)
class Recorded:
    """Reconnections held in memory, from power-up on.

    Example:
        >>> from_arrays([[1, 0, 2], [2, 0, 1]]).shapes
        ((1, 3),)
    """

    shapes: tuple[tuple[int, int], ...]
    events: tuple[tuple[NDArray[np.int64] | None, ...], ...]
    words: str
    start: None = None

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64] | None, ...]]:
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
        FaultError: numbers out of range.

    Example:
        >>> [len(np.flatnonzero(p[0] != np.arange(8))) >= 2 for p, in Redrawn(8, count=2, moved=2)]
        [True, True]
    """

    ports: int
    count: int = 20
    moved: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        faults = Faults()
        for option, value, low, high in (
            ("--random", self.ports, 1, PORTS_LIMIT),
            ("--count", self.count, 1, COUNT_LIMIT),
            ("--seed", self.seed, 0, 2**63 - 1),
        ):
            if not low <= value <= high:
                faults.add(Fault(option, 1, 1, "out of range", str(value), f"give {low} to {high}"))
        if self.moved is not None and not 2 <= self.moved <= self.ports:  # noqa: PLR2004 - one alone cannot move
            what = f"{self.moved} of {self.ports} positions cannot move"
            cure = f"give 2 to {self.ports}, or leave it out" if self.ports > 1 else "leave it out"
            faults.add(Fault("--moved", 1, 1, what, "", cure))
        faults.check()

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """One bank."""
        return ((1, self.ports),)

    @property
    def start(self) -> tuple[NDArray[np.int64], ...]:
        """A random permutation: a machine in use, where straight connections would be a special case."""
        return (stream(self.seed, "cost/start").permutation(self.ports)[None, :],)

    @property
    def words(self) -> str:
        """Seed and number of moved ports."""
        moving = "all ports drawn anew" if self.moved is None else f"{self.moved:,} ports moved"
        return f"{_counted(self.count, 'random ')}, seed {self.seed}, {moving}, from a configured random permutation"

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64] | None, ...]]:
        rng = stream(self.seed, "cost/redraw")
        (current,) = self.start
        for _ in range(self.count):
            if self.moved is None:
                current = rng.permutation(self.ports)[None, :]
            else:
                places = rng.choice(self.ports, self.moved, replace=False)
                current = current.copy()
                current[0, places] = current[0, places[_derangement(rng, self.moved)]]
            yield (current,)


def _counted(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}reconnection{'' if count == 1 else 's'}"


def _derangement(rng: np.random.Generator, size: int) -> NDArray[np.int64]:
    """A permutation without fixed points, each as likely: one in e of all permutations is one."""
    while True:
        drawn = rng.permutation(size)
        if (drawn != np.arange(size)).all():
            return drawn


def from_arrays(permutations: ArrayLike) -> Recorded:
    """Reconnections of one bank (count, ports) or of equal banks (count, banks, ports); one alone is (ports,).

    Raises:
        PermutationError: a row that is no permutation; the message says which.

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
    return _from_schedule(path) if binary else _from_text(path)


@dataclass(frozen=True)
class Scheduled:
    """The reconnections of a schedule file, read anew at every pass: a long schedule need not fit into memory.

    Event 0, which asks for nothing, comes first: open crosspoints are closed by it, as they are in a run.
    """

    path: Path
    shapes: tuple[tuple[int, int], ...]
    layers: tuple[int, ...]
    count: int
    start: None = None

    @property
    def words(self) -> str:
        """The file."""
        return f"{_counted(self.count)} of {self.path.name}, from power-up"

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64] | None, ...]]:
        return _events(self.path, self.layers)


def _events(path: Path, layers: tuple[int, ...]) -> Iterator[tuple[NDArray[np.int64] | None, ...]]:
    with open_schedule(path) as schedule:
        for entry in schedule.entries():
            event = tuple(entry.permutations[layer] for layer in layers)
            if not entry.event or any(permutation is not None for permutation in event):
                yield event


def _from_schedule(path: Path) -> Scheduled:
    with open_schedule(path) as schedule:
        check_recorded(path, schedule)
        learned = [bank for bank in schedule.layout.layers if bank.learned]
    layers = tuple(bank.layer for bank in learned)
    count = sum(any(permutation is not None for permutation in event) for event in _events(path, layers))
    if not count:
        cure = "give the schedule of a run that reconnects"
        raise FaultError([Fault(str(path), 1, 1, "no reconnection in this schedule", "", cure)])
    return Scheduled(path, tuple((bank.banks, bank.ports) for bank in learned), layers, count)


def _from_text(path: Path) -> Recorded:
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
        try:
            row = np.array(list(map(int, words)), np.int64)
            rows.append(check_permutation(row, len(rows[0]) if rows else len(words)))
        except OverflowError:
            faults.add(Fault(str(path), number, 1, "a number is too large", "", f"use 0 to {len(words) - 1}"))
        except PermutationError as error:
            faults.add(Fault(str(path), number, 1, str(error)))
    if not rows and not faults.found:
        faults.add(Fault(str(path), 1, 1, "no permutation in this file", "", "one a line, for example: 2 0 1 3"))
    faults.check()
    described = f"{_counted(len(rows))} of {path.name}, from power-up"
    return Recorded(((1, len(rows[0])),), tuple((row[None, :],) for row in rows), described)
