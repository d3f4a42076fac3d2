"""What every word means that a file, a table or a command of this program uses; ``hwsim help WORD`` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.costing.row import COLUMNS, EACH_COLUMNS
from hwsim.crossbar import CROSSBARS
from hwsim.crossbar.routing.effort import EFFORT_LINES
from hwsim.crossbar.technology import SwitchDatasheet
from hwsim.device import DEVICES
from hwsim.export import EXPORTS
from hwsim.files.datasheet import CellChoices
from hwsim.files.fields import models_in
from hwsim.files.section import field_type
from hwsim.scenario.execution import Execution, FaultEntry
from hwsim.scenario.expectation import Expectation

if TYPE_CHECKING:
    import pydantic

WORDS = {
    "cell": "one physical weight: a value fixed at fabrication",
    "bank": "a weight group: the cells that one permutation circuit can exchange",
    "device": "a model of a technology, from a datasheet: what a cell can hold, and how it is read",
    "chip": "one fabricated instance of a device, with the values that its cells really have",
    "crossbar": "any permutation circuit of a bank (not the array of weights): a topology of switches",
    "topology": "how the switches of a crossbar are arranged and wired; hwsim list crossbars",
    "switch": "two wires in, two out, straight (bar) or exchanged (cross); in a full crossbar, one crosspoint",
    "permutation": "y[i] = x[p[i]]: position i is fed by cell p[i]; the identity is how the chip leaves fabrication",
    "configuration": "the switch settings that realise a permutation; many realise the same one",
    "toggle": "one switch changing state (crosspoints: opened plus closed); the first counts against all-bar",
    "move": "one position fed by another cell than before",
    "reconnection": "one change of the permutations of some banks; register writes travel with it",
    "schedule": "the reconnections of a run in order: a file that hardware can execute later",
    "register": "a number that can be written again, such as a bias; cells cannot",
    "controller": "what decides reconnections",
    "scenario": "a file that puts task, model, device, crossbar, controller and execution together",
    "score": "how good a run was: accuracy versus toggles, and the rest of the bill",
}
"""The nouns of the program, in the order in which they build on each other."""

CHOICES = {
    "scope": "which cells are one bank: output, those of one output unit; layer, those of a whole layer",
    "equivalence": "what may be chosen so as to toggle less: none, values (cells of equal value), units (places of "
    "hidden units), all; what the network computes stays the same. levels: cells of equal design value, which differ "
    "by errors of their own, and outputs by those",
    "effort": "how hard a router tries to toggle little: auto, " + ", ".join(EFFORT_LINES),
    "auto": "effort: the most thorough that takes less time in the whole run than training does",
    "router": "which effort found the configurations and with which equivalence, as in blocks+values; with +levels the "
    "score is of the cells really connected",
    "relabelled": "hidden units that may change places, with the inputs of the next layer, without changing outputs",
    "relabellings": "in how many ways hidden units can be relabelled",
    "bar": "the state of a switch that passes its signals straight",
    "cross": "the state of a switch that exchanges its signals",
    "minimise": "what a router spends little of: toggles, energy, loss or wear",
    "writes": "how configurations are sent: full; addressed, by port words; delta, by bits that flip; shortest",
    "dwell": "how long a configuration stands, for the energy of holding it",
    "calibrated": "whether the electronics know what every optical path loses",
    "not modelled": "effects that a device model leaves out",
    "measured": "of a number in a datasheet: taken from a measurement",
    "derived": "of a number in a datasheet: worked out from measured ones",
    "assumed": "of a number in a datasheet: neither measured nor derived; do not compare devices by it",
}
"""Words that a scenario chooses by, or that datasheets and models are described with."""

SCORES = {
    "event": "number of the reconnection in a run; 0 is the state after power-up",
    "epoch": "passes over the training set before it",
    "accuracy": "share of test images that the emulated chip gets right, with read noise",
    "accuracy_low": "lower end of the 95 % Wilson interval of the accuracy: over test images, not over seeds",
    "accuracy_high": "upper end of that interval",
    "accuracy_noiseless": "accuracy without read noise",
    "max_error": "largest error on the test grid, of a regression",
    "max_error_low": "never filled: a regression has no interval",
    "max_error_high": "never filled: a regression has no interval",
    "max_error_noiseless": "largest error without read noise",
    "loss": "mean cross-entropy in nats, of a regression the mean squared error; of light, see loss_db_mean",
    "moves": "positions fed by another cell than before; in score.csv all so far",
    "toggles": "switches that changed state; in score.csv all so far",
    "bias_writes": "registers written so far",
    "writes": "registers written so far",
    "fault": "what broke at the event, or what was found to be broken and done about it",
    "saturated_registers": "registers whose value is beyond what they can hold, and stands at its limit",
    "energy_j": "joules of reconnecting; in score.csv all so far",
    "time_s": "seconds of reconnecting; in score.csv all so far",
    "switches": "switches (or crosspoints) that the hardware has",
    "inference_energy_j": "joules of one inference: the core, and signals through the switches",
    "inference_time_s": "seconds of one inference",
    "task": "which task was evaluated, where one chip learns several",
    "trajectory_error": "error over the first period, relative to the deviation of the target",
    "trajectory_error_worst": "the largest error of a period",
    "reference": "the same network from the same values, trained freely in float32",
}
"""Columns of ``score.csv``, and what ``hwsim show`` prints beside them."""

TABLE = {
    "bits": "configuration bits of one circuit",
    "p95": "95th percentile of the toggles of one reconnection",
    "max": "most toggles of one reconnection",
    "energy": "joules of one reconnection: toggling, configuration bits, holding meanwhile",
    "time": "seconds of one reconnection: loading the bits, and settling",
    "hold": "power that holds the last configuration",
    "hold power": "power that holds the last configuration",
    "path loss": "loss of light on the path to an output, over all paths after every reconnection",
    "crosstalk": "leaks of lowest order at the worst output, relative to the signal",
    "lifetime": "reconnections like these until the switch that toggles most is worn out",
    "registers": "registers: in a model, how many there are; of a schedule, what writing them adds to the bill",
    "blocked": "what a topology cannot realise, and is not priced",
    "weights": "weights of a model, or of one of its layers",
    "kind": "what a layer is, or whether a datasheet is of a device or a switch",
    "layer": "one step of a network, numbered from 0",
    "takes": "how many numbers a layer takes, or their channels, rows and columns",
    "gives": "how many numbers a layer gives",
    "wear": "toggles that each switch has made; what a router may be asked to spread",
    "shape": "how the numbers that a layer takes and gives stand",
    "output": "scope: each output unit is one bank; also a number that a network gives, or a port of a circuit",
    "symbol": "how the formulas of a device model call a number of its datasheet",
    "status": "of a number in a datasheet: measured, derived or assumed",
    "fit": "how well a device model with the numbers of a datasheet meets what was published",
    "activations": "numbers that a layer hands on: sums after the activation",
    "crosspoint": "one switch of a full crossbar: it joins one input to one output",
}
"""Words of tables and texts that commands print."""


RUN = {
    "run": "one scenario carried out with one seed: its folder",
    "max error": "largest error on the test grid, of a regression",
    "without noise": "the metric of the same chip when its reads draw no noise",
    "free training": "the same network from the same values, trained freely in float32: the reference",
    "trajectory": "error over the first period of a trajectory that a recurrent network goes on giving by itself",
    "register writes": "registers written in the whole run, such as biases",
    "reconnecting": "energy and time of all reconnections of the run, register writes included",
    "one inference": "energy and time of one inference: the core, and signals through the switches",
    "assumed costs": "datasheets of the run with costs that are assumed: compare no bills that rest on these",
    "saturated": "bias registers too narrow for the value written to them",
    "hardware": "what the machine takes: LUTs, flip-flops and cycles of an FPGA, cores or arrays of other devices",
    "fits": "whether the part that the datasheet names has as much as the machine takes",
    "note": "what is to be known of how the machine was built",
    "data": "of data of one's own: samples for training + test, what was done to inputs, classes, and the digest",
    "made at": "when a run ended (UTC); a scenario whose run is finished answers from its folder",
    "picture": "the file that the picture was written to",
    "folding": "how many multiplications share one multiplier, one after the other",
}
"""What stands at the left of the summary of a run, and of what a model takes."""

TIME = {
    "makespan_s": "seconds until the last reconnection was done, from the end of power-up on",
    "watched_s": "seconds for which the machine was watched: makespan_s, or execution.length where that is longer",
    "reconnections": "reconnections that were carried out, the initial state among them",
    "port_bits": "bits that the configuration port sent: checksums and what was sent again are counted",
    "resent_bits": "bits of them that were sent again, since a word was lost",
    "utilisation": "share of the watched time in which a part was in use; of drivers, the mean over all of them",
    "availability": "share of the watched time in which inferences could be made, or ended before the machine changes",
    "energy_j.configuration": "joules of the bits on the port",
    "energy_j.toggling": "joules of switches that changed",
    "energy_j.holding": "joules of switches in cross, over the whole watched time",
    "energy_j.compute": "joules of inferences, but for their conversions",
    "energy_j.conversion": "joules of converters between signals and numbers, in all inferences",
    "energy_j.idle": "joules that the machine takes busy or not, where its datasheet says",
    "tests": "inferences of test patterns, which look for what is broken",
    "inferences": "requests whose inference began",
    "dropped": "requests that were refused: the queue was full, or the machine reconnected",
    "waiting": "requests that waited when the watch ended",
    "throughput": "requests whose inference began, a second",
    "latency_mean_s": "seconds from a request to its answer, the mean",
    "latency_p50_s": "seconds from a request to its answer that half of the requests did not exceed",
    "latency_p99_s": "seconds from a request to its answer that 99 of 100 requests did not exceed",
    "wait_mean_s": "seconds from a request to the beginning of its inference, the mean",
    "inference.latency_s": "seconds from the beginning of an inference to its answer",
    "inference.interval_s": "seconds until the next inference may begin",
    "inference.energy_j": "joules of one inference, conversions included",
    "paid_off_j": "joules of one inference with its share of a reconnection, by inferences between two of those",
    "break_even": "where reconnecting takes as much as writing other weights into the cells",
    "span": "a line of a trace: what a resource did from when to when, how much, and joules",
    "unavailable": "a time in which no inference can be made: the machine reconnects, or is tested",
}
"""What ``hwsim show timeline`` and ``hwsim estimate`` print, and traces hold."""

KINDS = {
    "dense": "layer: every unit takes every input",
    "conv2d": "layer: units that share their weights slide over rows and columns",
    "rnn": "layer: units that also take their own outputs of the step before",
    "max-pool": "layer: the largest number of each window",
    "average-pool": "layer: the mean of each window",
    "batch-norm": "layer: a scale and a shift per channel",
    "dropout": "layer: inputs left out at random while training",
    "flatten": "layer: channels, rows and columns as one row of numbers",
    "reshape": "layer: the same numbers as channels, rows and columns, or as steps",
    "add": "layer: the sum of the outputs of several layers",
    "activation": "layer: a function of each number, in electronics; also the function that a unit applies to its sum",
    "layer-norm": "layer: numbers of a sample, or of a step, taken to mean 0 and variance 1, in electronics",
    "scale": "layer: a factor and a shift for each number, in electronics",
    "relu": "activation: max(0, x)",
    "leaky-relu": "activation: x where positive, a small share of it elsewhere",
    "tanh": "activation: hyperbolic tangent",
    "sigmoid": "activation: 1 / (1 + exp(-x))",
    "gelu": "activation: x times the share of a normal distribution that lies below x",
    "gelu-tanh": "activation: gelu by an approximation with tanh",
    "identity": "activation: the sum as it is",
    "step": "activation: 1 where the sum is positive, 0 elsewhere",
    "look-up": "activation: a table of values, looked up by the sum",
    "legendre": "activation: a series of Legendre polynomials",
    "laguerre": "activation: a series of Laguerre polynomials",
    "hermite": "activation: a series of Hermite polynomials",
}
"""Kinds of layers and activations, as ``hwsim show model`` names them."""


def numbers() -> dict[str, str]:
    """List keys of datasheets as ``hwsim show device`` prints them; if technologies share a key, what each says.

    Example:
        >>> numbers()["tile_rows"]
        'photonic-pcm: Inputs m of a tile.'
    """
    found: dict[str, dict[str, list[str]]] = {}
    sheets: list[tuple[str, type[pydantic.BaseModel]]] = [(entry.name, entry.datasheet) for entry in DEVICES.values()]
    sheets.append(("switch", SwitchDatasheet))
    for owner, sheet in sheets:
        for field in sheet.model_fields.values():
            for table in models_in(field_type(field)):
                for key, number in table.model_fields.items():
                    meaning = " ".join((number.description or "").split())
                    found.setdefault(key, {}).setdefault(meaning, []).append(owner)
    for key, number in CellChoices.model_fields.items():
        found.setdefault(key, {})[" ".join((number.description or "").split())] = ["every device"]
    return {
        key: " ".join(
            f"{'datasheet' if len(owners) == len(sheets) else ', '.join(owners)}: {meaning}"
            for meaning, owners in meanings.items()
        )
        for key, meanings in found.items()
    }


def keys() -> dict[str, str]:
    """List keys of the machine in time, and of what may be expected of a run, each with the table that it stands in.

    Example:
        >>> keys()["guard"]
        '[execution]: Time after the last switch has settled before reads are valid.'
    """
    tables: list[tuple[str, type[pydantic.BaseModel]]] = [("[expect]", Expectation), ("[[fault]]", FaultEntry)]
    for name, field in Execution.model_fields.items():
        tables += [(f"[execution.{name}]", table) for table in models_in(field_type(field))]
    tables.append(("[execution]", Execution))
    return {
        key: f"{place}: {' '.join((field.description or '').replace('``', '').split())}"
        for place, table in tables
        for key, field in table.model_fields.items()
    }


def glossary() -> dict[str, str]:
    """List every word and its meaning; topologies, efforts, formats of exports and columns among them.

    Example:
        >>> glossary()["bank"]
        'a weight group: the cells that one permutation circuit can exchange'
    """
    entries = {name: f"topology: {entry.summary}" for name, entry in CROSSBARS.items()}
    efforts = {name: f"effort: {line}" for name, line in EFFORT_LINES.items()}
    exports = {name: f"format of hwsim export: {entry.summary}" for name, entry in EXPORTS.items()}
    columns = {key: f"column of hwsim cost: {meaning}" for key, meaning in {**EACH_COLUMNS, **COLUMNS}.items()}
    shown = {**numbers(), **TIME, **KINDS, **RUN}
    return {**keys(), **shown, **columns, **exports, **efforts, **entries, **TABLE, **SCORES, **CHOICES, **WORDS}
