"""The plan of the house: every room, floor by floor, and what stands in it.

A room uses rooms on floors below its own, and none beside it or above. ``python tests/house/floors.py`` draws the plan
as ``docs/architecture.svg``; ``docs/architecture.md`` says the same in words, and the tests here hold both to the code.
"""

from __future__ import annotations

from pathlib import Path

import hwsim

PACKAGE = Path(hwsim.__file__).parent
DOCS = PACKAGE.parent / "docs"

FLOORS: list[dict[str, str]] = [
    {"files": "text with units in, checked values out; the catalogue of entries"},
    {"kernels": "compiled loops: routing, training, reading", "task": "what is learned"},
    {"crossbar": "wiring, topologies, routers, switches", "model": "what is computed"},
    {
        "device": "cells: photonic, FPGA, resistive",
        "controller": "training methods",
        "schedule": "the file of reconnections",
        "score": "what outputs are worth",
        "export": "formats out",
    },
    {
        "scenario": "a document to a resolved plan",
        "execution": "circuits, machine, timeline",
        "report": "figures and tables",
        "boards": "real parts: tools and hosts",
    },
    {"pipeline": "one run, from plan to answer", "costing": "prices without a run"},
    {
        "study": "many runs: papers' figures, sweeps",
        "analysis": "what runs, datasheets and models say",
        "nn": "torch networks on chips",
    },
    {"cli": "one file per verb"},
]
"""Rooms by floor, the lowest first, each with what its box in the picture says."""

FACE = {"__init__", "__main__", "errors", "stream", "testing", "version"}
"""What stands at top level beside the rooms: the public face."""

WIDTH, HEIGHT, GAP, LEFT = 1000, 62, 10, 34


def draw() -> str:
    """The plan as SVG text: one box per room, the highest floor on top."""
    high = len(FLOORS) * (HEIGHT + GAP) + GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{high}" fill="#ffffff"/>',
    ]
    for floor, rooms in enumerate(reversed(FLOORS)):
        number, top = len(FLOORS) - floor, GAP + floor * (HEIGHT + GAP)
        lines.append(f'<text x="8" y="{top + HEIGHT / 2 + 5:g}" font-size="15" fill="#666666">{number}</text>')
        width = (WIDTH - LEFT - GAP * len(rooms)) / len(rooms)
        for place, (room, what) in enumerate(rooms.items()):
            x = LEFT + place * (width + GAP)
            inside, ink = x + 10, "#1d2f40"
            lines += [
                f'<rect x="{x:g}" y="{top}" width="{width:g}" height="{HEIGHT}" rx="5" fill="#eef3f8" stroke="{ink}"/>',
                f'<text x="{inside:g}" y="{top + 23}" font-size="16" font-weight="bold" fill="{ink}">{room}/</text>',
            ]
            for row, text in enumerate(_wrap(what, int((width - 16) / 6.2))):
                lines.append(
                    f'<text x="{x + 10:g}" y="{top + 40 + 14 * row}" font-size="12" fill="#1d2f40">{text}</text>'
                )
    return "\n".join([*lines, "</svg>", ""])


def _wrap(text: str, most: int) -> list[str]:
    """Text in lines of at most so many characters, where words allow it."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


if __name__ == "__main__":
    (DOCS / "architecture.svg").write_text(draw())
