"""Entries that break a promise are told which; each is a sound one with one fault planted in it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hwsim.controller import CONTROLLERS
from hwsim.crossbar import CROSSBARS
from hwsim.device import DEVICES, Bill
from hwsim.export import ExportPlugin
from hwsim.export.told import Told
from hwsim.files.checksum import RULE, checked
from hwsim.task import TASKS
from hwsim.testing import ConformanceError, check_controller, check_device, check_export, check_task, check_topology


def _broken_fabric(**faults: Any) -> SimpleNamespace:
    def build(ports: int) -> Any:
        fabric = CROSSBARS["benes"].build(ports)
        for name, fault in faults.items():
            sound = getattr(fabric, name)
            setattr(fabric, name, lambda *a, _s=sound, _f=fault, **k: _f(_s(*a, **k)))
        return fabric

    return SimpleNamespace(name="mine", summary="a Benes network with a fault", build=build)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ({"apply_many": lambda y: y[:, ::-1]}, "its router realises the permutation asked for"),
        ({"sets_many": lambda n: n + 1}, "switches set less switches reset are those held more"),
        ({"toggles_many": lambda n: n + 1}, "switches set less switches reset are those held more"),
        ({"held_many": lambda n: n + 1}, "no switch is held at power-up"),
        ({"words": lambda w: w[:-1]}, "its words have configuration_bits"),
        ({"words": lambda w: [(value + 2**width, width) for value, width in w]}, "word fits its width"),
    ],
)
def test_a_broken_topology(fault: dict[str, Any], promise: str) -> None:
    with pytest.raises(ConformanceError, match=f"mine breaks a promise: .*{promise}"):
        check_topology(_broken_fabric(**fault), ports=(4,))


def test_a_topology_that_refuses_without_a_word() -> None:
    def build(ports: int) -> Any:
        raise ValueError(f"{ports}, no")

    with pytest.raises(ConformanceError, match="a refusal of 3 ports says which number would work: 3, no"):
        check_topology(SimpleNamespace(name="mine", summary="refuses", build=build), ports=(3,))


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ({"train_x": np.full((64, 1), np.nan, np.float32)}, "train_x is finite"),
        ({"test_x": np.full((32, 1), 7, np.float32)}, "test_x lies in the declared range"),
        ({"test_y": np.zeros((3, 1), np.float32)}, "test_x and test_y have equally many samples"),
        ({"train_y": np.full((64, 1), np.inf, np.float32)}, "train_y is finite"),
        ({"train_x": np.zeros((64, 1))}, "train_x is float32"),
    ],
)
def test_a_broken_task(fault: dict[str, Any], promise: str) -> None:
    sound = TASKS["sine"]
    x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    small = replace(sound.load(sound.parameters()), train_x=x, train_y=x, test_x=x[:32], test_y=x[:32])
    plugin = replace(sound, name="mine", load=lambda _: replace(small, **fault))
    with pytest.raises(ConformanceError, match=f"mine breaks a promise: .*{promise}"):
        check_task(plugin)


class _Wrapped:
    """A method that passes on what another does, with a fault."""

    def __init__(self, sound: Any, job: Any, fault: str) -> None:
        self.sound, self.cells, self.probe, self.fault, self.number = sound, job.cells, job.probe, fault, 0
        self.x = job.task.train_x[:2]

    def advance(self, report: Any) -> Any:
        change = self.sound.advance(report)
        self.number += 1
        if self.fault == "touches":
            self.cells[0][0, 0] += 1
        if change is None:
            return None
        if self.fault == "doubles":
            doubled = [None if p is None else np.zeros_like(p) for p in change.permutations]
            return replace(change, permutations=tuple(doubled))
        if self.fault == "forgets":
            return replace(change, batch=self.number)
        if self.fault == "asks":
            assert len(self.probe.outputs(self.x)) == len(self.x)
            toggles = self.probe.price(change).toggles
            return replace(change, batch=1000 * self.probe.spent.reads + toggles)
        return change

    def dump(self) -> bytes:
        return bytes(self.sound.dump())

    def load(self, state: bytes) -> None:
        self.sound.load(state)


@pytest.mark.parametrize(
    ("fault", "promise"),
    [
        ("touches", "it never touches a cell"),
        ("doubles", "every row is a permutation of its bank's cells"),
        ("forgets", "what is put away and taken up goes on alike"),
    ],
)
def test_a_broken_controller(fault: str, promise: str) -> None:
    sound = CONTROLLERS["laperm"]
    plugin = replace(sound, name="mine", begin=lambda p, job: _Wrapped(sound.begin(p, job), job, fault))
    with pytest.raises(ConformanceError, match=f"mine breaks a promise: {promise}"):
        check_controller(plugin, path="compiled")


def test_a_controller_that_asks_the_chip() -> None:
    """What it was told stands in the batches that it names: after every interruption it is told the same again."""
    sound, begun = CONTROLLERS["laperm"], []

    def begin(parameters: Any, job: Any) -> Any:
        begun.append(job.probe)
        return _Wrapped(sound.begin(parameters, job), job, "asks")

    check_controller(replace(sound, name="mine", begin=begin), path="compiled")
    assert len({probe.spent.reads for probe in begun}) == 1
    assert begun[0].spent.reads == 2 * (len(begun) - 1) > 0


def patched(monkeypatch: pytest.MonkeyPatch, method: str, stand_in: Any) -> None:
    """Let chips of the ideal device have another method."""
    sound = DEVICES["ideal"]

    class Other:
        def __init__(self, device: Any) -> None:
            self.device = device

        def __getattr__(self, name: str) -> Any:
            return getattr(self.device, name)

        def fabricate(self, *given: Any) -> Any:
            chip = self.device.fabricate(*given)
            object.__setattr__(chip, method, stand_in)
            return chip

    other = replace(sound, build=lambda values: Other(sound.build(values)))
    monkeypatch.setitem(DEVICES._load(), "ideal", replace(DEVICES._load()["ideal"], plugin=other))


def test_a_broken_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chips of a device whose connections go nowhere."""
    patched(monkeypatch, "connect", lambda *_: None)
    with pytest.raises(ConformanceError, match="ideal breaks a promise: position i meets the cell"):
        check_device("ideal")


@pytest.mark.parametrize(
    ("bill", "promise"),
    [
        (Bill(1.0, 1.0, conversion_j=1.5), "conversion is a share"),
        (Bill(1.0, 1.0, conversion_j=-0.1), "conversion is a share"),
        (Bill(1.0, 1.0, conversion_j=float("nan")), "conversion is a share"),
        (Bill(1.0, 1.0, pipelined_s=1.5), "the next inference may begin before the answer"),
        (Bill(1.0, 1.0, pipelined_s=-0.1), "the next inference may begin before the answer"),
        (Bill(1.0, 1.0, idle_w=-0.1), "what is taken all the time"),
        (Bill(1.0, 1.0, idle_w=float("inf")), "what is taken all the time"),
    ],
)
def test_a_broken_bill(monkeypatch: pytest.MonkeyPatch, bill: Bill, promise: str) -> None:
    patched(monkeypatch, "inference_bill", lambda: bill)
    with pytest.raises(ConformanceError, match=f"ideal breaks a promise: {promise}"):
        check_device("ideal")


def test_bills_of_chips_that_keep_to_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Energy and time are enough."""
    patched(monkeypatch, "inference_bill", lambda: Bill(1.0, 1.0))
    check_device("ideal")


@pytest.mark.parametrize(
    ("times", "promise"),
    [([(1, 0.0), (0, 0.0)], "a layer of arrays has at least one"), ([(1, 1.0)], "layers' times add")],
)
def test_arrays_that_do_not_add_up(monkeypatch: pytest.MonkeyPatch, times: list[Any], promise: str) -> None:
    patched(monkeypatch, "layer_times", lambda: times)
    with pytest.raises(ConformanceError, match="ideal breaks a promise: tiled chips, and no others"):
        check_device("ideal")
    tiled = replace(DEVICES["ideal"], tiled=True)
    monkeypatch.setitem(DEVICES._load(), "ideal", replace(DEVICES._load()["ideal"], plugin=tiled))
    with pytest.raises(ConformanceError, match=f"ideal breaks a promise: {promise}"):
        check_device("ideal")


def test_an_unknown_name() -> None:
    with pytest.raises(KeyError, match="unknown crossbar 'bens'; did you mean 'benes'"):
        check_topology("bens")


def _another(content: bytes) -> Told:
    assert content == b"x\n"
    return Told("0" * 64, 7, "none", ())


def test_exports_that_break_a_promise() -> None:
    counted = iter(range(100))
    cases: list[tuple[ExportPlugin, str]] = [
        (ExportPlugin("mine", "mine", lambda _: {}), "there is a file where there is a crossbar"),
        (ExportPlugin("mine", "mine", lambda _: {"a": str(next(counted))}), "the same snapshot gives the same files"),
        (ExportPlugin("mine", "mine", lambda _: {"a/b": "x"}), "a file's name holds no folder"),
        (ExportPlugin("mine", "mine", lambda _: {"a": b""}), "a file holds text or bytes"),
        (
            ExportPlugin("mine", "mine", lambda s: {f"{k.layer}": b"x" for k in s.layers}, needs="network"),
            "what needs a network alone writes files",
        ),
        (ExportPlugin("mine", "mine", lambda _: {"a": "x\n"}, checksum=RULE), "its files end with their checksum"),
        (
            ExportPlugin("mine", "mine", lambda _: {"a": checked("x\n", "script")}, checksum=RULE, read=_another),
            "what is read back is of the run and event that were written",
        ),
    ]
    for plugin, promise in cases:
        with pytest.raises(ConformanceError, match=f"^mine breaks a promise: .*{promise}"):
            check_export(plugin)
