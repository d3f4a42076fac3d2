"""Labels become class numbers: whole numbers as they are, words in sorted order or in that which is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.task.arrays.sources import FEW, listed
from hwsim.task.data import DataFault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.task.arrays.schema import ArraysParameters
    from hwsim.task.arrays.sources import Part


def find_classes(
    pair: tuple[Part, Part], given: ArraysParameters, faults: list[DataFault]
) -> tuple[list[NDArray[Any]], list[str] | int]:
    """Class numbers int64 (samples,) of both halves, and the names of the classes or how many there are.

    Args:
        pair: samples for training and for the test.
        given: may say how many classes there are, or their names.
        faults: takes what is wrong: labels that are no classes, and classes without a sample to learn from.
    """
    labels = [_plain(part.y) for part in pair]
    if any(one.dtype.kind == "U" for one in labels):
        return _words(pair, [one.astype(str) for one in labels], given, faults)
    return _numbers(pair, labels, given, faults)


def _plain(y: NDArray[Any]) -> NDArray[Any]:
    """Labels as one row of whole numbers, floats or words; a column of text that is all numbers is numbers."""
    flat = y.reshape(-1)
    if flat.dtype.kind == "S":
        flat = np.char.decode(flat, "utf-8", "replace")
    if flat.dtype.kind == "U":
        try:
            return flat.astype(np.float64)
        except ValueError:
            return flat
    return flat


def _words(
    pair: tuple[Part, Part], labels: list[NDArray[Any]], given: ArraysParameters, faults: list[DataFault]
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
            for part, one in zip(pair, labels, strict=True)
            if (one == "").any()
        )
        faults.append(DataFault("targets", f"a label is empty: {row}", "fill it in, or leave the sample out"))
    order = np.argsort(np.array(names))
    made = []
    for part, one in zip(pair, labels, strict=True):
        place = np.minimum(np.searchsorted(np.array(names), one, sorter=order), len(names) - 1)
        y = order[place].astype(np.int64)
        wrong = np.flatnonzero(np.array(names)[y] != one)
        if wrong.size:
            where = listed([f"{part.place((int(row),))} is {str(one[row])!r}" for row in wrong], FEW)
            hint = f"classes has {listed(names)}"
            faults.append(DataFault("targets", f"labels that are no classes: {where}", hint))
        made.append(y)
    _learnable(made[0], len(names), names, faults)
    return made, names


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(
    pair: tuple[Part, Part], labels: list[NDArray[Any]], given: ArraysParameters, faults: list[DataFault]
) -> tuple[list[NDArray[Any]], list[str] | int]:
    names = given.classes if isinstance(given.classes, list) else None
    count = len(given.classes) if isinstance(given.classes, list) else given.classes
    most = max(0, *(one.max() for one in labels if one.size))
    made, strange = [], False
    for part, one in zip(pair, labels, strict=True):
        beyond = one >= count if count is not None else np.zeros(len(one), bool)
        wrong = np.flatnonzero((one < 0) | (one != np.floor(one)) | beyond)
        if wrong.size:
            strange = True
            where = listed([f"{part.place((int(row),))} is {one[row]:g}" for row in wrong], FEW)
            hint = f"number {count or 'the'} classes 0 to {count - 1 if count else 'the last'}"
            hint += "" if (one == np.floor(one)).all() else ", or set goal = 'regression' to learn real numbers"
            faults.append(DataFault("targets", f"labels that are no classes: {where}", hint))
        made.append(one.astype(np.int64))
    classes = int(count if count is not None else most + 1)
    if not strange:
        _learnable(made[0], classes, names, faults)
    return made, names if names is not None else classes


def _learnable(y: NDArray[np.int64], classes: int, names: list[str] | None, faults: list[DataFault]) -> None:
    """Every class must have a sample for training."""
    there = np.unique(y)
    if classes == 1:
        faults.append(DataFault("targets", "all samples are of one class", "give two classes or more"))
    missing = classes - len(there)
    if missing <= 0:
        return
    absent = np.setdiff1d(np.arange(min(classes, len(there) + FEW)), there)[:FEW]
    told = listed([repr(names[n]) if names else int(n) for n in absent])
    more = f" and {missing - len(absent):,} more" if missing > len(absent) else ""
    hint = "give samples of every class"
    if not names and there.size and there[0] == 1 and 0 in absent and missing == 1:
        hint = "class numbers begin at 0: subtract 1"
    faults.append(DataFault("classes", f"no sample for training is of class {told}{more} of {classes:,}", hint))
