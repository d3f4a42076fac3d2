# ruff: noqa: INP001 - a script beside pages
"""Machines of others beside what hwsim says of the same: ``python -m docs.time_peers``.

Some seconds on one core. ``docs/time_peers.txt`` keeps what this printed; ``docs/time.md`` says where the
published numbers stand and why ours differ.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import hwsim
from hwsim.crossbar import CROSSBARS
from hwsim.device import datasheet_values, read_datasheet
from hwsim.execution import Circuits
from hwsim.execution.timeline import PICOSECONDS, Compute, Parts, Port, Simulation, Switching, Work, work_of
from hwsim.files import format_quantity, parse_document
from hwsim.files.library import names
from hwsim.model import read_model, start
from hwsim.scenario.lookup import device_technology, find_sheet, read_switch
from hwsim.schedule import Bank, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hwsim.device import Bill

CORE, THERMAL = "photonic-feldmann-2021", "to-mzi-bogaerts-2020"
COUNT = 20
"""Random reconnections of a mean."""


class Peer(NamedTuple):
    """A number of somebody else's machine, and ours; ``how`` is the command or the model that gives ours."""

    what: str
    published: float
    ours: float
    unit: str
    how: str


def mesh() -> Iterator[Peer]:
    """Yield the time of a whole reconfiguration of 56 ports: of one switch after another, and of all at once."""
    switch, fabric = read_switch(*find_sheet("switch", THERMAL)), CROSSBARS["benes"].build(56)
    circuits = Circuits([fabric], Layout((Bank(0, 1, 56, 0, learned=True),)), switch, "greedy")
    rng, works = np.random.default_rng(56), []
    for event in range(COUNT):
        change = circuits.reconnect([rng.permutation(56)[None, :]])
        works.append(work_of(change, event, 0, 0, circuits.standing))
    port = Port(switch.port_width, round(PICOSECONDS / switch.port_clock), switch.port_energy)
    settling, falling = (round(time * PICOSECONDS) for time in (switch.set_time, switch.reset_time))
    switching = Switching(settling, falling, switch.set_energy, switch.reset_energy, switch.hold_power)
    layer, bits, sets = np.zeros(1, np.int64), np.full(1, 2000), np.full(1, 2000)
    whole = Work(0, 0, layer, layer, bits, sets, layer, sets, 0, 2000.0)
    told = f"Benes of {fabric.switches} switches"
    for some, drivers, how in (
        ([whole], 1, "2,000 switches, one driver"),
        (works, 1, f"{told}, one driver"),
        (works, None, f"{told}, any number of drivers"),
    ):
        machine = Simulation(Parts(port, replace(switching, drivers=drivers), Compute(1, 1, 0.0)), 0)
        for work in some:
            machine.carry_out(work)
        yield Peer("56 x 56 mesh, reconfigured", 30e-3, machine.now_ps / len(some) / PICOSECONDS, "time", how)


def thermal() -> Iterator[Peer]:
    """Yield the watts that hold a random configuration of 32 ports."""
    for topology in ("crossbar", "benes"):
        row, *_ = hwsim.cost(random=32, topology=topology, technology=THERMAL)
        how = f"hwsim cost --random 32 --topology {topology} --technology {THERMAL}"
        yield Peer("32 x 32 thermo-optic switch, power", 1.9, row["hold_w"], "power", how)


def tensor_core() -> Iterator[Peer]:
    """Yield the time of an MNIST image on Feldmann's core, and its highest throughput."""
    sheet, model = names("devices")[CORE], names("models")["mnist-feldmann"]
    text, network = sheet.read_text("utf-8"), model.read_text("utf-8")
    taken = _bill(network, text.replace("wavelength_vectors = { value = 4", "wavelength_vectors = { value = 1")).time_s
    yield Peer("Feldmann, MNIST, an image", 8.1e-6, taken, "time", "27 x 27 products of a 2 x 2 kernel")
    fast = text.replace('read_time = { value = "11 ns"', 'read_time = { value = "71.4286 ps"')
    rate = 26 * 26 * 36 / _bill(network.replace("kernel = 2", "kernel = 3"), fast).time_s
    how = "3 x 3 kernels, read_time of one symbol at 14 GHz"
    yield Peer("Feldmann, multiplications a second", 2e12, rate, "1/s", how)


def memory() -> Iterator[Peer]:
    """Yield throughput and efficiency of 64 cores of HERMES, each 256 x 256."""
    network = 'title = "256-256"\ninputs = 256\n[[layer]]\nkind = "dense"\nunits = 256\nactivation = "identity"\n'
    bill = _bill(network, names("devices")["hermes-two-devices-2023"].read_text("utf-8"))
    operations = 2 * 256 * 256
    for phases, published in (("four", 16.1e12), ("one", 63.1e12)):
        what = f"HERMES, {phases}-phase reads, operations a second"
        yield Peer(what, published, 64 * operations / bill.time_s, "1/s", "64 cores of 256 x 256")
    what = "HERMES, four-phase reads, joules an operation"
    yield Peer(what, 1 / 2.48e12, bill.energy_j / operations, "energy", "a core")


def _bill(network: str, sheet: str) -> Bill:
    """Bill one inference of a network, in the text of a model file, on a device, in that of a datasheet."""
    model, document = read_model(parse_document(network, "model.toml")), parse_document(sheet, "sheet.toml")
    technology = device_technology(document)
    device = technology.build(datasheet_values(read_datasheet(document, technology.datasheet), {}, document, ()))
    samples = np.random.default_rng(0).random((8, model.inputs), np.float32)
    return device.fabricate(model, start(model, 0), samples, 0).inference_bill()


def _shown(value: float, unit: str) -> str:
    return f"{value:.3g}/s" if unit == "1/s" else format_quantity(float(f"{value:.3g}"), unit)


def lines() -> Iterator[str]:
    """Yield the table."""
    yield f"{'what':<46} {'published':>10} {'ours':>10} {'ratio':>7}  ours is of"
    for rows in (mesh, thermal, tensor_core, memory):
        for row in rows():
            told, ours = (_shown(value, row.unit) for value in (row.published, row.ours))
            yield f"{row.what:<46} {told:>10} {ours:>10} {row.ours / row.published:7.3g}  {row.how}"


def main() -> None:
    """Print the table."""
    for line in lines():
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
