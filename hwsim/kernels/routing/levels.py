"""Local search in the space of switches: turning one 2x2 switch exchanges exactly two outputs.

Settings that show wanted classes are improved step by step. A step turns one switch back to its state before, which
makes up to two outputs wrong, and mends these by turning, for a wrong output, one of the switches on its path:
whichever costs least, chance added. The step is kept where it toggles no more than its allowance, else undone.

Networks are given as switches on wires, stage by stage. Reference implementation:
``tests/oracles/levels.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import prange

from hwsim.kernels.compile import kernel, parallel_kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHAIN = 64
"""Switches turned in one step at most."""
HEAT = 0.3
"""Scale of the chance in the choice of a switch (Gumbel), and at first of the allowance, in toggles."""
WRONG = 1.5
"""What a wrong output counts in the choice of a switch, in toggles."""


class Network(NamedTuple):
    """Switches on wires, stage by stage."""

    wires: int
    at: NDArray[np.int32]
    """Rows of a number for each wire, stage by stage: the switch on it, -1 where there is none."""
    ends: NDArray[np.int32]
    """Two for each switch, its wires."""
    stages: NDArray[np.int32]
    """Stage of each switch."""


class Scratch(NamedTuple):
    """What the search scribbles on."""

    numbers: NDArray[np.int32]
    """(depth + 2) wires + 2 switches for each chunk."""
    states: NDArray[np.uint8]
    """One row for each chunk."""


@kernel
def draw(seed: NDArray[np.uint64]) -> float:
    """A number from 0 to below 1 (splitmix64, Steele et al. 2014); the seed, an array of one, moves on.

    Example:
        >>> seed = np.array([7], np.uint64)
        >>> 0 <= draw(seed) < 1, int(seed[0]) != 7
        (True, True)
    """
    seed[0] += np.uint64(0x9E3779B97F4A7C15)
    z = seed[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def trace_ends(network: Network, state: NDArray[np.uint8], goal: NDArray[np.int32]) -> None:
    """The output that the signal on each wire before each stage will reach.

    Args:
        network: the circuit.
        state: states.
        goal: one row of n a stage and one behind the last, overwritten.

    Example:
        >>> goal = np.zeros(4, np.int32)
        >>> network = Network(2, np.array([0, 0], np.int32), np.array([0, 1], np.int32), np.zeros(1, np.int32))
        >>> trace_ends(network, np.array([1], np.uint8), goal)
        >>> goal.tolist()
        [1, 0, 0, 1]
    """
    n, at, ends, _ = network
    depth = len(at) // n
    for w in range(n):
        goal[depth * n + w] = w
    for t in range(depth - 1, -1, -1):
        for w in range(n):
            s = at[t * n + w]
            v = w if s < 0 or state[s] == 0 else ends[2 * s] + ends[2 * s + 1] - w
            goal[t * n + w] = goal[(t + 1) * n + v]


@kernel
def turn(
    network: Network, switch: int, state: NDArray[np.uint8], goal: NDArray[np.int32], shown: NDArray[np.int32]
) -> None:
    """Turn one switch: two outputs exchange what they show, and everything before the switch leads elsewhere.

    Args:
        network: the circuit; what follows the switch is kept up to date in place.
        switch: the switch.
        state: states.
        goal: from :func:`trace_ends`.
        shown: class at each output.

    Example:
        >>> goal, state, shown = np.array([0, 1, 0, 1], np.int32), np.zeros(1, np.uint8), np.array([5, 6], np.int32)
        >>> network = Network(2, np.array([0, 0], np.int32), np.array([0, 1], np.int32), np.zeros(1, np.int32))
        >>> turn(network, 0, state, goal, shown)
        >>> goal.tolist(), state.tolist(), shown.tolist()
        ([1, 0, 0, 1], [1], [6, 5])
    """
    n, at, ends, stages = network
    stage = stages[switch]
    a, b = ends[2 * switch], ends[2 * switch + 1]
    first, second = goal[stage * n + a], goal[stage * n + b]
    state[switch] ^= np.uint8(1)
    shown[first], shown[second] = shown[second], shown[first]
    # both signals are followed back to the inputs, and change ends on every wire
    for t in range(stage, -1, -1):
        if t < stage:
            s = at[t * n + a]
            if s >= 0 and state[s] == 1:
                a = ends[2 * s] + ends[2 * s + 1] - a
            s = at[t * n + b]
            if s >= 0 and state[s] == 1:
                b = ends[2 * s] + ends[2 * s + 1] - b
        goal[t * n + a], goal[t * n + b] = second, first


@kernel
def polish_one(
    network: Network,
    label: NDArray[np.int32],
    wanted: NDArray[np.int32],
    before: NDArray[np.uint8],
    seed: NDArray[np.uint64],
    steps: int,
    scratch: Scratch,
    state: NDArray[np.uint8],
) -> int:
    """Improve settings of one network; arguments as in :func:`polish_many`, one row of each.

    Returns:
        Toggles of the best settings found.
    """
    n, at, ends, stages = network
    rest, now = scratch
    depth, switches = len(at) // n, len(stages)
    goal = rest[: (depth + 1) * n]
    shown = rest[(depth + 1) * n : (depth + 2) * n]
    turned = rest[(depth + 2) * n : (depth + 2) * n + switches]  # switches that differ from before, in any order
    place = rest[(depth + 2) * n + switches : (depth + 2) * n + 2 * switches]  # where each stands there, or -1
    journal = np.empty(CHAIN, np.int32)
    wrong = np.empty(2 * CHAIN + 2, np.int32)
    # where the search sets out
    count = 0
    for s in range(switches):
        now[s] = state[s]
        place[s] = -1
        if state[s] != before[s]:
            turned[count], place[s] = s, count
            count += 1
    trace_ends(network, now, goal)
    for w in range(n):
        shown[goal[w]] = label[w]
    best = count
    for step in range(steps):
        if count == 0:
            break
        # a step: one switch goes back to its state before, which makes up to two outputs wrong
        allowed = -np.log(1.0 - draw(seed)) * HEAT * (1.0 - step / steps)
        s = int(turned[int(draw(seed) * count)])
        a, b = goal[stages[s] * n + ends[2 * s]], goal[stages[s] * n + ends[2 * s + 1]]
        turn(network, s, now, goal, shown)
        journal[0] = s
        made, bad, cost = 1, 0, -1
        for o in (a, b):
            if shown[o] != wanted[o]:
                wrong[bad] = o
                bad += 1
        # every further switch mends two outputs at most
        while bad > 0 and made < CHAIN and cost + (bad + 1) // 2 <= allowed:
            o = wrong[int(draw(seed) * bad)]
            # of the switches on its path, the one that costs least, chance added
            w, found, mate, least, change = int(o), -1, -1, 1e300, 0
            for t in range(depth - 1, -1, -1):
                s = int(at[t * n + w])
                if s < 0:
                    continue
                other = int(ends[2 * s] + ends[2 * s + 1] - w)
                if now[s] == 1:
                    w, other = other, w
                if s == journal[made - 1]:
                    continue
                end = goal[t * n + other]
                mended = int(shown[end] != wanted[o]) + int(shown[o] != wanted[end])
                mended -= int(shown[o] != wanted[o]) + int(shown[end] != wanted[end])
                toggle = 1 if now[s] == before[s] else -1
                price = WRONG * mended + toggle + HEAT * np.log(-np.log(draw(seed) + 1e-18) + 1e-18)
                if price < least:
                    found, mate, least, change = s, int(end), price, toggle
            if found < 0:
                break
            turn(network, found, now, goal, shown)
            journal[made] = found
            made += 1
            cost += change
            # of the outputs, those still wrong, and perhaps the one that changed ends with the mended one
            left, known = 0, False
            for k in range(bad):
                known = known or wrong[k] == mate
                if shown[wrong[k]] != wanted[wrong[k]]:
                    wrong[left] = wrong[k]
                    left += 1
            bad = left
            if not known and shown[mate] != wanted[mate]:
                wrong[bad] = mate
                bad += 1
        if bad > 0 or cost > allowed:  # undone
            for k in range(made - 1, -1, -1):
                turn(network, int(journal[k]), now, goal, shown)
            continue
        # kept: the list of switches that differ from before follows
        for k in range(made):
            s = int(journal[k])
            if now[s] != before[s] and place[s] < 0:
                turned[count], place[s] = s, count
                count += 1
            elif now[s] == before[s] and place[s] >= 0:
                count -= 1
                last = turned[count]
                turned[place[s]], place[last] = last, place[s]
                place[s] = -1
        if count < best:
            best = count
            state[:] = now
    return best


@parallel_kernel
def polish_many(
    network: Network,
    label: NDArray[np.int32],
    wanted: NDArray[np.int32],
    before: NDArray[np.uint8],
    seeds: NDArray[np.uint64],
    steps: int,
    scratch: Scratch,
    state: NDArray[np.uint8],
) -> None:
    """Improve settings that show wanted classes, one network per bank, in parallel; never to more toggles.

    Args:
        network: the circuit, of at least 1 wire.
        label: class of the cell at each input, one row of wires per bank.
        wanted: class wanted at each output, one row per bank.
        before: states before, one row per bank: toggles are counted from these.
        seeds: of the chance, one per bank, moved on.
        steps: how many to try in a bank.
        scratch: of all chunks.
        state: states that show what is wanted, one row per bank, improved in place.
    """
    n, switches = network.wires, len(network.stages)
    size = len(network.at) + 2 * n + 2 * switches
    chunks, banks = len(scratch.numbers) // size, len(seeds)
    for chunk in prange(chunks):
        for row in range(chunk, banks, chunks):
            polish_one(
                network,
                label[row * n : (row + 1) * n],
                wanted[row * n : (row + 1) * n],
                before[row * switches : (row + 1) * switches],
                seeds[row : row + 1],
                steps,
                Scratch(
                    scratch.numbers[chunk * size : (chunk + 1) * size],
                    scratch.states[chunk * switches : (chunk + 1) * switches],
                ),
                state[row * switches : (row + 1) * switches],
            )
