"""What is exported is what the hardware holds."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.crossbar import crossbar
from hwsim.export.logic import configuration_of, netlist_of
from hwsim.pipeline.exporting import export_run, plan_of
from hwsim.pipeline.replay import configured
from hwsim.pipeline.trial import trial
from tests.conftest import Command, run_here


def _apply(ports: int, words: list[int]) -> list[int]:
    """Load stage words into an in-place network by the documented order, without the package's own tables."""
    wires, half = list(range(ports)), ports // 2
    strides = [half >> k for k in range(ports.bit_length() - 1)]
    strides += strides[-2::-1]
    for stride, word in zip(strides, words, strict=True):
        for index in range(half):
            block, k = index // stride * 2 * stride, index % stride
            if word >> index & 1:
                a, b = block + k, block + k + stride
                wires[a], wires[b] = wires[b], wires[a]
    return wires


def test_exports_load_into_an_independent_network(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=2")
    result = hwsim_command("export", "run", "--format", "readmemh", "--event", "2", "--out", "mem2")
    assert result.stdout.split() == ["mem2/layer0.mem", "mem2/layer1.mem"]
    export_run(tmp_path / "run", "readmemh", 1, tmp_path / "mem1")
    for event in (1, 2):
        (file,) = export_run(tmp_path / "run", "json", event, tmp_path / "c.json", force=True)
        content = json.loads(file.read_text())
        assert content["event"] == event
        layer = content["layers"][0]
        assert layer["ports"] == 64
        for bank in layer["banks"]:
            words = [int(word, 16) for word in bank["settings_hex"]]
            assert _apply(64, words) == bank["permutation"]
            assert bank["crc32"] == f"{zlib.crc32(' '.join(bank['settings_hex']).encode()):08x}"
        memory = _readmemh((tmp_path / f"mem{event}" / "layer0.mem").read_text())
        for bank in layer["banks"]:
            start = bank["bank"] * 11
            assert _apply(64, [memory[start + k] for k in range(11)]) == bank["permutation"]


def test_what_is_there_stays_unless_forced(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    words = ("export", "run", "--format", "readmemh", "--out", "mem")
    assert hwsim_command(*words).returncode == 0
    (tmp_path / "mem" / "layer1.mem").write_text("mine")
    (tmp_path / "mem" / "layer0.mem").unlink()
    again = hwsim_command(*words)
    assert again.returncode == 2
    assert again.stderr == "mem/layer1.mem:1:1: is there already, give another place, or --force to replace it\n"
    assert [path.name for path in (tmp_path / "mem").iterdir()] == ["layer1.mem"]
    assert (tmp_path / "mem" / "layer1.mem").read_text() == "mine"
    assert hwsim_command(*words, "--force").returncode == 0
    assert sorted(path.name for path in (tmp_path / "mem").iterdir()) == ["layer0.mem", "layer1.mem"]


def test_circuits_with_spare_ports_are_read_back(tiny: Path, tmp_path: Path) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1", "crossbar.ports=70")
    (base,) = export_run(tmp_path / "run", "json", 0, tmp_path / "base.json")
    (whole,) = export_run(tmp_path / "run", "json", 1, tmp_path / "whole.json")
    wanted = {layer.layer: layer for layer in hwsim.read_configuration(whole).layers}
    assert [(layer.cells, layer.fabric.ports) for layer in wanted.values()] == [(64, 70), (12, 70)]
    seen = []
    for name in ("readmemh", "npz", "delta", "table", "cfglut5"):
        for path in export_run(tmp_path / "run", name, 1, tmp_path / name):
            for layer in hwsim.read_configuration(path, base if name == "delta" else None).layers:
                assert np.array_equal(layer.states, wanted[layer.layer].states)
                assert np.array_equal(layer.permutations, wanted[layer.layer].permutations)
                assert layer.cells == wanted[layer.layer].cells
                seen.append(layer.layer)
    assert seen == [0, 1] * 5


def test_only_some_files(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    words = ("export", "run", "--format", "svg", "--out", "pictures", "--only")
    assert hwsim_command(*words, "layer1_bank[37].svg").stdout.split() == [
        "pictures/layer1_bank3.svg",
        "pictures/layer1_bank7.svg",
    ]
    said = hwsim_command(*words, "*.png")
    assert said.returncode == 2
    assert said.stderr.startswith(
        "--only:1:1: no file has such a name, found '*.png', they are called layer0_bank0.svg, "
    )
    assert len(list((tmp_path / "pictures").iterdir())) == 2


def test_an_exported_file_is_checked(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    folder = tmp_path / "run" / "export"
    said = hwsim_command("check", folder / "layer0.mem")
    assert (said.returncode, said.stdout.splitlines()[1:]) == (
        0,
        ["  layer 0: 12 benes of 64 ports, for 64 cells each"],
    )
    assert hwsim_command("export", "run", "--format", "csv", "--out", "s.csv").returncode == 0
    assert "a sound checksum" in hwsim_command("check", "s.csv").stdout
    content = bytearray((folder / "configuration.json").read_bytes())
    content[4000] ^= 1
    (folder / "configuration.json").write_bytes(content)
    said = hwsim_command("check", folder / "configuration.json")
    assert said.returncode == 2
    assert re.fullmatch(rf"{folder}/configuration.json:\d+:1: changed since it was written: .*\n", said.stderr)
    content = bytearray((folder / "layer0.mem").read_bytes())
    content[4] ^= 1  # in the words by which it is told to be an export
    (folder / "layer0.mem").write_bytes(content)
    assert "changed since it was written" in hwsim_command("check", folder / "layer0.mem").stderr
    (tmp_path / "mine.scenario").write_text(tiny.read_text())
    assert "a sound scenario" in hwsim_command("check", tmp_path / "mine.scenario").stdout


def _readmemh(text: str) -> dict[int, int]:
    """Read by the grammar of IEEE 1364-2005, section 17.2.9."""
    memory, address = {}, 0
    for token in re.sub(r"//[^\n]*", "", text).split():
        if token.startswith("@"):
            address = int(token[1:], 16)
        else:
            memory[address] = int(token, 16)
            address += 1
    return memory


def test_the_configuration_at_the_end_is_the_schedules_last(tiny: Path, tmp_path: Path) -> None:
    from hwsim.schedule import open_schedule

    run_here(tiny, tmp_path / "run")
    content = json.loads((tmp_path / "run" / "export" / "configuration.json").read_text())
    with open_schedule(tmp_path / "run" / "schedule.sqlite") as schedule:
        last = list(schedule.entries())[-1]
    for layer, wanted in zip(content["layers"], last.permutations, strict=True):
        assert wanted is not None
        assert [bank["permutation"] for bank in layer["banks"]] == wanted.tolist()


def test_crossbar_words_are_selects() -> None:
    fabric = crossbar("crossbar", 5)
    p = np.array([4, 2, 0, 1, 3])
    assert fabric.words(fabric.route(p).state) == [(4, 3), (2, 3), (0, 3), (1, 3), (3, 3)]


@pytest.mark.parametrize("controller", ['name = "none"', 'name = "bias-only"\nepochs = 2'])
@pytest.mark.parametrize(("topology", "closed"), [("crossbar", 1), ("clos", 3), ("clos-strict", 3), ("benes", 0)])
def test_a_run_that_never_permutes(tiny: Path, tmp_path: Path, topology: str, closed: int, controller: str) -> None:
    """Crosspoints are open at power-up; what is evaluated at event 0 has them closed, and pays for it once."""
    head, _, _ = tiny.read_text().partition("[controller]")
    tiny.write_text(f"{head}[controller]\n{controller}\n")
    run = tmp_path / "run"
    run_here(tiny, run, f"crossbar.topology={topology}")
    content = json.loads((run / "export" / "configuration.json").read_text())
    cells = 0
    for layer in content["layers"]:
        cells += len(layer["banks"]) * layer["ports"]
        for bank in layer["banks"]:
            assert bank["permutation"] == list(range(layer["ports"]))
            words = [int(word, 16) for word in bank["settings_hex"]]
            assert words == list(range(layer["ports"])) or topology != "crossbar"
            assert not any(words) or topology != "benes"
    with (run / "score.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["toggles"] for row in rows} == {str(closed * cells)}
    assert {row["moves"] for row in rows} == {"0"}
    assert (float(rows[0]["energy_j"]) > 0) == (closed > 0)
    export_run(run, "json", 0, tmp_path / "start.json")
    start = json.loads((tmp_path / "start.json").read_text())
    assert sum(bank["toggles_from_previous"] for layer in start["layers"] for bank in layer["banks"]) == closed * cells


def _swap_two_cells(schedule: Path) -> None:
    """Another permutation in the place of one that was scored, by SQL alone."""
    with closing(sqlite3.connect(schedule)) as db, db:
        last = "select event, layer, permutation from connection order by event desc, layer limit 1"
        event, layer, blob = db.execute(last).fetchone()
        cells = np.frombuffer(blob, "<u4").copy()
        cells[:2] = cells[1::-1]
        change = "update connection set permutation = ? where event = ? and layer = ?"
        db.execute(change, (cells.tobytes(), event, layer))


def test_a_schedule_that_was_changed(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    """Two cells swapped after the run ended: still permutations, yet not what was scored."""
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    path = Path("run") / "schedule.sqlite"
    kept = (tmp_path / path).read_bytes()
    assert hwsim_command("cost", str(path), "--topology", "crossbar").returncode == 0
    _swap_two_cells(tmp_path / path)
    before = sorted(tmp_path.rglob("*"))
    again = ["run", str(tiny), "--set", "controller.epochs=1", "--out", "run"]
    for words in (["export", "run", "--format", "readmemh", "--out", "mem"], ["cost", str(path)], again):
        result = hwsim_command(*words)
        assert result.returncode == 2
        assert re.fullmatch(
            rf"{re.escape(str(path))}: changed since the run ended \(digest \w{{12}}, answer.json has \w{{12}}\); "
            r"restore it, or remove the folder and run the scenario again\n",
            result.stderr,
        )
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / path).write_bytes(kept)
    assert hwsim_command("export", "run", "--format", "json").returncode == 0
    assert hwsim_command(*again).returncode == 0


def test_phases_of_a_bench_hold_the_configurations_of_their_events(tiny: Path, tmp_path: Path) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=3")
    plan, schedule = plan_of(tmp_path / "run"), tmp_path / "run" / "schedule.sqlite"
    phases = list(trial(plan, schedule, 2, images=2))
    assert [phase.name for phase in phases] == ["before", "after", "exercise"]
    for phase, event in zip(phases[:2], (1, 2), strict=True):
        stood = configured(plan, schedule, event)
        due = configuration_of(stood, netlist_of(stood))
        assert phase.configuration.event == due.event == event
        for found, wanted in zip(phase.configuration.permutations, due.permutations, strict=True):
            np.testing.assert_array_equal(found, wanted)
        for found, wanted in zip(phase.configuration.biases, due.biases, strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_a_scenario_of_another_run_is_refused(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    kept = tmp_path / "run" / "scenario.toml"
    changed = re.sub(r"^seed = \d+", "seed = 987", kept.read_text(), count=1, flags=re.MULTILINE)
    assert changed != kept.read_text()
    kept.write_text(changed)
    result = hwsim_command("export", "run", "--format", "json")
    assert result.returncode == 2
    assert "scenario and schedule are of different runs or versions" in result.stderr
