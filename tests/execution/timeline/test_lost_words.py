"""Words that are lost on their way: sent again until they are in, and paid for as often as they were sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from hwsim.execution import Load
from hwsim.execution.timeline import Parts, Simulation, Work
from hwsim.execution.timeline.loading import PortError
from tests.execution.timeline import machines


def lossy(parts: Parts, loss: float) -> Parts:
    return replace(parts, port=replace(parts.port, loss=loss, check_bits=16, width=32))


def blocks_of(works: list[Work]) -> list[int]:
    """Bits of everything that is sent in one piece, with its checksum."""
    registers = [32 * work.registers for work in works if work.registers]
    return [bits + 16 for bits in [*registers, *[bits for work in works for bits in work.bits.tolist()]]]


@given(parts=machines.parts(), works=machines.works(), loss=st.floats(1e-6, 0.3), seed=st.integers(0, 99))
def test_everything_is_sent_until_it_is_in(parts: Parts, works: list[Work], loss: float, seed: int) -> None:
    """Bits and joules are those that spans show: each block with its checksum once, and what was sent again."""
    simulation = Simulation(lossy(parts, loss), seed, keep=True)
    for work in works:
        simulation.carry_out(work)
    tally = simulation.finish()
    blocks = blocks_of(works)
    ports = [span for span in simulation.spans if "port" in span.resource]
    assert sorted(span.amount for span in ports if "again" not in span.what) == sorted(blocks)
    again = sum(span.amount for span in ports if "again" in span.what)
    assert (tally.port_bits, tally.resent_bits) == (sum(blocks) + again, again)
    assert tally.energy["configuration"] == (sum(blocks) + again) * parts.port.bit_energy
    assert {span.amount for span in ports if "again" in span.what} <= set(blocks)


@given(parts=machines.parts(), works=machines.works())
def test_a_port_that_loses_nothing_sends_exactly_the_bits(parts: Parts, works: list[Work]) -> None:
    simulation = Simulation(lossy(parts, 0.0), 0)
    for work in works:
        simulation.carry_out(work)
    tally = simulation.finish()
    bits = sum(
        int(work.bits.sum()) + 16 * work.bits.size + (32 * work.registers + 16) * (work.registers > 0) for work in works
    )
    assert (tally.port_bits, tally.resent_bits) == (bits, 0)


def test_how_often_a_bank_is_sent() -> None:
    """Geometric, with the chance that none of its words is lost; and one bank tells nothing of the next.

    H0: so it is; 20,000 banks of 7 words (and one of the checksum), each lost with 0.05. Chi-square over 1 to 7 and
    more sendings, false alarm 1e-6; of the correlation of one bank with the next, 5 of its standard errors, 6e-7.
    """
    banks, chance, most = 20_000, 0.95**8, 7
    simulation = Simulation(lossy(machines.of(machines.switches()["eo-mzi-lu-2016"]), 0.05), 4, keep=True)
    simulation.carry_out(machines.work([Load(7 * 32, 1, 0, 1)] * banks))
    sent = Counter[int]()
    number = -1
    for span in simulation.spans:
        if span.resource == "port":
            number += span.what == "bits"
            sent[number] += 1
    often = np.array([sent[bank] for bank in range(banks)])
    found = np.bincount(np.minimum(often, most), minlength=most + 1)[1:]
    shares = chance * (1 - chance) ** np.arange(most - 1)
    assert chisquare(found, banks * np.append(shares, 1 - shares.sum())).pvalue > 1e-6
    assert abs(np.corrcoef(often[1:], often[:-1])[0, 1]) < 5 / banks**0.5


def test_a_port_that_never_gets_a_bank_through() -> None:
    simulation = Simulation(lossy(machines.of(machines.switches()["eo-mzi-lu-2016"]), 0.1), 0)
    with pytest.raises(PortError) as error:
        simulation.carry_out(machines.work([Load(32 * 99, 1, 0, 1)]))
    assert str(error.value) == (
        "bits of 100 words, each lost with probability 0.1: they get through in less than one of 1000 tries; "
        "a wider port helps"
    )
