"""Toggles against moved ports: what a picture of a comparison shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.costing.price import COUNT, DEFAULTS, price
from hwsim.costing.steps import Redrawn
from hwsim.files import Diagnostic, DiagnosticError

if TYPE_CHECKING:
    from collections.abc import Sequence

POINTS = 10


def sweep(
    size: int,
    topologies: Sequence[str],
    efforts: Sequence[str],
    *,
    ports: int | None = None,
    count: int = COUNT,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Compute mean and 95th percentile of toggles per reconnection, for numbers of moved ports from 2 to all.

    Args:
        size: ports of the random permutations.
        topologies: topologies to compare.
        efforts: efforts to compare.
        ports: ports of the crossbars; ``size`` when None.
        count: random reconnections a point.
        seed: seed of the draws.

    Returns:
        A dict for every topology and effort: ``topology``, ``effort``, ``moved`` (numbers), ``mean`` and ``p95``
        (toggles, one per number of moved ports that a reconnection passes at), or ``blocked`` with the reason in place
        of the last three.

    Raises:
        DiagnosticError: fewer than two ports, an unknown name, no combination that can be.

    Example:
        >>> line, = sweep(8, ["crossbar"], ["any"], count=3)
        >>> line["moved"], line["mean"]
        ([2, 3, 4, 5, 6, 7, 8], [4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0])
    """
    if size < 2:  # noqa: PLR2004 - one port alone cannot move
        raise DiagnosticError(
            [Diagnostic("--plot", 1, 1, "one port cannot move", "", "give permutations of 2 ports or more")]
        )
    lines = []
    for topology in topologies:
        for effort in efforts:
            line: dict[str, Any] = {"topology": topology, "effort": effort, "moved": [], "mean": [], "p95": []}
            reason = ""
            for moved in moved_ports(size):
                drawn = Redrawn(size, count, moved, seed)
                try:
                    (row,) = price(drawn, [topology], [DEFAULTS["technology"]], [effort], ports)
                except DiagnosticError as error:
                    reason = error.diagnostics[0].what
                    continue
                line["moved"].append(moved)
                line["mean"].append(row["toggles_mean"])
                line["p95"].append(row["toggles_p95"])
            if not line["moved"]:
                line = {"topology": topology, "effort": effort, "blocked": reason}
            lines.append(line)
    return lines


def moved_ports(size: int) -> list[int]:
    """Choose whole numbers in about equal ratios from 2 to the number of ports.

    Example:
        >>> moved_ports(1024)
        [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
    """
    return [int(moved) for moved in np.unique(np.geomspace(2, size, POINTS).round())]
