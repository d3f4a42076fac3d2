"""One thing to look at: a finished run, or a datasheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hwsim.analysis.characterisation import Characterisation, portray
from hwsim.errors import check_type
from hwsim.pipeline.session import read_run

if TYPE_CHECKING:
    from hwsim.pipeline.session import Answer


def show(what: str | Path) -> Answer | Characterisation:
    """Show a finished run or a datasheet; in a notebook it is a table with a picture.

    Args:
        what: a run folder; or the name or the path of a datasheet, as ``hwsim list`` prints them.

    Raises:
        FolderError: no finished run lies in the folder.
        DiagnosticError: no such datasheet, or a faulty one.

    Example:
        >>> show("ideal")
        <datasheet ideal: 0 numbers>
    """
    check_type("what", what, "a path")
    return read_run(Path(what)) if Path(what).is_dir() else portray(str(what))
