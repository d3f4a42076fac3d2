"""The line that shows in a notebook where a run stands; IPython itself runs in the tutorials."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

import hwsim
from hwsim.report.notebook import in_notebook


class _Handle:
    """What IPython gives back for a display with an id."""

    def __init__(self, shown: list[str]) -> None:
        self.shown = shown

    def update(self, html: str) -> None:
        self.shown.append(html)


def _notebook(monkeypatch: pytest.MonkeyPatch, shell: str) -> list[str]:
    """Stand in for IPython under a shell of this name; what is shown is collected."""
    shown: list[str] = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")

    def show(html: str, *, display_id: bool) -> _Handle:
        assert display_id
        shown.append(html)
        return _Handle(shown)

    ipython.__dict__.update(get_ipython=type(shell, (), {}), version_info=(9, 0))  # matplotlib asks for the second
    display.__dict__.update(HTML=str, display=show)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


@pytest.mark.parametrize(("shell", "answer"), [("ZMQInteractiveShell", True), ("TerminalInteractiveShell", False)])
def test_only_a_notebook_is_one(shell: str, answer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    _notebook(monkeypatch, shell)
    assert in_notebook() is answer
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


def test_a_run_in_a_notebook_shows_its_line_and_takes_it_away(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = _notebook(monkeypatch, "ZMQInteractiveShell")
    monkeypatch.setattr("hwsim.report.notebook.PAUSE", 0.0)
    hwsim.run(hwsim.load(tiny, ["controller.epochs=1"]), tmp_path / "run")
    assert "preparing" in shown[0]
    assert any("<progress" in one and "training" in one and "accuracy 0." in one and "toggles" in one for one in shown)
    assert shown[-1] == ""
