"""The manual: one page per topic, made from the schemas and docstrings themselves."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING

from hwsim.analysis.fitting.units import COLUMNS as COLUMNS_MEASURED
from hwsim.cli.glossary import SCORES, TIME, WORDS, glossary, numbers
from hwsim.controller import CONTROLLERS
from hwsim.controller import python as python_controller
from hwsim.costing.row import COLUMNS, EACH_COLUMNS
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.routing.effort import EFFORT_LINES
from hwsim.crossbar.technology import SwitchDatasheet
from hwsim.device import DEVICES
from hwsim.device.placed import PlacedDesign
from hwsim.execution.writes import WRITES
from hwsim.export import EXPORTS
from hwsim.files import DIMENSIONS, reference
from hwsim.files.datasheet import CellChoices
from hwsim.files.fields import WIDTH, table
from hwsim.model import ModelFile
from hwsim.scenario.reproduction import ReproductionFile
from hwsim.scenario.schema import ScenarioFile
from hwsim.schedule import file as schedule_file
from hwsim.schedule import steps as schedule_steps
from hwsim.score import Score, columns
from hwsim.task import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hwsim.device import Technology

_CROSSBAR = """A crossbar is any circuit that permutes: it decides which position of a bank (a weight group: the cells
that one circuit can exchange) is fed by which cell. It is not the array of weights. Its topology says how the switches
are wired, its technology (a switch datasheet) what one of them costs. In a scenario: [crossbar] topology,
technology, scope, effort, equivalence, ports (hwsim help scenario). What reconnecting costs, without training:
hwsim help cost."""
_EXPORT = """hwsim export RUN --format NAME writes what hardware loads, of the last event of a run or of another one
(--event). Files say how their bits are ordered and which wires a switch joins. All files of a format are written or
none; what is there already is replaced with --force alone. hwsim help formats has files and checksums.

Format rtl is the network as Verilog in a folder that checks itself: --arch spatial (circuits and constants, the
default) or folded (one multiplier), --images N of the bench, --pipeline K switch stages between registers, --lanes L
multipliers of the folded one. Its README.txt says what is what; make sim runs it. Other formats refuse these options.

Formats photonic-yaml, photonic-spice and photonic-gds take runs with optical switches, photonic-core runs on a photonic
core; docs/photonics.md says what each component is. A layout is no tape-out: crossings and pads are left to you."""
_FORMATS = """Each format of hwsim export, what its files are called, how a changed byte is found, and whether hwsim
reads it back: hwsim check FILE and hwsim.read_configuration(path) then build the circuits again, compare their
wires, and walk the switches, which must realise the permutations that the file tells.
Schedules (csv, parquet) are read by hwsim replay."""
_COST = """hwsim cost FILE prices reconnections that are known beforehand, hwsim cost --random N random ones. FILE is a
text of permutations, a schedule, a pipe, or - (standard input). A line is one permutation: position i is fed by
cell p[i], counted from 0; brackets, commas, semicolons and tabs may stand between, # begins a remark.
The rows of --json, --csv and hwsim.cost have these columns; what does not apply is null, or empty in CSV."""
_FIT = """hwsim fit TABLE --technology resistive --base NAME --out devices/mine.toml makes a datasheet of measured
cells: levels, spread of programming, drift and read noise, each with its standard error in the number's source, and
the status measured. The base datasheet says which laws are fitted; what the table cannot tell is kept from it, with
its status; without --base that is pcm-nandakumar-2019, or photonic-feldmann-2021, and said. From Python:
hwsim.fit(table, "resistive", base=...).

A table is CSV (comma, semicolon or tab; UTF-8, or UTF-16 with its mark) with a row a read. Units stand in the header,
as in value [uS] or time_s, or in --unit value=uS; --column value=HEADER names a column that is called otherwise. Of
resistive cells target and value are conductances (S, mS, uS, nS, pS), of photonic ones transmissions (1, %, dB); times
are in s, ms, us, ns, min, h or d. Two devices at each level are the least. Without device and time there is no drift,
without repeated reads or several times no read noise."""
_NN = """hwsim.nn.convert(module, device, crossbar, calibrate=samples, layers={"head": "ideal"}, skip=[...]) gives a
torch network back whose linear layers and convolutions compute on emulated chips: forward with noise, backward straight
through the chips' design values. Weights are cells and fixed, biases stay parameters, everything else stays in torch.

hwsim.nn.summary(network) says what each chip takes and costs, hwsim.nn.quiet(network) leaves noise out for a while,
network.reconnect(name, permutations) reconnects a layer and network.schedule() gives what was done as a file. All
arguments: help(hwsim.nn.convert) in Python. hwsim.emulate puts a whole network or an ONNX file on one chip."""
_SCHEMA = """hwsim schema scenario > scenario.json (or model, or device) prints a JSON Schema. With
#:schema ./scenario.json as the first line of a file,
an editor that reads TOML schemas completes its keys and checks it while you type."""
_TABLES = """answer.to_pandas() and .to_polars() give the score table of a run, a row for each event (hwsim help score).

hwsim.read("runs/*") gives a frame with a row for each finished run, and the settings that differ as columns.
hwsim.compare(run, run) and hwsim show RUN RUN have the same table, and accuracy against toggles in one picture.

hwsim.cost gives rows that pandas.DataFrame takes. pandas and polars are extras: pip install 'hwsim[pandas]'."""
_EACH = "With --each there is a row for each reconnection, and for each event that only writes registers:"
_JSON = """--json prints what a command found as one JSON object, or a list of rows, on stdout; talk goes to stderr.

hwsim run --json: the answer, as in answer.json: identity, final (columns of the score: hwsim help score), reference;
made_at, when the run ended, and reused, whether that was before this command. hwsim replay --json prints the same.

hwsim cost --json: a list of rows (hwsim help cost). hwsim show, check, reproduce, ablate: their numbers by name.
hwsim estimate --json: rows of key, value, unit and why; keys are those of a run's answer under execution, and value is
null where only the simulation can tell.

The export format json holds a configuration (hwsim help export)."""


_TIMELINE = """A run in time: a host issues reconnections, a port sends words to a configuration memory, drivers let
switches change, and a compute pipeline serves requests while it may. The keys stand in [execution],
[execution.port], .drivers, .requests, .faults and [[fault]] (hwsim help scenario); docs/time.md says what each does.
Without them the machine has the closed form max(cumsum(loading) + settling).

The numbers stand in answer.json under execution, times in seconds, and [expect] compares them. hwsim show timeline
RUN prints them and draws what every resource does. With execution.trace = true a run also writes trace.jsonl and
trace.json, which chrome://tracing and ui.perfetto.dev open; hwsim check finds a changed byte in either."""


_NETWORK = """From Python: hwsim.nn.convert(module, device, crossbar, calibrate=samples, layers={pattern: device or
table}, skip=[patterns])
puts every Linear, Conv1d and Conv2d of a torch network on an emulated chip; all else stays in torch,
and what stays against a wish is named. Forward has the chips' noise, backward goes straight through their design
values; weights are cells, biases are parameters that are written to registers.

hwsim.nn.summary(model): cells, tiles, switches, joules and seconds of each chip. hwsim.nn.quiet(model): no noise.
model.reconnect(name, permutations), model.schedule().save(path): reconnections, as a file that hwsim cost prices.
hwsim.nn.LaPerm(optimizer, model, period=100): learning by reconnection with any optimiser of torch."""


def _filled(text: str, width: int) -> list[str]:
    """Fill paragraphs, which blank lines part, into lines of so many characters."""
    return [line for part in text.split("\n\n") for line in textwrap.wrap(part, width, break_on_hyphens=False)]


def _units(width: int) -> str:
    lines = ["Units: a quantity is text with a unit"]
    rows = [("dimension", "example", "units")]
    rows += [(d.name, f'"{d.example}"', ", ".join(d.units)) for d in DIMENSIONS.values()]
    return "\n".join([*lines, *table(rows, width)])


def _words(width: int) -> str:
    rows = list(WORDS.items())
    others = ", ".join(sorted(set(glossary()) - set(WORDS) - set(numbers())))
    also = textwrap.wrap(
        f"hwsim help WORD also explains: {others}, and every key of a datasheet", width, break_on_hyphens=False
    )
    return "\n".join(["Words", *table(rows, width), "", *also])


def _crossbar(width: int) -> str:
    rows = [("topology", "what it is"), *((name, entry.summary) for name, entry in CROSSBARS.items())]
    efforts = [("effort", "how hard a router tries"), *EFFORT_LINES.items()]
    return "\n".join(["Crossbars", *_filled(_CROSSBAR, width), "", *table(rows, width), "", *table(efforts, width)])


def _export(width: int) -> str:
    rows = [("format", "what it is"), *((name, entry.summary) for name, entry in EXPORTS.items())]
    return "\n".join(["Exports", *_filled(_EXPORT, width), "", *table(rows, width)])


def _formats(width: int) -> str:
    rows = [("format", "files", "read back", "a changed byte")]
    for name, entry in EXPORTS.items():
        rows.append((name, entry.named, "no" if entry.read is None else "yes", entry.checksum or "is not found"))
    return "\n".join(["Formats", *_filled(_FORMATS, width), "", *table(rows, width)])


def _cost(width: int) -> str:
    columns = [("column", "meaning"), *COLUMNS.items(), ("blocked", "why this combination cannot be; then alone")]
    writes = [("--writes", "what a bank that changes is sent"), *WRITES.items()]
    return "\n".join(
        [
            "Prices",
            *_filled(_COST, width),
            "",
            *table(writes, width),
            "",
            *table(columns, width),
            "",
            *_filled(_EACH, width),
            *table(list(EACH_COLUMNS.items()), width),
        ]
    )


def _fit(width: int) -> str:
    return "\n".join(
        ["Fits", *_filled(_FIT, width), "", *table([("column", "meaning"), *COLUMNS_MEASURED.items()], width)]
    )


def _timeline(width: int) -> str:
    return "\n".join(["The machine in time", *_filled(_TIMELINE, width), "", *table(list(TIME.items()), width)])


def _device(technology: Technology, width: int) -> str:
    own = reference(technology.datasheet, f"Device datasheet, technology {technology.name}", width)
    also = reference(CellChoices, "Also of the cells of every device, in [device] of a scenario or as settings", width)
    return f"{own}\n\n{also}"


def _pages() -> dict[str, tuple[str, Callable[[int], str]]]:
    pages: dict[str, tuple[str, Callable[[int], str]]] = {
        "words": ("the words of this program", _words),
        "crossbar": ("permutation circuits: topologies and efforts", _crossbar),
        "cost": ("what hwsim cost reads and prints", _cost),
        "export": ("formats of hwsim export", _export),
        "formats": ("files of every export format, with their checksums", _formats),
        "fit": ("datasheets from measurements", _fit),
        "network": ("torch networks on chips", lambda width: "\n".join(["Networks", *_filled(_NETWORK, width)])),
        "json": ("what --json prints", lambda width: "\n".join(["JSON", *_filled(_JSON, width)])),
        "nn": ("torch networks on emulated chips", lambda width: "\n".join(["Networks", *_filled(_NN, width)])),
        "timeline": ("the machine in time: what is counted, and traces", _timeline),
        "schema": ("completion in editors", lambda width: "\n".join(["Schemas", *_filled(_SCHEMA, width)])),
        "tables": ("frames of runs and prices", lambda width: "\n".join(["Tables", *_filled(_TABLES, width)])),
        "scenario": ("scenario files", lambda width: reference(ScenarioFile, "Scenario file", width)),
        "reproduction": ("reproduction files", lambda width: reference(ReproductionFile, "Reproduction file", width)),
        "model": ("model files", lambda width: reference(ModelFile, "Model file", width)),
        "placed": (
            "what hwsim synth measured on a real part",
            lambda width: reference(
                PlacedDesign, "Placed design, which a scenario names with placed in [device]", width
            ),
        ),
        "switch": (
            "datasheets of switch technologies",
            lambda width: reference(SwitchDatasheet, "Switch datasheet", width),
        ),
        "units": ("units that quantities are written in", _units),
        "schedule": (
            "the schedule file, and schedules from elsewhere",
            lambda _: f"{inspect.getdoc(schedule_file)}\n\n{inspect.getdoc(schedule_steps)}",
        ),
        "score": ("the score table", _score),
    }
    for name, technology in DEVICES.items():
        pages[f"device/{name}"] = (
            f"datasheets of {technology.summary}",
            lambda width, t=technology: _device(t, width),  # type: ignore[misc]
        )
    for noun, registry in (("task", TASKS), ("controller", CONTROLLERS)):
        for name, entry in registry.items():
            pages[f"{noun}/{name}"] = (
                entry.summary,
                lambda width, e=entry, n=noun: reference(e.parameters, f"[{n}] name = {e.name!r}: {e.summary}", width),  # type: ignore[misc]
            )
    settings = pages["controller/python"][1]
    points = (inspect.getdoc(python_controller) or "").replace("\n* ", "\n\n* ").split("\n\n")
    said = "\n\n".join(" ".join(point.split()) for point in points)  # wrapped point by point
    pages["controller/python"] = (
        CONTROLLERS["python"].summary,
        lambda width: "\n".join([*_filled(said, width), "", settings(width)]),
    )
    return pages


def _score(width: int) -> str:
    named = columns("accuracy").values()
    regression = (
        "A regression has max_error in place of accuracy, and no interval; task and trajectory errors are there for\n"
        "tasks that have them."
    )
    meanings = table([("column", "meaning"), *((name, SCORES.get(name) or glossary()[name]) for name in named)], width)
    said = _filled(f"{inspect.getdoc(Score)}\n\n{regression}", width)
    return "\n".join(["Score table (score.csv)", *said, "", *meanings])


def topics() -> dict[str, str]:
    """List topics and what they explain.

    Example:
        >>> "scenario" in topics()
        True
    """
    return {name: summary for name, (summary, _) in _pages().items()}


def find(topic: str) -> str | None:
    """Find the topic or word meant by one in another case, in plural, or by its end; None if unknown.

    Example:
        >>> find("Cells"), find("topologies"), find("feldmann"), find("laperm")
        ('cell', 'topology', None, 'controller/laperm')
    """
    known = [*_pages(), *glossary()]
    plain = topic.strip().casefold()
    singular = [plain, plain.removesuffix("s"), plain.removesuffix("es"), plain.removesuffix("ies") + "y"]
    for wanted in (topic, *singular, *(word.replace(" ", "_") for word in singular)):
        if wanted in known:
            return wanted
    ends = [name for name in known if name.endswith(f"/{plain}")]
    return ends[0] if len(ends) == 1 else None


def page(topic: str, width: int = WIDTH) -> str:
    """Return the text of one topic or word, for lines of so many characters.

    Raises:
        KeyError: there is no such topic.

    Example:
        >>> "unit" in page("units")
        True
    """
    pages, words = _pages(), glossary()
    if topic in pages:
        return pages[topic][1](width)
    said = textwrap.wrap(f"{topic}: {words[topic]}", width, break_on_hyphens=False)
    places = ("cost", "crossbar", "export", "score", "scenario")
    more = [f"hwsim help {place}" for place in places if topic in pages[place][1](width).split()]
    return "\n".join([*said, *([f"see also: {', '.join(more)}"] if more else [])])
