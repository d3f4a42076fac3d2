"""What a scenario says about data of one's own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hwsim.files import Section

PATHS = ("file", "targets_file", "test_file", "test_targets_file")
"""Keys that name files."""
TEST_SHARE = 0.2
"""Share of the samples that is kept for the test where nothing else is said."""


class ArraysParameters(Section):
    """Parameters of the task ``arrays``."""

    file: str = Field(min_length=1)
    """Data file: ``.npz`` (arrays with keys), ``.npy`` (inputs; targets in ``targets_file``), ``.csv`` (first line:
    names of columns; comma, semicolon or tab between) or ``.parquet`` (``pip install 'hwsim[parquet]'``). Paths count
    from the scenario file; those that ``--set`` gives, from the current folder."""
    goal: Literal["classification", "regression"] = "classification"
    """``classification``: targets are class numbers 0, 1, ... or words, a class each; ``regression``: real numbers."""
    inputs: str | list[str] | None = None
    """Key of the inputs, samples first, samples of any shape; of tables, names of columns. When left out: ``x`` (or
    ``x_train``); of tables, all columns but targets and ``split``."""
    targets: str | list[str] | None = None
    """Key of the targets; of tables, a name or, for several outputs, names of columns. ``y`` (or ``y_train``) when left
    out."""
    targets_file: str | None = None
    """``.npy`` file of the targets, where ``file`` is one of inputs."""
    test_file: str | None = None
    """File of the same kind with the test set, by the same keys or names. An ``.npz`` may hold the test set itself, as
    ``x_test`` and ``y_test`` (``NAME_test`` of other keys)."""
    test_targets_file: str | None = None
    """``.npy`` file of the targets of ``test_file``."""
    split: str | None = None
    """Key or column that says ``train`` or ``test`` of every sample."""
    test_share: float | None = Field(default=None, gt=0, lt=1)
    """Where no test set is given: share of the samples that are drawn for it; 0.2 when left out."""
    split_seed: int = Field(default=0, ge=0)
    """Seed of that draw; independent of the run's seed, so that runs share one test set."""
    stratified: bool = True
    """Whether, in a classification, the share is drawn from each class by itself."""
    classes: int | list[str] | None = None
    """Number of classes, or their names in order. When left out, class numbers go up to the largest one there, and
    words are numbered in sorted order."""
    scaling: Literal["none", "unit", "standard"] = "none"
    """What is done to inputs, never to targets: ``none``; ``unit``, to 0..1 by smallest and largest value;
    ``standard``, to mean 0 and deviation 1. Settled on training samples alone; what is constant there becomes 0."""
    scaling_over: Literal["column", "all"] = "column"
    """What is scaled together: each ``column`` (input number) by itself, or ``all`` inputs, as pixels want it."""
    low: float | None = None
    """Smallest input that may occur, before scaling; smaller ones are an error. As found when left out."""
    high: float | None = None
    """Largest input that may occur, likewise."""
    digest: str | None = None
    """SHA-256 of the data; where it is given, other data are an error. A run folder's scenario has it."""
