"""Simulate fixed-weight physical neural networks that learn by reconnection.

Importing this package loads nothing heavy: each name below is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hwsim import version as _version

if TYPE_CHECKING:
    from hwsim import construction as construction
    from hwsim import redundancy as redundancy
    from hwsim import sampling as sampling
    from hwsim.costing import cost as cost
    from hwsim.crossbar import crossbar as crossbar
    from hwsim.emulation import emulate as emulate
    from hwsim.errors import HwsimError as HwsimError
    from hwsim.session import Answer as Answer
    from hwsim.session import Scenario as Scenario
    from hwsim.session import load as load
    from hwsim.session import run as run

__version__ = _version.VERSION

_HOMES = {
    "Answer": "hwsim.session",
    "HwsimError": "hwsim.errors",
    "Scenario": "hwsim.session",
    "construction": "hwsim.construction",
    "cost": "hwsim.costing",
    "crossbar": "hwsim.crossbar",
    "emulate": "hwsim.emulation",
    "load": "hwsim.session",
    "redundancy": "hwsim.redundancy",
    "run": "hwsim.session",
    "sampling": "hwsim.sampling",
}

__all__ = [
    "Answer",
    "HwsimError",
    "Scenario",
    "__version__",
    "construction",
    "cost",
    "crossbar",
    "emulate",
    "load",
    "redundancy",
    "run",
    "sampling",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        home = import_module(_HOMES[name])
        return home if home.__name__ == f"hwsim.{name}" else getattr(home, name)
    raise AttributeError(f"module 'hwsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
