"""What a machine takes of its hardware, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def resource_lines(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Write lines of a name and what it says, from :func:`hwsim.execution.resources.account`.

    Example:
        >>> resource_lines({"cells": 64, "cores": 2, "rows": 9, "columns": 4, "switches": 0})
        [('hardware', '64 weights in 2 cores of 9 x 4, all side by side')]
    """
    cells, circuits = f"{found['cells']:,} weights", found.get("of_switches", {"luts": 0})
    core = found.get("of_weights", {"luts": 0})
    if not core["luts"]:
        cores = f" in {found['cores']:,} {_cores(found)}, all side by side" if "cores" in found else ""
        lines = [("hardware", cells + cores)]
        if circuits["luts"]:
            taken = f"{circuits['luts']:,} LUTs and {circuits['flip_flops']:,} flip-flops"
            lines.append(("", f"{found['switches']:,} switches of {taken}"))
        return [*lines, *_notes(found)]
    lines = []
    for name, key, word in (("hardware", "luts", "LUTs"), ("", "flip_flops", "flip-flops")):
        apart = f": {core[key]:,} of {cells}, {circuits[key]:,} of {found['switches']:,} switches"
        lines.append((name, f"{found[key]:,} {word}{apart}"))
    if "bare_flip_flops" in found:
        lines.append(("", f"{found['bare_flip_flops']:,} of the flip-flops take up a LUT of the part each"))
    if "cycles" in found:
        lines.append(("", f"{found['cycles']:,} clock cycles an inference in the layers, folding = {found['folding']}"))
    if "placed" in found:
        lines.append(("  placed", _placed(found["placed"])))
    elif "part" in found:
        lines.append(("  fits", _verdict(found)))
    return [*lines, *_notes(found)]


def _placed(placed: Mapping[str, Any]) -> str:
    """Say what a real part takes and does, which the lines above only estimate."""
    takes = f"logic {placed['logic']:,}, {placed['flip_flops']:,} flip-flops, {placed['memories']:,} block memories"
    times = (
        f"{placed['clock'] / 1e6:.1f} MHz, {placed['clocks']:,} clocks an image, latency {placed['latency']:,} clocks"
    )
    return f"{placed['title']}: {takes}; {times}"


def _cores(found: Mapping[str, Any]) -> str:
    return f"core{'s' if found['cores'] > 1 else ''} of {found['rows']:,} x {found['columns']:,}"


def _notes(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("  note", note) for note in found.get("notes", [])]


def _verdict(found: Mapping[str, Any]) -> str:
    """Say whether the part has room; if not, how much is lacking and what would help."""
    part = found["part"]
    has = f"{part['name']} has {part['luts']:,} LUTs and {part['flip_flops']:,} flip-flops"
    if found["fits"]:
        return f"yes: {has}"
    taken = (
        ("luts", "LUTs", found["luts"] + found.get("bare_flip_flops", 0)),
        ("flip_flops", "flip-flops", found["flip_flops"]),
    )
    times = [f"{count / part[key]:.1f} times its {word}" for key, word, count in taken if count > part[key]]
    return f"no: {has}, and this takes {' and '.join(times)}; {_hint(found)}"


def _hint(found: Mapping[str, Any]) -> str:
    if found["least_folding"] is not None:
        return f"folding = {found['least_folding']} is the least that fits"
    part, circuits = found["part"], found["of_switches"]
    if any(circuits[key] > part[key] for key in ("luts", "flip_flops")):
        folding = found["least_folding_of_weights"]
        weights = f"folding = {folding} makes the weights fit" if folding else "no folding makes the weights fit"
        weights = "the weights fit" if folding == found["folding"] else weights
        return f"{weights}, but the switches alone do not: try a topology of fewer switches, or a larger part"
    return "no folding makes it fit: try a larger part or a smaller network"
