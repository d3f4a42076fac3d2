"""What a sweep asks of whoever carries out its runs, on this machine or on others; nothing is carried out here.

A task is content, not places: texts of its files go out, numbers and files of the finished run come back, and the key
tells whose they are. So an implementation may sit on machines that share no disk with the one that asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from hwsim.errors import HwsimError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType


class PoolError(HwsimError):
    """A pool does not do what it promises; the message says what it did."""


@dataclass(frozen=True)
class PoolTask:
    """Holds all that a run needs, wherever it is carried out.

    Attributes:
        key: tells it from every other run; its answer carries it.
        name: what messages call it.
        scenario: the scenario, as TOML.
        settings: texts ``KEY=VALUE`` laid over the scenario.
        seed: seed of the run.
        cost: what it is reckoned to take, in units of its own; tasks are submitted with the costliest first.
        files: what lies beside the scenario, such as ``models/mine.toml``, by relative path with ``/``.
        events: events whose score rows are wanted besides.
        wanted: files of the finished run's folder that are wanted back.

    Everything else is the same wherever hwsim of this version is installed.
    """

    key: str
    name: str
    scenario: str
    settings: tuple[str, ...]
    seed: int
    cost: float = 1.0
    files: Mapping[str, bytes] = field(default_factory=dict)
    events: tuple[int, ...] = ()
    wanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class PoolReport:
    """Tells how far an unfinished task is: the share of it done, 0 to 1, and whether kernels are being compiled."""

    key: str
    share: float
    compiling: bool = False


@dataclass(frozen=True)
class PoolAnswer:
    """Tells what came of a task.

    Attributes:
        key: that of the task.
        result: what :func:`hwsim.pipeline.session.measure` gives and ``seconds``, what it took; None where it failed.
        failed: why it failed, in one line; empty where it did not.
        files: content of the files wanted, by name.
    """

    key: str
    result: Mapping[str, Any] | None = None
    failed: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


class Pool(Protocol):
    """Carries out tasks and answers each of them once, in any order.

    Leaving the block ends what is being carried out. A task that fails, and a worker or machine that is lost, is an
    answer with ``failed``: other tasks go on. A task submitted anew in a later block may go on where it stood.
    """

    def __enter__(self) -> Self:
        """Begin a block, at the end of which nothing is left at work."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is still being carried out."""
        ...

    def submit(self, task: PoolTask) -> None:
        """Take a task over, and return at once."""
        ...

    def collect(self, wait: float) -> Sequence[PoolReport | PoolAnswer]:
        """Give what tasks have said since the last call.

        Args:
            wait: how long to wait for the first of it, in seconds; afterwards what is there is given, be it nothing.

        An answer counts as taken by the next call, or when the block is left without an error. Until then a pool keeps
        what it needs to give it again to who submits the task anew.
        """
        ...
