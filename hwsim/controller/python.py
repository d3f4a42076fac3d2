"""A method written as a plain function of Python: it is given the job, and yields what it wants connected.

``hwsim.run(scenario, controller=method)`` takes it. What it may yield, one reconnection at a time:

* an array (banks, ports) of whole numbers, where one layer has learned connections: ``p[b, i]`` is the cell of bank b
  that feeds position i;
* a dictionary of such arrays by number of layer; layers that are left out keep their connections;
* a pair of one of these (or None) and biases: an array (units,) where the network has one layer, or a dictionary by
  layer;
* a :class:`hwsim.controller.Reconnection`.

A list of these is a method too. ``job.cells`` are design values (banks, ports), ``job.task.train_x`` and ``train_y``
what is learned from, ``job.start`` the biases at fabrication, ``job.seed`` the seed to draw from. ``job.probe`` answers
questions to the chip, which are billed. The test set is not shown.
"""

from __future__ import annotations

import sys
import types
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller.followed import FollowedParameters
from hwsim.controller.protocol import BoundMethod, ControllerPlugin, Job, Reconnection, TrainingError, UnfitError
from hwsim.errors import ArgumentError, HwsimError
from hwsim.files.code import UndigestedError, digest_value
from hwsim.files.registry import PluginError
from hwsim.model import Registers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hwsim.controller.protocol import Controller

MOST = float(np.finfo(np.float32).max)
"""Largest bias that devices can hold."""
_WANTED = "yield an array (banks, ports), a dictionary of them by layer, a pair of these and biases, or a Reconnection"


class PythonParameters(FollowedParameters):
    """Parameters of the controller ``python``; ``hwsim.run(scenario, controller=...)`` writes them."""

    function: str = ""
    """Name of the function, as Python has it."""


def take(method: Any, parameters: PythonParameters) -> BoundMethod:
    """Make a controller of a function or a list.

    Args:
        method: a function of the job that gives an iterator, or a list or array of reconnections.
        parameters: those of the scenario.

    Raises:
        ArgumentError: it is neither.
    """
    name = _name(method)
    try:
        digest, untold = digest_value(method), ""
    except (UndigestedError, RecursionError) as error:
        digest, untold = uuid.uuid4().hex, f"the code of {name} has no digest: {error}"
    known = parameters.model_copy(update={"function": name, "digest": digest})
    return BoundMethod(name, known, lambda job: Following(name, method, job), untold=untold)


def _name(method: Any) -> str:
    """Return the name of a method for messages; refuse what is not a method."""
    if isinstance(method, types.GeneratorType):
        raise ArgumentError(f"controller is a generator at work; give the function, {method.__name__}, not its call")
    if isinstance(method, type) or not (callable(method) or isinstance(method, list | tuple | np.ndarray)):
        kind = method.__name__ if isinstance(method, type) else type(method).__name__
        raise ArgumentError(
            f"controller must be a function of the job that yields permutations, or a list of them, found {kind}"
        )
    if callable(method):
        inner = getattr(method, "func", method)
        return str(getattr(inner, "__name__", type(method).__name__))
    return f"a list of {len(method)}"


class Following:
    """The method at work: a :class:`hwsim.controller.Controller`."""

    def __init__(self, name: str, method: Any, job: Job) -> None:
        self._name, self._job = name, _shown(job)
        self._event, self._batch, self._ended = 0, 0, False
        self._registers = tuple(Registers(start.bias, start.gain) for start in job.start)
        self._learned = [n for n, layer in enumerate(job.model.layers) if layer.learned_connections]
        self._steps: Iterator[Any] = self._tried(lambda: iter(_begun(method, self._job)))

    def advance(self, report: Callable[[float], None]) -> Reconnection | None:
        """Ask the function for its next reconnection."""
        if self._ended:
            return None
        found = self._tried(lambda: next(self._steps, _END))
        if found is _END:
            self._ended = True
            report(1.0)
            return None
        self._event += 1
        report(0.0)
        change = self._understood(found)
        self._registers, self._batch = change.registers, change.batch
        return change

    def dump(self) -> bytes:
        """Return nothing: a function at work cannot be put away."""
        return b""

    def load(self, state: bytes) -> None:
        """Refuse: a run that was interrupted calls the function again."""
        raise TrainingError(f"{self._name} cannot be taken up from {len(state)} bytes; run it again")

    # what goes wrong in it

    def _tried(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except HwsimError:
            raise
        except Exception as error:
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise PluginError(f"controller {self._name!r} failed: {what} ({_line_of(error)})") from error

    def _wrong(self, what: str, hint: str = _WANTED) -> PluginError:
        frame = getattr(self._steps, "gi_frame", None)
        at = f" ({Path(frame.f_code.co_filename).name}, line {frame.f_lineno})" if frame else ""
        return PluginError(f"controller {self._name!r}{at}: event {self._event}: {what}; {hint}")

    # what it yields

    def _understood(self, found: Any) -> Reconnection:
        if isinstance(found, Reconnection):
            return found
        wanted, biases = found if isinstance(found, tuple) and len(found) == 2 else (found, None)  # noqa: PLR2004 - a pair
        rows = self._permutations(wanted)
        return Reconnection(self._batch, rows, self._written(biases))

    def _permutations(self, wanted: Any) -> tuple[NDArray[np.int64] | None, ...]:
        if wanted is None:
            return (None,) * len(self._job.cells)
        if not isinstance(wanted, Mapping):
            if len(self._learned) != 1:
                layers = ", ".join(map(str, self._learned)) or "none"
                what = f"an array, and the network's layers with learned connections are {layers}"
                raise self._wrong(what, "yield a dictionary of arrays by layer")
            wanted = {self._learned[0]: wanted}
        found: list[NDArray[np.int64] | None] = [None] * len(self._job.cells)
        for layer, rows in wanted.items():
            if layer not in self._learned:
                layers = ", ".join(map(str, self._learned)) or "none"
                raise self._wrong(f"there is no layer {layer!r} to reconnect", f"those are {layers}")
            found[int(layer)] = None if rows is None else self._rows(int(layer), rows)
        return tuple(found)

    def _rows(self, layer: int, rows: Any) -> NDArray[np.int64]:
        """Return the permutations of one layer's banks, each checked."""
        wanted = self._job.cells[layer].shape
        try:
            array = np.asarray(rows)
        except (TypeError, ValueError) as error:
            raise self._wrong(f"layer {layer}: no array ({error})") from None
        array = array[None] if wanted[0] == 1 and array.ndim == 1 else array
        if array.shape != wanted or array.dtype.kind not in "iu":
            found = f"{array.dtype} of shape {array.shape}"
            raise self._wrong(f"layer {layer}: {found}", f"whole numbers (banks, ports) = {wanted} are wanted")
        array = array.astype(np.int64)  # a copy: the function may go on with its own
        for bank in np.flatnonzero((np.sort(array, axis=1) != np.arange(wanted[1])).any(axis=1))[:1]:
            given = array[bank]
            beyond = given[(given < 0) | (given >= wanted[1])]
            numbers, counts = np.unique(given, return_counts=True)
            what = f"cell {beyond[0]} of {wanted[1]}" if beyond.size else f"cell {numbers[counts > 1][0]} twice"
            raise self._wrong(
                f"layer {layer}, bank {bank} has {what}", "every row is a permutation of its bank's cells"
            )
        return array

    def _written(self, biases: Any) -> tuple[Registers, ...]:
        if biases is None:
            return self._registers
        layers = self._job.model.layers
        if not isinstance(biases, Mapping):
            if len(layers) != 1:
                raise self._wrong(f"biases in an array, and the network has {len(layers)} layers", "by layer, please")
            biases = {0: biases}
        found = list(self._registers)
        for layer, values in biases.items():
            if layer not in range(len(layers)):
                raise self._wrong(f"there is no layer {layer!r}", f"layers are 0 to {len(layers) - 1}")
            try:
                array = np.array(values, np.float64)
            except (TypeError, ValueError) as error:
                raise self._wrong(f"biases of layer {layer}: no array ({error})") from None
            units = layers[layer].units
            if array.shape != (units,):
                raise self._wrong(f"biases of layer {layer} are of shape {array.shape}", f"({units},) is wanted")
            if not (np.abs(array) <= MOST).all():
                unit = int(np.flatnonzero(~(np.abs(array) <= MOST))[0])
                raise self._wrong(f"the bias of unit {unit} of layer {layer} is {array[unit]:g}", "give finite numbers")
            found[layer] = Registers(array, found[layer].gain)
        return tuple(found)


_END = object()


def _shown(job: Job) -> Job:
    """Return the job as a function may see it: cells and data that cannot be written to, and no test set."""
    task = job.task
    shown = replace(
        task,
        train_x=_locked(task.train_x),
        train_y=_locked(task.train_y),
        test_x=task.test_x[:0],
        test_y=task.test_y[:0],
    )
    return replace(job, cells=[_locked(one) for one in job.cells], task=shown)


def _locked(values: NDArray[Any]) -> NDArray[Any]:
    found = values.view()
    found.flags.writeable = False
    return found


def _begun(method: Any, job: Job) -> Iterable[Any]:
    found = method(job) if callable(method) else method
    if not isinstance(found, Iterable):
        raise TypeError(f"it gives {type(found).__name__}, not reconnections one after another; use yield")
    return found


def _line_of(error: BaseException) -> str:
    """Find file and line of the last step that is neither of hwsim nor of an installed package."""
    from hwsim.files.code import is_installed

    trace, found = error.__traceback__, ""
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if not is_installed(module):
            found = f"{Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found or f"Python {sys.version_info.major}.{sys.version_info.minor}"


def _unbound(parameters: PythonParameters, job: Job) -> Controller:
    del job
    what = f"this run was decided by {parameters.function or 'a function'} of Python"
    raise UnfitError(f"{what}, which no file holds; give it again: hwsim.run(scenario, controller=...)")


PLUGIN = ControllerPlugin(
    name="python",
    summary="a function of Python that yields permutations: hwsim.run(scenario, controller=method)",
    parameters=PythonParameters,
    begin=_unbound,
    training=PythonParameters.training,
    restarts=True,
    refers=lambda parameters: parameters.epochs > 0,
)
