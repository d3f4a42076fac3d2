"""A placed design feeds back into a run: its clocks and its port are billed, and another network's is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwsim.crossbar import crossbar
from hwsim.device.placed import PlacedDesign, design_digest, read_placed, write_placed
from hwsim.execution import Circuits, Load
from hwsim.export.logic import configuration_of, netlist_of
from hwsim.export.verilog import architecture_of
from hwsim.files import DiagnosticError, read_document
from hwsim.files.checksum import checked
from hwsim.pipeline.folder import RunFolder
from hwsim.pipeline.placing import bank_words, latency_of
from hwsim.pipeline.replay import configured
from hwsim.pipeline.session import load
from hwsim.report.resources import resource_lines
from hwsim.scenario import resolve
from hwsim.schedule import Bank, Layout, open_schedule
from tests.conftest import Command, diagnosed, run_here
from tests.export.networks import SWITCH

WORDS = "tiny on a part: logic 9, 9 flip-flops, 0 block memories; 39.1 MHz, 99 clocks an image, latency 1,234 clocks"
CLOCK, LATENCY = 39.125e6, 1234
OPTIONS: dict[str, str | int] = {"architecture": "spatial", "pipeline": 3, "lanes": 1}


def placed(scenario: Path, **changes: Any) -> PlacedDesign:
    """A design as tools might have placed the scenario's network: two layers, whose banks take 5 and 3 words."""
    plan = load(scenario).plan()
    digest = design_digest(plan.model, plan.device_values, "benes", "output", None, OPTIONS)
    area = {"logic": 9, "flip_flops": 9, "memories": 0, "large_memories": 0, "dsps": 0}
    values = {
        "kind": "placed",
        "title": "tiny on a part",
        "status": "measured",
        "command": "hwsim synth RUN",
        "tools": {"yosys": "0.70"},
        "seed": 1,
        "part": "up5k",
        **OPTIONS,
        "network": "64-12-10",
        "design": digest,
        "clock": "39.125 MHz",
        "clocks": 99,
        "latency": LATENCY,
        "takes": area,
        "port": {"width": 16, "words": 90, "bank": [5, 3]},
    }
    return PlacedDesign.model_validate(values | changes)


def name_it(scenario: Path, design: PlacedDesign, name: str = "part.toml") -> Path:
    """Write a placed design beside a scenario, and name it there."""
    (scenario.parent / name).write_bytes(write_placed(design))
    text = scenario.read_text().replace("[crossbar]", f'placed = "{name}"\n\n[crossbar]', 1)
    (scenario.parent / "placed.toml").write_text(text)
    return scenario.parent / "placed.toml"


def test_a_run_bills_the_placed_clocks_and_the_placed_port(tiny: Path, tmp_path: Path) -> None:
    run_here(tiny, tmp_path / "plain", "controller.epochs=4")
    run = run_here(name_it(tiny, placed(tiny)), tmp_path / "run", "controller.epochs=4")
    assert run["inference_time_s"] == LATENCY / CLOCK
    rows, before = (RunFolder(tmp_path / name).rows() for name in ("run", "plain"))
    for row, old in zip(rows, before, strict=True):
        assert row["inference_time_s"] == LATENCY / CLOCK
        assert row["inference_energy_j"] == old["inference_energy_j"]
        assert [row[key] for key in ("moves", "toggles", "bias_writes", "accuracy")] == [
            old[key] for key in ("moves", "toggles", "bias_writes", "accuracy")
        ]
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        entries = list(schedule.entries())
    period, total = round(1e12 / CLOCK), 0
    stood = [np.tile(np.arange(ports), (units, 1)) for ports, units in ((64, 12), (12, 10))]
    for entry, row, last in zip(entries[1:], rows[1:], rows[:-1], strict=True):
        now = [old if new is None else new for new, old in zip(entry.permutations, stood, strict=True)]
        moved = [int((new != old).any(axis=1).sum()) for new, old in zip(now, stood, strict=True)]
        stood, sent = now, 5 * moved[0] + 3 * moved[1] - (-32 * (row["bias_writes"] - last["bias_writes"]) // 16)
        assert 1e12 * (row["time_s"] - last["time_s"]) == pytest.approx(sent * period, abs=10_001)  # switches settle
        total += sent
    assert total > 0
    told = json.loads((tmp_path / "run" / "answer.json").read_text())
    assert ("  placed", WORDS) in resource_lines(told["resources"])


def test_a_bank_loads_the_words_that_are_told() -> None:
    circuits = Circuits([crossbar("benes", 4)], Layout((Bank(0, 1, 4, 0, True),)), SWITCH, bits=[80])
    assert circuits.reconnect([np.array([[1, 0, 2, 3]])]).loads == [Load(80, sets=1, resets=0, held=1, layer=0, bank=0)]


def test_a_run_is_bound_to_the_content_of_the_file_and_not_to_its_place(tiny: Path, tmp_path: Path) -> None:
    first = load(name_it(tiny, placed(tiny))).plan()
    assert first.identity != load(tiny).plan().identity
    assert load(name_it(tiny, placed(tiny), "other.toml")).plan().identity == first.identity
    for change in ({"clock": "40 MHz"}, {"latency": LATENCY + 1}, {"port": {"width": 16, "words": 90, "bank": [5, 4]}}):
        assert load(name_it(tiny, placed(tiny, **change))).plan().identity != first.identity
    run_here(name_it(tiny, placed(tiny)), tmp_path / "run", "controller.epochs=1")
    kept = tmp_path / "run" / "scenario.toml"
    again = resolve(read_document(kept), kept)
    assert again.placed == placed(tiny)
    assert again.identity == load(tiny.parent / "placed.toml", ["controller.epochs=1"]).plan().identity
    assert (again.switch.port_width, again.switch.port_clock) == (16, CLOCK)


@pytest.mark.parametrize(
    "setting",
    [
        "model.hidden=[11]",
        "device.weight_bits='5 bit'",
        "crossbar.topology='waksman'",
        "crossbar.scope='layer'",
        "crossbar.ports=65",
    ],
)
def test_another_network_is_refused(tiny: Path, setting: str) -> None:
    settings_ = [setting] if "hidden" not in setting else ["model={hidden=[11]}"]
    with pytest.raises(DiagnosticError, match=r"placed for another network \(64-12-10\), and this one is 64-1") as told:
        load(name_it(tiny, placed(tiny)), settings_).plan()
    assert len(told.value.diagnostics) == 1


def test_a_placed_port_takes_whole_banks(tiny: Path) -> None:
    scenario = name_it(tiny, placed(tiny))
    with pytest.raises(DiagnosticError, match=r"writes = 'delta', and the port of a placed design takes whole banks"):
        load(scenario, ["execution.port={writes='delta'}"]).plan()
    assert load(scenario, ["execution.port={writes='full'}"]).plan().placed is not None


def test_options_of_the_architecture_are_bound_too(tiny: Path) -> None:
    for changes in ({"architecture": "folded"}, {"pipeline": 0}, {"lanes": 2}, {"design": "0" * 64}):
        with pytest.raises(DiagnosticError, match="placed for another network"):
            load(name_it(tiny, placed(tiny, **changes))).plan()


def test_other_ports_are_told_where_sizes_are_the_same(tiny: Path) -> None:
    scenario = name_it(
        tiny, placed(tiny, design="0" * 64, network="64-12-10, 6-bit weights, 8-bit signals, benes circuits a output")
    )
    with pytest.raises(DiagnosticError, match="benes circuits a output too, with other ports, activations, windows"):
        load(scenario).plan()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clock", '"0 Hz"'),
        ("clock", '"-39 MHz"'),
        ("clock", '"1e-300 Hz"'),
        ("clock", '"1e300 Hz"'),
        ("clock", "nan"),
        ("latency", "0"),
        ("latency", str(10**400)),
        ("clocks", str(10**30)),
        ("width", str(10**25)),
        ("bank", "[]"),
        ("bank", "[5]"),
        ("bank", "[5, 3, 1]"),
        ("bank", "[5, 91]"),
    ],
)
def test_numbers_that_nothing_measures_are_refused(tiny: Path, key: str, value: str) -> None:
    """Somebody wrote them, and made the checksum right."""
    scenario = name_it(tiny, placed(tiny))
    part = tiny.parent / "part.toml"
    body = b"".join(part.read_bytes().splitlines(keepends=True)[:-1]).decode()
    changed = re.sub(rf"^{key} = .*$", f"{key} = {value}", body, flags=re.MULTILINE)
    assert changed != body
    part.write_bytes(b"".join(checked(changed, "script")))
    with pytest.raises(DiagnosticError) as told:
        load(scenario).plan()
    assert len(told.value.diagnostics) == 1
    assert "part.toml" in str(told.value) or "its port has banks of" in str(told.value)


def test_a_port_that_is_given_too_is_refused(tiny: Path) -> None:
    scenario = name_it(tiny, placed(tiny))
    for word in ("port_width='32 bit'", "port_clock='100 MHz'"):
        with pytest.raises(DiagnosticError, match=r"'port_\w+' is measured by the placed design"):
            load(scenario, [f"crossbar.{word}"]).plan()
    assert load(scenario, ["crossbar.port_clock='39.125 MHz'"]).plan().switch.port_clock == CLOCK


def test_check_and_run_name_a_file_that_is_missing_or_changed(tiny: Path, hwsim_command: Command) -> None:
    scenario = name_it(tiny, placed(tiny))
    assert hwsim_command("check", tiny.parent / "part.toml").stdout.endswith(
        "part.toml: a sound placed design: tiny on a part\n"
    )
    assert hwsim_command("check", scenario).returncode == 0
    part = tiny.parent / "part.toml"
    part.write_bytes(part.read_bytes().replace(b"39.125 MHz", b"99.125 MHz"))
    for words in (("check", part), ("run", scenario)):
        result = hwsim_command(*words)
        assert result.returncode == 2
        (line,) = diagnosed(result.stderr)
        assert "part.toml" in line
        assert "changed since it was written" in line
    part.unlink()
    result = hwsim_command("run", scenario)
    assert (result.returncode, len(diagnosed(result.stderr))) == (2, 1)
    assert (
        "part.toml: cannot be read (No such file or directory), give the .toml file that hwsim synth wrote"
        in result.stderr
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_a_flipped_bit_anywhere_is_found(tiny: Path, data: st.DataObject) -> None:
    content = bytearray(write_placed(placed(tiny)))
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (tiny.parent / "part.toml").write_bytes(content)
    with pytest.raises(DiagnosticError, match=r"part\.toml"):
        read_placed(tiny.parent / "part.toml")


@pytest.mark.parametrize("arch", ["folded", "spatial"])
def test_the_words_of_a_bank_are_those_of_the_logic(tiny: Path, tmp_path: Path, arch: str) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    snapshot = configured(load(tiny, ["controller.epochs=1"]).plan(), tmp_path / "run" / "schedule.sqlite", 0)
    netlist = netlist_of(snapshot)
    configuration = configuration_of(snapshot, netlist)
    logic = architecture_of(netlist, arch)
    switches = [-(-crossbar("benes", ports).switches // 32) for ports in (64, 12)]
    due = {"folded": [64, 12], "spatial": switches}  # a word a cell; 32 switches in a word
    assert bank_words(logic, configuration) == due[arch]
    # the one takes an image at once; the other takes the next one when the last result has left
    assert latency_of(logic) == {"spatial": logic.latency, "folded": logic.clocks - 1}[arch]
