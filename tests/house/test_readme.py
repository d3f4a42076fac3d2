"""What the README and the pages of docs/ show works as it stands."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from hwsim.scenario import check_file
from tests.conftest import ROOT, Command

README = (ROOT / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))}
NINE = re.findall(r"^\*\*(\d)\. .*?^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
"""Number and lines of each of the nine things."""


def _blocks(language: str, page: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def _run(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run a page's Python blocks in order, in one session and an empty folder; the lines that they print."""
    monkeypatch.chdir(folder)
    session = {"__name__": "__main__"}
    for block in _blocks("python", PAGES[page]):
        exec(compile(block, page, "exec"), session)  # noqa: S102 - what a reader would paste
    return capsys.readouterr().out.splitlines()


def test_it_begins_with_the_two_commands() -> None:
    lines = [line.split("#")[0].strip() for line in README.splitlines()[:4]]
    assert lines == ["```sh", "make run", "make test", "```"]


def test_nine_things_take_ten_lines_at_most() -> None:
    assert [number for number, _ in NINE] == [str(number) for number in range(1, 10)]
    assert all(len([line for line in block.splitlines() if line.strip()]) <= 10 for _, block in NINE)


@pytest.mark.docs
def test_nine_things_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _run("README.md", tmp_path, monkeypatch, capsys)
    bits = [float(line.removeprefix(f"{bits} bit: ")) for bits, line in zip(range(2, 7), said, strict=False)]
    assert 0.5 < bits[0] < bits[-1] - 0.05
    csv, _, benes, clos, crossbar, method, _, fifty, two_hundred, stuck, fitted, random = said[5:]
    assert float(csv.split()[0]) > 0.8
    prices = [line.split()[1:] for line in (benes, clos, crossbar)]
    assert [(name, int(switches)) for name, switches, *_ in prices] == [
        ("benes", 352),
        ("clos-strict", 2673),
        ("crossbar", 4096),
    ]
    assert all(float(toggles) > 100 for _, _, toggles, *_ in prices)
    assert all(float(share) > 0.8 for share in re.findall(r"0\.\d+", method))
    ends = [line.split() for line in (fifty, two_hundred)]
    assert [end[1] for end in ends] == ["50", "200"]
    assert int(ends[0][3]) > int(ends[1][3])
    before, moved, hurt, mended = map(float, re.findall(r"\d\.\d+|\d", stuck))
    assert (before, moved) == (mended, 2)
    assert hurt < before
    assert float(fitted) > 0.8
    assert float(random.split()[0]) < 0.3
    assert (tmp_path / "periods.png").is_file()


@pytest.mark.docs
def test_circuits_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    configuration, efforts, stuck = _run("circuits.md", tmp_path, monkeypatch, capsys)
    assert configuration.startswith("['c' 'a' 'b' 'e' 'd'] ")
    toggles = [int(number) for number in efforts.strip("[]").split(", ")]
    assert toggles == sorted(toggles, reverse=True)
    assert stuck.startswith("0 ")


@pytest.mark.docs
def test_own_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (exchanged,) = _run("own.md", tmp_path, monkeypatch, capsys)
    before, after = map(float, re.findall(r"0\.\d{3}", exchanged))
    assert after > before + 0.2
    assert exchanged.endswith("the schedule replayed scores the same: True")


@pytest.mark.docs
def test_formats_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    schedule, configuration = _run("formats.md", tmp_path, monkeypatch, capsys)[-2:]
    assert schedule.endswith("(128, 64)")
    assert configuration.startswith("1 benes (128, 352) [")


@pytest.mark.docs
def test_runs_in_time_tell_what_the_readme_says(hwsim_command: Command) -> None:
    block = next(block for block in _blocks("sh", README) if "execution.memory=double" in block)
    for line in block.replace("\\\n", "").splitlines()[:2]:
        _, *words = shlex.split(line)
        assert hwsim_command(*words).returncode == 0
        run = words[words.index("--out") + 1]
        told = dict(row.split(maxsplit=1) for row in hwsim_command("show", "timeline", run).stdout.splitlines())
        assert f"for {told['availability']}" in README.replace("\n", " ")
        assert f"within {told['latency_p99_s']}" in README.replace("\n", " ")


@pytest.mark.docs
def test_time_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 4 us, two reconnections take 600 ns of loading and 50 ns of settling each, or the settling alone."""
    single, double = _run("time.md", tmp_path, monkeypatch, capsys)
    assert single.startswith(f"single: {1 - 2 * 650 / 4000:.4f} of the time available")
    assert double.startswith(f"double: {1 - 2 * 50 / 4000:.4f} of the time available")
    assert int(single.split()[-2]) > 300  # requests wait while it is loaded
    assert int(double.split()[-2]) < 100


def test_toml_blocks_are_toml() -> None:
    assert all(tomllib.loads(block) for block in _blocks("toml", "\n".join(PAGES.values())))


def test_verbs_and_their_options_exist(hwsim_command: Command) -> None:
    calls = re.findall(r"^hwsim ([a-z]+)([^#\n]*)", "\n".join(_blocks("sh", "\n".join(PAGES.values()))), re.MULTILINE)
    assert {verb for verb, _ in calls} == {
        "board",
        "list",
        "show",
        "run",
        "replay",
        "check",
        "cost",
        "estimate",
        "export",
        "fit",
        "help",
        "reproduce",
        "synth",
    }
    for verb, rest in calls:
        text = hwsim_command(verb, "--help").stdout
        assert all(option in text for option in re.findall(r"--[a-z]+", rest))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]) if "://" not in target]
    assert [target for target in targets if not (folder / target.partition("#")[0]).exists()] == []


def test_every_shipped_scenario_is_in_the_table() -> None:
    assert [path for path in (ROOT / "scenarios").glob("*.toml") if f"| `{path.stem}` |" not in README] == []


PLURAL = {"scenarios": "scenario", "models": "model", "devices": "datasheet"}


@pytest.mark.parametrize("path", sorted(p for kind in PLURAL for p in ROOT.glob(f"{kind}/**/*.toml")), ids=str)
def test_shipped_files_are_sound(path: Path) -> None:
    kind, _ = check_file(path)
    assert kind.split()[-1] in {PLURAL[path.relative_to(ROOT).parts[0]], "reproduction"}
