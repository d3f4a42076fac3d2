"""What an exported folder says of its configuration, read from its files alone, is what the JSON export says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hwsim.pipeline.exporting import export_run
from tests.conftest import run_here
from tests.export.decoding import decode
from tests.export.rtl.test_memory import read

UNITS = re.compile(
    r"layer (\d+): unit u from word (\d+) \+ (\d+) u, u < (\d+): "
    r"switch s at bit s, s < (\d+); bias at bits (\d+) to (\d+)"
)


def test_switches_and_biases_of_the_spatial_architecture(tiny: Path, tmp_path: Path) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=2")
    made = export_run(tmp_path / "run", "rtl", 2, tmp_path / "rtl", arch="spatial", images=1)
    files = {path.name: path.read_text() for path in made}
    (bits,) = map(int, re.findall(r"^// \d+ words of (\d+) bits$", files["configuration_after.mem"], re.MULTILINE))
    for event, name in ((1, "configuration_before.mem"), (2, "configuration_after.mem")):
        words = read(files[name])
        (other,) = export_run(tmp_path / "run", "json", event, tmp_path / f"{event}.json")
        told = json.loads(other.read_text())
        found = [[int(number) for number in one] for one in UNITS.findall(files["network.v"])]
        assert [one[0] for one in found] == [layer["layer"] for layer in told["layers"]] == [0, 1]
        for (_, first, each, units, switches, low, high), layer, registers in zip(
            found, told["layers"], told["registers"], strict=True
        ):
            assert units == len(layer["banks"])
            for unit, bank in enumerate(layer["banks"]):
                held = sum(words[first + each * unit + k] << (bits * k) for k in range(each))
                bias = held >> low & (1 << (high - low + 1)) - 1
                assert bias - (bias >> (high - low)) * (2 << (high - low)) == registers[unit]
                stages, at = [], 0
                for stage in layer["wiring"]["stages"]:
                    count = len(stage["wire_a"])
                    stages.append(held >> at & (1 << count) - 1)
                    at += count
                assert at == switches == low
                assert decode(layer["topology"], layer["wiring"], stages, layer["ports"]) == bank["permutation"]
