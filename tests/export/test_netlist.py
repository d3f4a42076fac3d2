"""The netlist, run through its switches in plain integers, accumulates what the emulator does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.export.netlist import NetlistError, check_states, evaluate
from tests.export import networks
from tests.export.networks import TWO_BY_TWO, Case

SEEDS = st.integers(0, 2**32 - 1)


def agree(case: Case) -> None:
    for phase in case.phases:
        check_states(case.netlist, phase.configuration)
        found = evaluate(case.netlist, phase.configuration, phase.inputs)
        for layer, (got, told) in enumerate(zip(found, phase.accumulators, strict=True)):
            np.testing.assert_array_equal(got, told, f"{phase.name}, layer {layer}")


@given(
    SEEDS,
    st.sampled_from(TWO_BY_TWO),
    st.sampled_from(["output", "layer"]),
    st.booleans(),
    st.integers(2, 8),
    st.integers(2, 10),
)
@settings(max_examples=60, deadline=None)
def test_dense(seed: int, topology: str, scope: str, signed: bool, weight_bits: int, activation_bits: int) -> None:
    model = networks.dense(np.random.default_rng(seed))
    agree(
        networks.build(
            model,
            topology=topology,
            scope=scope,
            signed=signed,
            seed=seed,
            weight_bits=weight_bits,
            activation_bits=activation_bits,
        )
    )


@given(SEEDS, st.booleans(), st.sampled_from(["", "benes", "crossbar"]))
@settings(max_examples=40, deadline=None)
def test_convolutions_and_pools(seed: int, signed: bool, topology: str) -> None:
    try:
        model = networks.convolved(np.random.default_rng(seed))
    except ValueError:  # the window does not fit
        return
    agree(networks.build(model, signed=signed, topology=topology, seed=seed))


def test_residual_sums() -> None:
    layers = "".join(
        [
            networks.table(kind="dense", name="a", units=4, activation="relu"),
            networks.table(kind="dense", units=4, activation="relu"),
            networks.table(kind="add", summand="a", activation="relu"),
            networks.table(kind="dense", units=2, activation="identity"),
        ]
    )
    agree(networks.build(networks.read(layers, 5), images=30))


def test_switches_that_realise_another_permutation_are_named() -> None:
    case = networks.build(networks.dense(np.random.default_rng(3)), seed=3)
    configuration = case.phases[1].configuration
    for states in configuration.states:
        if states is not None and states.size:
            states[-1, 0] ^= 1
            break
    with pytest.raises(NetlistError, match=r"bank .*: the switches realise another permutation"):
        check_states(case.netlist, configuration)


def test_an_exercise_moves_every_circuit_and_every_signal() -> None:
    case = networks.build(networks.layers(16, 8, 4), images=40)
    before, exercise = case.phases
    for node in case.netlist.layers:
        moved = [phase.configuration.permutations[node.layer] for phase in (before, exercise)]
        assert (moved[0] != moved[1]).any(axis=1).all()
        assert (exercise.configuration.biases[node.layer] != before.configuration.biases[node.layer]).any()
    assert exercise.inputs.min() < 8
    assert exercise.inputs.max() > 247
    hidden = case.netlist.layers[0].law.apply(exercise.accumulators[0])
    assert (hidden.std(axis=(0, 1)) > 0).all()
