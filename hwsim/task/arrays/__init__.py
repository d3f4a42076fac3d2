"""Data of your own: arrays, tables and files of NumPy, as a scenario names them or as Python holds them.

Data are read while a scenario is looked up, so that everything that is wrong with them is told before anything is
trained, and so that their content is part of the run's identity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.task.arrays.schema import PATHS, ArraysParameters
from hwsim.task.data import BoundTask, DataError, TaskPlugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hwsim.task.data import Shape, Task


def bind(parameters: ArraysParameters, place: Callable[[str, str], Path]) -> BoundTask:
    """Read and check the data that a scenario names.

    Raises:
        DataFaults: everything that is wrong with them.
    """
    from hwsim.task.arrays.preparing import prepare
    from hwsim.task.arrays.reading import read_files

    train, test, known = read_files(parameters, place)
    return prepare(train, test, known)


def _unbound(parameters: ArraysParameters) -> Shape:
    raise DataError(f"the data of {parameters.file} are not read yet; use them by a scenario")


def _unread(parameters: ArraysParameters) -> Task:
    raise DataError(f"the data of {parameters.file} are not read yet; use them by a scenario")


PLUGIN = TaskPlugin(
    name="arrays",
    summary="data of your own: .npz, .npy, .csv or .parquet files, or arrays from Python",
    parameters=ArraysParameters,
    shape=_unbound,
    load=_unread,
    bind=bind,
    paths=PATHS,
)
