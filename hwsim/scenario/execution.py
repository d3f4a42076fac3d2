"""How a run is carried out: what may touch its bits, and the machine in time, part by part."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import pydantic
from pydantic import AfterValidator, Field

from hwsim.files import Hertz, Refusal, Seconds, Watts
from hwsim.files.arrivals import LATEST
from hwsim.files.location import child
from hwsim.files.quantity import format_quantity
from hwsim.files.section import Section, dimension_of, field_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.files.position import KeyPath

Duration = Annotated[Seconds, Field(ge=0, le=LATEST)]
Step = Annotated[Seconds, Field(ge=1e-12, le=LATEST)]
Pace = Annotated[Hertz, Field(gt=0, le=1e12)]
Probability = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Number = Annotated[int, Field(ge=0, le=10**9)]


def _rising(times: tuple[float, ...]) -> tuple[float, ...]:
    for number, (first, second) in enumerate(pairwise(times), 2):
        if second < first:
            raise Refusal(f"must never fall, and time {number} is before time {number - 1}", "sort them")
    return times


Rising = Annotated[tuple[Duration, ...], AfterValidator(_rising)]


def _together(section: Section, key: str, needed: str, hint: str) -> None:
    """Refuse a key without the one that it belongs to."""
    if getattr(section, key) not in (None, ()) and getattr(section, needed) is None:
        raise Refusal(f"has '{key}' without '{needed}'", hint)


class PortChoice(Section):
    """The configuration port; a word is ``crossbar.port_width`` bits, and its clock is ``crossbar.port_clock``."""

    writes: Literal["shortest", "full", "addressed", "delta"] = "shortest"
    """How a bank's configuration is sent: all its bits (``full``), the port words that change with their addresses
    (``addressed``), or addresses of the bits that flip (``delta``), both only where that takes fewer port clocks than
    all; or for each bank whatever takes the fewest (``shortest``). Without this table, and of a placed design, it is
    ``full``."""
    burst: Count | None = None
    """Words after which the port pauses; it never does when left out."""
    pause: Number | None = Field(default_factory=lambda known: 1 if known.get("burst") else None)
    """Clocks between two bursts; 1 when left out."""
    loss: Probability = 0.0
    """Probability that a word is lost on its way; the checksum finds out, and the bank is sent again as a whole."""
    check_bits: Literal[0, 16, 32] = Field(default_factory=lambda known: 32 if known.get("loss") else 0)
    """Bits of the checksum that follows what a bank is sent: CRC-16, CRC-32, or none; 32 where words are lost, none
    otherwise."""
    registers: Literal["same", "own"] = "same"
    """Whether bias and gain registers are written through the ``same`` port, after all banks, or through their
    ``own``, as wide and as fast, at the same time."""

    @pydantic.model_validator(mode="after")
    def _found_out(self) -> Self:
        _together(self, "pause", "burst", "give burst too, or leave pause out")
        if self.loss > 0 and self.check_bits == 0:
            raise Refusal(
                "loses words (loss), and no checksum (check_bits) finds out", "give check_bits = 32, or leave it out"
            )
        return self


class DriversChoice(Section):
    """What makes switches change."""

    count: Count | None = None
    """Switches that may change at a time in the whole machine; any number when left out."""
    power: Annotated[Watts, Field(gt=0)] | None = None
    """In place of a count: the watts that changing switches may take. One takes its set or reset energy over its set
    or reset time, whichever is more, and its ``hold_power``."""
    order: Literal["together", "reset-first"] = "together"
    """Whether sets and resets of a bank go ``together``, or its sets begin when its resets are done."""

    @pydantic.model_validator(mode="after")
    def _one_limit(self) -> Self:
        if self.count is not None and self.power is not None:
            raise Refusal("has 'count' and 'power'", "keep one: a budget of watts is a number of drivers")
        return self


Kind = Literal["poisson", "closed", "trace"]
_ONLY: dict[str, Kind] = {
    "rate": "poisson",
    "load": "poisson",
    "clients": "closed",
    "think": "closed",
    "file": "trace",
    "digest": "trace",
}
"""Keys of ``[execution.requests]`` that belong to one kind of arrivals."""


def _arrivals(known: dict[str, Any]) -> Kind:
    """Return the kind of arrivals that the given keys are of."""
    return next((kind for key, kind in _ONLY.items() if known.get(key) is not None), "poisson")


class RequestsChoice(Section):
    """A stream of inference requests, which the machine serves one after another while it is reconnected."""

    rate: Pace | None = None
    """Of ``poisson``: requests a second."""
    load: Annotated[float, Field(gt=0, le=1000)] | None = None
    """In place of a rate: the share of the time that the compute pipeline is busy, rate times the time until the next
    inference may begin."""
    clients: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Of ``closed``: clients that each ask, wait for the answer, and ask again."""
    think: Duration | None = None
    """Time from an answer to the next request of the same client; none when left out."""
    file: str | None = None
    """Of ``trace``: a CSV file with the line ``time_s`` and one time in seconds per line, never falling; its path
    counts from the scenario file (from the current folder where ``--set`` gives it)."""
    digest: str | None = None
    """SHA-256 of the times of that file, which a run writes down; a file with other times is then refused."""
    arrivals: Kind = Field(default_factory=_arrivals)
    """How requests arrive: at random with a rate or load, from a closed loop of clients, or at the times of a file.
    What the other keys say when left out."""
    queue: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Requests that may wait; those that find so many waiting are dropped. Any number when left out."""
    policy: Literal["wait", "drop", "old"] = "wait"
    """What becomes of requests while the machine reconnects: they ``wait``, they are dropped (``drop``), or they are
    answered from the ``old`` configuration while it stands, which takes ``memory = "double"``."""
    service: Literal["fixed", "exponential"] = "fixed"
    """Whether every inference takes the same time, or times are drawn from an exponential distribution about it."""

    @pydantic.model_validator(mode="after")
    def _one_stream(self) -> Self:
        for key, kind in _ONLY.items():
            if getattr(self, key) is not None and kind != self.arrivals:
                raise Refusal(f"has '{key}', which is of arrivals = '{kind}'", "keep the keys of one kind of arrivals")
        if self.arrivals == "poisson" and (self.rate is None) == (self.load is None):
            found = "has neither 'rate' nor 'load'" if self.rate is None else "has 'rate' and 'load'"
            raise Refusal(found, 'give one of them, for example rate = "20 kHz" or load = 0.8')
        if self.arrivals == "closed" and self.clients is None:
            raise Refusal("has no 'clients' for its closed loop", "give clients = 4")
        short = self.clients is not None and self.queue is not None and self.queue < self.clients
        if short or (self.clients is not None and self.policy == "drop"):
            raise Refusal("drops requests of clients that wait for their answers", "leave queue out, and policy 'drop'")
        if self.arrivals == "trace" and self.file is None:
            raise Refusal("has no 'file' for its trace", 'give file = "arrivals.csv"')
        return self


class FaultsChoice(Section):
    """Switches that break at random, and how broken parts are found and repaired."""

    hazard: Pace | None = None
    """How often one switch breaks: after a time drawn from an exponential distribution it is stuck, in bar or cross
    alike. None breaks by itself when left out; those of ``[[fault]]`` do either way."""
    test: Literal["read-back", "accuracy", "none"] = "read-back"
    """How faults are found: by patterns that are sent through the circuits and read back, by a fall of the accuracy on
    the validation share, which starts the search, or not at all."""
    test_every: Step | None = None
    """Least time from one test to the next, each right after a reconnection; after every one when left out."""
    fall: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default_factory=lambda known: 0.05 if known.get("test") == "accuracy" else None
    )
    """Of ``test = "accuracy"``: how far it must fall; 0.05 when left out."""
    repair: Literal["route", "train", "none"] = "route"
    """What follows a fault that was found: circuits are routed around it (``route``), and training goes on with what
    cannot be (``train``), or nothing (``none``)."""

    @pydantic.model_validator(mode="after")
    def _tested(self) -> Self:
        if self.test == "none" and self.test_every is not None:
            raise Refusal("has 'test_every', and test = 'none'", "leave one of them out")
        if self.test != "accuracy" and self.fall is not None:
            raise Refusal(f"has 'fall', and test = '{self.test}'", "give test = 'accuracy', or leave fall out")
        return self


class FaultEntry(Section):
    """A part that breaks at a given time: a switch that is stuck, or a cell that is dead."""

    at: Duration
    """When, counted from the end of power-up."""
    layer: Number
    """Number of the layer, from 0 on."""
    bank: Number
    """Number of the bank in its layer, from 0 on."""
    switch: Number | None = None
    """Number of the switch in its circuit, from 0 on."""
    stuck: Literal["bar", "cross"] | None = None
    """The state in which the switch stays."""
    cell: Number | None = None
    """In place of switch and stuck: number of a cell in its bank, from 0 on."""
    reads: float | None = Field(default_factory=lambda known: None if known.get("cell") is None else 0.0)
    """What a dead cell reads from then on, as a weight; 0 when left out."""

    @pydantic.model_validator(mode="after")
    def _one_part(self) -> Self:
        _together(self, "stuck", "switch", "give switch = 0, its number in the circuit")
        _together(self, "switch", "stuck", "give stuck = 'bar' or stuck = 'cross'")
        _together(self, "reads", "cell", "give cell = 0, its number in the bank")
        if (self.switch is None) == (self.cell is None):
            both = "has a switch and a cell" if self.cell is not None else "has neither a switch nor a cell"
            raise Refusal(both, "give switch and stuck, or cell; a fault is of one part")
        return self


class Execution(Section):
    """How the run is carried out, where that may touch its bits, and the machine in time."""

    torch_threads: int = Field(default=1, ge=1, le=256)
    """Threads of torch; its sums may depend on them."""
    scores: Literal["every", "last"] = "every"
    """When the emulated chip is evaluated: after ``every`` reconnection, or only at the first and the ``last`` event.
    Every reconnection is executed and billed either way."""
    reference: bool = True
    """Whether the same network is trained freely beside the run, as its reference."""
    torch_device: Literal["cpu", "cuda"] = "cpu"
    """Where torch trains: on the processor, or on a CUDA graphics card, whose sums differ in the last bits."""
    issue: Literal["done", "steps", "times"] = "done"
    """When the host issues a reconnection: as soon as the last one is ``done``, at its training step (``steps``, with
    ``step_time``), or at given ``times`` (``issue_times``). It waits for the one before it either way."""
    step_time: Step | None = None
    """Of ``issue = "steps"``: time of one training step."""
    issue_times: Rising = ()
    """Of ``issue = "times"``: when reconnections 1, 2, ... are issued, never falling; those beyond follow when the
    last one is done."""
    length: Duration | None = None
    """For how long the machine is watched at least; until its last reconnection is done when left out."""
    memory: Literal["single", "double"] = "single"
    """Configuration memory: ``single``, the machine does not compute while it is loaded; or ``double``, the next
    configuration is loaded beside the present one, and then both are swapped."""
    guard: Duration = Field(default_factory=float)
    """Time after the last switch has settled before reads are valid."""
    tiles: Count | None = None
    """Arrays of a layer that compute at a time, of a photonic or resistive device: the others take turns, and energies
    stay as they are. All at once when left out."""
    trace: bool = False
    """Whether the run writes what happens as ``trace.jsonl`` and ``trace.json``, which opens in Perfetto."""
    minimise: Literal["toggles", "wear"] = "toggles"
    """What routers keep small: ``toggles``, or ``wear``, so that switches which toggled much are spared where their
    datasheet has an endurance, and cells do not stand for each other (``crossbar.equivalence``)."""
    port: PortChoice | None = None
    """The configuration port."""
    drivers: DriversChoice | None = None
    """What makes switches change."""
    requests: RequestsChoice | None = None
    """Inference requests."""
    faults: FaultsChoice | None = None
    """Switches that break at random, and repair."""

    @pydantic.model_validator(mode="after")
    def _sound_host(self) -> Self:
        if self.issue == "steps" and self.step_time is None:
            raise Refusal("has issue = 'steps' without 'step_time'", 'give step_time = "1 ms"')
        if self.issue == "times" and not self.issue_times:
            raise Refusal("has issue = 'times' without 'issue_times'", 'give issue_times = ["1 ms", "2 ms"]')
        for key, issue in (("step_time", "steps"), ("issue_times", "times")):
            if getattr(self, key) not in (None, ()) and self.issue != issue:
                raise Refusal(f"has '{key}', and issue = '{self.issue}'", f"give issue = '{issue}', or leave {key} out")
        return self


OLD = {"torch_threads", "scores", "reference", "torch_device"}
"""Keys that a resolved scenario always has; of the others it has those that differ from their default."""


def written_execution(execution: Execution) -> dict[str, Any]:
    """Write ``[execution]`` as a scenario would: what changes nothing is left out, a table that is there is whole.

    Example:
        >>> written_execution(Execution(guard="10 ns", port={}))["guard"]
        '10 ns'
    """
    fields = Execution.model_fields
    plain = {key: field.get_default(call_default_factory=True, validated_data={}) for key, field in fields.items()}
    given = {key for key, value in plain.items() if key in OLD or getattr(execution, key) != value}
    return {key: value for key, value in written(execution).items() if key in given}


def written(section: Section) -> dict[str, Any]:
    """Write a section as a file would have it: quantities with units, tables in tables, keys without value left out.

    Example:
        >>> written(DriversChoice(power="0.5 W"))
        {'power': '500 mW', 'order': 'together'}
    """
    found = {}
    for key, field in type(section).model_fields.items():
        if (value := getattr(section, key)) is not None:
            found[key] = _shown(value, field_type(field))
    return found


def _shown(value: Any, annotation: Any) -> Any:
    if isinstance(value, Section):
        return written(value)
    if isinstance(value, tuple):
        return [_shown(one, child(annotation, 0)) for one in value]
    dimension = dimension_of(annotation)
    return format_quantity(value, dimension.name) if dimension else value


def keys_within(value: Any, at: KeyPath) -> Iterator[KeyPath]:
    """Yield the paths of all keys in tables in a table, and in a list of tables.

    Example:
        >>> list(keys_within([{"at": "1 s"}], ("fault",))), list(keys_within({"tiles": 4, "port": {"pause": 1}}, ()))
        ([('fault', 0, 'at')], [('tiles',), ('port', 'pause')])
    """
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = dict(enumerate(value))
    if not isinstance(value, dict):
        yield at
        return
    for key, inner in value.items():
        yield from keys_within(inner, (*at, key))
