"""From what a scenario says to arrays as they stand in its files: keys and columns are found, nothing is changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from hwsim.files import Refusal
from hwsim.files.numpy_file import Archive, read_npy
from hwsim.task.arrays.sources import Part, listed, refuse
from hwsim.task.arrays.table import CsvTable, ParquetTable
from hwsim.task.data import DataFault, DataFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hwsim.task.arrays.schema import ArraysParameters
    from hwsim.task.arrays.table import Table

    Place = Callable[[str, str], Path]
    """Makes a path of a key of the scenario and its text."""

T = TypeVar("T")
_FORMATS = (".npz", ".npy", ".csv", ".tsv", ".txt", ".parquet")


def read_files(given: ArraysParameters, place: Place) -> tuple[Part, Part | None, ArraysParameters]:
    """Read the files that a scenario names.

    Args:
        given: what the scenario says.
        place: where a file lies that it names.

    Returns:
        Samples, those of the test where they are given apart, and the parameters with keys and columns in place.

    Raises:
        DataFaults: a file, an array or a column is not there or cannot be read.
    """
    file = place("file", given.file)
    kind = file.suffix.lower()
    if kind not in _FORMATS:
        raise refuse("file", f"{file}: its name ends in none of {', '.join(_FORMATS)}", "save it as one of these")
    _check_keys(given, kind)
    if kind == ".npz":
        return _archive(given, place)
    if kind == ".npy":
        return _pair(given, place)
    return _table(given, place)


def _check_keys(given: ArraysParameters, kind: str) -> None:
    """Refuse keys that mean nothing for this kind of file, and combinations that say two things."""
    faults = []
    if kind == ".npy":
        needed = {
            "targets_file": given.targets_file,
            "test_targets_file": given.test_targets_file or not given.test_file,
        }
        faults += [
            DataFault(key, f"{key} is missing", "an .npy file has one array")
            for key, there in needed.items()
            if not there
        ]
    useless = ["inputs", "targets", "split"] if kind == ".npy" else ["targets_file", "test_targets_file"]
    hint = "an .npy file has one array and no keys" if kind == ".npy" else f"targets lie in the same {kind} file"
    faults += [DataFault(key, f"{key} means nothing here", hint) for key in useless if getattr(given, key) is not None]
    if kind == ".npz":
        faults += [
            DataFault(key, f"{key} is a list, but an array has one key", "give one key, or stack the arrays")
            for key in ("inputs", "targets")
            if isinstance(getattr(given, key), list)
        ]
    if given.split is not None and given.test_file is not None:
        faults.append(DataFault("split", "'split' and 'test_file' both say what the test set is", "give one"))
    if given.test_share is not None and (given.split is not None or given.test_file is not None):
        faults.append(DataFault("test_share", "the test set is given, and a share is to be drawn too", "leave it out"))
    if faults:
        raise DataFaults(faults)


def _archive(given: ArraysParameters, place: Place) -> tuple[Part, Part | None, ArraysParameters]:
    archive = _tried("file", lambda: Archive(place("file", given.file)))
    keys = {}
    for noun, short in (("inputs", "x"), ("targets", "y")):
        wanted = getattr(given, noun)
        train = f"{short}_train"
        keys[noun] = str(wanted or (train if short not in archive.names and train in archive.names else short))
    _name_all(archive.names, [*keys.items(), *([("split", given.split)] if given.split else [])], given.file)
    split = _read(archive, given.split, "split") if given.split else None
    part = Part(_read(archive, keys["inputs"], "inputs"), _read(archive, keys["targets"], "targets"), split)
    known = given.model_copy(update=keys)
    if given.test_file is not None:
        other = _tried("test_file", lambda: Archive(place("test_file", str(given.test_file))))
        test_keys = {noun: key if key in other.names else _test_key(key) for noun, key in keys.items()}
        _name_all(other.names, [("test_file", key) for key in test_keys.values()], given.test_file)
        x, y = (_read(other, test_keys[noun], "test_file") for noun in keys)
        return part, Part(x, y), known
    inside = {noun: _test_key(key) for noun, key in keys.items()}
    there = [key for key in inside.values() if key in archive.names]
    if not there:
        return part, None, known
    both = [DataFault("split", "the test set is given twice: by 'split', and by arrays of its own", "leave one out")]
    both = both if given.split else []
    if given.test_share is not None:
        what = f"{given.file} has a test set of its own, {listed(there)}, and a share is to be drawn too"
        both.append(DataFault("test_share", what, "leave test_share out"))
    both += [
        DataFault(noun, f"{given.file} has {there[0]!r}, but no {key!r}", "save both")
        for noun, key in inside.items()
        if key not in archive.names
    ]
    if both:
        raise DataFaults(both)
    return part, Part(_read(archive, inside["inputs"], "inputs"), _read(archive, inside["targets"], "targets")), known


def _tried(key: str, read: Callable[[], T]) -> T:
    """Return what a reader gives; turn what it refuses into a fault of a key."""
    try:
        return read()
    except Refusal as error:
        raise refuse(key, error.what, error.hint) from None


def _read(archive: Archive, name: str, key: str) -> NDArray[Any]:
    return _tried(key, lambda: archive.read(name))


def _test_key(key: str) -> str:
    """Return the key of the test's array that belongs to one for training."""
    return f"{key.removesuffix('_train')}_test"


def _name_all(names: Sequence[str], wanted: Sequence[tuple[str, str]], file: str) -> None:
    """Refuse all keys at once that an archive does not have."""
    has = f"it has {listed(names) or 'none'}"
    missing = [DataFault(noun, f"{file} has no array {key!r}", has) for noun, key in wanted if key not in names]
    if missing:
        raise DataFaults(missing)


def _pair(given: ArraysParameters, place: Place) -> tuple[Part, Part | None, ArraysParameters]:
    parts = []
    for keys in (("file", "targets_file"), ("test_file", "test_targets_file")):
        named = [(key, getattr(given, key)) for key in keys]
        if named[0][1] is not None:
            x, y = (_tried(key, partial(read_npy, place(key, text))) for key, text in named)
            parts.append(Part(x, y))
    return parts[0], parts[1] if len(parts) > 1 else None, given


def _table(given: ArraysParameters, place: Place) -> tuple[Part, Part | None, ArraysParameters]:
    known = given
    parts: list[Part] = []
    for key in ("file", "test_file"):
        text = getattr(given, key)
        if text is None:
            continue
        path = place(key, text)
        table = ParquetTable(path, key) if path.suffix.lower() == ".parquet" else CsvTable(path, key)
        if not parts:
            known = _columns(given, table)
        parts.append(_rows(known, table))
    return parts[0], parts[1] if len(parts) > 1 else None, known


def _columns(given: ArraysParameters, table: Table) -> ArraysParameters:
    """Fill in names of columns where the parameters leave them out."""
    usual = "y_train" if "y" not in table.names and "y_train" in table.names else "y"
    targets = _names(given.targets) or [usual]
    others = [name for name in table.names if name not in (*targets, given.split)]
    inputs = others if given.inputs is None else _names(given.inputs)
    return given.model_copy(update={"inputs": inputs, "targets": targets})


def _rows(known: ArraysParameters, table: Table) -> Part:
    inputs, targets, split = _names(known.inputs), _names(known.targets), _names(known.split)
    faults = [
        fault for noun in ("targets", "inputs", "split") for fault in table.missing(_names(getattr(known, noun)), noun)
    ]
    twice = [name for name in inputs if name in (*targets, *split)]
    if twice:
        faults.append(DataFault("inputs", f"{listed(twice)}: input and target at once", "leave it out of one"))
    if not inputs:
        faults.append(
            DataFault("inputs", f"{table.path}: no column of inputs is left or named", "name columns of inputs")
        )
    if faults:
        raise DataFaults(faults)
    real = known.goal == "regression" or len(targets) > 1

    def tried(read: Callable[[], NDArray[Any]]) -> NDArray[Any] | None:
        try:
            return read()
        except DataFaults as error:
            faults.extend(error.faults)
            return None

    x = tried(lambda: table.numbers(inputs, "inputs"))
    y = tried(lambda: table.numbers(targets, "targets") if real else table.words(targets[0], "targets"))
    sets = tried(lambda: table.words(split[0], "split")) if split else None
    if faults or x is None or y is None:
        raise DataFaults(faults)
    return Part(x, y, sets, lambda at: table.line(at[0]) + (f", column {inputs[at[1]]!r}" if len(at) > 1 else ""))


def _names(given: str | list[str] | None) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else given
