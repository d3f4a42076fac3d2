"""Simulate fixed-weight physical neural networks that learn by reconnection.

Importing this package loads nothing heavy: each name below is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hwsim import version as _version

if TYPE_CHECKING:
    from hwsim import nn as nn
    from hwsim.analysis import symmetry as symmetry
    from hwsim.analysis.comparison import compare as compare
    from hwsim.analysis.comparison import read as read
    from hwsim.analysis.fitting.sheet import fit as fit
    from hwsim.analysis.showing import show as show
    from hwsim.controller import construction as construction
    from hwsim.costing import cost as cost
    from hwsim.crossbar import crossbar as crossbar
    from hwsim.errors import HwsimError as HwsimError
    from hwsim.export.reading import read_configuration as read_configuration
    from hwsim.model import sampling as sampling
    from hwsim.pipeline.emulation import emulate as emulate
    from hwsim.pipeline.estimate import estimate as estimate
    from hwsim.pipeline.session import Answer as Answer
    from hwsim.pipeline.session import Scenario as Scenario
    from hwsim.pipeline.session import load as load
    from hwsim.pipeline.session import replay as replay
    from hwsim.pipeline.session import run as run
    from hwsim.task import task as task

__version__ = _version.VERSION

_HOMES = {
    "Answer": "hwsim.pipeline.session",
    "HwsimError": "hwsim.errors",
    "Scenario": "hwsim.pipeline.session",
    "compare": "hwsim.analysis.comparison",
    "construction": "hwsim.controller.construction",
    "cost": "hwsim.costing",
    "crossbar": "hwsim.crossbar",
    "emulate": "hwsim.pipeline.emulation",
    "estimate": "hwsim.pipeline.estimate",
    "fit": "hwsim.analysis.fitting.sheet",
    "load": "hwsim.pipeline.session",
    "nn": "hwsim.nn",
    "read": "hwsim.analysis.comparison",
    "read_configuration": "hwsim.export.reading",
    "replay": "hwsim.pipeline.session",
    "run": "hwsim.pipeline.session",
    "sampling": "hwsim.model.sampling",
    "show": "hwsim.analysis.showing",
    "symmetry": "hwsim.analysis.symmetry",
    "task": "hwsim.task",
}

_ROOMS = {"construction", "crossbar", "nn", "sampling", "symmetry", "task"}
"""Names that stand for a whole module."""

__all__ = [
    "Answer",
    "HwsimError",
    "Scenario",
    "__version__",
    "compare",
    "construction",
    "cost",
    "crossbar",
    "emulate",
    "estimate",
    "fit",
    "load",
    "nn",
    "read",
    "read_configuration",
    "replay",
    "run",
    "sampling",
    "show",
    "symmetry",
    "task",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home = import_module(_HOMES[name])
        return home if name in _ROOMS else getattr(home, name)
    raise AttributeError(f"module 'hwsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
