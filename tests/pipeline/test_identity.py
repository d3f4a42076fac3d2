"""The wall of digests: one bit of plug-in code, of values or of a module's weights makes another run.

Data are in ``tests/task/test_arrays.py``, functions in ``tests/controller/test_python.py``, schedules in
``tests/pipeline/test_elsewhere.py``.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import hwsim
from hwsim.files.registry import Registry
from hwsim.model import Start
from hwsim.model.values import pack_values
from hwsim.task import TASKS
from tests.conftest import TINY_MODEL, TINY_SCENARIO

CODE = '''
import numpy as np
from hwsim.files import Section
from hwsim.task import Shape, Task, TaskPlugin
from {package}.numbers import SCALE

class Parameters(Section):
    """Parameters."""

SHAPE = Shape(64, 10, "classification")

def load(_):
    x = np.random.default_rng(0).random((40, 64)).astype(np.float32) * np.float32(SCALE)
    y = np.arange(40) % 10
    return Task(SHAPE, x, y, x, y, (0.0, 1.0))

TASK = TaskPlugin("mine", "a task of a third party", Parameters, lambda _: SHAPE, load)
'''


def _install(place: Path, package: str) -> None:
    (place / package).mkdir()
    (place / package / "__init__.py").write_text("")
    (place / package / "numbers.py").write_text("SCALE = 1.0\n")
    (place / package / "task.py").write_text(CODE.format(package=package))
    info = place / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hwsim.task]\nmine = {package}.task:TASK\n")


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that looks for entries anew, and is as it was afterwards."""
    monkeypatch.setattr(TASKS, "_entries", None)


@pytest.mark.usefixtures("entries")
def test_code_of_third_parties(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper module beside the entry counts too: its version stays 1.0, its last bit does not."""
    package = "third_party_identity"
    _install(tmp_path, package)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    tiny.write_text(TINY_SCENARIO.replace('"digits"', '"mine"'))
    before = hwsim.load(tiny).plan().identity
    assert hwsim.load(tiny).plan().identity == before
    code = (tmp_path / package / "numbers.py").read_bytes()
    (tmp_path / package / "numbers.py").write_bytes(code.replace(b"1.0", b"1.1"))
    assert hwsim.load(tiny).plan().identity != before
    (tmp_path / package / "numbers.py").write_bytes(code)
    assert hwsim.load(tiny).plan().identity == before
    for name in [name for name in sys.modules if name.startswith(package)]:
        del sys.modules[name]


def test_our_own_entries_are_told_by_the_version(tiny: Path) -> None:
    registry: Registry[object] = Registry("controller")  # type: ignore[type-var]
    assert {registry.code(name) for name in registry} == {""}
    assert hwsim.load(tiny).plan().identity == hwsim.load(tiny).plan().identity


def _values(module: torch.nn.Sequential) -> list[Start]:
    layers = [layer for layer in module if isinstance(layer, torch.nn.Linear)]
    return [Start(one.weight.detach().double().numpy(), one.bias.detach().double().numpy(), 1.0) for one in layers]


def test_weights_of_a_module_and_their_file(tiny: Path, tmp_path: Path) -> None:
    """The values of a module are the model's; one flipped bit is another run, or told where the digest was kept."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(64, 12), torch.nn.ReLU(), torch.nn.Linear(12, 10))
    tiny.write_text(TINY_SCENARIO + '\n[fabrication]\nvalues = "imported"\n')
    model, values = tmp_path / "models" / "tiny.toml", tmp_path / "models" / "tiny.npz"

    def identity() -> str:
        values.write_bytes(pack_values(_values(module)))
        digest = hashlib.sha256(values.read_bytes()).hexdigest()
        model.write_text(
            TINY_MODEL.replace("inputs = 64", f'inputs = 64\nvalues = "tiny.npz"\nvalues_digest = "{digest}"')
        )
        return hwsim.load(tiny).plan().identity

    before = identity()
    assert identity() == before
    with torch.no_grad():
        module[2].weight.view(torch.int32)[3, 4] ^= 1  # type: ignore[operator]
    assert identity() != before
    content = bytearray(values.read_bytes())
    place = content.rindex(np.asarray(_values(module)[1].weights).tobytes()[:64])
    content[place] ^= 1
    values.write_bytes(content)
    with pytest.raises(hwsim.HwsimError, match="has changed since the model file was written"):
        hwsim.load(tiny).plan()
