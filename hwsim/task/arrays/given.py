"""What Python gives as a task: arrays, torch data sets, and files by their paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydantic

from hwsim.errors import ArgumentError
from hwsim.files import Diagnostic
from hwsim.files.validation import choose, diagnose
from hwsim.task.arrays.preparing import prepare
from hwsim.task.arrays.reading import read_files
from hwsim.task.arrays.schema import PATHS, ArraysParameters
from hwsim.task.arrays.sources import Part
from hwsim.task.data import BoundTask, DataFault, DataFaults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

KEPT = "data.npz"
"""File of a run folder that keeps data which no other file holds."""
_OF_FILES = {*PATHS, "inputs", "targets", "split", "digest"}
"""Keys that arrays need not."""
_PAIR = "give a pair (inputs, targets) of arrays, a torch Dataset whose samples are such pairs, or the path of a file"


def take(train: Any, test: Any, settings: dict[str, Any]) -> BoundTask:
    """Make a task of arrays, or of a file of them.

    Args:
        train: pair of inputs and targets, a data set of such pairs, or the path of a file.
        test: likewise, or None.
        settings: keys of :class:`ArraysParameters` by name.

    Raises:
        ArgumentError: neither pairs nor data sets nor a path, or a setting of a wrong type.
        DataFaults: everything that is wrong with the data.
    """
    if isinstance(train, str | Path):
        return _read(Path(train), test, settings)
    given = _settings({"file": KEPT, "inputs": "x", "targets": "y"}, settings, _OF_FILES)
    parts = _part("train", train), None if test is None else _part("test", test)
    if parts[1] is not None and given.test_share is not None:
        raise ArgumentError("test_share is for data without a test set of their own; leave it or test out")
    made = prepare(*parts, given)

    def keep(path: Path) -> None:
        named = {"x": parts[0].x, "y": parts[0].y}
        if parts[1] is not None:
            named |= {"x_test": parts[1].x, "y_test": parts[1].y}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **named)

    return replace(made, keep=keep)


def _read(train: Path, test: Any, settings: dict[str, Any]) -> BoundTask:
    """Bind a task of files, with keys as a scenario has them; the caller may go elsewhere afterwards."""
    if test is not None and not isinstance(test, str | Path):
        raise ArgumentError(f"train is a file, and test a {type(test).__name__}; give the path of a file like it")
    named = {"file": str(train)} | ({} if test is None else {"test_file": str(test)})
    given = _settings(named, settings, {"file", "test_file", "digest"})
    made = prepare(*read_files(given, lambda _, text: Path(text).expanduser()))
    where = {key: str(Path(text).expanduser().resolve()) for key in PATHS if (text := getattr(given, key))}
    return replace(made, parameters=made.parameters.model_copy(update=where))


def _settings(named: dict[str, str], settings: dict[str, Any], taken: set[str]) -> ArraysParameters:
    """Return the settings as a scenario would have them; ``named`` and other ``taken`` ones are not the caller's."""
    known = {name: field for name, field in ArraysParameters.model_fields.items() if name not in taken}
    for name, value in settings.items():
        if name not in known:
            raise ArgumentError(f"hwsim.task has no argument {name!r}; {choose(name, known)}")
        if isinstance(value, tuple):
            settings = {**settings, name: list(value)}
    try:
        return ArraysParameters.model_validate({**named, **settings}, strict=True)
    except pydantic.ValidationError as error:
        found = diagnose(ArraysParameters, error, settings)
        raise ArgumentError(
            "; ".join(str(Diagnostic("hwsim.task", 1, 1, *one[1:])).partition(": ")[2] for one in found)
        ) from None


def _part(name: str, given: Any) -> Part:
    if isinstance(given, tuple | list) and len(given) == 2:  # noqa: PLR2004 - inputs and targets
        x, y = given
        return Part(_array(name, "inputs", x), _array(name, "targets", y))
    if hasattr(given, "dataset") and hasattr(given, "batch_size"):
        raise ArgumentError(f"{name} is a loader, which shuffles and batches; give its data set, loader.dataset")
    if isinstance(given, bytes | dict | np.ndarray) or not (
        hasattr(given, "__getitem__") or hasattr(given, "__iter__")
    ):
        raise ArgumentError(f"{name} is a {type(given).__name__}; {_PAIR}")
    columns: tuple[list[Any], list[Any]] = ([], [])
    for number, sample in enumerate(_samples(given)):
        if not isinstance(sample, tuple | list) or len(sample) != 2:  # noqa: PLR2004 - likewise
            raise ArgumentError(f"{name}, sample {number}: a {type(sample).__name__}; {_PAIR}")
        for column, value in zip(columns, sample, strict=True):
            column.append(_plain(value))
    return Part(_array(name, "inputs", columns[0]), _array(name, "targets", columns[1]))


def _samples(given: Any) -> Iterator[Any]:
    """Yield every sample once: by number if their count is known, as torch's data sets of samples have it."""
    if hasattr(given, "__len__") and hasattr(given, "__getitem__"):
        return (given[number] for number in range(len(given)))
    return iter(given)


def _plain(value: Any) -> Any:
    """Convert a tensor, wherever it lies, to what NumPy takes; brain floats become float32, which is exact."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    return value


def _array(name: str, noun: str, given: Any) -> NDArray[Any]:
    try:
        found = np.array(_plain(given))  # a copy: what the caller does with it later is another matter
    except (TypeError, ValueError) as error:
        what = f"{name}: {noun} make no array ({error})"
        raise DataFaults([DataFault(noun, what, "give samples of one shape")]) from None
    if found.dtype.kind == "O" and all(isinstance(one, str) for one in found.reshape(-1)):
        found = found.astype(str)
    return found
