"""Data of one's own: what a file holds is what is learned, and what is wrong with it is told at once."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import hwsim
from hwsim.cli.run import summary
from hwsim.errors import ArgumentError
from hwsim.task import TASKS, BoundTask, DataFaults
from hwsim.task.arrays.schema import ArraysParameters

RNG = np.random.default_rng(7)
X = RNG.normal(size=(60, 4))
Y = X[:, :3].argmax(axis=1)
NAMES = np.array(["setosa", "virginica", "versicolor"])


def read(folder: Path, **keys: Any) -> BoundTask:
    """The task as a scenario in this folder would have it."""
    entry = TASKS["arrays"]
    assert entry.bind is not None
    return entry.bind(ArraysParameters(**{"goal": "classification", **keys}), lambda _, text: folder / text)


def faults(folder: Path, **keys: Any) -> list[str]:
    with pytest.raises(DataFaults) as error:
        read(folder, **keys)
    return [f"{fault.key}: {fault}" for fault in error.value.faults]


def csv_text(x: np.ndarray, y: Any, names: str = "a,b,c,d,kind") -> str:
    return "\n".join(
        [names, *(",".join([*map(repr, row), str(label)]) for row, label in zip(x.tolist(), y, strict=True))]
    )


def test_every_format_gives_the_same_task(tmp_path: Path) -> None:
    from pyarrow import parquet, table

    np.savez(tmp_path / "a.npz", x=X, y=Y)
    np.savez_compressed(tmp_path / "b.npz", x_train=np.asfortranarray(X), y_train=Y)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    (tmp_path / "a.csv").write_text(csv_text(X, Y))
    columns = {name: X[:, number] for number, name in enumerate("abcd")}
    parquet.write_table(table({**columns, "kind": Y}), tmp_path / "a.parquet")
    ways: list[dict[str, Any]] = [
        {"file": "a.npz"},
        {"file": "b.npz"},
        {"file": "x.npy", "targets_file": "y.npy"},
        {"file": "a.csv", "targets": "kind"},
        {"file": "a.parquet", "targets": "kind", "inputs": list("abcd")},
    ]
    found = [read(tmp_path, **way) for way in ways]
    given_ = hwsim.task((X, Y))
    for one in found:
        for half in ("train_x", "train_y", "test_x", "test_y"):
            assert np.array_equal(getattr(one.task, half), getattr(given_.task, half))
    assert len({one.digest for one in [*found[:3], given_]}) == 1
    # the split takes every sample once, and of each class its share
    kept = np.concatenate([given_.task.train_x, given_.task.test_x])
    assert sorted(map(tuple, kept)) == sorted(map(tuple, X.astype(np.float32)))
    for label in range(3):
        assert (given_.task.test_y == label).sum() == round(0.2 * (label == Y).sum())


@given(st.lists(st.sampled_from(["cat", "dog", "eel", "10", "9b"]), min_size=12, max_size=40), st.integers(0, 5))
def test_words_become_numbers_in_sorted_order(labels: list[str], seed: int) -> None:
    if len(set(labels)) < 2 or min(labels.count(one) for one in set(labels)) < 2 or "10" in labels:
        return
    x = np.arange(len(labels), dtype=np.float64)[:, None]
    task = hwsim.task((x, np.array(labels)), split_seed=seed)
    assert task.about["classes"] == sorted(set(labels))
    for half in ("train", "test"):
        rows, numbers = getattr(task.task, f"{half}_x")[:, 0].astype(int), getattr(task.task, f"{half}_y")
        assert [task.about["classes"][n] for n in numbers] == [labels[row] for row in rows]


def test_scaling_is_settled_on_training_alone() -> None:
    test = X[40:] * 3
    for scaling, over in [("unit", "column"), ("unit", "all"), ("standard", "column"), ("standard", "all")]:
        made = hwsim.task((X[:40], Y[:40]), (test, Y[40:]), scaling=scaling, scaling_over=over).task
        axis = 0 if over == "column" else None
        off, span = (
            (X[:40].min(axis), np.ptp(X[:40], axis)) if scaling == "unit" else (X[:40].mean(axis), X[:40].std(axis))
        )
        np.testing.assert_allclose(made.test_x, (test - off) / span, rtol=1e-5, atol=1e-6)
        assert made.input_range[0] <= made.test_x.min() < made.test_x.max() <= made.input_range[1]


def test_images_keep_their_shape_and_models_are_held_against_it(tiny: Path) -> None:
    images = RNG.random((40, 1, 8, 8), np.float32)
    labels = np.arange(40) % 10
    mine = hwsim.task((images, labels), scaling="none", low=0.0, high=1.0)
    assert mine.task.shape.sample == (1, 8, 8)
    assert hwsim.load(tiny, task=mine).plan().model.inputs == 64
    small = hwsim.task((images[:, 0, :7], labels))
    with pytest.raises(hwsim.HwsimError, match="the model takes 64 inputs, but the task gives 56"):
        hwsim.load(tiny, task=small).plan()


def test_data_sets_of_torch() -> None:
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    made = hwsim.task(torch.utils.data.TensorDataset(x, y))
    assert made.digest == hwsim.task((X, Y)).digest
    with pytest.raises(ArgumentError, match=r"give its data set, loader\.dataset"):
        hwsim.task(torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y)))
    halves = hwsim.task((x.to(torch.bfloat16), y))
    assert np.array_equal(np.unique(halves.task.train_x), np.unique(halves.task.train_x.astype(np.float32)))


def test_one_bit_is_another_task() -> None:
    before = hwsim.task((X, Y), (X, Y)).digest
    changed = X.copy()
    changed.view(np.uint64)[5, 2] ^= np.uint64(1)
    assert len({before, hwsim.task((changed, Y), (X, Y)).digest, hwsim.task((X, Y), (changed, Y)).digest}) == 3
    other = Y.copy()
    other[0] = (other[0] + 1) % 3
    assert hwsim.task((X, other), (X, Y)).digest != before


def test_everything_wrong_at_once(tmp_path: Path) -> None:
    x, y = X.copy(), Y.astype(np.float64)
    x[3, 1], x[5, 0], y[7] = np.nan, np.inf, 0.5
    np.savez(tmp_path / "a.npz", x=x, y=y[:50])
    found = faults(tmp_path, file="a.npz", low=-1.0)
    assert len(found) == 3
    assert found[0].startswith("inputs: inputs are not finite numbers: row 3, column 1 is nan, row 5, column 0 is inf")
    assert found[1].startswith("low: inputs lie beyond low = -1: row")
    assert found[2] == "targets: 60 samples of inputs, but targets of the shape (50,); give one for each sample"
    np.savez(tmp_path / "a.npz", x=X, y=y)
    assert faults(tmp_path, file="a.npz")[0].startswith("targets: labels that are no classes: row 7 is 0.5; number")
    np.savez(tmp_path / "a.npz", x=X, y=Y + 1)
    hint = "class numbers begin at 0: subtract 1"
    assert faults(tmp_path, file="a.npz") == [f"classes: no sample for training is of class 0 of 4; {hint}"]
    assert faults(tmp_path, file="a.npz", classes=6) == [
        "classes: no sample for training is of class 0, 4, 5 of 6; give samples of every class"
    ]


def test_tables_name_line_and_column(tmp_path: Path) -> None:
    text = csv_text(X[:6], ["a", "b", "", "a", "b", "a"])
    lines = text.splitlines()
    lines[2] = lines[2].replace(lines[2].split(",")[1], "oops", 1)
    lines[4] = lines[4].replace(lines[4].split(",")[0], "nan", 1)
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = faults(tmp_path, file="a.csv", targets="kind")
    assert found[0].endswith(
        "column 'b' is not all numbers: line 3 has 'oops'; give a number in every cell, or name the "
        "columns of numbers in 'inputs'"
    )
    lines[2] = text.splitlines()[2]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = faults(tmp_path, file="a.csv", targets="kind")
    assert found[0].startswith("inputs: inputs are not finite numbers: line 5, column 'a' is nan")
    (tmp_path / "a.csv").write_text("\n".join([*text.splitlines()[:4], "1,2", *text.splitlines()[4:]]))
    assert "line 5 has 2" in faults(tmp_path, file="a.csv", targets="kind")[0]
    (tmp_path / "a.csv").write_text(text)
    assert "a label is empty: line 4" in faults(tmp_path, file="a.csv", targets="kind", test_share=0.5)[0]
    assert "it has a, b, c, d, kind" in faults(tmp_path, file="a.csv", targets="knd")[0]


def test_split_by_a_column_and_by_files(tmp_path: Path) -> None:
    words = np.where(np.arange(60) % 4 == 0, "test", "train")
    np.savez(tmp_path / "a.npz", x=X, y=NAMES[Y], part=words)
    task = read(tmp_path, file="a.npz", split="part").task
    assert np.array_equal(task.test_x, X[::4].astype(np.float32))
    words[5] = "valid"
    np.savez(tmp_path / "b.npz", x=X, y=Y, part=words)
    assert faults(tmp_path, file="b.npz", split="part") == [
        "split: 'part' says 'valid'; write train or test for each sample"
    ]
    np.savez(tmp_path / "train.npz", x=X[:40], y=Y[:40])
    np.savez(tmp_path / "test.npz", x=X[40:], y=Y[40:])
    two = read(tmp_path, file="train.npz", test_file="test.npz").task
    np.savez(tmp_path / "both.npz", x=X[:40], y=Y[:40], x_test=X[40:], y_test=Y[40:])
    one = read(tmp_path, file="both.npz").task
    assert np.array_equal(one.test_x, two.test_x)
    assert np.array_equal(one.train_y, Y[:40])
    assert "leave test_share out" in faults(tmp_path, file="both.npz", test_share=0.5)[0]


def test_objects_and_bombs_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}] * 3, object), y=np.zeros(3))
    assert "holds Python objects, which are never unpickled" in faults(tmp_path, file="a.npz")[0]
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50, 4)})
    with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head.getvalue() + bytes(1000))
        archive.writestr("y.npy", b"")
    assert "its header says" in faults(tmp_path, file="b.npz")[0]
    np.savez(tmp_path / "c.npz", x=X, y=Y)
    whole = (tmp_path / "c.npz").read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 3):
        (tmp_path / "d.npz").write_bytes(whole[:cut])
        assert "cannot be read as a NumPy file" in faults(tmp_path, file="d.npz")[0]
    flipped = bytearray(whole)
    flipped[600] ^= 1
    (tmp_path / "d.npz").write_bytes(flipped)
    assert "cannot be read as a NumPy file" in faults(tmp_path, file="d.npz")[0]


SCENARIO = """title = "mine"
[task]
name = "arrays"
file = "mine.npz"
goal = "classification"
[model]
name = "four"
[device]
name = "ideal"
[crossbar]
topology = "benes"
technology = "fpga-register-ug474-2016"
[controller]
name = "laperm"
epochs = 2
[execution]
reference = false
"""
MODEL = """title = "4-5-3"
inputs = 4
[[layer]]
kind = "dense"
units = 5
activation = "relu"
[[layer]]
kind = "dense"
units = 3
activation = "identity"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A scenario on data beside it."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "four.toml").write_text(MODEL)
    np.savez(tmp_path / "mine.npz", x=X, y=Y)
    (tmp_path / "mine.toml").write_text(SCENARIO)
    return tmp_path / "mine.toml"


def test_a_changed_file_is_another_run_and_an_answer_says_that_it_was_there(mine: Path, tmp_path: Path) -> None:
    first = hwsim.run(mine, tmp_path / "run")
    again = hwsim.run(mine, tmp_path / "run")
    assert (first.reused, again.reused) == (False, True)
    assert first.made_at == again.made_at != ""
    told = f"made at         {first.made_at}"
    assert f"{told}; the run was finished, nothing was computed now" in summary(again)
    assert f"{told}\n" in summary(first)
    assert "data            47 + 13 samples, not scaled; digest " in summary(again)
    assert json.loads((tmp_path / "run" / "answer.json").read_text())["data"]["digest"] == hwsim.task((X, Y)).digest
    # the same data from Python, or from elsewhere, are the same run
    assert hwsim.load(mine, task=hwsim.task((X, Y))).plan().identity == first.identity
    (tmp_path / "far").mkdir()
    (tmp_path / "mine.npz").rename(tmp_path / "far" / "other.npz")
    moved = hwsim.load(mine, [f"task.file={tmp_path}/far/other.npz"])
    assert moved.plan().identity == first.identity
    changed = X.copy()
    changed.view(np.uint64)[0, 0] ^= np.uint64(1)
    np.savez(tmp_path / "mine.npz", x=changed, y=Y)
    assert hwsim.load(mine).plan().identity != first.identity
    with pytest.raises(hwsim.HwsimError, match="another run lies here"):
        hwsim.run(mine, tmp_path / "run")
    with pytest.raises(hwsim.HwsimError, match=r"scenario\.toml:\d+:1: the data have changed: their digest is"):
        hwsim.load(tmp_path / "run" / "scenario.toml").plan()


def test_a_run_on_arrays_keeps_them(mine: Path, tmp_path: Path) -> None:
    from hwsim.pipeline.exporting import export_run

    answer = hwsim.run(mine, tmp_path / "run", task=hwsim.task((X, NAMES[Y]), scaling="unit"))
    again = hwsim.run(tmp_path / "run" / "scenario.toml", tmp_path / "run")
    assert (again.identity, again.reused) == (answer.identity, True)
    assert export_run(tmp_path / "run", "json", None, None)
    assert json.loads((tmp_path / "run" / "answer.json").read_text())["data"]["classes"] == sorted(NAMES)


def test_classes_are_what_is_meant_where_no_goal_is_said(tmp_path: Path) -> None:
    """Real targets are then told apart, not cut to whole numbers."""
    np.savez(tmp_path / "d.npz", x=X, y=Y)
    entry = TASKS["arrays"]
    assert entry.bind is not None
    assert (
        entry.bind(ArraysParameters(file="d.npz"), lambda _, text: tmp_path / text).task.shape.goal == "classification"
    )
    np.savez(tmp_path / "d.npz", x=X, y=Y + 0.25)
    with pytest.raises(DataFaults, match=r"no classes: .* or set goal = 'regression' to learn real numbers"):
        entry.bind(ArraysParameters(file="d.npz"), lambda _, text: tmp_path / text)


def test_a_path_is_a_task_that_scenarios_run_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "a,b,kind\n" + "".join(f"{n / 40},{1 - n / 50},{'late' if n > 20 else 'early'}\n" for n in range(40))
    (tmp_path / "mine.csv").write_text(table)
    monkeypatch.chdir(tmp_path)
    settings: dict[str, Any] = {"targets": "kind", "scaling": "unit", "test_share": 0.25}
    mine = hwsim.task("mine.csv", **settings)
    numbers = np.array([line.split(",")[:2] for line in table.splitlines()[1:]], float)
    given = hwsim.task((numbers, ["late" if n > 20 else "early" for n in range(40)]), scaling="unit", test_share=0.25)
    assert np.array_equal(mine.task.test_x, given.task.test_x)
    assert np.array_equal(mine.task.train_y, given.task.train_y)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    plan = hwsim.load("digits-fpga-laperm", ["model={hidden=[3]}"], task=mine).plan()
    assert plan.resolved["task"]["file"] == str(tmp_path / "mine.csv")
    assert plan.model.inputs == plan.model.outputs == 2


def test_a_path_is_refused_with_its_file_s_faults(tmp_path: Path) -> None:
    with pytest.raises(DataFaults, match="no-such"):
        hwsim.task(tmp_path / "no-such.csv")
    with pytest.raises(ArgumentError, match="give the path"):
        hwsim.task("a.csv", test=(np.zeros((2, 2)), [0, 1]))
    with pytest.raises(ArgumentError, match="'digest'"):
        hwsim.task("a.csv", digest="x")


def test_names_of_classes_have_an_order_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,y\n" + "\n".join(f"{n},{n % 2}" for n in range(20)))
    plain = read(tmp_path, file="a.csv").task
    named = read(tmp_path, file="a.csv", classes=["1", "0"]).task
    told = read(tmp_path, file="a.csv", classes=["even", "odd"])
    assert np.array_equal(plain.train_y, plain.train_x[:, 0] % 2)
    assert np.array_equal(named.train_y, 1 - named.train_x[:, 0] % 2)
    assert np.array_equal(told.task.train_y, told.task.train_x[:, 0] % 2)
    assert told.about["classes"] == ["even", "odd"]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"classes": 1}, "classes: classes says 1; there must be two or more"),
        ({"classes": ["a", "a"]}, "classes: a name stands twice in classes; name each class once"),
        ({"goal": "regression", "classes": 3}, "classes: a regression has no classes; leave classes out"),
        (
            {"test_share": 0.001},
            "test_share: of 60 samples none is left for the test; give more samples, or another share",
        ),
        ({"inputs": "z"}, "inputs: a.npz has no array 'z'; it has x, y, s"),
        ({"split": "s"}, "split: 60 samples of inputs, but split of the shape (59,); give one for each sample"),
        ({"digest": "0" * 64}, "digest: the data have changed: their digest is"),
        ({"targets_file": "y.npy"}, "targets_file: targets_file means nothing here; targets lie in the same .npz file"),
    ],
)
def test_keys_that_do_not_fit(tmp_path: Path, keys: dict[str, Any], told: str) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y, s=np.array(["train"] * 59))
    assert faults(tmp_path, file="a.npz", **keys)[0].startswith(told)


@given(st.binary(max_size=300), st.sampled_from([".npz", ".npy", ".csv", ".parquet"]), st.booleans())
def test_no_bytes_are_more_than_a_fault(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str, sound: bool
) -> None:
    """Arbitrary bytes, and sound files with bytes in their middle: a task, or faults in words."""
    folder = tmp_path_factory.mktemp("f")
    if sound and kind != ".parquet":
        np.savez(folder / "a.npz", x=X, y=Y)
        np.save(folder / "a.npy", X)
        (folder / "a.csv").write_text(csv_text(X, Y, "a,b,c,d,y"))
        whole = (folder / f"a{kind}").read_bytes()
        place = len(content) * 7 % len(whole)
        content = whole[:place] + content[:20] + whole[place + len(content[:20]) // 2 :]
    (folder / f"b{kind}").write_bytes(content)
    extra = {"targets_file": f"b{kind}"} if kind == ".npy" else {}
    told: tuple[Any, ...] = ()
    try:
        read(folder, file=f"b{kind}", **extra)
    except DataFaults as error:
        told = error.faults
    assert all(fault.what and "\n" not in str(fault) for fault in told)
