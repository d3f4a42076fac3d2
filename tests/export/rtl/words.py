"""Circuits for words, as Verilog that synthesis counts: one circuit a bit, all with the same states."""

from __future__ import annotations

from hwsim.crossbar import crossbar
from hwsim.crossbar.stages import SwitchNetwork
from hwsim.crossbar.wiring import Wiring
from hwsim.export.rtl.circuit import circuit


def words(sizes: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """Write Beneš circuits of (ports, bits) and a module ``top`` that joins them; return it and their switches.

    The modules ``circuit_<ports>_<bits>`` keep their borders, and nothing within them does.
    """
    wirings = {ports: benes_wiring(ports) for ports, _ in sizes}
    switches = [wirings[ports].switches for ports, _ in sizes]
    text = [circuit(f"benes_{ports}", wiring).text for ports, wiring in wirings.items()]
    text += [_word(*size, count) for size, count in zip(sizes, switches, strict=True)]
    text += [
        "module top ();",
        *(f"(* keep *) circuit_{ports}_{bits} of_{ports}_{bits} ();" for ports, bits in sizes),
        "endmodule",
    ]
    return "\n".join(text), switches


def benes_wiring(ports: int) -> Wiring:
    """Return the wiring of a Beneš circuit."""
    fabric = crossbar("benes", ports)
    assert isinstance(fabric, SwitchNetwork)
    return fabric.wiring


def _word(ports: int, bits: int, switches: int) -> str:
    data = [f"{way} wire [{ports * bits - 1}:0] {name}" for way, name in (("input", "given"), ("output", "found"))]
    head = f"module circuit_{ports}_{bits} (input wire [{switches - 1}:0] state, {', '.join(data)});"
    each = [
        f"benes_{ports} bit{bit} (.state(state), .given(given[{bit * ports} +: {ports}]), "
        f".found(found[{bit * ports} +: {ports}]));"
        for bit in range(bits)
    ]
    return "\n".join(["(* keep_hierarchy *)", head, *each, "endmodule"])
