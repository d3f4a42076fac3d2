"""What a scenario file holds: one table for every stage of the flow."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field

from hwsim.files import Refusal
from hwsim.files.section import Section
from hwsim.scenario.execution import Execution, FaultEntry
from hwsim.scenario.expectation import Expectation


class Choice(Section):
    """A catalogue entry by name; the other keys of the table are its own parameters."""

    model_config = pydantic.ConfigDict(extra="allow")

    name: str
    """Name of the entry or file; ``hwsim list`` prints them. A datasheet of your own may be named by its path, which
    ends in ``.toml`` and counts from the scenario file."""


class DeviceChoice(Choice):
    """What holds the weights, and what was measured of it on a real part."""

    placed: str | None = None
    """What a real part does with this very network: a file that ``hwsim synth`` wrote, by its path, which ends in
    ``.toml`` and counts from the scenario file. Inference is then billed with the placed clock and the clocks that an
    image takes, in place of the datasheets' clock and ``pass_time``; configurations with the width and clock of the
    placed port (``crossbar.port_width`` and ``port_clock``) and the words that a bank takes. Energies stay those of
    the datasheets. A file of another network is refused."""


class ModelChoice(Section):
    """The network: a model file, or hidden layers in a row."""

    name: str | None = None
    """Model file, without folder and ``.toml``; or the path of one, which ends in ``.toml`` and counts from the
    scenario file (from the current folder where ``--set`` gives it)."""
    hidden: list[Annotated[int, Field(ge=1, le=1_000_000)]] | None = Field(default=None, max_length=64)
    """In place of a name: a dense network that takes what the task gives and gives what it wants, with so many ReLU
    units in each hidden layer; ``[]`` is a network of one layer. The run folder keeps it as a model file."""
    width: int | None = Field(default=None, ge=1, le=1_000_000)
    """What the model file's ``width`` is set to; its own when left out."""

    @pydantic.model_validator(mode="after")
    def _one_network(self) -> Self:
        if (self.name is None) == (self.hidden is None):
            if self.name is None:
                raise Refusal(
                    "has neither 'name' nor 'hidden'", "name a model (hwsim list models), or add hidden = [32]"
                )
            raise Refusal("has 'name' and 'hidden'", "keep one; --set 'model={hidden=[32]}' replaces a name")
        if self.hidden is not None and self.width is not None:
            raise Refusal("has 'width', which is of a model file, and 'hidden'", "leave width out")
        return self


class CrossbarChoice(Section):
    """The permutation circuits; further keys set numbers of the switch technology's datasheet."""

    model_config = pydantic.ConfigDict(extra="allow")

    topology: str
    """Arrangement of the switches; ``hwsim list crossbars``."""
    technology: str
    """Datasheet of the switches in ``devices/``; the start of its name is enough where only one begins so. Or the path
    of one, which ends in ``.toml``."""
    scope: Literal["output", "layer"] = "output"
    """Banks: one per output unit, or one per layer."""
    effort: Literal["auto", "any", "greedy", "blocks", "descent", "exact"] = "auto"
    """How hard the router tries to toggle little, from the quickest to the most thorough; ``auto`` is the most thorough
    that is expected to take less time in the whole run than training does, or less than a second. The score says which
    was used."""
    equivalence: Literal["none", "values", "units", "all", "levels"] = "values"
    """What may be chosen so as to toggle less, never changing what the network computes: ``none``, the very cells that
    the controller names; ``values``, any cells of equal value; ``units``, any places for hidden units; ``all``. On
    devices whose cells differ by errors of their own, ``levels`` takes any cells of equal design value instead: outputs
    then differ by those errors, and the score is of the cells really connected. Where no two cells of a bank share a
    design value there is nothing to exchange, and the score's ``router`` is named without it."""
    ports: int | None = Field(default=None, ge=1)
    """Ports of each circuit, at least those of the largest bank; each bank's own size when left out."""
    calibrated: bool | None = None
    """Of an optical circuit before a photonic core: whether the electronics know what every path loses and weaken the
    drives of the better ones (``true``, also when left out), or make up for the mean path alone (``false``), so that
    each weight carries what its path differs from it."""


class Fabrication(Section):
    """What decides the fixed values."""

    values: Literal["drawn", "trained", "sampled", "imported"] = "drawn"
    """``drawn``: at random, as the model file says; ``trained``: by free training from there, before fabrication, so
    that weights and registers leave the factory as a network that works; ``sampled``: from pairs of training points,
    with a read-out by least squares (SWIM, Bolager et al. 2023), for dense layers of ``tanh`` or ``relu``;
    ``imported``: those of the file beside the model file, which ``hwsim import`` writes."""
    epochs: int = Field(default=10, ge=1, le=1_000_000)
    """Passes over the training set before fabrication."""
    batch: int = Field(default=128, ge=1, le=1_000_000)
    """Samples of one optimiser step."""
    learning_rate: float = Field(default=1e-3, gt=0, le=10, allow_inf_nan=False)
    """Adam's learning rate in the first epoch."""
    rate_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor on the learning rate after every epoch."""
    rcond: float = Field(default=1e-8, ge=0, lt=1)
    """Of ``sampled`` values: the read-out leaves out singular values below this share of the largest. On coarse or
    noisy cells a larger share makes smaller weights."""


class Published(Section):
    """What a paper reports for the same experiment, drawn beside the run."""

    chip: float
    """Measured on the hardware."""
    exact: float
    """Of the same network, computed."""
    source: str
    """Where the two numbers stand."""


class ScenarioFile(Section):
    """A scenario file: ``scenarios/<question>.toml``."""

    title: str
    """The question in one line; heading of the picture."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of all random streams of the run."""
    task: Choice
    """What is to be learned."""
    model: ModelChoice
    """What is computed."""
    device: DeviceChoice
    """What holds the weights: a datasheet; further keys set its numbers within their valid ranges, and of every device
    ``variation``, ``stuck`` and ``stuck_at`` of its cells (``hwsim help device/ideal``)."""
    crossbar: CrossbarChoice
    """How signals reach the weights."""
    controller: Choice
    """Who chooses the next connection."""
    fabrication: Fabrication = Field(default_factory=Fabrication)
    """What decides the fixed values."""
    execution: Execution = Field(default_factory=Execution)
    """How the run is carried out, and the machine in time."""
    fault: tuple[FaultEntry, ...] = ()
    """Parts that break at given times, one table ``[[fault]]`` each."""
    expect: Expectation = Field(default_factory=Expectation)
    """What the run must reach: names of its numbers, each with a comparison as text."""
    published: Published | None = None
    """What a paper reports for the same experiment."""
