"""The tutorials run from their first cell to their last, warn of nothing, and find what their prose says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jupytext
import nbclient
import nbformat
import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "tutorials"
EXPECTED = {
    "digits": """
assert table["accuracy"].iloc[0] < 0.3
assert 0.8 < last < answer.reference
assert photonic.final["accuracy"] < last
assert (answer.run / "export" / "layer0.mem").is_file() and again.reused
gains = table["accuracy"].diff().dropna()
assert gains.iloc[:3].sum() > gains.iloc[3:].sum()
""",
    "network": """
assert accuracy(net) > 0.88
assert means["accuracy"].is_monotonic_increasing or means["accuracy"].loc[4] > means["accuracy"].loc[1] + 0.05
assert abs(means["accuracy"].loc[6] - means["accuracy"].loc[4]) < 0.02
assert means["accuracy"].loc[6] < accuracy(net) + 0.01
assert after > before
assert sum(p.numel() for p in model.parameters()) == 32 + 32 + 10
""",
    "price": """
assert after.toggles(before) > 1
assert list(toggles.values()) == sorted(toggles.values(), reverse=True)
by = {line["topology"]: line["mean"] for line in lines}
assert by["crossbar"][0] < by["benes"][0] and by["crossbar"][-1] > 20 * by["crossbar"][0]
assert freedom["accuracy"].nunique() == 1 and freedom["toggles"].iloc[1] < freedom["toggles"].iloc[0]
assert len(prices) == 12
""",
    "method": """
assert ranked.rows[0]["accuracy"] < 0.3 and ranked.final["accuracy"] > 0.8
assert tried.final["accuracy"] >= ranked.final["accuracy"]
assert ranked.final["toggles"] < tried.final["toggles"] < laperm.final["toggles"]
assert again.final["accuracy"] == tried.final["accuracy"]
assert again.final["toggles"] != tried.final["toggles"]
""",
}
"""What the prose of each promises, asked in its own session after its last cell."""


@pytest.mark.docs
@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.md")))
def test_a_tutorial_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
    notebook = jupytext.read(FOLDER / f"{name}.md")
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert 5 <= len(cells) <= 8
    notebook.cells.append(nbformat.v4.new_code_cell(EXPECTED[name]))  # type: ignore[no-untyped-call]
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert _pictures(outputs) >= 1
    runs = [cell for cell in cells if "hwsim.run(" in cell.source]
    assert all(any(output.output_type == "display_data" for output in cell.outputs) for cell in runs)


def _pictures(outputs: list[Any]) -> int:
    """How many pictures a reader sees."""
    shown = [output.get("data", {}) for output in outputs]
    return sum(
        "image/png" in data or "<svg" in data.get("text/html", "") or "data:image" in data.get("text/html", "")
        for data in shown
    )
