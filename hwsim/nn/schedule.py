"""What was reconnected on the chips of a converted network, as a schedule file holds it."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hwsim.schedule import open_schedule

if TYPE_CHECKING:
    from pathlib import Path

    from hwsim.schedule import Entry, Layout


@dataclass(frozen=True)
class Schedule:
    """Reconnections in order, of all layers on chips.

    Args:
        layout: the banks of every layer.
        entries: event 0 is what stood at fabrication.
        costs: what had been spent after every entry.
        identity: of the chips.
    """

    layout: Layout
    entries: tuple[Entry, ...]
    costs: tuple[dict[str, Any], ...]
    identity: str

    def __len__(self) -> int:
        return len(self.entries)

    def save(self, path: Path | str) -> Path:
        """Write a schedule file, which any hardware of this layout can execute, and ``hwsim cost`` prices.

        Raises:
            FileExistsError: there is something already.
        """
        from pathlib import Path

        target = Path(path)
        if target.exists():
            raise FileExistsError(errno.EEXIST, "is there already; give another name, or remove it", str(target))
        with open_schedule(target, (self.identity, self.layout), patience=float("inf")) as file:
            for entry, cost in zip(self.entries, self.costs, strict=True):
                file.append(entry, cost, b"")
            file.finish({"made by": "hwsim.nn"})
        return target
