"""``hwsim cost``: its options, its table, its rows, its picture, its errors."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hwsim.costing.row import COLUMNS, EACH_COLUMNS
from hwsim.report.bill import number
from hwsim.scenario.lookup import find_sheet, read_switch
from tests.conftest import Command

GOLDEN = Path(__file__).parent.parent / "golden" / "cost-command.txt"


def test_golden_table(hwsim_command: Command) -> None:
    """Topologies with one configuration a permutation, so that no better router changes the table."""
    words = "cost --random 16 --count 5 --topology crossbar --topology odd-even-transposition "
    words += "--technology eo-mzi --technology mems --technology pcm-gst --technology fpga-register"
    result = hwsim_command(*words.split())
    assert result.returncode == 0, result.stderr
    assert result.stdout == GOLDEN.read_text()
    assert result.stderr == ""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is asked of Linux")
@pytest.mark.parametrize(("logarithm", "gib"), [(17, 0.75), pytest.param(20, 3, marks=pytest.mark.slow)])
def test_a_million_ports_fit_into_3_gib(logarithm: int, gib: float) -> None:
    """Routed, priced and its paths counted; the process says its own peak, in KiB.

    That is VmHWM: getrusage would begin with the peak of the process that started this one.
    """
    ports = 2**logarithm
    code = "import hwsim, json, pathlib\n"
    code += f"(row,) = hwsim.cost(random={ports}, count=1, effort='greedy', technology='eo-mzi')\n"
    code += "peak = pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
    code += "print(json.dumps([row, int(peak)]))"
    row, peak = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert row["switches"] == ports // 2 * (2 * logarithm - 1)
    assert row["moves_total"] > ports - 20
    assert row["loss_db_min"] > 0
    assert peak < gib * 2**20


def test_rows_have_the_keys_in_order(hwsim_command: Command) -> None:
    result = hwsim_command("cost", "--random", "16", "--moved", "2", "--topology", "crossbar", "--json")
    (row,) = json.loads(result.stdout)
    assert list(row) == list(COLUMNS)
    assert (row["reconnections"], row["moves_total"], row["toggles_total"]) == (20, 40, 80)
    assert (row["toggles_mean"], row["toggles_p95"], row["toggles_max"]) == (4.0, 4.0, 4)


def test_rows_as_csv(hwsim_command: Command) -> None:
    words = "cost --random 6 --topology crossbar --topology omega --technology eo-mzi --technology cmos"
    rows = json.loads(hwsim_command(*words.split(), "--json").stdout)
    table = list(csv.DictReader(hwsim_command(*words.split(), "--csv").stdout.splitlines()))
    assert list(table[0]) == [*COLUMNS, "blocked"]
    for row, line in zip(rows, table, strict=True):
        assert line == {key: "" if row.get(key) is None else str(row[key]) for key in line}


def test_a_row_for_each_reconnection(hwsim_command: Command) -> None:
    words = "cost --random 6 --count 3 --topology crossbar --topology benes --each"
    rows = json.loads(hwsim_command(*words.split(), "--json").stdout)
    table = list(csv.DictReader(hwsim_command(*words.split()).stdout.splitlines()))
    assert [row["topology"] for row in rows] == ["crossbar"] * 3 + ["benes"] * 3
    assert [row["event"] for row in rows] == [0, 1, 2] * 2
    assert list(table[0]) == [*EACH_COLUMNS, "blocked"]
    assert [line["toggles"] for line in table] == [str(row["toggles"]) for row in rows]


def test_what_is_sent_may_be_what_changes(hwsim_command: Command) -> None:
    """Two selects of four bits each change by a transposition on a crossbar: at most eight bits flip."""
    words = "cost --random 16 --moved 2 --count 9 --topology crossbar --technology fpga-register --writes"
    full, delta = (json.loads(hwsim_command(*words.split(), way, "--json").stdout)[0] for way in ("full", "delta"))
    assert (full["writes"], delta["writes"]) == ("full", "delta")
    assert (full["bits_total"], full["toggles_total"]) == (9 * 64, delta["toggles_total"])
    assert 9 * 2 * 6 <= delta["bits_total"] < full["bits_total"]
    saved = full["energy_j_total"] - delta["energy_j_total"]
    switch = read_switch(*find_sheet("switch", "fpga-register"))
    assert saved == pytest.approx((full["bits_total"] - delta["bits_total"]) * switch.port_energy)
    assert delta["time_s_total"] < full["time_s_total"]
    assert f"delta; {number(delta['bits_mean'])} bits are sent" in hwsim_command(*words.split(), "delta").stdout


def test_technologies_are_sent_to_through_ports_of_their_own(hwsim_command: Command, tmp_path: Path) -> None:
    """What a technology pays does not depend on those beside it, whose ports are wider."""
    for name, width in (("narrow", 2), ("wide", 64)):
        text = find_sheet("switch", "fpga-register")[1].read_text().replace("fpga-register-ug474-2016", name)
        changed = re.sub(r"(port_width = \{ value = )[^,]*", rf'\g<1>"{width} bit"', text)
        assert changed != text
        (tmp_path / f"{name}.toml").write_text(changed)
    words = [
        "cost",
        "--random",
        "64",
        "--moved",
        "2",
        "--count",
        "4",
        "--writes",
        "shortest",
        "--json",
        "--topology",
        "crossbar",
    ]
    technologies = [["--technology", "narrow.toml"], ["--technology", "wide.toml"]]
    alone = [row for names in technologies for row in json.loads(hwsim_command(*words, *names).stdout)]
    assert json.loads(hwsim_command(*words, *technologies[0], *technologies[1]).stdout) == alone
    assert alone[0]["bits_total"] != alone[1]["bits_total"]


def test_a_permutation_in_a_file(tmp_path: Path, hwsim_command: Command) -> None:
    (tmp_path / "p.txt").write_text("1 0 2 3\n0 1 2 3\n")
    result = hwsim_command("cost", "p.txt")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "2 reconnections of p.txt, from power-up"
    assert "toggles        1 a reconnection, 2 in all" in lines
    assert "energy         21 pJ a reconnection, 42 pJ in all" in lines


def test_blocked_rows_do_not_fail_the_others(tmp_path: Path, hwsim_command: Command) -> None:
    (tmp_path / "p.txt").write_text("0 2 1 3 4 5 6 7\n")
    result = hwsim_command("cost", "p.txt", "--topology", "omega", "--topology", "benes")
    assert result.returncode == 0
    assert "  blocked: reconnection 0: bank 0: an omega network cannot do this: outputs" in result.stdout
    alone = hwsim_command("cost", "p.txt", "--topology", "omega", "--json")
    assert (alone.returncode, alone.stdout) == (2, "")
    assert len(alone.stderr.splitlines()) == 1
    assert alone.stderr.startswith("--topology:1:1: omega: reconnection 0: ")


@pytest.mark.parametrize("name", ["a.png", "new/a.svg"])
def test_picture(tmp_path: Path, hwsim_command: Command, name: str) -> None:
    words = "cost --random 16 --count 2 --topology benes --topology crossbar --effort any --effort greedy --json --plot"
    result = hwsim_command(*words.split(), name)
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)) == 4
    assert result.stderr.endswith(f"drawn: {name}\n")
    assert (tmp_path / name).stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", ["--random:1:1: nothing to price, give a FILE of permutations, a schedule, or --random N"]),
        ("p.txt --random 4", ["--random:1:1: a file and random reconnections are both given, found p.txt, give one"]),
        (
            "p.txt --moved 2 --count 3",
            [
                "--count:1:1: only random reconnections can be counted out, give --random N",
                "--moved:1:1: only random reconnections can be told what to move, give --random N",
            ],
        ),
        (
            "--random 4 --plot no/a.gif",
            ["--plot:1:1: no picture can be written as .gif, use .png, .svg or .pdf"],
        ),
        ("--random 1 --plot a.png", ["--plot:1:1: one port cannot move, give permutations of 2 ports or more"]),
        ("--random 4 --json --csv", ["--csv:1:1: rows are printed once, found --json, give one of the two"]),
        ("--random 4 --dwell 3", ["--dwell:1:1: '3' needs a unit, for example \"25 ns\""]),
        (
            "--random 4 --technology pcm --topology bens --effort hard --minimise x --ports 2 --writes all",
            [
                "--effort:1:1: unknown effort 'hard', known: any, greedy, blocks, descent, exact",
                "--minimise:1:1: unknown minimise 'x', known: toggles, energy, loss, wear",
                "--ports:1:1: a crossbar of 2 ports is too small for a permutation of 4, give at least 4",
                "--technology:1:1: ambiguous switch technology 'pcm', give more of the name: "
                "pcm-gst-chen-2022, pcm-sb2se3-yu-2026",
                "--topology:1:1: unknown topology 'bens', did you mean 'benes'? known:",
                "--writes:1:1: unknown writes 'all', did you mean 'full'? known: full, addressed",
            ],
        ),
    ],
)
def test_errors(tmp_path: Path, hwsim_command: Command, words: str, wanted: list[str]) -> None:
    (tmp_path / "p.txt").write_text("1 0\n")
    result = hwsim_command("cost", *words.split())
    assert (result.returncode, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert len(lines) == len(wanted)
    assert all(line.startswith(start) for line, start in zip(lines, wanted, strict=True)), lines
