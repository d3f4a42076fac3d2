"""Dense pictures of circuits too large to draw wire by wire: every switch is a small field, in SVG.

Stages of 2x2 switches (or cycles of a time-multiplexed circuit) are columns, and a switch in cross is dark. Stages of
crosspoint blocks are grids, inputs downwards and outputs to the right, and a closed crosspoint is dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.crossbar.crosspoints import CrosspointNetwork
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.topology.time_multiplexed import TimeMultiplexed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hwsim.crossbar import Fabric

MOST_PORTS = 1024
"""Of the largest circuit that has a map."""
MOST_FIELDS = 2**18
"""Switches, or terminals, of the largest circuit that has one."""
LONG, EDGE, GAP, HEAD = 1000.0, 10, 4, 40
"""Pixels: of the longer side of what is drawn, around it, between stages, and above for words."""
PAPER, DARK = "#e3e9f2", "#1d2f40"


def _fields(x: float, y: Iterable[float], wide: float, high: float) -> str:
    return "".join(f"M{x:g} {top:g}h{wide:g}v{high:g}h{-wide:g}z" for top in y)


def _columns(columns: list[NDArray[Any]]) -> tuple[float, float, list[str]]:
    """Draw a column of fields for each stage or cycle, dark where a switch is in cross."""
    high = LONG / max(map(len, columns), default=1)
    wide = min(max(high, 24.0), LONG / max(len(columns), 1) - GAP)
    parts = [_text(EDGE, 16, "stages (or cycles) from left to right, switch 0 of each on top; dark: in cross")]
    for number, column in enumerate(columns):
        x, crossed = EDGE + number * (wide + GAP), np.flatnonzero(column)
        tall = len(column) * high
        parts.append(
            f'<rect class="stage" x="{x:g}" y="{HEAD}" width="{wide:g}" height="{tall:g}" fill="{PAPER}"/>'
            f'<path class="cross" data-stage="{number}" data-switches="{" ".join(map(str, crossed.tolist()))}" '
            f'fill="{DARK}" d="{_fields(x, HEAD + high * crossed, wide, high)}"/>'
        )
        if wide > EDGE:
            parts.append(_text(x, HEAD - 6, str(number)))
    return max(len(columns) * (wide + GAP), LONG / 2) + 2 * EDGE, LONG + HEAD + EDGE, parts


def _grids(fabric: CrosspointNetwork, state: NDArray[Any]) -> tuple[float, float, list[str]]:
    """Draw a grid for each stage of blocks, dark where a crosspoint is closed."""
    size = max(int(max(stage.inputs.sum(), stage.outputs.sum())) for stage in fabric.stages)
    field, each = LONG / size, LONG + GAP
    parts = [_text(EDGE, 16, "a grid per stage: inputs from top to bottom, outputs from left to right; dark: closed")]
    for number, stage in enumerate(fabric.stages):
        x, y = left, top = EDGE + number * each, float(HEAD)
        parts.append(_text(x, HEAD - 6, str(number)))
        for inputs, outputs in zip(stage.inputs.tolist(), stage.outputs.tolist(), strict=True):
            shape = f'width="{outputs * field:g}" height="{inputs * field:g}"'
            parts.append(f'<rect class="block" x="{x:g}" y="{y:g}" {shape} fill="{PAPER}"/>')
            x, y = x + outputs * field, y + inputs * field
        chosen = state[fabric.starts[number] : fabric.starts[number + 1]]
        columns = np.flatnonzero(chosen >= 0)
        closed = list(zip((stage.first + chosen)[columns].tolist(), columns.tolist(), strict=True))
        dots = "".join(_fields(left + column * field, [top + row * field], field, field) for row, column in closed)
        pairs = " ".join(f"{row},{column}" for row, column in closed)
        parts.append(
            f'<path class="closed" data-stage="{number}" data-crosspoints="{pairs}" fill="{DARK}" d="{dots}"/>'
        )
    return len(fabric.stages) * each + 2 * EDGE, LONG + HEAD + EDGE, parts


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" font-family="sans-serif" font-size="11" fill="{DARK}">{words}</text>'


def _stages(fabric: Fabric, state: NDArray[Any]) -> Iterator[NDArray[Any]]:
    if isinstance(fabric, SwitchNetwork):
        yield from (state[first:end] for first, end in zip(fabric.starts[:-1], fabric.starts[1:], strict=True))
    elif isinstance(fabric, TimeMultiplexed):
        yield from state[: fabric.cycles * fabric.switches].reshape(fabric.cycles, fabric.switches)


def state_map(fabric: Fabric, state: NDArray[Any]) -> str | None:
    """Return a picture of all switches of a circuit; None where there is none, or too many.

    Example:
        >>> from hwsim.crossbar import crossbar
        >>> fabric = crossbar("benes", 4)
        >>> state_map(fabric, fabric.route([1, 0, 2, 3]).state).count('class="stage"')
        3
    """
    if fabric.ports > MOST_PORTS or len(state) > MOST_FIELDS:
        return None
    if isinstance(fabric, CrosspointNetwork):
        wide, high, parts = _grids(fabric, state)
    elif isinstance(fabric, SwitchNetwork | TimeMultiplexed):
        wide, high, parts = _columns(list(_stages(fabric, state)))
    else:
        return None
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}" width="{min(wide, 2 * LONG):g}">'
    return f"{frame}{''.join(parts)}</svg>"
