"""Exported logic on a simulated board, driven by the host: configure, 20 images, reconnect, 20 images, 0 wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwsim.boards.host import Board
from hwsim.boards.line import Line, open_port
from hwsim.export.rtl.board import board
from hwsim.export.rtl.folded import folded
from hwsim.export.rtl.spatial import spatial
from tests.boards.simulated import DIVIDER, simulated
from tests.export import networks

pytest.importorskip("serial", reason="pyserial is not installed: pip install hwsim[fpga]")
MODEL = networks.read(
    networks.table(kind="dense", units=6, activation="relu", bias="uniform", bias_bound=0.1)
    + networks.table(kind="dense", units=3, activation="identity", bias="uniform", bias_bound=0.1),
    8,
)


@pytest.mark.parametrize("name", ["folded", "spatial", "spatial pipelined"])
def test_a_network_on_a_board(name: str, tmp_path: Path) -> None:
    case = networks.build(MODEL, images=20)
    netlist = case.netlist
    logic = folded(netlist) if name == "folded" else spatial(netlist, 2 * name.endswith("pipelined"))
    sources = {**logic.sources, **logic.memories, **board(logic, 1000 * DIVIDER, baud=1000, silence=0.2)}
    before, after = case.phases
    due = [each.accumulators[-1].reshape(20, -1) for each in case.phases]
    with simulated(sources, tmp_path) as (_, port):
        line = Line(open_port(port, 115_200), patience=1.0)
        driven = Board(line, logic)
        driven.configure(before.configuration)
        np.testing.assert_array_equal(driven.infer(before.inputs), due[0])
        driven.send(before.inputs[0])  # computes while the reconnection is loaded
        driven.configure(after.configuration)
        driven.send(after.inputs[0])
        np.testing.assert_array_equal(driven.read(), due[0][0])
        np.testing.assert_array_equal(driven.read(), due[1][0])
        np.testing.assert_array_equal(driven.infer(after.inputs), due[1])
        driven.configure(before.configuration)  # and back, by words that differ
        np.testing.assert_array_equal(driven.infer(before.inputs), due[0])
        assert line.resent == 0
