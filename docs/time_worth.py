# ruff: noqa: INP001 - a script beside pages
"""Reconnecting held against writing other weights into the same cells: ``python -m docs.time_worth``.

Some seconds on one core. ``docs/time_worth.txt`` keeps what this printed: of each case, what one reconnection to random
permutations takes, what writing the changed cells would, and up to how many inferences between two changes reconnecting
is ahead, in joules and in seconds.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import hwsim
from hwsim.report.estimate import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = (
    ("digits-fpga-laperm", "fpga-lut-bthowen-2022", "fpga-register-ug474-2016"),
    ("digits-fpga-laperm", "pcm-nandakumar-2019", "fpga-register-ug474-2016"),
    ("digits-fpga-laperm", "reram-wan-2022", "fpga-register-ug474-2016"),
    ("digits-photonic-benes", "photonic-feldmann-2021", "eo-mzi-lu-2016"),
    ("digits-photonic-benes", "photonic-feldmann-2021", "pcm-gst-chen-2022"),
)
"""Scenario, device and switch technology."""
COLUMNS = ("reconnect J", "reconnect s", "write J", "write s", "ahead in J", "ahead in s")


def row(scenario: str, device: str, technology: str) -> str:
    """Write one line of the table."""
    settings = [f"device.name={device}", f"crossbar.technology={technology}"]
    found = {line.key: line for line in hwsim.estimate(hwsim.load(scenario, settings))}
    cells = [f"{device:<22}", f"{technology:<24}"]
    for what in ("reconnecting", "rewriting", "inferences"):
        for unit in ("joules", "seconds"):
            line = found[f"break_even.changed.{unit}.{what}"]
            value = line.value if line.value is None else float(f"{line.value:.3g}")
            cells.append(f"{'always' if value is None else shown(value, line.unit):>11}")
    return "  ".join(cells)


def lines() -> Iterator[str]:
    """Yield the table."""
    yield f"{'device':<22}  {'switches':<24}  " + "  ".join(f"{name:>11}" for name in COLUMNS)
    for case in CASES:
        yield row(*case)


def main() -> None:
    """Print the table."""
    for line in lines():
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
