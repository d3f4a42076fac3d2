"""What a model file holds: one table a layer."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hwsim.files import Refusal, Section
from hwsim.model.layer import Activation, BiasStart, Kind, WeightStart  # noqa: TC001 - pydantic reads them

Size = int | tuple[int, int]
Zeros = Annotated[int, Field(ge=0, le=1_000_000)]
MOST_UNITS = 1_000_000


def _units(value: int | str) -> int | str:
    """Hold units within their bounds, and a multiple of the width to its form."""
    if isinstance(value, int):
        if not 1 <= value <= MOST_UNITS:
            raise Refusal(f"must be {'at least 1' if value < 1 else 'at most 1000000'}")
        return value
    if multiple(value) is None:
        raise Refusal("must be a whole number or a multiple of the width", 'write 3, "width" or "2 width"')
    return value


Units = Annotated[int | str, AfterValidator(_units)]


def multiple(text: str) -> int | None:
    """Count how many widths a text stands for; None if it is not a multiple of the width.

    Example:
        >>> multiple("2 width"), multiple("width"), multiple("2.5 width"), multiple("0 width")
        (2, 1, None, None)
    """
    found = re.fullmatch(r"(?:([1-9]\d{0,6})\s*)?width", text.strip())
    return int(found[1] or 1) if found else None


class LayerFile(Section):
    """One ``[[layer]]`` of a model file."""

    kind: Kind
    """Layer type: ``dense``, every unit meets every input, of a sequence step by step; ``conv2d``, every filter walks
    over the image; ``rnn``, an Elman network; ``max-pool`` and ``average-pool``; ``batch-norm``, a gain and a bias
    register for every unit of the layer before it; ``dropout``, signals set to zero at random while training and
    nothing on the hardware; ``flatten``, an image into features; ``reshape``, the same signals as ``shape``; ``add``,
    the signals of an earlier layer on top; ``activation``, a function of each signal; ``layer-norm``, the features of a
    sample, of each step of a sequence, or a whole image taken to mean 0 and variance 1; ``scale``, signals times
    ``factors`` plus ``shifts``. These last three are exact electronics beside the cells, where signals are numbers (not
    so within an FPGA array, whose ReLU alone may stand by itself)."""
    name: str = ""
    """What a later ``add`` or ``takes`` calls this layer."""
    takes: str | None = None
    """The name of the earlier layer whose signals this one takes, ``input`` for the network's input; the layer before
    it when left out."""
    units: Units | None = None
    """Output units of ``dense`` and ``rnn``, filters of ``conv2d``: 1 to 1,000,000, or a whole multiple of the file's
    ``width``, such as ``"2 width"``."""
    activation: Activation | None = None
    """Function applied to each unit's sum, or by ``activation`` to each signal; of ``add``, ``relu`` or
    ``identity``."""
    slope: float | None = Field(default=None, ge=-1e6, le=1e6)
    """Slope of ``leaky-relu`` below zero; 0.01 when left out."""
    coefficients: list[float] | None = Field(default=None, min_length=1, max_length=32)
    """Of ``legendre``, ``laguerre`` and ``hermite``, lowest order first."""
    table: list[float] | None = Field(default=None, min_length=2, max_length=1_000_000)
    """Entries of ``look-up``: one table for all units, or one after the other a table for each unit."""
    table_range: tuple[float, float] | None = None
    """The sums that the first and the last entry of a ``look-up`` table begin and end with."""
    table_entries: int | None = Field(default=None, ge=2, le=65536)
    """Entries of one table; all of ``table`` when left out."""
    kernel: Size | None = None
    """Rows and columns of a convolution's or pool's window; one number for a square."""
    stride: Size | None = None
    """Steps of the window; 1 for a convolution and the kernel for a pool when left out."""
    padding: Literal["valid", "same"] | tuple[Zeros, Zeros, Zeros, Zeros] | None = None
    """``valid``: the window stays inside; ``same``: zeros around, so that a stride of 1 keeps the size; or numbers of
    zeros above, left, below and right. Zeros count in the mean of ``average-pool``; what is put around before
    ``max-pool`` is never the largest."""
    shape: list[int] | None = Field(default=None, min_length=1, max_length=3)
    """Of ``reshape``: channels, rows and columns of an image, or steps and features of a sequence."""
    dilation: Size | None = None
    """Of ``conv2d``: the window takes every so many rows and columns; 1 when left out."""
    groups: int = Field(default=1, ge=1, le=MOST_UNITS)
    """Of ``conv2d``: units and channels in so many equal groups; a unit takes the channels of its own group alone."""
    factors: list[float] | None = Field(default=None, min_length=1)
    """Of ``layer-norm`` and ``scale``: one number, one for each channel or feature, or one for each signal in the order
    channel, row, column; 1 when left out."""
    shifts: list[float] | None = Field(default=None, min_length=1)
    """What ``layer-norm`` and ``scale`` add after multiplying, as many as ``factors`` may be; 0 when left out."""
    summand: str | None = None
    """The name of the earlier layer that ``add`` adds; ``input`` for the network's input."""
    sequence: bool | None = None
    """Whether ``rnn`` gives its state after every step; the last one alone when left out."""
    retain: float | None = Field(default=None, ge=-1, le=1)
    """Of ``rnn``: share of the state before that stays, -a of r = -a r + beta f(sums) in Williams et al.; 0 when left
    out."""
    renew: float | None = Field(default=None, ge=-1e6, le=1e6)
    """Of ``rnn``: share of the activation in the new state, beta of the same; 1 when left out."""
    place: Literal["cells", "electronics"] = "cells"
    """Where the weights are: in cells of the device, or in electronics beside it that computes the layer exactly."""
    weights: WeightStart = "he-uniform"
    """How the fixed weights are drawn: ``he-uniform`` U(-a, a) with a = sqrt(6 / inputs); ``he-normal``
    N(0, 2 / inputs); ``xavier-uniform`` U(-a, a) with a = sqrt(6 / (inputs + outputs)); ``uniform`` U(-a, a) with
    a = ``weight_bound``; ``normal`` with ``weight_deviation``; ``constant``, all ``weight_value``; ``linspace``
    equidistant in -a..a, ascending; ``linspace-shuffled`` the same, shuffled; ``pairwise`` n values U(-a, a), then
    their negatives (Cai et al.); ``signs`` +1 for the first half of the units, -1 for the rest (Cai et al.);
    ``directions`` a times each of the 3^inputs - 1 vectors of -1, 0 and 1 but zero, each before its opposite, for equal
    shares of the units (Cai et al.)."""
    weight_bound: float = Field(default=1.0, gt=0, le=1e30, allow_inf_nan=False)
    """The bound a of the weight starts that have one."""
    weight_gain: float = Field(default=1.0, gt=0, le=1e30, allow_inf_nan=False)
    """Factor on what ``he-uniform``, ``he-normal`` and ``xavier-uniform`` draw."""
    weight_deviation: float | str | None = None
    """Standard deviation of ``normal``: a number, or text: ``"1.5 / sqrt(inputs)"`` or ``"1.5 / sqrt(units)"``."""
    weight_value: float | None = Field(default=None, ge=-1e30, le=1e30, allow_inf_nan=False)
    """The one weight of ``constant``."""
    weight_repeats: int = Field(default=1, ge=1, le=1_000_000)
    """How often ``uniform`` uses each value: a set of so many fewer values, one set after the other (Cai et al.)."""
    keep: float | None = Field(default=None, gt=0, le=1)
    """Probability that a weight starts as drawn; the others are fabricated as zeros, which reconnections move about
    like any value. The file's own ``keep`` when left out."""
    keep_law: Literal["chance", "count", "distinct"] = "chance"
    """``chance``: every weight is kept with that probability; ``count``: every unit keeps the same number of them;
    ``distinct``: by chance too, but no two units keep the same inputs, so that each can be told apart (Glukhov)."""
    l2: float = Field(default=0.0, ge=0, le=1e6)
    """L2 l2 of training: the loss grows by this times the sum of the layer's squared weights, as in Keras."""
    input_bound: float | None = Field(default=None, gt=0, le=1e30, allow_inf_nan=False)
    """Of ``rnn``: the weights that meet its inputs are drawn from U(-a, a) with this a, and only those that meet its
    state as ``weights`` says; all of them when left out."""
    connections: Literal["learned", "fixed"] = "learned"
    """Whether a permutation circuit stands before this layer's weights."""
    bias: BiasStart = "zero"
    """How the bias registers start: ``zero``; ``he-uniform`` U(-a, a) with a = sqrt(6 / units), which is what Keras
    makes of a vector of that length; ``uniform`` U(-b, b); ``linspace`` equidistant in -b..b;
    ``he-normal`` N(0, 2 / m) and ``xavier-uniform`` U(-a, a) with a = sqrt(12 / (m + 1)) for a set of m values, as
    Cai et al. draw a vector; ``uniform-twice`` and ``linspace-twice``: one drawn or equidistant set in -b..b for each
    half of the units (Cai et al.)."""
    bias_repeats: int = Field(default=1, ge=1, le=1_000_000)
    """How often each value is used: a set of so many fewer values, one set after the other (Cai et al.)."""
    bias_bound: float = Field(default=1.0, gt=0, le=1e30, allow_inf_nan=False)
    """The bound b of the bias starts that have one."""
    gain: bool = False
    """Whether the layer has a gain register, starting at 1 (the scale of Cai et al.)."""
    registers: Literal["learned", "fixed", "permuted"] = "learned"
    """Whether bias and gain may be rewritten after fabrication; ``permuted``: LaPerm writes the biases as permutations
    of their starting values, as it does with weights, and other methods train them freely."""
    drop: float | None = Field(default=None, gt=0, lt=1)
    """Share of the signals that ``dropout`` sets to zero; the rest is scaled up by 1 / (1 - drop)."""
    statistics: Literal["none", "batch"] | None = None
    """What ``batch-norm`` does in training: ``none``, the default, trains gain and bias and nothing else; ``batch``
    also normalises by mean and variance of the batch, keeps running ones, and folds these into the gain and bias
    registers at every reconnection, as a batch normalisation in its test mode."""
    momentum: float | None = Field(default=None, gt=0, le=1)
    """Share of a new batch in the running statistics of ``batch-norm``; 0.1 when left out."""
    epsilon: float | None = Field(default=None, gt=0, le=1)
    """What ``batch-norm`` and ``layer-norm`` add to a variance; 1e-5 when left out."""


class ModelFile(Section):
    """A model file: ``models/<task>-<architecture>.toml``."""

    title: str
    """What the network is, in one line."""
    inputs: int = Field(ge=1, le=100_000_000)
    """Numbers the first layer takes."""
    shape: list[int] | None = Field(default=None, min_length=1, max_length=3)
    """How the inputs stand: channels, rows, columns of an image, or steps, features of a sequence."""
    width: int | None = Field(default=None, ge=1, le=MOST_UNITS)
    """A number that layers may name in ``units``; a scenario's ``[model]`` may set another."""
    keep: float | None = Field(default=None, gt=0, le=1)
    """Probability for every layer that a weight starts as drawn and not as a zero; the first layer keeps at least 0.8
    of its weights (Qiu & Suda). A layer's own ``keep`` goes before."""
    values: str | None = None
    """File of trained values beside this one, for ``[fabrication] values = "imported"``; see ``hwsim import``."""
    values_digest: str | None = None
    """SHA-256 of that file."""
    layer: list[LayerFile] = Field(min_length=1)
    """The layers in order."""
