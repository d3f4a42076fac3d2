"""Circuits as SVG: switches, wires, and the path of every signal. No drawing library is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from hwsim.crossbar.wiring import Wiring

MOST_PORTS = 64
"""Ports of the largest circuit that is drawn; above it nothing could be read."""
ROW, GAP, BOX, EDGE = 16, 40, 28, 46
"""Pixels: from wire to wire, between two stages, of a switch, and left and right of the circuit."""


def _color(port: int, ports: int) -> str:
    return f"hsl({360 * port / ports:.0f},70%,42%)" if port >= 0 else "#bbb"


def _svg(width: float, height: float, parts: list[str]) -> str:
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
    style = 'font-family="sans-serif" font-size="10" fill="none" stroke-width="1.4"'
    return f"{frame} {style}>{''.join(parts)}</svg>"


def _line(x: tuple[float, float], y: tuple[float, float], color: str) -> str:
    return f'<path d="M{x[0]:g} {y[0]:g}L{x[1]:g} {y[1]:g}" stroke="{color}"/>'


def _text(x: float, y: float, port: int, kind: str, color: str) -> str:
    anchor = "end" if kind == "input" else "start"
    return f'<text class="{kind}" x="{x:g}" y="{y + 3:g}" text-anchor="{anchor}" fill="{color}">{port}</text>'


def draw_stages(
    network: Wiring, columns: Sequence[NDArray[np.int32]], live: NDArray[np.bool_], state: NDArray[Any] | None
) -> str:
    """Draw stages of 2x2 switches as SVG: inputs on the left, outputs on the right, each named by its port.

    Args:
        network: switches and wires.
        columns: wires from top to bottom, in each column of the drawing.
        live: which wires are there before each stage and after the last, bool (depth + 1, wires).
        state: 1 for every switch in cross, which is filled then; every signal has the colour of its input. Nothing is
            routed when None.
    """
    height = {gap: _heights(columns[gap]) for gap in range(len(columns))}
    signal = np.full(network.wires, -1)
    if state is not None:
        signal[network.inputs] = np.arange(network.ports)
    parts: list[str] = []
    for port, wire in enumerate(network.inputs):
        parts.append(_text(EDGE - 6, height[0][wire], port, "input", _color(int(signal[wire]), network.ports)))
    left = float(EDGE)
    for gap in range(network.depth + 1):
        right = left + GAP
        for wire in np.flatnonzero(live[gap]):
            ends = height[gap][wire], height[gap + 1][wire]
            parts.append(_line((left, right), ends, _color(int(signal[wire]), network.ports)))
        left = right
        if gap < network.depth:
            parts += _switches(network, gap, height[gap + 1], live[gap + 1], left, signal, state)
            left += BOX
    for port, wire in enumerate(network.outputs):
        parts.append(
            _text(left + 6, height[network.depth + 1][wire], port, "output", _color(int(signal[wire]), network.ports))
        )
    return _svg(left + EDGE, ROW * (network.wires + 1), parts)


def _heights(order: NDArray[np.int32]) -> NDArray[np.float64]:
    height = np.empty(len(order))
    height[order] = ROW * (1.0 + np.arange(len(order)))
    return height


def _switches(
    network: Wiring,
    stage: int,
    height: NDArray[np.float64],
    live: NDArray[np.bool_],
    left: float,
    signal: NDArray[np.int64],
    state: NDArray[Any] | None,
) -> Iterator[str]:
    """Draw one stage: a box for every switch, straight lines for wires that pass it by; signals exchange in a cross."""
    first, last = network.starts[stage], network.starts[stage + 1]
    pairs = list(zip(*network.pairs(stage), strict=True))
    met = {int(wire) for pair in pairs for wire in pair}
    right = left + BOX
    for wire in np.flatnonzero(live):
        if int(wire) not in met:
            yield _line((left, right), (height[wire], height[wire]), _color(int(signal[wire]), network.ports))
    for number, (a, b) in zip(range(first, last), pairs, strict=True):
        crossed = state is not None and bool(state[number])
        top, word = min(height[a], height[b]) - 5, "cross" if crossed else "bar"
        tall, fill = abs(height[a] - height[b]) + 10, "#e3e9f2" if crossed else "none"
        yield (
            f'<rect class="switch {word}" x="{left:g}" y="{top:g}" width="{BOX}" height="{tall:g}" rx="3" '
            f'stroke="#555" fill="{fill}"><title>switch {number}: {word}</title></rect>'
        )
        for wire, end in ((a, b), (b, a)) if crossed else ((a, a), (b, b)):
            yield _line((left, right), (height[wire], height[end]), _color(int(signal[wire]), network.ports))
        if crossed:
            signal[a], signal[b] = signal[b], signal[a]


def draw_grid(ports: int, state: NDArray[Any] | None) -> str:
    """Draw a grid of crosspoints as SVG: inputs beside the rows, outputs below the columns.

    Args:
        ports: inputs and outputs.
        state: the input that each output is joined to, -1 where it is open; nothing is closed when None.
    """
    right = EDGE + ROW * (ports + 1.0)
    parts: list[str] = []
    for port in range(ports):
        at, color = ROW * (1.0 + port), _color(port if state is not None else -1, ports)
        parts += [_text(EDGE - 6, at, port, "input", color), _line((EDGE, right), (at, at), color)]
    for port in range(ports):
        x, chosen = EDGE + ROW * (1.0 + port), -1 if state is None else int(state[port])
        parts.append(_line((x, x), (ROW / 2, ROW * (ports + 1.0)), "#ddd"))
        if chosen >= 0:
            at, color = ROW * (1.0 + chosen), _color(chosen, ports)
            parts.append(_line((x, x), (at, ROW * (ports + 1.0)), color))
            parts.append(
                f'<circle class="switch cross" cx="{x:g}" cy="{at:g}" r="4" fill="{color}">'
                f"<title>input {chosen}, output {port}: closed</title></circle>"
            )
        parts.append(_text(x - 3, ROW * (ports + 1.7), port, "output", _color(chosen, ports)))
    return _svg(right + EDGE, ROW * (ports + 2.5), parts)
