"""Boards that one can buy: their part, their clock, and the pins of clock and serial line, as constraint files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BoardPins:
    """A board: pins of the ports ``clk``, ``rx`` (the board receives) and ``tx`` of the module ``board``."""

    name: str
    title: str
    part: str
    """The target of ``hwsim synth`` that it carries."""
    clock: float
    """Of the oscillator on pin ``clk``, Hz."""
    clk: str
    rx: str
    tx: str
    source: str
    """Where the pins are told."""

    @property
    def suffix(self) -> str:
        """Return the ending of the constraint file that the part's tools take."""
        return ".pcf" if self.part in {"up5k", "hx8k"} else ".cst" if self.part == "gw1nr-9" else ".lpf"

    def constraints(self) -> str:
        """Return the constraint file.

        Example:
            >>> print(BOARDS["icebreaker"].constraints())
            # iCEBreaker: pins from icebreaker.pcf in the examples of Project IceStorm
            set_io clk 35
            set_io rx 6
            set_io tx 9
            set_frequency clk 12
            <BLANKLINE>
        """
        pins = {"clk": self.clk, "rx": self.rx, "tx": self.tx}
        mark = "//" if self.suffix == ".cst" else "#"
        lines = [f"{mark} {self.title}: pins from {self.source}"]
        for port, pin in pins.items():
            if self.suffix == ".pcf":
                lines.append(f"set_io {port} {pin}")
            elif self.suffix == ".lpf":
                lines += [f'LOCATE COMP "{port}" SITE "{pin}";', f'IOBUF PORT "{port}" IO_TYPE=LVCMOS33;']
            else:
                lines += [f'IO_LOC "{port}" {pin};', f'IO_PORT "{port}" IO_TYPE=LVCMOS33;']
        if self.suffix == ".pcf":
            lines.append(f"set_frequency clk {self.clock / 1e6:g}")
        elif self.suffix == ".lpf":
            lines.append(f'FREQUENCY PORT "clk" {self.clock / 1e6:g} MHZ;')
        return "\n".join([*lines, ""])


_ALL = (
    BoardPins(
        "icebreaker",
        "iCEBreaker",
        "up5k",
        12e6,
        "35",
        "6",
        "9",
        "icebreaker.pcf in the examples of Project IceStorm",
    ),
    BoardPins(
        "hx8k-b-evn",
        "iCE40-HX8K Breakout Board",
        "hx8k",
        12e6,
        "J3",
        "B10",
        "B12",
        "the iCE40-HX8K Breakout Board User's Guide (Lattice EB85)",
    ),
    BoardPins(
        "ulx3s",
        "ULX3S with LFE5U-85F",
        "ecp5-85k",
        25e6,
        "G2",
        "M1",
        "L4",
        "ulx3s_v20.lpf in the repository emard/ulx3s",
    ),
    BoardPins(
        "colorlight-i5",
        "Colorlight i5 v7.0 on its extension board",
        "ecp5-25k",
        25e6,
        "P3",
        "H18",
        "J17",
        "the repository wuxx/Colorlight-FPGA-Projects and LiteX's platform colorlight_i5",
    ),
    BoardPins(
        "tang-nano-9k",
        "Sipeed Tang Nano 9K",
        "gw1nr-9",
        27e6,
        "52",
        "18",
        "17",
        "the schematic of the Tang Nano 9K (Sipeed wiki)",
    ),
)
BOARDS = {board.name: board for board in _ALL}
"""Boards by the name that commands use. Nothing was run on a physical board."""
