"""Methods of one's own: what a function yields is what the chip carries out, and what is wrong names its line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.controller import CONTROLLERS, Job, Reconnection
from hwsim.controller.python import PythonParameters, take
from hwsim.controller.replay import Replaying
from hwsim.errors import ArgumentError, HwsimWarning
from hwsim.files.registry import PluginError
from hwsim.model import Registers
from hwsim.schedule import open_schedule
from hwsim.testing import check_controller
from tests.controller.jobs import classifier, images, job

QUICK = ["execution.reference=false", "crossbar.effort=any", "execution.scores=last", "device.name=ideal"]


def straight(given: Job, layer: int) -> np.ndarray:
    banks, ports = given.cells[layer].shape
    return np.tile(np.arange(ports), (banks, 1))


def turned(given: Job) -> Iterator[Any]:
    """Turns all banks of the last layer, once and again, and writes biases."""
    for number in (1, 2, 3):
        yield {1: np.roll(straight(given, 1), number, axis=1)}, {1: np.full(10, number / 8)}


def entries(run: Path) -> list[Any]:
    with open_schedule(run / "schedule.sqlite") as schedule:
        return list(schedule.entries())


def test_what_it_yields_is_in_the_schedule(tiny: Path, tmp_path: Path) -> None:
    answer = hwsim.run(hwsim.load(tiny, QUICK), tmp_path / "run", controller=turned)
    found = entries(tmp_path / "run")
    assert answer.events == len(found) - 1 == 3
    assert answer.reference is None
    for number, entry in enumerate(found[1:], start=1):
        assert entry.permutations[0] is None
        assert np.array_equal(entry.permutations[1], np.roll(np.tile(np.arange(12), (10, 1)), number, axis=1))
        assert entry.registers[1].tolist() == [number / 8] * 10
    # an array of events by list, by function, by partial: all the same schedule
    listed = [({1: rows.permutations[1]}, {1: rows.registers[1]}) for rows in found[1:]]
    again = hwsim.replay(listed, hwsim.load(tiny, QUICK), tmp_path / "listed")
    assert again.rows == answer.rows
    assert hwsim.run(hwsim.load(tiny, QUICK, controller=turned), tmp_path / "run").reused


def begun(method: Any, given: Job | None = None) -> Any:
    return take(method, PythonParameters()).begin(given or job(images(), classifier()))


@pytest.mark.parametrize(
    ("yielded", "told"),
    [
        (np.zeros((3, 6), int), "an array, and the network's layers with learned connections are 0, 1; yield a dict"),
        ({2: None}, "there is no layer 2 to reconnect; those are 0, 1"),
        ({1: np.zeros((3, 5), int)}, r"layer 1: int64 of shape (3, 5); whole numbers (banks, ports) = (3, 6)"),
        ({1: np.zeros((3, 6))}, "layer 1: float64 of shape (3, 6)"),
        ({1: np.array([[0, 1, 2, 3, 4, 5]] * 2 + [[0, 1, 2, 3, 4, 4]])}, "layer 1, bank 2 has cell 4 twice"),
        ({1: np.array([[0, 1, 2, 3, 4, -1]] * 3)}, "layer 1, bank 0 has cell -1 of 6"),
        ((None, [1.0, 2.0]), "biases in an array, and the network has 2 layers"),
        ((None, {1: [1.0, 2.0]}), "biases of layer 1 are of shape (2,); (3,) is wanted"),
        ((None, {1: [1.0, 2.0, np.nan]}), "the bias of unit 2 of layer 1 is nan; give finite numbers"),
        ((None, {1: [1.0, 1e39, 2.0]}), "the bias of unit 1 of layer 1 is 1e+39"),
        ("twice", "an array, and the network's layers"),
    ],
)
def test_what_it_must_not_yield(yielded: Any, told: str) -> None:
    def method(_: Job) -> Iterator[Any]:
        yield {1: None}
        yield yielded

    line = inspect.getsourcelines(method)[1] + 2
    controller = begun(method)
    controller.advance(lambda _: None)
    with pytest.raises(PluginError) as error:
        controller.advance(lambda _: None)
    assert f"controller 'method' (test_python.py, line {line}): event 2: {told}" in str(error.value)


def test_an_error_in_it_names_its_line() -> None:
    def method(given: Job) -> Iterator[Any]:
        yield None
        given.cells[7]

    line = inspect.getsourcelines(method)[1] + 2
    controller = begun(method)
    controller.advance(lambda _: None)
    with pytest.raises(PluginError, match=rf"'method' failed: IndexError: .* \(test_python\.py, line {line}\)"):
        controller.advance(lambda _: None)


def test_what_is_no_method() -> None:
    given = job(images(), classifier())
    for one, told in [
        (turned(given), "give the function, turned, not its call"),
        (5, "found int"),
        (dict, "found dict"),
    ]:
        with pytest.raises(ArgumentError, match=told):
            take(one, PythonParameters())
    with pytest.raises(PluginError, match="it gives int, not reconnections one after another; use yield"):
        begun(lambda _: 3)


def test_cells_and_data_cannot_be_written_to_and_no_test_set_is_shown() -> None:
    given = job(images(), classifier())
    before = [one.copy() for one in given.cells]

    def method(shown: Job) -> Iterator[Any]:
        assert len(shown.task.test_x) == len(shown.task.test_y) == 0
        assert len(shown.task.train_x) == len(given.task.train_x)
        for array in (shown.cells[0], shown.task.train_x, shown.task.train_y):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0
        yield None

    assert begun(method, given).advance(lambda _: None) is not None
    assert all(np.array_equal(one, other) for one, other in zip(before, given.cells, strict=True))


def test_reconnections_pass_as_they_are() -> None:
    registers = (Registers(np.zeros(6), 1.0), Registers(np.ones(3), 1.0))
    wanted = Reconnection(12, (None, None), registers)
    assert begun([wanted]).advance(lambda _: None) is wanted


def test_another_method_is_another_run_and_one_without_a_digest_is_never_reused(tiny: Path, tmp_path: Path) -> None:
    def made(shift: float) -> Callable[[Job], Iterator[Any]]:
        table = np.full(10, shift)
        return lambda given: iter([({1: np.roll(straight(given, 1), 1, axis=1)}, {1: table})])

    def identity(method: Any) -> str:
        return hwsim.load(tiny, QUICK, controller=method).plan().identity

    bit = np.nextafter(0.5, 1.0)
    assert identity(made(0.5)) == identity(made(0.5)) != identity(made(bit))
    with Path(__file__).open() as file:

        def untold(given: Job) -> Iterator[Any]:
            assert file.name
            yield {1: np.roll(straight(given, 1), 1, axis=1)}

        scenario = hwsim.load(tiny, QUICK, controller=untold)
        with pytest.warns(HwsimWarning, match="the code of untold has no digest: closure file is a TextIOWrapper"):
            first = hwsim.run(scenario, tmp_path / "first")
        with pytest.warns(HwsimWarning), pytest.raises(hwsim.HwsimError, match="another run lies here"):
            hwsim.run(scenario, tmp_path / "first")
    assert not first.reused


def test_an_interrupted_run_calls_it_again_and_holds_it_to_its_word(tiny: Path, tmp_path: Path) -> None:
    """Killed after an event, it is called from its start and ends with the same bits."""
    scenario = hwsim.load(tiny, QUICK)
    wanted = hwsim.run(scenario, tmp_path / "whole", controller=probing)
    calls = []

    def stop(stage: str, _: float, row: dict[str, Any] | None) -> None:
        if stage == "training" and row is not None and row["event"] == 2:
            calls.append(row)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsim.run(scenario, tmp_path / "cut", stop, controller=probing)
    assert calls
    found = hwsim.run(scenario, tmp_path / "cut", controller=probing)
    assert found.rows == wanted.rows
    MOOD["now"] = 0
    with pytest.raises(KeyboardInterrupt):
        hwsim.run(scenario, tmp_path / "moody", stop, controller=moody)
    MOOD["now"] = 1
    with pytest.raises(hwsim.HwsimError, match="another run lies here"):  # what it refers to has changed
        hwsim.run(scenario, tmp_path / "moody", controller=moody)


def probing(given: Job) -> Iterator[Any]:
    """Asks the chip between its reconnections."""
    assert given.probe is not None
    for _ in range(4):
        outputs = given.probe.outputs(given.task.train_x[:16])
        yield {1: np.roll(straight(given, 1), int(abs(outputs).sum() * 1e6) % 12, axis=1)}


MOOD = {"now": 0}


def moody(given: Job) -> Iterator[Any]:
    for number in (1, 2, 3):
        yield {1: np.roll(straight(given, 1), number + MOOD["now"], axis=1)}


def test_they_keep_the_promises_of_controllers() -> None:
    """Of a schedule: what is put away goes on alike. A function cannot be put away and says so."""
    changes: list[Reconnection] = []

    def begin(_: Any, given: Job) -> Replaying:
        if not changes:
            start = tuple(Registers(one.bias, one.gain) for one in given.start)
            changes.extend(Reconnection(n, (None, np.roll(straight(given, 1), n, axis=1)), start) for n in (1, 2, 3))
        return Replaying(changes)

    check_controller(replace(CONTROLLERS["replay"], begin=begin), schedule="x.csv")
    with pytest.raises(hwsim.HwsimError, match="cannot be taken up"):
        begun(turned).load(b"")


def test_a_run_folder_without_the_function_says_so(tiny: Path, tmp_path: Path) -> None:
    hwsim.run(hwsim.load(tiny, QUICK), tmp_path / "run", controller=turned)
    (tmp_path / "run" / "answer.json").unlink()
    kept = tmp_path / "run" / "scenario.toml"
    assert hwsim.run(kept, tmp_path / "run").events == 3  # the schedule is whole
    with pytest.raises(hwsim.HwsimError, match="this run was decided by turned of Python, which no file holds"):
        hwsim.run(kept, tmp_path / "other")


def fickle(given: Job) -> Iterator[Any]:
    rng = np.random.default_rng()  # no seed
    for _ in range(3):
        yield {1: rng.permuted(straight(given, 1), axis=1)}


def test_a_method_that_does_not_repeat_itself_is_told(tiny: Path, tmp_path: Path) -> None:
    def stop(_: str, __: float, row: dict[str, Any] | None) -> None:
        if row is not None and row["event"] == 2:
            raise KeyboardInterrupt

    scenario = hwsim.load(tiny, QUICK)
    with pytest.raises(KeyboardInterrupt):
        hwsim.run(scenario, tmp_path / "run", stop, controller=fickle)
    told = "controller 'fickle' does not repeat itself: at event 1 it wants something else than before"
    with pytest.raises(hwsim.HwsimError, match=told):
        hwsim.run(scenario, tmp_path / "run", controller=fickle)
