"""What the README shows works as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hwsim.scenario import check_file
from tests.conftest import ROOT, Command

README = (ROOT / "README.md").read_text()


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_it_begins_with_the_two_commands() -> None:
    lines = [line.split("#")[0].strip() for line in README.splitlines()[:4]]
    assert lines == ["```sh", "make run", "make test", "```"]


def test_python_blocks_run(tmp_path: Path) -> None:
    """In order, in one process, in an empty folder: the second reads the run that the first left."""
    blocks = _blocks("python")
    assert len(blocks) >= 2
    script = "\n".join(blocks)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    accuracy, best, configuration, exchanged, efforts, stuck, permutation = done.stdout.splitlines()
    assert re.fullmatch(r"0\.\d{3} after [\d,]+ toggles; free: 0\.\d{3}", accuracy)
    assert re.fullmatch(r"best after event [0-4]: 0\.\d{3}, \S+ J for reconnecting so far", best)
    before, after = map(float, re.findall(r"0\.\d{3}", exchanged))
    assert after > before + 0.2
    assert exchanged.endswith("the schedule replayed scores the same: True")
    assert configuration.startswith("['c' 'a' 'b' 'e' 'd'] ")
    toggles = [int(number) for number in efforts.strip("[]").split(", ")]
    assert toggles == sorted(toggles, reverse=True)
    assert stuck.startswith("0 ")
    assert permutation.endswith("(128, 64)")


def test_toml_blocks_are_toml() -> None:
    assert all(tomllib.loads(block) for block in _blocks("toml"))


def test_verbs_and_their_options_exist(hwsim_command: Command) -> None:
    calls = re.findall(r"^hwsim ([a-z]+)([^#\n]*)", "\n".join(_blocks("sh")), re.MULTILINE)
    assert {verb for verb, _ in calls} == {
        "list",
        "show",
        "run",
        "replay",
        "check",
        "cost",
        "export",
        "help",
        "reproduce",
    }
    for verb, rest in calls:
        text = hwsim_command(verb, "--help").stdout
        assert all(option in text for option in re.findall(r"--[a-z]+", rest))


def test_links_lead_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_shipped_scenario_is_in_the_table() -> None:
    assert [path for path in (ROOT / "scenarios").glob("*.toml") if f"| `{path.stem}` |" not in README] == []


PLURAL = {"scenarios": "scenario", "models": "model", "devices": "datasheet"}


@pytest.mark.parametrize("path", sorted(p for kind in PLURAL for p in ROOT.glob(f"{kind}/**/*.toml")), ids=str)
def test_shipped_files_are_sound(path: Path) -> None:
    kind, _ = check_file(path)
    assert kind.split()[-1] in {PLURAL[path.relative_to(ROOT).parts[0]], "reproduction"}
