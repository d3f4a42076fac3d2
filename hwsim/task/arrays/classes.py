"""Labels become class numbers: whole numbers as they are, words in sorted order or in that which is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.task.arrays.sources import FEW, listed
from hwsim.task.data import DataFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hwsim.task.arrays.schema import ArraysParameters
    from hwsim.task.arrays.sources import Part


def find_classes(
    parts: Sequence[Part], given: ArraysParameters, faults: list[DataFault]
) -> tuple[list[NDArray[Any]], list[str] | int]:
    """Find class numbers int64 (samples,) of every part, and the names of the classes or how many there are.

    Args:
        parts: all samples, or those for training and those for the test.
        given: may say how many classes there are, or their names.
        faults: takes what is wrong: labels that are no classes.
    """
    labels = [_plain(part.y, given.classes) for part in parts]
    if any(one.dtype.kind == "U" for one in labels):
        return _words(parts, [one.astype(str) for one in labels], given, faults)
    return _numbers(parts, labels, given, faults)


def _plain(y: NDArray[Any], classes: int | list[str] | None) -> NDArray[Any]:
    """Arrange labels as one row of whole numbers, floats or words.

    Text that is all numbers is numbers, unless all of it are names of classes, which have an order of their own.
    """
    flat = y.reshape(-1)
    if flat.dtype.kind == "S":
        flat = np.char.decode(flat, "utf-8", "replace")
    if flat.dtype.kind == "U" and not (isinstance(classes, list) and np.isin(flat, classes).all()):
        try:
            return flat.astype(np.float64)
        except ValueError:
            return flat
    return flat


def _words(
    parts: Sequence[Part], labels: list[NDArray[Any]], given: ArraysParameters, faults: list[DataFault]
) -> tuple[list[NDArray[Any]], list[str] | int]:
    found = np.unique(np.concatenate(labels))
    names = given.classes if isinstance(given.classes, list) else [str(one) for one in found]
    if isinstance(given.classes, int) and given.classes != len(names):
        what = f"classes = {given.classes}, but there are {len(names)} words: {listed(names)}"
        faults.append(DataFault("classes", what, "leave classes out, or list the names"))
    numbers = [name for name in found if _number(str(name))]
    if not isinstance(given.classes, list) and numbers and len(numbers) < len(found):
        what = f"labels are words and numbers: {listed([repr(str(one)) for one in found])}"
        faults.append(DataFault("targets", what, "mend them, or list all names in classes"))
    if not isinstance(given.classes, list) and "" in names:
        row = next(
            part.place((int(np.flatnonzero(one == "")[0]),))
            for part, one in zip(parts, labels, strict=True)
            if (one == "").any()
        )
        faults.append(DataFault("targets", f"a label is empty: {row}", "fill it in, or leave the sample out"))
    order = np.argsort(np.array(names))
    made = []
    for part, one in zip(parts, labels, strict=True):
        place = np.minimum(np.searchsorted(np.array(names), one, sorter=order), len(names) - 1)
        y = order[place].astype(np.int64)
        wrong = np.flatnonzero(np.array(names)[y] != one)
        if wrong.size:
            where = listed([f"{part.place((int(row),))} is {str(one[row])!r}" for row in wrong], FEW)
            hint = f"classes has {listed(names)}"
            faults.append(DataFault("targets", f"labels that are no classes: {where}", hint))
        made.append(y)
    return made, names


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(
    parts: Sequence[Part], labels: list[NDArray[Any]], given: ArraysParameters, faults: list[DataFault]
) -> tuple[list[NDArray[Any]], list[str] | int]:
    names = given.classes if isinstance(given.classes, list) else None
    count = len(given.classes) if isinstance(given.classes, list) else given.classes
    most = max(0, *(one.max() for one in labels if one.size))
    made = []
    for part, one in zip(parts, labels, strict=True):
        beyond = one >= count if count is not None else np.zeros(len(one), bool)
        wrong = np.flatnonzero((one < 0) | (one != np.floor(one)) | beyond)
        if wrong.size:
            where = listed([f"{part.place((int(row),))} is {one[row]:g}" for row in wrong], FEW)
            hint = f"number {count or 'the'} classes 0 to {count - 1 if count else 'the last'}"
            hint += "" if (one == np.floor(one)).all() else ", or set goal = 'regression' to learn real numbers"
            faults.append(DataFault("targets", f"labels that are no classes: {where}", hint))
        made.append(one.astype(np.int64))
    classes = int(count if count is not None else most + 1)
    return made, names if names is not None else classes


def find_unlearnable(y: NDArray[np.int64], names: list[str] | int) -> list[DataFault]:
    """Report classes without a sample for training, as a fault.

    Args:
        y: class numbers of the samples for training.
        names: names of the classes, or how many there are.

    Example:
        >>> print(find_unlearnable(np.array([1, 2, 1]), 3)[0])
        no sample for training is of class 0 of 3; class numbers begin at 0: subtract 1
    """
    classes, there = len(names) if isinstance(names, list) else names, np.unique(y)
    if classes == 1:
        return [DataFault("targets", "all samples are of one class", "give two classes or more")]
    missing = classes - len(there)
    if missing <= 0:
        return []
    absent = np.setdiff1d(np.arange(min(classes, len(there) + FEW)), there)[:FEW]
    told = listed([repr(names[n]) if isinstance(names, list) else int(n) for n in absent])
    more = f" and {missing - len(absent):,} more" if missing > len(absent) else ""
    from_one = isinstance(names, int) and missing == 1 and there.size and there[0] == 1
    hint = "class numbers begin at 0: subtract 1" if from_one else "give samples of every class"
    return [DataFault("classes", f"no sample for training is of class {told}{more} of {classes:,}", hint)]
