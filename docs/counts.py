# ruff: noqa: INP001 - a script beside pages
"""What Yosys makes of circuits, of products with constants and of bit-serial units: ``python -m docs.counts``.

Some minutes on one core, with pyosys. ``docs/counts.txt`` keeps what this printed; the numbers of
``hwsim.device.fpga.family`` are fitted to the products, and tests hold the models to all of it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hwsim.device.fpga.family import FAMILIES
from tests.cells import cells
from tests.export.rtl.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS, WORDS = (8, 16, 64), (1, 4, 8)
WIDEST = 8
"""Bits of x, and of the widest constant."""
RESULT = 2 * WIDEST + 1


def constants(bits: int) -> list[int]:
    """Return the constants that need so many bits, and no fewer, in sign and magnitude."""
    return [sign * size for size in range(1 << bits - 2, 1 << bits - 1) for sign in (1, -1)]


def products(bits: int, *, signed: bool) -> str:
    """Write a module of products, each with an x of its own, so that they have nothing to share."""
    every = constants(bits)
    lines = []
    for place, constant in enumerate(every):
        x = f"x[{WIDEST * place} +: {WIDEST}]"
        x = f"$signed({x})" if signed else f"$signed({{1'b0, {x}}})"
        c = f"{'-' if constant < 0 else ''}9'sd{abs(constant)}"
        lines += [f"wire signed [{RESULT - 1}:0] p{place} = {x} * {c};"]
        lines += [f"assign y[{RESULT * place} +: {RESULT}] = p{place};"]
    ports = f"input wire [{WIDEST * len(every) - 1}:0] x, output wire [{RESULT * len(every) - 1}:0] y"
    return "\n".join(["(* keep_hierarchy *)", f"module of_{bits}_{signed:d} ({ports});", *lines, "endmodule"])


def product_lines(family: str, folder: Path, widest: int = WIDEST) -> Iterator[str]:
    """Compare means over all constants of a width with the model."""
    groups = [(bits, signed) for signed in (False, True) for bits in range(2, widest + 1)]
    text = [products(bits, signed=signed) for bits, signed in groups]
    text += [
        "module top ();",
        *(f"(* keep *) of_{bits}_{signed:d} made_{bits}_{signed:d} ();" for bits, signed in groups),
    ]
    found = cells({"products.v": "\n".join([*text, "endmodule"])}, "top", family, folder)
    for signed in (False, True):
        low, high = (-(1 << WIDEST - 1), (1 << WIDEST - 1) - 1) if signed else (0, (1 << WIDEST) - 1)
        made, told, count = 0, 0.0, 1  # the constant 0 takes nothing
        for bits in range(2, widest + 1):
            made += found[f"of_{bits}_{signed:d}"].luts
            told += sum(FAMILIES[family].product(constant, low, high) for constant in constants(bits))
            count += len(constants(bits))
            x = "signed" if signed else "unsigned"
            yield f"product {family:<9} {x:<9} {bits}  {made / count:7.2f} {told / count:7.2f}  {told / made:6.3f}"


def circuit_lines(family: str, folder: Path) -> Iterator[str]:
    """Compare circuits with two tables a bit and switch."""
    sizes = [(ports, bits) for ports in PORTS for bits in WORDS]
    text, switches = words(sizes)
    found = cells({"circuits.v": text}, "top", family, folder)
    for (ports, bits), count in zip(sizes, switches, strict=True):
        made, told = found[f"circuit_{ports}_{bits}"].luts, 2 * bits * count
        yield f"circuit {family:<9} {ports:<9} {bits}  {made:7} {told:7}  {told / made:6.3f}"


def main() -> None:
    """Print the table."""
    sys.stdout.write("what    family    of        bits  Yosys   model   ratio\n")
    for family in ("ice40", "ecp5"):
        for lines in (circuit_lines, product_lines):
            with tempfile.TemporaryDirectory() as folder:
                for line in lines(family, Path(folder)):
                    sys.stdout.write(line + "\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
