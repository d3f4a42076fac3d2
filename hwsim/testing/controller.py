"""The promises of a training method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.controller import CONTROLLERS, Job
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.technology import Switch
from hwsim.device.ideal import Ideal
from hwsim.execution import Machine, first_entry, replay
from hwsim.model import start
from hwsim.testing.example import CLASSIFIER, INTERPOLATOR, classes, parabola
from hwsim.testing.promise import entry_of, hold, introduce

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hwsim.controller import ControllerPlugin, Reconnection
    from hwsim.schedule import Entry

MOST = 100
"""Reconnections after which a method on so small a task is taken to have no end."""
SWITCH = Switch("ideal", "electronic", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 32, 1e8, 0.0)
SMALL = {"epochs": 5, "batch": 16, "period": 2}


def check_controller(controller: Any, **parameters: Any) -> None:
    """Check a controller: permutations of the banks, an end, and the same bits again after every interruption.

    What it asks for is carried out on an ideal chip behind Beneš networks, which also answers its questions
    (:class:`hwsim.controller.Probe`). It works on one of two small tasks, a classifier of dense layers or the network
    of Cai et al., whichever suits it.

    Args:
        controller: a registered name, or an entry of :class:`hwsim.controller.ControllerPlugin`.
        parameters: its own parameters, as a scenario's ``[controller]`` would write them; epochs, batch and period are
            small ones where it has them and they are left out.

    Raises:
        ConformanceError: a promise is broken.
        KeyError: an unknown name.

    Example:
        >>> check_controller("none")
    """
    plugin = entry_of(CONTROLLERS, controller)
    name = introduce(plugin)
    known = plugin.parameters.model_fields
    chosen = plugin.parameters.model_validate({k: v for k, v in SMALL.items() if k in known} | parameters)
    pairs = ((CLASSIFIER, classes()), (INTERPOLATOR, parabola()))
    suited = [(model, task) for model, task in pairs if not plugin.problems(model, task.shape)]
    hold(suited, name, "it suits a small dense classifier, or the 1-2n-1-1 network")
    model, task = suited[0]
    values = start(model, 3)
    job = Job(task, model, values, [np.round(value.weights, 1) for value in values], seed=3, threads=1)
    changes, entries, dumps = _work(name, plugin, chosen, job)
    for number, (dump, arrays) in enumerate(dumps):
        machine = _machine(job)
        replay(entries[: number + 1], machine)
        machine.load(arrays)
        resumed = plugin.begin(chosen, replace(job, probe=machine))
        resumed.load(dump)
        for event, wanted in enumerate(changes[number + 1 :], start=number + 2):
            found = resumed.advance(lambda _: None)
            hold(found is not None and _same(found, wanted), name, "what is put away and taken up goes on alike")
            machine.fulfil(event, wanted)
        hold(resumed.advance(lambda _: None) is None, name, "what is put away and taken up ends alike")


def _machine(job: Job) -> Machine:
    """Build an ideal chip behind Beneš networks, as it stands after event 0."""
    burnt = [replace(values, weights=cells) for values, cells in zip(job.start, job.cells, strict=True)]
    chip = Ideal().fabricate(job.model, burnt, job.task.calibration, job.seed)
    layers = job.model.layers
    fabrics = [CROSSBARS["benes"].build(layer.inputs) if layer.learned_connections else None for layer in layers]
    machine = Machine(job.model, chip, fabrics, SWITCH, "output", "any", seed=job.seed)
    machine.execute(first_entry(job.model, job.start))
    return machine


def _work(
    name: str, plugin: ControllerPlugin, chosen: Any, job: Job
) -> tuple[list[Reconnection], list[Entry], list[tuple[bytes, dict[str, NDArray[np.generic]]]]]:
    """Work to the end; every reconnection, what came of it, and the states of method and machine after it."""
    cells = [one.copy() for one in job.cells]
    shares: list[float] = []
    machine = _machine(job)
    whole = plugin.begin(chosen, replace(job, probe=machine))
    changes, entries, dumps = [], [], []
    while (change := whole.advance(shares.append)) is not None:
        changes.append(change)
        hold(len(changes) < MOST, name, f"it ends; here it went on after {MOST} reconnections")
        for permutation, bank in zip(change.permutations, cells, strict=True):
            if permutation is not None:
                sorted_ = np.sort(permutation, axis=1)
                straight = np.tile(np.arange(bank.shape[1]), (len(bank), 1))
                hold(np.array_equal(sorted_, straight), name, "every row is a permutation of its bank's cells")
        units = [layer.units for layer in job.model.layers]
        hold([len(r.bias) for r in change.registers] == units, name, "it gives the biases of every layer")
        entries.append(machine.fulfil(len(changes), change))
        dumps.append((whole.dump(), machine.dump()))
    hold(whole.advance(shares.append) is None, name, "after the end it stays ended")
    hold(shares == sorted(shares) and shares[-1] == 1.0, name, "the share done grows, and is 1 at the end")
    same = all(np.array_equal(before, after) for before, after in zip(job.cells, cells, strict=True))
    hold(same, name, "it never touches a cell")
    return changes, entries, dumps


def _same(one: Reconnection, other: Reconnection) -> bool:
    """Tell whether two reconnections are equal to the last bit."""
    if one.batch != other.batch:
        return False
    for a, b in zip(one.permutations, other.permutations, strict=True):
        if (a is None) != (b is None) or (a is not None and b is not None and not np.array_equal(a, b)):
            return False
    pairs = zip(one.registers, other.registers, strict=True)
    return all(np.array_equal(a.bias, b.bias) and np.array_equal(a.gain, b.gain) for a, b in pairs)
