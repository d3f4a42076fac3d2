"""What a placed design takes of its part, beside what the emulator's model says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.files import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COLUMNS = ("", "placed", "of", "emulator's model")


def placement_lines(
    taken: Iterable[tuple[str, int, int]], tables: int, model: Mapping[str, Any], timing: Mapping[str, float]
) -> list[str]:
    r"""Write the table of a placed design.

    Args:
        taken: name, what the design takes, what the part has; logic and flip-flops come first.
        tables: look-up tables among the logic, after synthesis.
        model: ``luts``, ``flip_flops`` and ``inference_time_s`` of the run's answer, where it has them.
        timing: ``clocks`` and ``latency`` in clocks, ``clock`` and ``board`` in Hz where the design was placed.

    Example:
        >>> rows = [("logic cells", 959, 5280), ("flip-flops", 412, 5280)]
        >>> timing = {"clocks": 10, "latency": 20, "clock": 2e7, "board": 1.2e7}
        >>> print("\n".join(placement_lines(rows, 744, {"luts": 70000, "inference_time_s": 3.4e-7}, timing)))
                             placed            of  emulator's model
        logic cells             959         5,280       70,000 LUT6
          look-up tables        744
        flip-flops              412         5,280
        clock              20.0 MHz  12 MHz board
        clocks an image          10
        latency                1 us                          340 ns
        images a second   2,000,000     1,200,000
    """
    modelled = [
        f"{model['luts']:,} LUT6" if "luts" in model else "",
        f"{model.get('flip_flops', ''):,}" if "flip_flops" in model else "",
    ]
    rows: list[tuple[str, ...]] = [COLUMNS]
    for number, (name, needs, has) in enumerate(taken):
        if needs or number < len(modelled):
            rows.append((name, f"{needs:,}", f"{has:,}", modelled[number] if number < len(modelled) else ""))
        if not number:
            rows.append(("  look-up tables", f"{tables:,}", "", ""))
    clocks, latency = timing["clocks"], timing["latency"]
    if "clock" in timing:
        rows.append(("clock", f"{timing['clock'] / 1e6:.1f} MHz", f"{timing['board'] / 1e6:g} MHz board", ""))
    rows.append(("clocks an image", f"{clocks:,}", "", ""))
    if "clock" in timing:
        told = readable(model["inference_time_s"], "time") if "inference_time_s" in model else ""
        rows.append(("latency", readable(latency / timing["clock"], "time"), "", told))
        rows.append(("images a second", *(f"{timing[one] / clocks:,.0f}" for one in ("clock", "board")), ""))
    else:
        rows.append(("latency in clocks", f"{latency:,}", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows]
