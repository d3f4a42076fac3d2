"""Seconds in which a million switches are written to a disk: ``python -m tests.bench.exports``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hwsim.crossbar import crossbar
from hwsim.export import EXPORTS, Snapshot
from hwsim.files.whole import write_all
from tests.bench.bench import Figure, compare
from tests.export.snapshots import taken

CIRCUITS = ((65536, 1), (64, 2841))
"""Ports and banks: about a million switches in one circuit, and in many."""
GOAL = 3.0
"""Seconds."""


def main() -> None:
    """Print a line a figure."""
    for ports, banks in CIRCUITS:
        snapshot = taken(crossbar("benes", ports), banks, 0)
        count = snapshot.layers[0].fabric.switches * banks
        for name in ("npz", "readmemh"):
            with TemporaryDirectory() as folder:
                (seconds,) = compare(3, lambda: _write(snapshot, name, Path(folder)))  # noqa: B023 - called here
            what = f"{name}: {count:,} switches, {banks:,} banks of {ports:,} ports, seconds"
            print(Figure(what, seconds, GOAL).line, flush=True)  # noqa: T201 - what it is for


def _write(snapshot: Snapshot, name: str, folder: Path) -> None:
    write_all({folder / file: content for file, content in EXPORTS[name].contents(snapshot).items()}, force=True)


if __name__ == "__main__":
    main()
