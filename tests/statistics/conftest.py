"""Where pictures of statistics go: a folder that git ignores."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "build" / "statistics"


@pytest.fixture
def pictures() -> Path:
    """The folder, made if need be."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER
