"""A schedule that was cut anywhere is carried out up to a whole event, or refused; never anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hwsim.files import DiagnosticError, Refusal
from hwsim.files.checksum import checked
from hwsim.model import Layer, Model
from hwsim.schedule import Step, digest_steps, read_steps

MODEL = Model("m", (Layer(2, 3, "relu"), Layer(2, 2)))
HEAD = "event,layer,bank,position,cell"
EVENTS = [
    ["1,,,steps,12", "1,0,0,0,2", "1,0,0,1,0", "1,0,0,2,1", "1,1,0,bias,0.125"],
    ["2,,,steps,30", "2,1,0,0,1", "2,1,0,1,0"],
    ["3,0,1,0,1", "3,0,1,1,0", "3,0,0,bias,-17.25", "3,1,1,bias,1e-05"],
    ["10,0,1,0,0", "10,0,1,1,1"],
]
EVENTS[3] = [line.replace("10,", "4,", 1) for line in EVENTS[3]]


def _written(path: Path, content: bytes) -> list[Step]:
    path.write_bytes(content)
    return read_steps(path, MODEL, "output")


def _text(head: str = "") -> bytes:
    return (head + "\n".join([HEAD, *(line for event in EVENTS for line in event)]) + "\n").encode()


def _exported() -> bytes:
    return b"".join(checked(_text("# hwsim export csv, version 1\n"), "script"))


def _same(steps: list[Step], wanted: list[Step]) -> bool:
    """Whether events are the same, all but what is said about the end."""
    halves = [[Step(one.steps, one.permutations, one.registers) for one in half] for half in (steps, wanted)]
    return digest_steps(halves[0]) == digest_steps(halves[1])


def _whole_events(content: bytes) -> int:
    """Count events of which every line, with its end, stands in the text."""
    ended = content.decode().split("\n")[:-1]
    return next((n for n, event in enumerate(EVENTS) if not set(event) <= set(ended)), len(EVENTS))


@pytest.mark.parametrize("exported", [True, False])
def test_cut_at_every_byte(tmp_path: Path, *, exported: bool) -> None:
    content = _exported() if exported else _text()
    everything = _written(tmp_path / "whole.csv", content)
    assert len(everything) == len(EVENTS)
    assert not everything[-1].cut
    begins = content.index(HEAD.encode()) + len(HEAD) + 1
    carried, refused = set(), list[tuple[int, str]]()
    for end in range(1, len(content)):
        part = content[:end]
        if not exported and part.endswith(b"\n"):
            continue  # a shorter file of one's own cannot be told from one that was cut there
        try:
            found = _written(tmp_path / "cut.csv", part)
        except DiagnosticError as error:
            refused.append((end, str(error)))
            continue
        assert found[-1].cut
        assert _same(found, everything[: len(found)])
        # the last event that is whole counts where the line that was cut tells that another one has begun
        assert _whole_events(part) - 1 <= len(found) <= _whole_events(part)
        last = part.rpartition(b"\n")[2]
        if b"," in last and int(last.partition(b",")[0]) == _whole_events(part) + 1:
            assert len(found) == _whole_events(part)
        carried.add(len(found))
    assert carried == ({1, 2, 3, 4} if exported else {1, 2, 3})
    assert max(refused)[0] < content.index(b"\n2,") + 5
    assert all("cut short within its first event" in told for end, told in refused if end > begins)


def test_a_cut_schedule_is_another_one(tmp_path: Path) -> None:
    """So that a finished run of the one does not answer for the other."""
    content = _text()
    cut = _written(tmp_path / "a.csv", content[: content.index(b"3,0,1,0,1") + 6])
    short = _written(tmp_path / "b.csv", content[: content.index(b"3,0,1,0,1")])
    assert _same(cut, short)
    assert digest_steps(cut) != digest_steps(short)


def _refused(path: Path, content: bytes) -> str:
    with pytest.raises(DiagnosticError) as caught:
        _written(path, content)
    return str(caught.value).replace(f"{path}:", "")


def test_damage_before_the_cut_is_refused(tmp_path: Path) -> None:
    path, cut = tmp_path / "a.csv", _text()[:-4]
    for old, new, told in [
        (b"1,0,0,1,0\n", b"1,0,0,1\n", "4:1: 5 columns are wanted, found 4"),
        (b"1,0,0,1,0\n", b"x,0,0,1,0\n", "4:1: 'event' is no whole number, found 'x', write a whole number"),
        (b"2,1,0,0,1\n", b"", "8:1: after event 2, bank 0 of layer 1 is no permutation"),
        (b"2,", b"7,", "cut short, and its lines are not in the order of their events, sort them"),
    ]:
        assert old in cut
        assert told in _refused(path, cut.replace(old, new))


def test_what_is_left_must_be_an_event(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert _refused(path, f"{HEAD}\n1,0,0,0,1\n1,0,0,1,0".encode()) == (
        "1:1: cut short within its first event, its last line does not end; if it is whole, end it with a line break"
    )
    whole = _written(path, f"{HEAD}\r\n1,0,0,0,1\r\n1,0,0,1,0\r\n".encode())
    assert (len(whole), whole[0].cut) == (1, "")
    assert not _written(path, f"{HEAD}\n1,0,0,0,1\n1,0,0,1,0\n# the end".encode())[0].cut


def test_arrays_that_were_cut_stay_refused(tmp_path: Path) -> None:
    """Their last bytes say where everything is."""
    np.savez(tmp_path / "a.npz", **{"permutations/0": np.tile(np.arange(3), (2, 2, 1))})  # type: ignore[arg-type]
    content = (tmp_path / "a.npz").read_bytes()
    for end in (len(content) // 2, len(content) - 1):
        with pytest.raises(Refusal):
            _written(tmp_path / "b.npz", content[:end])
