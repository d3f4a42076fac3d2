"""Failures of the world around a run end in one line that names the place, with exit code 3; nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer

from hwsim.cli.ending import ending
from hwsim.pipeline.folder import RunFolder
from hwsim.schedule import open_schedule
from tests.conftest import TINY_MODEL, Command, run_here

AGAIN = "what was written before is kept: mend that and give the same command again"
LIMITED = """
import resource, sys
kind, size, *words = sys.argv[1:]
resource.setrlimit(getattr(resource, kind), (int(size), int(size)))
sys.argv = ["hwsim", *words]
from hwsim.cli import main
main()
"""

Ended = Callable[..., tuple[object, str]]


@pytest.fixture
def ended(hwsim_command: Command) -> Ended:
    """Give a command in an empty folder: exit code and what it said on stderr."""

    def call(*words: str | Path) -> tuple[object, str]:
        done = hwsim_command(*words)
        return done.returncode, done.stderr

    return call


def limited(kind: str, size: int, *words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Give a command in a fresh process with one resource limited."""
    one = dict.fromkeys(("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    return subprocess.run(
        [sys.executable, "-c", LIMITED, kind, str(size), *map(str, words)],
        cwd=cwd,
        env={**os.environ, **one},
        capture_output=True,
        text=True,
        check=False,
    )


def events(run: Path) -> int:
    with open_schedule(run / "schedule.sqlite") as schedule:
        return schedule.events()


def digest(run: Path) -> str:
    with open_schedule(run / "schedule.sqlite") as schedule:
        return schedule.digest()


def test_training_that_diverges(tiny: Path, tmp_path: Path, ended: Ended) -> None:
    """Weights of 1e30 overflow float32 in the second layer: the loss is not a number; what was before is kept."""
    wild = TINY_MODEL.replace("activation =", 'weights = "uniform"\nweight_bound = 1e30\nactivation =')
    (tmp_path / "models" / "tiny.toml").write_text(wild)
    kept = "the last good reconnection is event 0, the chip as fabricated, kept in run/schedule.sqlite"
    line = f"the loss of training is nan in epoch 1 of 6; lower the learning rate or the initial values; {kept}\n"
    assert ended("run", tiny, "--quiet", "--out", "run") == (3, line)
    assert events(tmp_path / "run") == 1


def test_outputs_that_are_not_finite(tiny: Path, tmp_path: Path, ended: Ended) -> None:
    """As above on cells that hold any value: the chip as fabricated cannot be evaluated."""
    extra = 'weights = "uniform"\nweight_bound = 1e30\nactivation ='
    (tmp_path / "models" / "tiny.toml").write_text(TINY_MODEL.replace("activation =", extra))
    line = "the network's outputs are not finite numbers; lower the learning rate or its initial values\n"
    words = ("--set", "device.name=ideal", "--out", "run")
    assert ended("run", tiny, "--quiet", *words) == (3, line)
    assert events(tmp_path / "run") == 0


def test_a_file_that_may_not_grow(tiny: Path, tmp_path: Path) -> None:
    """A write that fails in the middle of a run: what was before is kept, and the run goes on from there."""
    run_here(tiny, tmp_path / "calm")  # first, so that all kernels are compiled: their files are larger
    result = limited("RLIMIT_FSIZE", 90_000, "run", tiny, "--quiet", "--json", "--out", "run", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (3, "")
    told = [f"run/schedule.sqlite: {why}; {AGAIN}\n" for why in ("disk I/O error", "database or disk is full")]
    assert result.stderr in told
    assert 1 <= events(tmp_path / "run") < 7
    run_here(tiny, tmp_path / "run")
    assert digest(tmp_path / "run") == digest(tmp_path / "calm")


def test_machine_code_that_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system says what went wrong with a file, and names none; here none may take more than 1000 bytes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    result = limited("RLIMIT_FSIZE", 1000, "cost", "--random", "8", "--effort", "greedy", cwd=tmp_path)
    assert result.returncode == 3
    (line,) = result.stderr.splitlines()
    folder, _, told = line.partition(": ")
    assert Path(folder).is_relative_to(tmp_path / "cache" / "hwsim" / "kernels")
    assert told == (
        "machine code of kernels cannot be kept here (File too large); make room, or set XDG_CACHE_HOME to a folder "
        "that has some"
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 kB, more on ``mount -o remount``; root only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(tiny: Path, tmp_path: Path, small_disk: Path, ended: Ended) -> None:
    run, words = small_disk / "run", ("--quiet", "--set", "controller.epochs=12")
    line = f"{run / 'schedule.sqlite'}: database or disk is full; {AGAIN}\n"
    for _ in range(2):  # the second finds the disk full from the start
        assert ended("run", tiny, *words, "--out", run) == (3, line)
    assert 1 <= events(run) < 13
    subprocess.run(["mount", "-o", "remount,size=20M", small_disk], check=True)
    run_here(tiny, run, "controller.epochs=12")
    run_here(tiny, tmp_path / "calm", "controller.epochs=12")
    assert digest(run) == digest(tmp_path / "calm")


def test_a_file_beside_the_schedule_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel names no file when a write fails; the folder does, and leaves no half file."""

    def fail(path: Path, content: bytes) -> None:
        path.touch()
        raise OSError(28, f"No space left on device for {len(content)} bytes")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space left on device for 6 bytes") as caught:
        RunFolder(tmp_path).write("score.csv", "event\n")
    assert caught.value.filename == str(tmp_path / "score.csv")
    assert list(tmp_path.iterdir()) == []


def test_not_enough_memory(tiny: Path, tmp_path: Path) -> None:
    """Weights of 5.2 GiB may fit the machine, but not into the 5 GiB that may be asked for."""
    layers = "".join(
        f'[[layer]]\nkind = "dense"\nunits = {units}\nactivation = "{activation}"\nconnections = "fixed"\n'
        for units, activation in ((10_000, "relu"), (70_000, "relu"), (10, "identity"))
    )
    (tmp_path / "models" / "tiny.toml").write_text(f'title = "wide"\ninputs = 64\n{layers}')
    result = limited("RLIMIT_AS", 5 * 2**30, "run", tiny, "--quiet", "--out", "run", cwd=tmp_path)
    assert result.returncode == 3
    assert result.stderr.startswith("not enough memory (")
    assert result.stderr.endswith("); use a smaller model or smaller banks, or a larger machine\n")
    assert len(result.stderr.splitlines()) == 1


def test_memory_without_words(capsys: pytest.CaptureFixture[str]) -> None:
    def verb() -> None:
        raise MemoryError

    with pytest.raises(SystemExit) as caught:
        ending(verb)()
    line = "not enough memory; use a smaller model or smaller banks, or a larger machine\n"
    assert (caught.value.code, capsys.readouterr().err) == (3, line)


def test_a_fault_of_the_program_shows_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 would say that an expectation failed."""

    def verb() -> None:
        raise ZeroDivisionError

    with pytest.raises(SystemExit) as caught:
        ending(verb)()
    told = capsys.readouterr().err
    assert caught.value.code == 3
    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("\nZeroDivisionError\n")


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_an_end_with_a_code_of_its_own(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Verbs end with 1 where an expectation failed: that is no diagnostic of the program."""

    def verb() -> None:
        raise typer.Exit(code)

    with pytest.raises(typer.Exit) as caught:
        ending(verb)()
    assert (caught.value.exit_code, capsys.readouterr().err) == (code, "")
