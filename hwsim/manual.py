"""The manual: one page a topic, made from the schemas and docstrings themselves."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from hwsim.controller import CONTROLLERS
from hwsim.crossbar.technology import SwitchSheet
from hwsim.device import DEVICES
from hwsim.model import ModelFile
from hwsim.scenario import DIMENSIONS, reference
from hwsim.scenario.reproduction import ReproductionFile
from hwsim.scenario.schema import ScenarioFile
from hwsim.schedule import file as schedule_file
from hwsim.score import Score, columns
from hwsim.task import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = """Words
cell           one physical weight: a value fixed at fabrication
bank           the cells that one permutation circuit can exchange
device, chip   the law of a technology; one fabricated instance of it
crossbar       the permutation circuit of a bank: a topology of switches in one switch technology
permutation    y[i] = x[p[i]]: position i is fed by cell p[i]; the identity is how the chip leaves fabrication
configuration  the switch settings that realise a permutation
toggle         one switch changing state (crosspoints: opened plus closed); the first counts against all-bar
move           one position fed by another cell than before
reconnection   one change of the permutations of some banks; register writes travel with it
schedule       the reconnections of a run in order
controller     what decides reconnections
score          what a run was worth: accuracy versus toggles, and the rest of the bill"""


def _units() -> str:
    lines = ["Units: a quantity is text with a unit"]
    lines += [f'{d.name:<26}{", ".join(d.units):<40}for example "{d.example}"' for d in DIMENSIONS.values()]
    return "\n".join(lines)


def _pages() -> dict[str, tuple[str, Callable[[], str]]]:
    pages: dict[str, tuple[str, Callable[[], str]]] = {
        "words": ("the words of this program", lambda: WORDS),
        "scenario": ("scenario files", lambda: reference(ScenarioFile, "Scenario file")),
        "reproduction": ("reproduction files", lambda: reference(ReproductionFile, "Reproduction file")),
        "model": ("model files", lambda: reference(ModelFile, "Model file")),
        "switch": ("datasheets of switch technologies", lambda: reference(SwitchSheet, "Switch datasheet")),
        "units": ("units that quantities are written in", _units),
        "schedule": ("the schedule file", lambda: inspect.getdoc(schedule_file) or ""),
        "score": ("the score table", _score),
    }
    for name, technology in DEVICES.items():
        pages[f"device/{name}"] = (
            f"datasheets of {technology.summary}",
            lambda t=technology: reference(t.sheet, f"Device datasheet, technology {t.name}"),  # type: ignore[misc]
        )
    for noun, registry in (("task", TASKS), ("controller", CONTROLLERS)):
        for name, entry in registry.items():
            pages[f"{noun}/{name}"] = (
                entry.summary,
                lambda e=entry, n=noun: reference(e.parameters, f"[{n}] name = {e.name!r}: {e.summary}"),  # type: ignore[misc]
            )
    return pages


def _score() -> str:
    named = ", ".join(columns("accuracy").values())
    regression = (
        "A regression has max_error in place of accuracy, and no interval; part and trajectory errors are there for\n"
        "tasks that have them."
    )
    return f"Score table (score.csv)\n{inspect.getdoc(Score)}\n{regression}\nColumns: {named}"


def topics() -> dict[str, str]:
    """Topics and what they explain.

    Example:
        >>> "scenario" in topics()
        True
    """
    return {name: summary for name, (summary, _) in _pages().items()}


def page(topic: str) -> str:
    """The text of one topic.

    Raises:
        KeyError: there is no such topic.

    Example:
        >>> "needs" in page("units") or "unit" in page("units")
        True
    """
    return _pages()[topic][1]()
