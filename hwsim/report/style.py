"""The look of every picture, and saving: no screen, no pyplot, no mathematics in other people's words."""

from __future__ import annotations

import os
import textwrap
import warnings
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Protocol

from hwsim.errors import HwsimWarning
from hwsim.files.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

INK, CHIP, QUIET, FREE = "#1a1a1a", "#1f5fa8", "#8fb4dc", "#b5482a"
TASK_COLORS = ("#1f5fa8", "#b5482a", "#3b8a4a", "#8a5aa8", "#c28a1f", "#4a4a4a")
LETTERS = 90
"""Letters of a line of a heading."""
_LOOK: dict[str, Any] = {
    "svg.hashsalt": "hwsim",
    "svg.fonttype": "path",
    "font.size": 10,
    "axes.edgecolor": INK,
    "text.parse_math": False,
    "text.usetex": False,
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
}


class Published(Protocol):
    """The values that a paper reports for the same experiment: of its chip, computed, and where they stand."""

    @property
    def chip(self) -> float:
        """Return the value measured on the hardware."""

    @property
    def exact(self) -> float:
        """Return the value computed for the same network."""

    @property
    def source(self) -> str:
        """Say where the two numbers stand."""


def _load() -> Any:
    """Load matplotlib without MPLBACKEND: a notebook sets it to what this environment may lack."""
    wanted = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
        import matplotlib.figure
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    return mpl


@contextmanager
def look() -> Iterator[None]:
    """Apply the settings of every picture while it is drawn or saved."""
    with _load().rc_context(_LOOK):
        yield


def sheet(size: tuple[float, float]) -> Figure:
    """Return an empty figure of a size in inches.

    Example:
        >>> sheet((7.2, 4.5)).get_size_inches().tolist()
        [7.2, 4.5]
    """
    made: Figure = _load().figure.Figure(figsize=size, layout="constrained")
    return made


def heading(title: str, changes: str = "") -> str:
    """Break a title into lines that fit, and write below it what a run changed of its scenario.

    Example:
        >>> print(heading("Digits on a chip", "seed = 1"))
        Digits on a chip
        with seed = 1
    """
    lines = textwrap.wrap(title, LETTERS)
    return "\n".join([*lines, *textwrap.wrap(f"with {changes}" if changes else "", LETTERS)[:2]])


def plain_log(axis: Any) -> None:
    """Put plain numbers at the ticks of a logarithmic axis; those of matplotlib are written as mathematics."""
    from matplotlib import ticker

    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(ticker.LogFormatter(minor_thresholds=(2, 0.4)))


@contextmanager
def _laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out once for all files it is saved to; matplotlib does so for each, and draws each twice for it."""
    with look(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a title may hold any letter
        engine = figure.get_layout_engine()
        if engine is None or not figure.axes:
            yield
            return
        engine.execute(figure)
        figure.set_layout_engine(None)  # none at all: rcParams ask for no other
        try:
            yield
        finally:
            figure.set_layout_engine(engine)


def save(figure: Figure, *paths: Path) -> None:
    """Write a figure as PNG, SVG or PDF by suffix, each file whole or not at all; the same figure gives the same bytes.

    Folders on the way are made.

    Raises:
        OSError: a file cannot be written; the error names it.
    """
    metadata: dict[str, Any] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with _laid_out(figure):
        for path in paths:
            kind = path.suffix.lower()
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as part:
                figure.savefig(part, dpi=150, format=kind[1:], metadata=metadata.get(kind, {"Software": "hwsim"}))


def svg_of(figure: Figure) -> bytes:
    """Give a figure as SVG, for a page or a notebook."""
    memory = BytesIO()
    with _laid_out(figure):
        figure.savefig(memory, format="svg", metadata={"Date": None})
    return memory.getvalue()


def try_to_save(draw: Callable[[], Figure], *paths: Path) -> bool:
    """Draw and save; what goes wrong is a warning, since a picture must not cost the numbers beside it.

    Returns:
        Whether the files are there.
    """
    try:
        save(draw(), *paths)
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(HwsimWarning(f"{paths[0]}: no picture ({why}); the numbers are not concerned"), stacklevel=2)
        return False
    return True
