"""Text of Verilog modules: their ports and lines, and nets side by side."""

from __future__ import annotations

import textwrap


def module(name: str, ports: list[str], lines: list[str], *remarks: str) -> str:
    """Write a module.

    Example:
        >>> print(module("wire_through", ["input  wire a", "output wire b"], ["assign b = a;"], "nothing but a wire"))
        // nothing but a wire
        module wire_through (
          input  wire a,
          output wire b
        );
          assign b = a;
        endmodule
        <BLANKLINE>
    """
    declared = ",\n".join(f"  {port}" for port in ports)
    head = "".join(f"// {remark}\n" for remark in remarks)
    return f"{head}module {name} (\n{declared}\n);\n" + "".join(f"  {line}\n" for line in lines) + "endmodule\n"


def joined(what: str, nets: list[str], reduced: str = "") -> list[str]:
    """Write nets side by side, the first lowest, as one assignment: each alone would be a driver of the whole bus.

    Args:
        what: is assigned.
        nets: whose values stand there.
        reduced: an operator on all of them, as ``^``.

    Example:
        >>> joined("assign a", ["b[0]", "c"])
        ['assign a = {c, b[0]};']
    """
    return textwrap.wrap(f"{what} = {reduced}{{{', '.join(reversed(nets))}}};", 116, subsequent_indent="  ")


def unread(name: str, nets: list[str]) -> list[str]:
    """Write that nobody reads some nets, so that tools find nothing forgotten.

    Example:
        >>> unread("unused_a", ["a[1]", "b"])
        ['wire unused_a = ^{b, a[1]};']
    """
    return joined(f"wire {name}", nets, "^") if nets else []


def bus(bits: int) -> str:
    """Return the range of a bus.

    Example:
        >>> bus(8)
        '[7:0]'
    """
    return f"[{bits - 1}:0]"


def part(net: str, number: int, bits: int) -> str:
    """Return one of the values side by side on a bus.

    Example:
        >>> part("map", 2, 8)
        'map[23:16]'
    """
    return f"{net}[{(number + 1) * bits - 1}:{number * bits}]"
