"""A placed design as a datasheet: what tools of other people measured of it, for scenarios that name it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from hwsim.files import Section, emit, parse_document, validate
from hwsim.files.checksum import check, checked
from hwsim.files.quantity import Hertz, format_quantity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hwsim.model import Model

MOST = 10**15
"""Of anything counted: clocks and words beyond it are no measurement, and too many for times in picoseconds."""
Count = Annotated[int, Field(ge=0, le=MOST)]
Some = Annotated[int, Field(ge=1, le=MOST)]
LAYER = ("units", "inputs", "activation", "parameters", "gain", "unit_gains", "learned_connections", "groups")
"""Fields of a layer that touch its logic; others are of its start values and of training."""


class Taken(Section):
    """What the design takes of its part."""

    logic: Count
    """Logic cells of iCE40, LUT4 of ECP5 and Gowin."""
    flip_flops: Count
    """Flip-flops."""
    memories: Count
    """Block memories."""
    large_memories: Count
    """Memories of 256 kbit."""
    dsps: Count
    """Multipliers."""


class ConfigurationPort(Section):
    """The port that configurations are written through, one word a clock."""

    width: Some
    """Of a word, bit."""
    words: Some
    """Of a whole configuration."""
    bank: list[Count]
    """Words of one bank of each layer."""


class PlacedDesign(Section):
    """A network on a part, as ``hwsim synth`` writes it; its last line is a checksum."""

    kind: Literal["placed"]
    """What the file is."""
    title: str
    """Network, part and architecture."""
    status: Literal["measured"]
    """Measured in tools: synthesised, placed, routed and timed; on no physical board."""
    command: str
    """What made it."""
    tools: dict[str, str]
    """Versions by tool."""
    seed: int
    """Of place and route."""
    part: str
    """The target."""
    architecture: Literal["spatial", "folded"]
    """Of the logic."""
    pipeline: Count
    """Switch stages between registers of the spatial architecture; 0 for none."""
    lanes: Some
    """Multipliers of the folded architecture."""
    network: str
    """What was placed, in words."""
    design: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Digest of the network's structure and of the architecture's options."""
    clock: Annotated[Hertz, Field(ge=1, le=1e12)]
    """The fastest clock after routing."""
    clocks: Some
    """From the start of one image to that of the next."""
    latency: Some
    """Clocks from an image's first beat to the last of its results."""
    takes: Taken
    """What it takes of the part."""
    port: ConfigurationPort
    """The configuration port."""

    def summary(self) -> dict[str, Any]:
        """Return what a run's answer says of it under ``resources``."""
        kept = ("title", "clocks", "latency", "clock")
        return {name: getattr(self, name) for name in kept} | self.takes.model_dump()

    @property
    def options(self) -> dict[str, str | int]:
        """Return the options of the architecture."""
        return {name: getattr(self, name) for name in ("architecture", "pipeline", "lanes")}

    @property
    def bank_bits(self) -> list[int]:
        """Return what the port sends for one bank of each layer, bit."""
        return [words * self.port.width for words in self.port.bank]

    @property
    def latency_s(self) -> float:
        """Return the time of one inference, s."""
        return self.latency / self.clock

    @property
    def interval_s(self) -> float:
        """Return the time from the start of one inference to that of the next, s; a folded design's is the longer."""
        return self.clocks / self.clock


def read_placed(path: Path) -> tuple[PlacedDesign, str]:
    """Read a placed design, and return its text too.

    Raises:
        DiagnosticError: a byte is another one than when it was written, or it is no placed design.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    check(content, path)
    text = content.decode()
    return validate(parse_document(text, str(path)), PlacedDesign), text


def write_placed(design: PlacedDesign) -> bytes:
    """Write a placed design as a file that scenarios name."""
    values = design.model_dump()
    values["clock"] = format_quantity(design.clock, "frequency")
    header = 'What a placed design takes. A scenario names it: placed = "this file" in [device]'
    return b"".join(checked(emit(values, {}, header), "script"))


def describe_network(model: Model, bits: Mapping[str, Any], topology: str, scope: str) -> str:
    """Return a network's structure in words, as one line.

    Args:
        model: the network.
        bits: the device's numbers.
        topology: of the circuits.
        scope: of the banks.
    """
    sizes = "-".join(map(str, [model.inputs, *(layer.units for layer in model.layers)]))
    widths = f"{bits.get('weight_bits', 0)}-bit weights, {bits.get('activation_bits', 0)}-bit signals"
    return f"{sizes}, {widths}, {topology} circuits a {scope}"


def design_digest(
    model: Model,
    bits: Mapping[str, Any],
    topology: str,
    scope: str,
    ports: int | None,
    options: Mapping[str, str | int],
) -> str:
    """Return SHA-256 of all that sets the structure of the logic: no values of cells, which only fill it.

    Args:
        model: the network.
        bits: the device's numbers, of which those called ``*_bits`` count.
        topology: of the circuits.
        scope: of the banks.
        ports: of each circuit; None for the size of its bank.
        options: of the architecture (:attr:`PlacedDesign.options`).
    """
    nodes = [{**vars(node), "source": model.source(number)} for number, node in enumerate(model.nodes)]
    for node in nodes:
        node.pop("drop")  # of training
    layers = [{name: getattr(layer, name) for name in LAYER} for layer in model.layers]
    widths = {name: value for name, value in bits.items() if name.endswith("_bits")}
    parts = [nodes, layers, widths, topology, scope, ports, dict(options)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=repr).encode()).hexdigest()
