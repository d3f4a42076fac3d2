"""Schedules made elsewhere: lines and arrays say what they say, and every faulty line is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.files import DiagnosticError, Refusal
from hwsim.model import Layer, Model
from hwsim.schedule import Step, digest_steps, read_steps

MODEL = Model("m", (Layer(3, 4, "relu"), Layer(2, 3, gain=True)))
FROZEN = Model("m", (Layer(3, 4, "relu", learned_connections=False), Layer(2, 3)))
HEAD = "event,layer,bank,position,cell"


def lines(path: Path, *rows: str, model: Model = MODEL, scope: str = "output") -> list[Step]:
    path.write_text("\n".join([HEAD, *rows]) + "\n")
    return read_steps(path, model, scope)


def faults(path: Path, *rows: str, model: Model = MODEL) -> list[str]:
    with pytest.raises(DiagnosticError) as error:
        lines(path, *rows, model=model)
    return [f"{one.line}: {one.what}" + (f", {one.found}" if one.found else "") for one in error.value.diagnostics]


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_lines_and_arrays_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, events: int, whole: bool
) -> None:
    """Random permutations, written line by line, all positions or only those that change, in any order."""
    rng, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("s")
    shapes = [(3, 4), (2, 3)]
    wanted = [[np.stack([rng.permutation(p) for _ in range(b)]) for b, p in shapes] for _ in range(events)]
    biases = rng.normal(size=(events, 2))
    rows, before = [], [np.tile(np.arange(p), (b, 1)) for b, p in shapes]
    for event, layers in enumerate(wanted, start=1):
        rows.append(f"{event},1,0,bias,{biases[event - 1, 0]!r}".replace("np.float64(", "").replace(")", ""))
        rows.append(f"{event},1,1,bias,{float(biases[event - 1, 1])!r}")
        rows.append(f"{event},,,steps,{event * 5}")
        for layer, after in enumerate(layers):
            for bank, position in np.ndindex(after.shape):
                if whole or after[bank, position] != before[layer][bank, position]:
                    rows.append(f"{event},{layer},{bank},{position},{after[bank, position]}")
        before = layers
    rng.shuffle(rows)
    found = lines(folder / "a.csv", *rows)
    assert len(found) == events
    now = [np.tile(np.arange(p), (b, 1)) for b, p in shapes]
    for number, step in enumerate(found):
        now = [old if new is None else new for new, old in zip(step.permutations, now, strict=True)]
        assert all(np.array_equal(one, other) for one, other in zip(now, wanted[number], strict=True))
        assert step.steps == 5 * (number + 1)
        assert step.registers[1][1].tolist() == biases[number].tolist()
    arrays: dict[str, Any] = {f"permutations/{n}": np.stack([layers[n] for layers in wanted]) for n in (0, 1)}
    arrays |= {"biases/1": biases, "steps": 5 * np.arange(1, events + 1)}
    np.savez(folder / "a.npz", **arrays)
    for one, other in zip(read_steps(folder / "a.npz", MODEL, "output"), wanted, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.permutations, other, strict=True) if a is not None)
    if whole:
        assert digest_steps(found) == digest_steps(read_steps(folder / "a.npz", MODEL, "output"))


def test_a_line_counts_and_a_remark_does_not(tmp_path: Path) -> None:
    rows = ["1,0,0,0,1", "1,0,0,1,0"]
    one = digest_steps(lines(tmp_path / "a.csv", *rows))
    assert digest_steps(lines(tmp_path / "a.csv", "# remark", rows[1], "", rows[0])) == one
    assert digest_steps(lines(tmp_path / "a.csv", "1,0,0,0,2", "1,0,0,2,0")) != one
    assert digest_steps(lines(tmp_path / "a.csv", *rows, "1,0,0,bias,0.5")) != one


def test_every_faulty_line_is_told(tmp_path: Path) -> None:
    assert faults(
        tmp_path / "a.csv",
        "1,0,0,0,4",  # 2: cells are 0 to 3
        "1,0,3,0,1",
        "1,0,0,9,1",
        "1,5,0,0,1",
        "x,0,0,0,1",
        "1,0,0,-1,1",
        "1,0,0,0",
        "1,0,7,bias,0.5",
        "1,0,0,bias,nan",
        "1,0,0,gain,1.5",
        "1,0,0,1.0,1",
    ) == [
        "2: there is no such cell, 4",
        "3: there is no such bank, 3",
        "4: there is no such position, 9",
        "5: there is no such layer, 5",
        "6: 'event' is no whole number, 'x'",
        "7: 'position' is no whole number, '-1'",
        "8: 5 columns are wanted, 4",
        "9: there is no such bias, 7",
        "10: the bias is no number that a device can hold, 'nan'",
        "11: there is no such gain, 0",
        "12: 'position' is no whole number, '1.0'",
    ]
    assert faults(tmp_path / "a.csv", "1,0,0,0,1", "1,0,0,1,0", "1,0,0,0,1", "3,1,0,gain,2.0") == [
        "4: position 0 of this bank is set twice in event 1",
        "5: event 2 is missing, event 3",
    ]
    assert faults(tmp_path / "a.csv", "1,0,0,0,1", "1,0,0,1,0", "2,0,0,2,0", "2,0,1,2,0") == [
        "4: after event 2, bank 0 of layer 0 is no permutation, cell 0 at positions 1 and 2, cell 2 at none",
        "5: after event 2, bank 1 of layer 0 is no permutation, cell 0 at positions 0 and 2, cell 2 at none",
    ]
    assert faults(tmp_path / "a.csv", "1,0,0,0,1", "1,0,0,1,0", model=FROZEN)[0] == (
        "2: this layer has fixed connections, layer 0"
    )
    assert faults(tmp_path / "a.csv", "0,0,0,0,0", "1,0,0,0,0") == ["2: event 0 is the chip as it leaves fabrication"]
    assert faults(tmp_path / "a.csv") == ["1: no line follows the names of columns"]
    many = faults(tmp_path / "a.csv", *["1,0,0,0,77"] * 50)
    assert (len(many), many[-1]) == (21, "22: 80 further faults follow".replace("80", many[-1].split()[1]))


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("event,layer,bank,cell\n1,0,0,0\n")
    with pytest.raises(DiagnosticError, match="the first line must name the columns"):
        read_steps(tmp_path / "a.csv", MODEL, "output")
    (tmp_path / "a.csv").write_bytes(bytes(range(256)))
    with pytest.raises(DiagnosticError, match="neither text nor any other kind of schedule"):
        read_steps(tmp_path / "a.csv", MODEL, "output")
    for arrays, told in [
        ({"permutations": np.zeros((1, 3, 4), int)}, "of which layer"),
        ({"permutations/0": np.zeros((1, 3, 4), int)}, "event 1, layer 0, bank 0 is no permutation"),
        ({"permutations/0": np.zeros((1, 4), int)}, "are int64 of shape"),
        ({"permutations/4": np.zeros((1, 3, 4), int)}, "there is no layer 4"),
        ({"other": np.zeros(3)}, "has an array 'other'"),
        ({"biases/1": np.zeros((2, 3))}, r"biases of layer 1 are float64 of shape \(2, 3\)"),
        ({"biases/1": np.zeros((2, 2)), "steps": np.zeros(3, int)}, "arrays of 2, 3 events"),
    ]:
        np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
        with pytest.raises(Refusal, match=told):
            read_steps(tmp_path / "a.npz", MODEL, "output")
    with pytest.raises(Refusal, match="there is no schedule"):
        read_steps(tmp_path / "none.csv", MODEL, "output")
