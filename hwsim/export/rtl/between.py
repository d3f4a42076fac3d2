"""Verilog of what stands between layers and has no clock: pools, sums of two maps, signals below 0 that become 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hwsim.export.netlist import OUTSIDE, Join, Pool, Rectify, Signal
from hwsim.export.rtl.module import bus, joined, module, part, unread
from hwsim.export.rtl.unit import clip

if TYPE_CHECKING:
    from collections.abc import Iterator


def between(name: str, node: Pool | Join | Rectify, takes: Signal, *summands: Signal) -> str:
    """Write the module of a node: maps ``one`` and, of a sum, ``other``, in, ``found`` out."""
    ports = [f"input  wire {bus(takes.size * takes.bits)} one"]
    ports += [f"input  wire {bus(summand.size * summand.bits)} other" for summand in summands]
    ports.append(f"output wire {bus(node.gives.size * node.gives.bits)} found")
    if isinstance(node, Pool):
        lines, remark = list(_pool(node, takes)), "the largest of windows" if node.largest else "means of windows"
    elif isinstance(node, Join):
        lines, remark = list(_join(node, takes, *summands)), "sums of two maps"
    else:
        lines, remark = list(_rectify(takes)), "signals below 0 become 0"
    lines += joined("assign found", [f"found{result}" for result in range(node.gives.size)])
    return module(name, ports, lines, remark)


def _pool(node: Pool, takes: Signal) -> Iterator[str]:
    nothing = f"{takes.bits}'h0"
    for result, window in enumerate(node.windows.tolist()):
        signals = [part("one", signal, takes.bits) for signal in window if signal != OUTSIDE]
        if not node.largest:
            signals += [nothing] * (len(window) - len(signals))
        yield f"wire {bus(node.gives.bits)} found{result};"
        yield from joined(f"wire {bus(len(signals) * takes.bits)} window{result}", signals)
        sizes = f".COUNT({len(signals)}), .BITS({takes.bits}), .SIGNED({takes.signed:d})"
        kind = "hwsim_largest" if node.largest else "hwsim_mean"
        sizes += "" if node.largest else f", .SHIFT({node.shift})"
        yield f"{kind} #({sizes}) of{result} (.codes(window{result}), .found(found{result}));"
    idle = np.setdiff1d(np.arange(takes.size), node.windows)
    yield from unread("unused_one", [part("one", signal, takes.bits) for signal in idle.tolist()])


def _rectify(takes: Signal) -> Iterator[str]:
    for signal in range(takes.size):
        code = part("one", signal, takes.bits)
        negative = f"one[{(signal + 1) * takes.bits - 1}]"
        yield f"wire {bus(takes.bits)} found{signal} = {negative} ? {takes.bits}'h0 : {code};"


def _join(node: Join, takes: Signal, summand: Signal) -> Iterator[str]:
    wide = max(takes.bits + node.one, summand.bits + node.other) + 2
    for signal in range(takes.size):
        one = _lifted("one", signal, takes, node.one, wide)
        other = _lifted("other", signal, summand, node.other, wide)
        yield f"wire {bus(wide)} sum{signal} = {one} + {other};"
        yield f"wire {bus(node.gives.bits)} found{signal};"
        yield clip(f"of{signal}", f"sum{signal}", wide, node.shift, node.least, node.largest, f"found{signal}")


def _lifted(net: str, signal: int, takes: Signal, shift: int, wide: int) -> str:
    """Return a signal times 2**shift in so many bits."""
    sign = f"{net}[{(signal + 1) * takes.bits - 1}]" if takes.signed else "1'b0"
    low = f", {shift}'h0" if shift else ""
    return f"{{{{{wide - takes.bits - shift}{{{sign}}}}}, {part(net, signal, takes.bits)}{low}}}"
