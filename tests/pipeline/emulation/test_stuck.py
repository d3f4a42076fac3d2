"""A switch that gets stuck: what its circuit joins then, and what a later reconnection makes of it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import nn

import hwsim
from hwsim.crossbar.stages import SwitchNetwork

PORTS, UNITS = 4, 3


def _module() -> nn.Sequential:
    net = nn.Sequential(nn.Linear(PORTS, UNITS))
    with torch.no_grad():
        for number, one in enumerate(net.parameters()):
            one.copy_(torch.arange(one.numel()).reshape(one.shape) * 2.0**-3 + number)
    return net


def _walked(network: SwitchNetwork, state: NDArray[np.uint8]) -> list[int]:
    """The input that reaches each output, switch by switch."""
    on = [-1] * network.wires
    for port, wire in enumerate(network.inputs):
        on[wire] = port
    for number, (a, b) in enumerate(zip(network.wire_a, network.wire_b, strict=True)):
        if state[number]:
            on[a], on[b] = on[b], on[a]
    return [on[wire] for wire in network.outputs]


@settings(max_examples=20)
@given(
    topology=st.sampled_from(["benes", "waksman"]),
    unit=st.integers(0, UNITS - 1),
    where=st.floats(0, 1, exclude_max=True),
    state=st.integers(0, 1),
    seed=st.integers(0, 2**31),
)
def test_inputs_meet_the_weights_to_which_the_stuck_switch_leads(
    topology: str, unit: int, where: float, state: int, seed: int
) -> None:
    net, rng = _module(), np.random.default_rng(seed)
    chip = hwsim.emulate(net, crossbar=topology)
    wanted = np.array([rng.permutation(PORTS) for _ in range(UNITS)])
    chip.reconnect(0, wanted)
    network = chip.machine.circuits.fabrics[0]
    assert isinstance(network, SwitchNetwork)
    switch = int(where * network.switches)
    states = chip.machine.circuits.states[0]
    assert states is not None
    moved = chip.stick(0, unit, switch, state)
    stuck = states[unit].copy()
    stuck[switch] = state
    expected = wanted.copy()
    expected[unit] = _walked(network, stuck)
    assert chip.permutations[0].tolist() == expected.tolist()
    assert moved == np.count_nonzero(expected != wanted)
    x = rng.random((5, PORTS)).astype(np.float32)
    weight, bias = (one.detach().numpy() for one in net.parameters())
    weights = np.take_along_axis(weight, expected, axis=1)
    np.testing.assert_allclose(chip(x), x @ weights.T + bias, rtol=1e-5)
    # a reconnection goes around it where any of all states does, and says so where none does
    ways = [bits for bits in product((0, 1), repeat=network.switches) if bits[switch] == state]
    if not any(_walked(network, np.array(bits, np.uint8)) == wanted[unit].tolist() for bits in ways):
        with pytest.raises(hwsim.HwsimError, match=f"switch {switch} stuck in state {state}"):
            chip.reconnect(0, wanted)
        assert chip.permutations[0].tolist() == expected.tolist()  # it stands as it stood
        return
    chip.reconnect(0, wanted)
    assert chip.permutations[0].tolist() == wanted.tolist()
    now = chip.machine.circuits.states[0]
    assert now is not None
    assert now[unit, switch] == state


def test_what_cannot_be_stuck_is_said() -> None:
    chip = hwsim.emulate(_module(), crossbar="benes")
    assert chip.stick(0, 0, 4, 1) == 2
    for wrong, said in (
        ((0, 0, 4, 0), "stuck in the other state already"),
        ((1, 0, 0, 0), "there is no layer 1; layers with cells are 0 to 0"),
        ((0, 3, 0, 0), "there is no switch 0 of circuit 3"),
        ((0, 0, 6, 0), "there are 3 circuits of 6 switches"),
        ((0, 0, 0, 2), "a state is 0 or 1"),
        ((0, 0, -1, 0), "whole numbers from 0 on"),
    ):
        with pytest.raises(ValueError, match=said):
            chip.stick(*wrong)
    with pytest.raises(ValueError, match="a crossbar circuit, whose switches have no two states"):
        hwsim.emulate(_module(), crossbar="crossbar").stick(0, 0, 0, 0)
    with pytest.raises(ValueError, match="layer 0: no circuit"):
        hwsim.emulate(_module()).stick(0, 0, 0, 0)
