"""Optics of a photonic crossbar: what share of the light of row i reaches column j, as pure functions.

Every row carries light of its own wavelength. At crosspoint (i, j) a coupler taps the row, the tapped light passes the
cell, and a second coupler adds it to the column; between the two, row and column guides cross. Rows run to higher j,
columns to higher i, so light only moves forward and one sweep over the crosspoints gives the exact transmission.

Source: the layout of J. Feldmann et al., Nature 589, 52-58 (2021); formulas checked against scattering-matrix solvers
in the tests. Losses are positive decibels, crosstalks negative ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LIGHT_SPEED = 299_792_458.0
"""Speed of light in vacuum in m/s (exact)."""


def power_share(loss: float) -> float:
    """Compute the share of the power that is left after a loss in decibels.

    Raises:
        ValueError: the loss is negative (a gain) or not a number.

    Example:
        >>> round(power_share(3.0), 3)
        0.501
    """
    if not loss >= 0:
        raise ValueError(f"a loss of {loss:g} dB: passive optics has no gain; give 0 dB or more")
    return float(10 ** (-loss / 10))


def even_taps(ways: int) -> Array:
    """Compute coupling ratios that share light evenly among taps in a row: 1/(ways - j), the last tap takes all.

    Example:
        >>> even_taps(2).tolist()
        [0.5, 1.0]
    """
    return np.asarray(1 / (ways - np.arange(ways)), np.float64)


def compensated_taps(ways: int, stage_loss: float) -> Array:
    """Compute coupling ratios with which every tap gives the same power although stages lose ``stage_loss`` decibels.

    With a = 10^(-stage_loss/10): the last tap takes all, before it k_j = a k_(j+1) / (1 + a k_(j+1)).

    Example:
        >>> compensated_taps(3, 0.0).round(3).tolist() == even_taps(3).round(3).tolist()
        True
    """
    left = power_share(stage_loss)
    taps = np.ones(ways)
    for j in range(ways - 2, -1, -1):
        taps[j] = left * taps[j + 1] / (1 + left * taps[j + 1])
    return taps


def erring_taps(taps: Array, error: float, normals: Array) -> Array:
    """Draw couplers as made: each ratio is off by a normal relative error; a ratio of 1 (a guide's end) stays.

    Args:
        taps: designed ratios, any shape.
        error: standard deviation of the relative error.
        normals: standard normals of a shape that ``taps`` broadcasts to.
    """
    wrong = taps * (1 + error * normals)
    return np.where(taps == 1, 1.0, np.clip(wrong, 0, 1))


def path_factors(row_taps: Array, column_taps: Array, coupler_loss: float, crossing_loss: float) -> Array:
    """Compute the power that reaches column j from row i through a clear cell, splitting and combining included.

    Args:
        row_taps: ratios (..., m, n) of the couplers on the rows.
        column_taps: ratios (..., m, n) of the couplers on the columns.
        coupler_loss: excess loss of one coupler, dB.
        crossing_loss: loss of one crossing, dB.

    Returns:
        float64 (..., m, n). With even taps 1/(mn) less L_dc [(j+1) + (m-i)] + L_x [j + (m-1-i)] decibels.

    Example:
        >>> rows, columns = np.tile(even_taps(2), (2, 1)), np.tile(even_taps(2)[::-1, None], (1, 2))
        >>> path_factors(rows, columns, 0.0, 0.0).tolist()
        [[0.25, 0.25], [0.25, 0.25]]
    """
    return row_factors(row_taps, coupler_loss, crossing_loss) * np.flip(
        np.swapaxes(row_factors(np.swapaxes(np.flip(column_taps, -2), -1, -2), coupler_loss, crossing_loss), -1, -2),
        -2,
    )


def row_factors(row_taps: Array, coupler_loss: float, crossing_loss: float) -> Array:
    """Compute the power that a row's tap j gives, (..., m, n): the part of :func:`path_factors` before the cell."""
    stage = power_share(coupler_loss) * power_share(crossing_loss)
    passed = np.cumprod((1 - row_taps) * stage, axis=-1)
    before = np.concatenate([np.ones_like(passed[..., :1]), passed[..., :-1]], axis=-1)
    return np.asarray(before * row_taps * power_share(coupler_loss), np.float64)


def transmit(
    cells: Array,
    phases: Array,
    row_taps: Array,
    column_taps: Array,
    coupler_loss: float,
    crossing_loss: float,
    crosstalk: float,
) -> Array:
    """Compute exact transmissions of a crossbar whose crossings leak: light meets itself at the column.

    A crossing passes the amplitude 10^(-L_x/20) straight on and i 10^(X/20) into the other guide; a coupler keeps
    sqrt(1-k) and crosses i sqrt(k). Light that leaked from the row into the column adds to the cell's by amplitude.

    Args:
        cells: power transmissions of the cells (..., m, n).
        phases: phases of the cells' light, radian (..., m, n).
        row_taps: coupling ratios on the rows (..., m, n).
        column_taps: coupling ratios on the columns (..., m, n).
        coupler_loss: excess loss of one coupler, dB.
        crossing_loss: loss of one crossing, dB.
        crosstalk: power that a crossing leaks into the other guide, dB (negative); -inf for none.

    Returns:
        float64 (..., m, n).

    Example:
        >>> one = np.ones((1, 1))
        >>> transmit(0.5 * one, 0 * one, one, one, 0.0, 0.0, -np.inf).round(9).tolist()
        [[0.5]]
    """
    shape = np.broadcast_shapes(cells.shape, phases.shape, row_taps.shape, column_taps.shape)
    rows, columns = shape[-2:]
    coupler, crossing = power_share(coupler_loss) ** 0.5, power_share(crossing_loss) ** 0.5
    leak = 1j * 10 ** (crosstalk / 20)
    arm = -np.sqrt(row_taps * column_taps * cells) * coupler**2 * np.exp(1j * phases)
    kept, added = coupler * np.sqrt(1 - row_taps), coupler * np.sqrt(1 - column_taps)
    kept, added, arm = (np.broadcast_to(part, shape) for part in (kept, added, arm))
    found = np.empty(shape)
    # light[..., s, i]: amplitude of source row s on guide i
    light = np.broadcast_to(np.eye(rows, dtype=np.complex128), (*shape[:-2], rows, rows)).copy()
    for j in range(columns):
        column = np.zeros((*shape[:-2], rows), np.complex128)
        for i in range(rows):
            tapped = light[..., i] * arm[..., i, j, None]
            straight = light[..., i] * kept[..., i, j, None]
            light[..., i] = crossing * straight + leak * column
            column = added[..., i, j, None] * (crossing * column + leak * straight) + tapped
        found[..., j] = np.abs(column) ** 2
    return found


def crosstalk_spread(rows: int, columns: int, crosstalk: float, cells: Array) -> Array:
    """Estimate each transmission's relative rms error by crossing crosstalk at random phases, to first order.

    sqrt(2 e (n-1-j) i / t_ij) with e = 10^(X/10): the light that leaks at the crossing beside the cell. Its rms over
    the array is sqrt(e (n-1) (m-1) / 2) for clear cells.

    Example:
        >>> round(float(np.sqrt((crosstalk_spread(16, 16, -40.0, np.ones((16, 16))) ** 2).mean())), 3)
        0.106
    """
    i, j = np.arange(rows)[:, None], np.arange(columns)
    return np.asarray(np.sqrt(2 * 10 ** (crosstalk / 10) * (columns - 1 - j) * i / cells), np.float64)


def switched_loss(
    bar: NDArray[np.int64],
    cross: NDArray[np.int64],
    crossings: NDArray[np.int64],
    losses: tuple[float, float, float],
) -> Array:
    """Compute the share of the light that is left behind a switch network, for each output.

    Args:
        bar: switches passed in bar, of any shape.
        cross: switches passed in cross.
        crossings: waveguide crossings passed.
        losses: loss of a switch in bar, in cross, and of a crossing, dB.

    Example:
        >>> switched_loss(np.array([2]), np.array([1]), np.array([0]), (0.5, 0.5, 0.12)).round(4).tolist()
        [0.7079]
    """
    return np.asarray(
        power_share(losses[0]) ** bar * power_share(losses[1]) ** cross * power_share(losses[2]) ** crossings
    )


def lossy_channels(currents: Array, crosstalk: float) -> Array:
    """Compute what detectors of wavelength vectors read when each also gets a little of all others' light.

    Args:
        currents: (..., vectors).
        crosstalk: power that leaks from one vector's channels into another's, dB (negative); -inf for none.

    Example:
        >>> lossy_channels(np.array([1.0, 2.0]), -10.0).round(3).tolist()
        [1.2, 2.1]
    """
    share = 10 ** (crosstalk / 10)
    return np.asarray((1 - share) * currents + share * currents.sum(axis=-1, keepdims=True))
