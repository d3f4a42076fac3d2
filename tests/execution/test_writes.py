"""Configurations go through the port as words: what arrives, what is lost on the way, and how many bits that takes."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.crossbar import CROSSBARS, Fabric, crossbar
from hwsim.crossbar.crosspoints import CrosspointNetwork
from hwsim.crossbar.technology import Switch
from hwsim.crossbar.topology.sorting import Sorter
from hwsim.crossbar.topology.time_multiplexed import TimeMultiplexed
from hwsim.crossbar.words import read_words
from hwsim.execution import Circuits
from hwsim.execution.writes import CHECKS, WAYS, WRITES, Burst, bits_sent, checksum, decode, encode
from hwsim.schedule import Bank, Layout

PORTS = 8
WIDTHS = [1, 2, 3, 5, 8, 16, 32, 40]
Image = NDArray[np.uint8]


@cache
def fabric_of(topology: str) -> Fabric:
    return crossbar(topology, PORTS)


def states_of(fabric: Fabric, rng: np.random.Generator, old: NDArray[Any]) -> NDArray[Any]:
    """States that differ from the old ones in much or in little; some banks keep theirs."""
    few = rng.integers(2)
    if isinstance(fabric, CrosspointNetwork | Sorter | TimeMultiplexed):
        wanted = np.tile(np.arange(PORTS), (len(old), 1)) if few else np.stack([rng.permutation(PORTS) for _ in old])
        wanted[:, :2] = wanted[:, 1::-1] if few else wanted[:, :2]
        new = fabric.route_many(wanted, None if rng.integers(2) else old)
    else:
        new = np.where(rng.random(old.shape) < (0.05 if few else 0.5), 1 - old, old).astype(np.uint8)
    return np.where(rng.random((len(old), 1)) < 0.2, old, new).astype(old.dtype)


def image_of(fabric: Fabric, state: NDArray[Any]) -> str | None:
    """The words, bit by bit, or None where the circuit was never configured."""
    try:
        words = fabric.words(state)
    except ValueError:
        return None
    return "".join(str(value >> bit & 1) for value, width in words for bit in range(width))


def bits(image: str) -> Image:
    return np.array(list(map(int, image)), np.uint8)


def plain_length(old: str | None, new: str, writes: str, width: int, check_bits: int) -> int:
    """Bits of what takes the fewest clocks, from the definition."""
    if old == new:
        return 0
    ways = {"full": len(new)}
    if old is not None:
        flipped = [place for place in range(len(new)) if old[place] != new[place]]
        words = {place // width for place in flipped}
        address = next(n for n in range(64) if 2**n >= -(-len(new) // width))
        place = next(n for n in range(1, 64) if 2**n >= len(new))
        ways |= {"addressed": len(words) * (address + width), "delta": len(flipped) * place}
    allowed = [way for way in ways if writes in {way, "shortest"} or way == "full"]
    return ways[min(allowed, key=lambda way: -(-(ways[way] + check_bits) // width))]


def plain_decode(old: str, burst: Burst, width: int) -> str:
    """Read port words as text, from the rules alone."""
    stream, image = "".join(f"{word:0{width}b}"[::-1] for word in burst.words), list(old)
    address = next(n for n in range(64) if 2**n >= -(-len(old) // width))
    place = next(n for n in range(1, 64) if 2**n >= len(old))
    for _ in range(burst.entries):
        if burst.way == "full":
            return stream[: len(old)]
        if burst.way == "delta":
            at, stream = int(stream[:place][::-1], 2), stream[place:]
            image[at] = "10"[int(image[at])]
        else:
            at, stream = int(stream[:address][::-1] or "0", 2), stream[address:]
            image[at * width : (at + 1) * width] = stream[: min(width, len(old) - at * width)]
            stream = stream[width:]
    return "".join(image)


def plain_crc(stream: str, polynomial: int, size: int, *, inverted: bool) -> str:
    """Long division of a stream of bits, the first one first; as many zeros stand before it as fill up an octet."""
    register = 2**size - 1
    for bit in "0" * (-len(stream) % 8) + stream:
        high = register >> (size - 1) ^ int(bit)
        register = (register << 1 & 2**size - 1) ^ (polynomial if high else 0)
    return f"{register ^ (2**size - 1 if inverted else 0):0{size}b}"


@pytest.mark.parametrize("topology", sorted(CROSSBARS))
def test_an_image_is_the_words_bit_by_bit(topology: str) -> None:
    for ports in (1, 2, 5, 8):
        try:
            fabric = crossbar(topology, ports)
        except ValueError:
            continue
        states = fabric.power_up(3)
        if fabric.blocking != "blocking":
            states = fabric.route_many(np.tile(np.arange(ports)[::-1], (3, 1)))
        wanted = [list(map(int, image_of(fabric, state) or "")) for state in states]
        assert fabric.image_many(states).tolist() == wanted
        assert Fabric.image_many(fabric, states).tolist() == wanted


@pytest.mark.parametrize("topology", sorted(CROSSBARS))
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), width=st.sampled_from(WIDTHS), check_bits=st.sampled_from([16, 32]))
def test_whatever_is_lost_the_configuration_is_the_one_asked_for(
    topology: str, seed: int, width: int, check_bits: int
) -> None:
    """Banks follow their states by any mix of ways through a port that loses, flips and cuts; bits are counted anew."""
    fabric, rng = fabric_of(topology), np.random.default_rng(seed)
    states = fabric.power_up(2)
    held = [bits(image_of(fabric, state) or "0" * fabric.configuration_bits) for state in states]
    for _ in range(4):
        new, writes = states_of(fabric, rng, states), str(rng.choice(list(WRITES)))
        counted = bits_sent(fabric, states, new, writes, width, check_bits)
        for bank, (old_state, new_state) in enumerate(zip(states, new, strict=True)):
            if (old_state == new_state).all():
                assert counted[bank] == 0
                continue
            old, wanted = image_of(fabric, old_state), image_of(fabric, new_state)
            assert wanted is not None
            burst = encode(None if old is None else bits(old), bits(wanted), writes, width, check_bits)
            assert counted[bank] == plain_length(old, wanted, writes, width, check_bits)
            assert len(burst.words) == -(-(counted[bank] + check_bits) // width)
            assert plain_decode(old or "0" * len(wanted), burst, width) == wanted
            held[bank] = through_a_bad_line(held[bank], burst, width, check_bits, rng)
            assert held[bank].tolist() == list(map(int, wanted))
            words, at = [], 0
            for _, size in fabric.words(new_state):
                words.append(int(wanted[at : at + size][::-1] or "0", 2))
                at += size
            assert (read_words(fabric, words) == new_state).all()
        states = new


def through_a_bad_line(old: Image, burst: Burst, width: int, check_bits: int, rng: np.random.Generator) -> Image:
    """Send a burst again until it is in; every way of losing it must be found out before."""
    stood = old.copy()
    for _ in range(rng.integers(3)):
        words, at = list(burst.words), int(rng.integers(len(burst.words)))
        damage = rng.integers(3)
        if damage == 0:
            words[at] ^= 1 << int(rng.integers(width))  # may hit what fills up the last word
        elif damage == 1:
            del words[at]
        else:
            del words[at:]
        try:
            found = decode(old, burst._replace(words=words), width, check_bits)
        except ValueError:
            assert (old == stood).all()
            continue
        assert damage == 0
        assert at == len(words) - 1
        return found
    return decode(old, burst, width, check_bits)


@given(data=st.data(), size=st.integers(1, 80), check_bits=st.sampled_from([16, 32]))
def test_a_checksum_finds_every_error_within_its_own_length(data: Any, size: int, check_bits: int) -> None:
    stream = np.array(data.draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)), np.uint8)
    sent = np.concatenate([stream, checksum(stream, check_bits)])
    begin = data.draw(st.integers(0, len(sent) - 1))
    error = data.draw(st.integers(1, 2**check_bits - 1))
    pattern = np.array([error >> bit & 1 for bit in range(check_bits)], np.uint8)[: len(sent) - begin]
    sent[begin : begin + len(pattern)] ^= pattern
    wrong = (checksum(sent[:size], check_bits) != sent[size:]).any()
    assert wrong == pattern.any()


@given(stream=st.lists(st.integers(0, 1), min_size=1, max_size=90))
def test_checksums_are_long_divisions(stream: list[int]) -> None:
    text, array = "".join(map(str, stream)), np.array(stream, np.uint8)
    assert "".join(map(str, checksum(array, 16))) == plain_crc(text, 0x1021, 16, inverted=False)
    assert "".join(map(str, checksum(array, 32))) == plain_crc(text, 0x04C11DB7, 32, inverted=True)
    assert checksum(array, 0).size == 0
    assert {16, 32} | {0} == set(CHECKS)


def test_a_checksum_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="a checksum of 8 bits is not known; use 0, 16, 32"):
        checksum(np.zeros(3, np.uint8), 8)


@given(seed=st.integers(0, 2**32), width=st.sampled_from(WIDTHS), check_bits=st.sampled_from(CHECKS))
def test_nothing_takes_longer_than_the_image(seed: int, width: int, check_bits: int) -> None:
    fabric, rng = fabric_of("benes"), np.random.default_rng(seed)
    old = rng.integers(0, 2, (4, fabric.switches), np.uint8)
    new = states_of(fabric, rng, old)
    found = {writes: bits_sent(fabric, old, new, writes, width, check_bits) for writes in WRITES}
    clocks = {writes: -(-(sent + check_bits * (sent > 0)) // width) for writes, sent in found.items()}
    for writes in WRITES:
        assert (found[writes] <= found["full"]).all()
        assert (clocks[writes] <= clocks["full"]).all()
        assert (clocks["shortest"] <= clocks[writes]).all()


@pytest.mark.parametrize("check_bits", CHECKS)
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), width=st.sampled_from(WIDTHS))
def test_banks_that_were_never_configured_change_nothing_for_others(check_bits: int, seed: int, width: int) -> None:
    """They are sent the image; each of the others what it would be alone."""
    fabric, rng = fabric_of("crossbar"), np.random.default_rng(seed)
    straight = np.tile(np.arange(PORTS), (4, 1))
    swapped = straight.copy()
    swapped[:, :2] = 1, 0  # two bits of 24 flip back
    old = fabric.route_many(swapped)
    old[rng.integers(4)] = fabric.power_up(1)[0]
    new = np.where(np.arange(4)[:, None] == rng.integers(4), old, fabric.route_many(straight))
    for writes in WRITES:
        found = bits_sent(fabric, old, new, writes, width, check_bits)
        images = [(image_of(fabric, one), image_of(fabric, two)) for one, two in zip(old, new, strict=True)]
        assert found.tolist() == [plain_length(one, two or "", writes, width, check_bits) for one, two in images]


def test_ties_go_to_the_image_and_then_to_words() -> None:
    old, new = np.zeros((2, 64), np.uint8)
    new[0] = 1
    ways = [encode(old[:8], new[:8], "shortest", width).way for width in (8, 7, 3, 2)]
    assert ways == ["full", "delta", "delta", "addressed"]  # of 2 bits: 8 against 2 + 2 against 3
    new[1] = 1
    assert encode(old, new, "shortest", 8).way == "addressed"  # 11 bits against 12: two clocks each
    assert {encode(old, new, way, 8).way for way in WAYS} == set(WAYS)


def test_items_that_change_their_order_alone_are_sent() -> None:
    """No switch toggles, and the orders of the lanes go through the port all the same."""
    switch = Switch("s", "electronic", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 32, 1e8, 0.0)
    circuits = Circuits([crossbar("time-multiplexed", 16)], Layout((Bank(0, 1, 16, 0, True),)), switch)
    wanted = np.arange(16)
    wanted[[0, 4]] = 4, 0  # both of lane 0
    change = circuits.reconnect([wanted[None, :]])
    assert change.toggles == 0
    assert change.sent.bits.tolist() == [crossbar("time-multiplexed", 16).configuration_bits]


@pytest.mark.parametrize("writes", sorted(WRITES))
def test_circuits_count_what_they_send(writes: str) -> None:
    switch = Switch("s", "electronic", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 8, 1e8, 0.0)
    fabrics = [crossbar("benes", 16), None, crossbar("crossbar", 5)]
    layout = Layout((Bank(0, 3, 16, 0, True), Bank(1, 2, 4, 0, False), Bank(2, 2, 5, 0, True)))
    circuits, rng = Circuits(fabrics, layout, switch, writes=writes, check_bits=16), np.random.default_rng(3)
    for _ in range(5):
        stood = [None if state is None else state.copy() for state in circuits.states]
        wanted = [p[:, : bank.ports].copy() for p, bank in zip(circuits.permutations, layout.layers, strict=True)]
        wanted[0][0, :2] = wanted[0][0, 1::-1]
        wanted[2] = np.stack([rng.permutation(5) for _ in range(2)])
        loads = circuits.reconnect([wanted[0], None, wanted[2]]).loads
        assert loads
        for load in loads:
            fabric, old, new = fabrics[load.layer], stood[load.layer], circuits.states[load.layer]
            assert fabric is not None
            assert old is not None
            assert new is not None
            images = [image_of(fabric, states[load.bank]) for states in (old, new)]
            assert load.bits == plain_length(images[0], images[1] or "", writes, 8, 16)
