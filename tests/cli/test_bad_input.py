"""Bad input: every diagnostic at once, file, line, column and hint, exit code 2, and no folder left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hwsim.files.library import names
from tests.conftest import Command, diagnosed, run_here


def _lines(stderr: str, tmp_path: Path) -> list[str]:
    """The diagnostics of what a command said, without the lines of a file and the carets below them."""
    return [line.replace(str(tmp_path) + "/", "") for line in diagnosed(stderr)]


def _edit(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


CASES = [
    (
        [
            ("epochs = 6", 'path = "compiled"\nepochs = 6'),
            ("[controller]", '[execution]\ntorch_device = "cuda"\n[controller]'),
        ],
        [
            "scenarios/tiny.toml:22:1: the compiled path cannot train this: it works on the processor, not on 'cuda', "
            "use 'torch' or 'auto'"
        ],
    ),
    (
        [("epochs = 6", "period = 0\nepochs = 6")],
        ["scenarios/tiny.toml:20:1: 'period' must be at least 1, found 0"],
    ),
    (
        [("epochs = 6", 'period = 1\nperiod_logic = "as-published"\nepochs = 6')],
        [
            "scenarios/tiny.toml:18:1: the table with period_logic 'as-published' and a constant period of 1 would "
            "reconnect once only, use 'exact' to reconnect after every epoch, or a period of 2"
        ],
    ),
    (
        [("epochs = 6", 'period_unit = "batches"\nperiod_logic = "as-published"\nepochs = 6')],
        [
            "scenarios/tiny.toml:18:1: the table has period_unit 'batches', and period_logic 'as-published' counts "
            "epochs, use 'exact', or period_unit 'epochs'"
        ],
    ),
    (
        [('topology = "benes"', 'topology = "benes"\nwidht = 3')],
        ["scenarios/tiny.toml:15:1: unknown key 'widht', did you mean 'port_width'? allowed: "],
    ),
    (
        [("fpga-lut-bthowen-2022", "fpga-lut-bthoven-2022")],
        [
            "scenarios/tiny.toml:11:1: unknown device 'fpga-lut-bthoven-2022', "
            "did you mean 'fpga-lut-bthowen-2022'? known: "
        ],
    ),
    (
        [('technology = "fpga-register-ug474-2016"', 'technology = "fpga-register-ug474-2016"\nset_time = "3 pJ"')],
        [
            "scenarios/tiny.toml:16:1: 'set_time' is an energy where a time is wanted, found \"3 pJ\", "
            'write a time such as "25 ns" (units: s, ms, us, ns, ps)'
        ],
    ),
    (
        [('technology = "fpga-register-ug474-2016"', 'technology = "fpga-register-ug474-2016"\nset_time = 3')],
        ["scenarios/tiny.toml:16:1: 'set_time' needs a unit, found 3, for example \"25 ns\""],
    ),
    (
        [('name = "fpga-lut-bthowen-2022"', 'name = "fpga-lut-bthowen-2022"\nweight_bits = "12 bit"')],
        [
            "scenarios/tiny.toml:12:1: 'weight_bits' lies outside the datasheet's valid range, found 12 bit, "
            "give a value from 2 bit to 8 bit"
        ],
    ),
    (
        [('topology = "benes"', 'topology = "benes"\nports = 32')],
        [
            "scenarios/tiny.toml:15:1: a crossbar of 32 ports is too small for layer 0, whose banks have 64 cells, "
            "give at least 64, or leave ports out"
        ],
    ),
    (
        [('name = "laperm"', 'name = "laperm"\nperiod = 0'), ("epochs = 6", "epochs = -1")],
        [
            "scenarios/tiny.toml:20:1: 'period' must be at least 1, found 0",
            "scenarios/tiny.toml:21:1: 'epochs' must be",
        ],
    ),
]


@pytest.mark.parametrize(("edits", "wanted"), CASES)
def test_faulty_scenario(
    tiny: Path, tmp_path: Path, hwsim_command: Command, edits: list[tuple[str, str]], wanted: list[str]
) -> None:
    _edit(tiny, *edits)
    before = sorted(tmp_path.rglob("*"))
    result = hwsim_command("run", tiny, "--out", tmp_path / "deep" / "run")
    assert result.returncode == 2
    assert result.stdout == ""
    found = _lines(result.stderr, tmp_path)
    assert len(found) == len(wanted)
    for line, start in zip(found, wanted, strict=True):
        assert line.startswith(start)
    assert sorted(tmp_path.rglob("*")) == before


def test_all_faults_at_once(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    _edit(
        tiny,
        ('title = "Tiny digits"', 'title = "Tiny digits"\ncolour = "red"'),
        ("fpga-lut-bthowen-2022", "fpga-lot"),
        ('"benes"', '"bene"'),
        ('name = "laperm"', 'name = "lapern"'),
    )
    (tmp_path / "models" / "tiny.toml").write_text((tmp_path / "models" / "tiny.toml").read_text() + "\nx = 3\n")
    result = hwsim_command("run", tiny)
    assert result.returncode == 2
    places = [":".join(line.split(":")[:2]) for line in _lines(result.stderr, tmp_path)]
    assert places == [
        "models/tiny.toml:15",
        "scenarios/tiny.toml:3",
        "scenarios/tiny.toml:12",
        "scenarios/tiny.toml:15",
        "scenarios/tiny.toml:20",
    ]


def test_model_that_does_not_fit(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    model = tmp_path / "models" / "tiny.toml"
    _edit(model, ("inputs = 64", "inputs = 63"), ("units = 10", "units = 9"), ('"relu"', '"identity"'))
    result = hwsim_command("check", tiny)
    assert result.returncode == 2
    assert _lines(result.stderr, tmp_path) == [
        "models/tiny.toml:3:1: the model takes 63 inputs, but the task gives 64, "
        "set inputs = 64, or choose another model",
        "models/tiny.toml:5:1: a hidden layer of an FPGA LUT array cannot be 'identity', "
        "use 'relu', 'leaky-relu', 'step' or 'look-up'",
        "models/tiny.toml:12:1: the last layer gives 9 outputs, but the task wants 10, "
        "set units = 10, or choose another model",
    ]


def test_settings_are_named(tiny: Path, hwsim_command: Command) -> None:
    result = hwsim_command("run", tiny, "--set", "device.weight_bits=40 bit", "--set", "controller.epoch=3")
    assert result.returncode == 2
    assert "--set:1:1: 'weight_bits' lies outside the datasheet's valid range, found 40 bit" in result.stderr
    assert "--set:1:1: unknown key 'epoch', did you mean 'epochs'?" in result.stderr


def test_read_only_output_folder(tiny: Path, hwsim_command: Command) -> None:
    result = hwsim_command("run", tiny, "--out", "/proc/hwsim-run")
    assert result.returncode == 2
    assert result.stderr.startswith("/proc/hwsim-run: cannot write there (")
    assert result.stderr.strip().endswith("give a writable folder with --out")


def test_output_folder_with_other_things(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    result = hwsim_command("run", tiny, "--out", tmp_path / "full")
    assert result.returncode == 2
    assert "the folder is not empty and holds no run; give an empty or new one with --out" in result.stderr
    assert (tmp_path / "full" / "thesis.txt").read_text() == "precious"
    assert len(list((tmp_path / "full").iterdir())) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 0 2\n0 0 2\n", "p.txt:2:1: no permutation: cell 0 stands at positions 0 and 1; give every cell once"),
        ("0 1 3\n", "p.txt:1:1: no permutation: position 2 asks for cell 3; use 0 to 2"),
        ("0 1\n0 1 2\n", "p.txt:2:1: no permutation: it has 3 numbers where 2 are wanted"),
        ("0 1 x\n", "p.txt:1:5: not a whole number, found x, write integers apart by spaces or commas"),
        ("# nothing\n", "p.txt:1:1: no permutation in this file, one per line, for example: 2 0 1 3"),
        (
            "99999999999999999999 0\n",
            "p.txt:1:1: a number is too large, found 99999999999999999999, cells are counted from 0",
        ),
    ],
)
def test_a_permutation_that_is_none(tmp_path: Path, hwsim_command: Command, text: str, wanted: str) -> None:
    (tmp_path / "p.txt").write_text(text)
    result = hwsim_command("cost", "p.txt")
    assert (result.returncode, result.stderr.strip()) == (2, wanted)


def test_cost_names_what_it_does_not_know(tmp_path: Path, hwsim_command: Command) -> None:
    (tmp_path / "p.txt").write_text("1 0 2 3\n")
    result = hwsim_command(
        "cost", "p.txt", "--topology", "bens", "--technology", "x", "--effort", "max", "--ports", "3"
    )
    assert result.returncode == 2
    assert [line.split(",")[0] for line in result.stderr.splitlines()] == [
        "--effort:1:1: unknown effort 'max'",
        "--ports:1:1: a crossbar of 3 ports is too small for a permutation of 4",
        "--technology:1:1: unknown switch technology 'x'",
        "--topology:1:1: unknown topology 'bens'",
    ]


def test_foreign_and_truncated_schedules(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    whole = (tmp_path / "run" / "schedule.sqlite").read_bytes()
    (tmp_path / "cut.sqlite").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "foreign.bin").write_bytes(b"\0" * 100)
    for name in ("cut.sqlite", "foreign.bin"):
        result = hwsim_command("cost", name)
        assert result.returncode == 2, result.stderr
        assert result.stderr.startswith(f"{name}:")
        assert "schedule" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    (tmp_path / "run" / "schedule.sqlite").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "run" / "answer.json").unlink()
    result = hwsim_command("run", tiny, "--out", tmp_path / "run", "--set", "controller.epochs=1")
    assert result.returncode == 2
    assert "the schedule here is damaged; give another folder with --out, or remove this one" in result.stderr


def test_unknown_run_format_event(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    assert "no run lies here" in hwsim_command("show", tmp_path).stderr
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    result = hwsim_command("export", tmp_path / "run", "--format", "jsn")
    assert (result.returncode, result.stderr.split(",")[0]) == (2, "--format:1:1: unknown export format 'jsn'")
    result = hwsim_command("export", tmp_path / "run", "--format", "json", "--event", "7")
    assert result.returncode == 2
    assert "no event 7; the schedule holds events 0 to 1" in result.stderr


def test_mnist_without_data_says_so_in_one_line(
    tmp_path: Path, hwsim_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HWSIM_DATA", str(tmp_path))
    scenario = names("scenarios")["mnist-fpga-laperm"]
    result = hwsim_command("run", scenario, "--out", tmp_path / "run")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "holds no MNIST file train-images-idx3-ubyte(.gz); set HWSIM_DATA to a folder" in result.stderr
    assert not (tmp_path / "run").exists()


def test_neither_this_nor_that(tmp_path: Path, hwsim_command: Command) -> None:
    (tmp_path / "a.toml").write_text("x = 1\n")
    result = hwsim_command("check", "a.toml", "missing.toml")
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "a.toml:1:1: neither a scenario nor a model nor a datasheet, "
        "a scenario has [task], a reproduction [[curve]], a model [[layer]], a datasheet kind",
        "missing.toml:1:1: no such file",
    ]


def test_a_pipe_in_place_of_a_file_is_refused_at_once(tmp_path: Path, hwsim_command: Command) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    result = hwsim_command("check", "pipe.toml")
    assert result.returncode == 2
    assert result.stderr == "pipe.toml:1:1: not a regular file, give a file that can be read again\n"


def test_a_negative_seed_is_named_by_its_option(hwsim_command: Command) -> None:
    result = hwsim_command("run", "digits-fpga-laperm", "--seed", "-1")
    assert result.returncode == 2
    assert "'--seed'" in result.stderr
