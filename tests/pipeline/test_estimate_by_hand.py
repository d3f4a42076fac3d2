"""The table of an estimate of three round reconnections: what one takes in the mean, and lines beside a stream."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from hwsim.execution.timeline import Compute, Host, Parts, Port, Requests, Switching, Work
from hwsim.pipeline import estimate_table as module
from hwsim.pipeline.estimate_table import Basis, Line, table
from hwsim.pipeline.worth import Means

STREAM = Requests("poisson", rate=5e8)


def _work(event: int, bits: int, sets: int, resets: int) -> Work:
    layer, bank, bit, set_, reset, held = (np.array([number]) for number in (0, 0, bits, sets, resets, sets))
    return Work(event, event, layer, bank, bit, set_, reset, held, registers=0, standing=float(sets))


WORKS = (_work(0, 8, 4, 0), _work(1, 16, 1, 2), _work(2, 24, 2, 1))
"""2, 4 and 6 words."""


def _lines(
    monkeypatch: pytest.MonkeyPatch, requests: Requests | None = None, *, memory: Any = "single", unknown: str = ""
) -> dict[str, Line]:
    """Of words of 4 bits and 5 ps, switches that take 7 ps, and an image every ns that takes 3 ns, for 1 ms."""
    parts = Parts(
        Port(4, 5, 1e-12),
        Switching(7, 7, 2e-12, 1e-12, 0.0),
        Compute(3000, 1000, 5e-9, conversion=2e-9, idle_power=3.0),
        memory=memory,
        host=Host(issue="steps", step_ps=100, length_ps=10**9),
        requests=requests,
    )

    def worth(_: object, __: object, means: Means, worn: int, seconds: float) -> dict[str, Any]:
        told = {"count": means.count, "moves": means.moves, "energy_j": means.energy_j, "time_s": means.time_s}
        return {"worth": {**told, "worn": worn, "seconds": seconds}}

    monkeypatch.setattr(module, "parts_of", lambda *_: parts)
    monkeypatch.setattr(module, "worth", worth)
    basis = Basis(moves=12.5, unknown=unknown)
    found = table(cast("Any", None), cast("Any", None), iter(WORKS), basis)
    assert len({line.key for line in found}) == len(found)
    return {line.key: line for line in found}


def test_what_a_reconnection_takes_leaves_event_0_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """16 and 24 bits, 3 toggles each, half of them sets; 20 + 7 and 30 + 7 ps, the last from 200 ps on."""
    found = _lines(monkeypatch)
    once = {key.partition(".")[2]: line.value for key, line in found.items() if key.startswith("reconnection.")}
    energy, time = pytest.approx(24.5e-12), pytest.approx(32e-12)
    assert once == {"port_bits": 20, "toggles": 3, "moves": 12.5, "energy_j": energy, "time_s": time}
    asked = {key.partition(".")[2]: line.value for key, line in found.items() if key.startswith("worth.")}
    told = {"count": 2, "moves": 12.5, "energy_j": energy, "time_s": time, "worn": 2, "seconds": pytest.approx(237e-12)}
    assert asked == told
    assert found["makespan_s"].value == pytest.approx(237e-12)
    assert found["inference.interval_s"].value == pytest.approx(1e-9)
    assert found["inference.latency_s"].value == pytest.approx(3e-9)
    assert "throughput" not in found


@pytest.mark.parametrize("memory", ["single", "double"])
def test_a_stream_is_answered_at_its_rate_and_each_answer_takes_its_joules(
    monkeypatch: pytest.MonkeyPatch, memory: str
) -> None:
    """500 million a second for 1 ms; of 5 nJ an inference 2 nJ are conversion; load a half."""
    found = _lines(monkeypatch, STREAM, memory=memory)
    keys = ("throughput", "inferences", "energy_j.compute", "energy_j.conversion", "utilisation.compute")
    assert [found[key].value for key in keys] == pytest.approx([5e8, 5e5, 1.5e-3, 1e-3, 0.5])
    assert [found[key].unit for key in keys] == ["1/s", "", "J", "J", ""]
    assert {found[key].why for key in keys[1:4]} == {"expected"}
    if memory == "single":
        assert found["wait_mean_s"].value is None
    else:  # M/D/1 at a half waits half an interval; three swaps of 7 ps empty a pipeline of 3 ns each
        assert found["wait_mean_s"].value == pytest.approx(0.5e-9)
        assert found["wait_mean_s"].why == "M/D/1, but for swaps, 9e-06 of the time at most"
        assert found["latency_mean_s"].value == pytest.approx(3.5e-9)


@pytest.mark.parametrize(
    ("stream", "unknown", "why"),
    [
        (Requests("poisson", rate=5e8, queue=3), "", "the queue is finite"),
        (STREAM, "nobody knows", "nobody knows"),
    ],
)
def test_without_a_count_of_answers_there_are_no_joules_of_them(
    monkeypatch: pytest.MonkeyPatch, stream: Requests, unknown: str, why: str
) -> None:
    found = _lines(monkeypatch, stream, unknown=unknown)
    for key in ("inferences", "energy_j.compute", "energy_j.conversion"):
        assert (found[key].value, found[key].why) == (None, why)
    assert found["throughput"].value == (5e8 if unknown else None)
    assert found["inference.energy_j"].value == 5e-9
