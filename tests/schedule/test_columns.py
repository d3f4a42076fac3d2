"""A schedule in Parquet, written by pandas or by hwsim, says what lines of text say; what is wrong is told by row."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from hwsim.errors import HwsimError
from hwsim.files import DiagnosticError, Refusal
from hwsim.files.parquet import read_columns, write_columns
from hwsim.model import Layer, Model
from hwsim.schedule import digest_steps, read_steps

MODEL = Model("m", (Layer(3, 4, "relu"), Layer(2, 3, gain=True)))
NAMES = ["event", "kind", "layer", "bank", "position", "cell", "value"]
STEP = (1, "steps", None, None, None, 5, None)


def write(path: Path, *rows: tuple[Any, ...], **types: str) -> Path:
    """By pandas, which makes floats of whole numbers with gaps unless told otherwise."""
    pd.DataFrame(rows, columns=NAMES).astype(types).to_parquet(path)
    return path


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans())
def test_the_same_as_lines(tmp_path_factory: pytest.TempPathFactory, seed: int, events: int, nullable: bool) -> None:
    rng, folder = np.random.default_rng(seed), tmp_path_factory.mktemp("s")
    rows: list[tuple[Any, ...]] = []
    for event in range(1, events + 1):
        rows.append((event, "steps", None, None, None, event * 3, None))
        rows.append((event, "bias", 1, int(rng.integers(2)), None, None, float(rng.normal())))
        rows.append((event, "gain", 1, 0, None, None, float(rng.normal())))
        for layer, (banks, ports) in enumerate([(3, 4), (2, 3)]):
            for bank in range(banks):
                rows += [(event, "cell", layer, bank, n, int(c), None) for n, c in enumerate(rng.permutation(ports))]
    rng.shuffle(rows)
    types = dict.fromkeys(("layer", "bank", "position", "cell"), "Int32") if nullable else {}
    found = read_steps(write(folder / "a.parquet", *rows, **types), MODEL, "output")
    with (folder / "a.csv").open("w") as file:
        lines = csv.writer(file)
        lines.writerow(["event", "layer", "bank", "position", "cell"])
        for event, kind, layer, bank, position, cell, value in rows:
            place, number = (position, cell) if kind == "cell" else (kind, cell if value is None else repr(value))
            lines.writerow([event, layer, bank, place, number])
    assert digest_steps(found) == digest_steps(read_steps(folder / "a.csv", MODEL, "output"))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            (1, "cells", 0, 0, 0, 1, None),
            "2: there is no such kind of row, found 'cells', write cell, bias, gain, steps",
        ),
        ((1, "cell", 0, 0, None, 1, None), "2: a row of kind 'cell' has no 'position'"),
        ((1, "steps", None, None, None, None, None), "2: a row of kind 'steps' has no 'cell'"),
        ((1, "bias", 0, 0, None, None, None), "2: the bias is no number that a device can hold, found nan"),
        ((1, "bias", 7, 0, None, None, 1.0), "2: there is no such layer, found 7, layers are 0 to 1"),
        ((1, "cell", 0, 0, 0, 9, None), "2: there is no such cell, found 9, layer 0 has 0 to 3"),
        ((3, "cell", 0, 0, 0, 0, None), "2: event 2 is missing, found event 3, number events 1, 2, 3, ..."),
        ((1, "cell", 0, 0, 0, 1, None), "2: after event 1, bank 0 of layer 0 is no permutation"),
    ],
)
def test_faults(tmp_path: Path, row: tuple[Any, ...], told: str) -> None:
    with pytest.raises(DiagnosticError) as error:
        read_steps(write(tmp_path / "a.parquet", STEP, row), MODEL, "output")
    (one, *_) = error.value.diagnostics
    assert told in f"{one.line}: {one.what}" + "".join(
        f", {more}" for more in (one.found and f"found {one.found}", one.hint) if more
    )


def test_files_that_are_no_schedule(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"event": [1]}).to_parquet(path)
    with pytest.raises(Refusal, match=r"a\.parquet: no column 'kind', columns are event, kind, layer"):
        read_steps(path, MODEL, "output")
    write(path, STEP, (1, "cell", 0, 0.5, 0, 1, None))
    with pytest.raises(Refusal, match=r"a\.parquet: column 'bank' holds not whole numbers from 0"):
        read_steps(path, MODEL, "output")


def test_a_flipped_byte(tmp_path: Path) -> None:
    """Wherever it is, the file is refused by name, or says what it said before."""
    rng, path = np.random.default_rng(0), tmp_path / "a.parquet"
    columns = {"n": rng.integers(-1, 50, 40), "x": rng.normal(size=40), "w": np.array(["one", "two"] * 20)}
    content = write_columns(columns, {"hwsim.run": "0" * 64})
    kinds = {"n": "i", "x": "f", "w": "U"}
    told = []
    for place in range(0, len(content), 5):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :])
        try:
            found = read_columns(path, kinds)
        except HwsimError as error:
            told.append(str(error))
        else:
            assert all(np.array_equal(found[name], columns[name], equal_nan=name == "x") for name in kinds)
    assert all("a.parquet: " in one for one in told)
    assert len(told) > len(content) // 15


def test_rows_that_another_tool_changed(tmp_path: Path) -> None:
    """Pages and their checksums are sound then: the digest of the rows is not."""
    path = tmp_path / "a.parquet"
    columns: dict[str, Any] = {"n": np.arange(5), "x": np.ones(5), "w": np.array(["one"] * 5)}
    path.write_bytes(write_columns(columns, {}))
    table = parquet.read_table(path)
    metadata = parquet.ParquetFile(path).metadata.metadata
    parquet.write_table(table.replace_schema_metadata(metadata), path)
    assert read_columns(path, {"n": "i", "x": "f", "w": "U"})["n"].tolist() == [0, 1, 2, 3, 4]
    swapped = table.set_column(0, "n", [[0, 1, 2, 4, 3]]).replace_schema_metadata(metadata)
    parquet.write_table(swapped, path)
    with pytest.raises(Refusal, match=r"a\.parquet: its rows were changed since hwsim wrote it, export it again"):
        read_columns(path, {"n": "i", "x": "f", "w": "U"})
