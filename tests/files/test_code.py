"""Digests of code: what a function does, told apart by one bit of anything that it refers to."""

from __future__ import annotations

import functools
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hwsim.files.code import UndigestedError, digest_package, digest_value

SOURCE = """
import numpy as np
LIMIT = {limit}
TABLE = np.arange(4.0)

def helper(x):
    return x {sign} 1

class Rule:
    scale = 2
    def apply(self, x):
        return self.scale * x

def method(job, rounds=3):
    "{doc}"
    rule = Rule()
    for number in range(rounds):
        yield helper(LIMIT) * TABLE[0] + rule.apply(number)
"""


def made(**words: Any) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(SOURCE.format(**{"limit": 5, "sign": "+", "doc": "Says what it does.", **words}), "x", "exec"), space)  # noqa: S102
    return space


def test_the_same_source_has_the_same_digest_whatever_its_remarks() -> None:
    assert digest_value(made()["method"]) == digest_value(made(doc="Other words.")["method"])


def test_everything_that_it_refers_to_counts() -> None:
    before = digest_value(made()["method"])
    others = [made(limit=6), made(sign="-")]
    others.append(made())
    others[-1]["TABLE"].view(np.uint64)[2] ^= np.uint64(1)
    others.append(made())
    others[-1]["Rule"].scale = 3
    others.append(made())
    others[-1]["method"].__defaults__ = (4,)
    assert len({before, *(digest_value(one["method"]) for one in others)}) == 6


def test_closures_partials_and_objects() -> None:
    def outer(array: np.ndarray) -> Any:
        return lambda job: [array + job]

    one, bit = np.ones(3), np.ones(3)
    bit.view(np.uint64)[1] ^= np.uint64(1)
    found = {digest_value(outer(one)), digest_value(outer(one.copy())), digest_value(outer(bit))}
    assert len(found) == 2
    assert digest_value(functools.partial(outer, one)) != digest_value(functools.partial(outer, bit))
    weights = torch.nn.Linear(3, 2)
    before = digest_value(list(weights.parameters()))
    with torch.no_grad():
        weights.weight.view(torch.int32)[0, 0] ^= 1
    assert digest_value(list(weights.parameters())) != before
    generator = np.random.default_rng(1)
    before = digest_value(generator)
    generator.random()
    assert digest_value(generator) != before


def test_order_of_sets_and_circles() -> None:
    assert digest_value({"a", "b", "c", 1}) == digest_value({1, "c", "b", "a"})
    circle: list[Any] = [1]
    circle.append(circle)
    assert digest_value(circle) == digest_value(circle)


def test_what_cannot_be_told_is_refused() -> None:
    told = "closure file is a TextIOWrapper, whose content cannot be told"
    with Path(__file__).open() as file, pytest.raises(UndigestedError, match=told):
        digest_value(lambda: file)
    for one in (threading.Lock(), (n for n in range(3))):
        with pytest.raises(UndigestedError):
            digest_value([one])


def test_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "third_party_digest"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("X = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = digest_package("third_party_digest.part")
    assert before == digest_package("third_party_digest")
    (package / "part.py").write_text("X = 3\n")
    assert digest_package("third_party_digest") != before
    with pytest.raises(UndigestedError, match="lies in no file"):
        digest_package("no_such_package_at_all")
    assert "third_party_digest" not in sys.modules
