"""The tiles of a layer as optics that an export may write: couplers as designed, and what every cell lets through.

All that makes a chip differ from its design (programming, couplers, light that leaks at crossings, age, temperature)
stands in the transmissions of the cells, which are what arrives at the first vector's wavelengths over what the
designed path gives through a clear cell. So light that is sent through designed couplers arrives as on the chip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.kernels.reading import planes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.device.photonic.core import Core
    from hwsim.device.photonic_numbers import PhotonicNumbers

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tile:
    """One tile: rows of light, each of its own wavelength, and columns that add what the cells on them let through.

    ``group`` and ``place`` say which: units ``group * n ...``, cells ``place * m ...`` of each. ``transmissions``
    (rows, columns) are NaN where a cell is not used; nothing reads a column whose name in ``columns`` is empty.
    ``row_taps`` and ``column_taps`` (rows, columns) are coupling ratios; without column taps a column adds its rows in
    a combiner.
    """

    group: int
    place: int
    first_row: int
    """The cell of a unit that stands on row 0."""
    columns: tuple[str, ...]
    """``unit7``, and what it is compared with: ``dark7``, or one ``dark`` for the tile."""
    transmissions: Array
    row_taps: Array
    column_taps: Array | None
    coupler_loss: float
    crossing_loss: float
    combiner_loss: float


def _named(device: PhotonicNumbers, group: int, units: int) -> tuple[str, ...]:
    """Name the columns of a group of units."""
    names = np.full(device.physical_columns, "", object)
    numbers = [group * device.tile_columns + column for column in range(device.tile_columns)]
    names[device.bright_columns] = [f"unit{number}" * (number < units) for number in numbers]
    own = device.signs != "reference-column"
    names[device.dark_columns] = [f"dark{number}" * (number < units) for number in numbers] if own else ["dark"]
    return tuple(names.tolist())


def tiles(device: PhotonicNumbers, core: Core) -> Iterator[Tile]:
    """Yield the tiles of a layer, group by group."""
    row_taps, column_taps = device.taps()
    units, inputs = core.shape
    rows, columns = device.tile_rows, device.tile_columns
    dark_of_group = columns if device.signs != "reference-column" else 1
    path = device.paths(None, None) / device.mean_path
    for group in range(-(-units // columns)):
        bright, dark = (
            planes.values(held, 0, slice(group * count, (group + 1) * count))
            for held, count in ((core.bright, columns), (core.dark, dark_of_group))
        )
        for place in range(-(-inputs // rows)):
            seen = np.full(path.shape, np.nan)
            for held, where in ((bright, device.bright_columns), (dark, device.dark_columns)):
                part = held[:, place * rows : (place + 1) * rows].T
                seen[: len(part), np.arange(len(path[0]))[where][: part.shape[1]]] = part
            yield Tile(
                group,
                place,
                place * rows,
                _named(device, group, units),
                seen / path,
                row_taps,
                None if device.combine == "lossless" else column_taps,
                device.coupler_loss,
                device.crossing_loss,
                device.combiner_loss,
            )
