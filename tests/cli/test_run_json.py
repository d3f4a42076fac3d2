"""``hwsim run --json``: keys equal to what the text prints, to the answer's file and to the last row of the table."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from hwsim.cli.run import run

PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
NUMBER = r"([\d.,]+(?:e[-+]?\d+)?) ([munpf]?)"


def value(number: str, prefix: str) -> float:
    return float(number.replace(",", "")) * PREFIXES[prefix]


def found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text, re.MULTILINE)
    assert match, pattern
    return match.groups()


def test_keys_are_what_the_text_says(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    given: Any = {"out": out, "set_": ["controller.epochs=2"], "seed": 3, "quiet": True}
    run(str(tiny), json=False, **given)
    text = capsys.readouterr().out
    run(str(tiny), json=True, **given)  # the run is finished: answered from its folder
    answer = json.loads(capsys.readouterr().out)
    last = list(csv.DictReader((out / "score.csv").read_text().splitlines()))[-1]

    assert answer.pop("run") == str(out) == found(r"^run +(.+)$", text)[0]
    assert answer.pop("reused")
    assert answer.pop("made_at") == json.loads((out / "provenance.json").read_text())["finished"]
    assert answer == json.loads((out / "answer.json").read_text())
    assert {"identity", "events", "final", "reference", "interval", "schedule_digest", "resources"} <= set(answer)
    low, high = answer["interval"]
    assert found(r"interval of the test images, one seed: ([\d.]+) to ([\d.]+)$", text) == (f"{low:.4f}", f"{high:.4f}")
    assert [low, high] == [float(last["accuracy_low"]), float(last["accuracy_high"])]
    for line, energy, time, keys in (
        (
            "one inference",
            answer["inference_energy_j"],
            answer["inference_time_s"],
            ("inference_energy_j", "inference_time_s"),
        ),
        ("reconnecting", answer["final"]["energy_j"], answer["final"]["time_s"], ("energy_j", "time_s")),
    ):
        printed = found(rf"^{line} +{NUMBER}J, {NUMBER}s$", text)
        assert value(*printed[:2]) == pytest.approx(energy, rel=6e-3)
        assert value(*printed[2:]) == pytest.approx(time, rel=6e-3)
        assert [energy, time] == [float(last[key]) for key in keys]
    final = answer["final"]
    assert found(r"^accuracy +([\d.]+) ", text)[0] == f"{final['accuracy']:.4f}"
    assert found(r"^ +without noise +([\d.]+)$", text)[0] == f"{final['accuracy_noiseless']:.4f}"
    assert found(r"^ +free training +([\d.]+)$", text)[0] == f"{answer['reference']:.4f}"
    counts = {"reconnections": answer["events"], "moves": final["moves"], "register writes": final["bias_writes"]}
    for line, count in counts.items():
        assert int(found(rf"^{line} +([\d,]+)$", text)[0].replace(",", "")) == count > 0
    toggles, switches = found(r"^toggles +([\d,]+) +the hardware has ([\d,]+) switches$", text)
    assert (int(toggles.replace(",", "")), int(switches.replace(",", ""))) == (final["toggles"], answer["switches"])
