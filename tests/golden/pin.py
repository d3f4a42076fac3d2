"""The pinned runs as text: ``python tests/golden/pin.py`` writes them anew, and ``git diff`` shows what changed.

The schedule file is read as README says, without hwsim's own reader.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent / "pinned"
NAMES = ("fpga-laperm", "photonic-bias", "resistive-none", "photonic-benes")


def pin(name: str, out: Path) -> dict[str, Any]:
    """Run one pinned scenario; every event with its score row, permutations and registers."""
    import hwsim

    hwsim.run(hwsim.load(HERE / f"{name}.toml", seed=1), out)
    db = sqlite3.connect(out / "schedule.sqlite")
    layout = json.loads(db.execute("select value from about where key = 'layout'").fetchone()[0])
    events = []
    for event, text in db.execute("select event, score from event order by event"):
        permutations = {
            str(layer): np.frombuffer(blob, "<u4").reshape(layout[layer]["banks"], -1).tolist()
            for layer, blob in db.execute("select layer, permutation from connection where event = ?", (event,))
        }
        registers = {
            str(layer): np.frombuffer(blob, "<f8").tolist()
            for layer, blob in db.execute("select layer, content from register where event = ?", (event,))
        }
        events.append({"score": json.loads(text), "permutations": permutations, "registers": registers})
    db.close()
    answer = json.loads((out / "answer.json").read_text())
    return {"events": events, "final": answer["final"], "reference": answer["reference"]}


def write(found: dict[str, Any]) -> str:
    """One bank's permutation per line, so that a change shows where it is."""
    text = json.dumps(found, indent=1)
    lines, row = [], ""
    for line in text.split("\n"):  # innermost lists on one line each
        if row or line.endswith("["):
            row += line.strip() if row else line
            if line.endswith("["):
                if row != line:  # a list in a list: what was kept is no innermost one
                    lines.append(row[: -len(line.strip())])
                row = line
            elif line.strip().rstrip(",") == "]":
                lines.append(row)
                row = ""
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for one in sys.argv[1:] or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            (HERE / f"{one}.json").write_text(write(pin(one, Path(folder) / "run")))
