"""From activations to light: range, converter, modulator, and what lines and modulators do to drives at a read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.device.photonic import modulator, receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hwsim.device.photonic_numbers import PhotonicNumbers

    Array = NDArray[np.float64]
    Part = tuple[int, Array, Array, Array]

PART = 1 << 13
"""Activations that are converted together: they stay in a near cache, and little memory is needed beside the result."""


@dataclass(frozen=True)
class Drives:
    """The modulators of a layer.

    Args:
        device: the numbers of the datasheet.
        low: input that shuts a modulator.
        span: from there to the input that opens it.
        weakened: whether drives are weakened before their conversion for the paths behind them: every unit converts
            drives of its own then, and they are handed on unconverted, with their faults beside them.
    """

    device: PhotonicNumbers
    low: float
    span: float
    weakened: bool

    def convert(
        self, activations: NDArray[Any], kind: Any, rng: np.random.Generator | None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Compute light of activations (rows, inputs), or their drives, 0 to 1; gains and shifts, none where empty.

        Both as :func:`hwsim.kernels.reading.photonic.read_tiles` takes them, in blocks. Worked out in float64, a part
        at a time, whatever the dtype of the result.

        Raises:
            ValueError: a signal is not a number.
        """
        from hwsim.kernels.reading.light import blocks, stand

        vectors = self.device.wavelength_vectors
        light = blocks(len(activations), activations.shape[1], vectors, kind)
        # zeros: room that no sample stands in is multiplied by 0 later, and whatever memory held could be no number
        faults = np.zeros((2, *(light.shape if self._faulty(rng) else (0, 0, 0))), kind)
        for first, drives, gain, shift in (
            self._apart(activations, rng) if self._gains(rng) else self._parts(activations, rng)
        ):
            if not self.weakened:
                self._modulate(drives, gain, shift)
            elif faults.size:
                stand(np.full(drives.shape, gain), first, vectors, faults[0])
                stand(np.full(drives.shape, gain * shift), first, vectors, faults[1])
            stand(drives, first, vectors, light)
        return light, faults

    def _gains(self, rng: np.random.Generator | None) -> bool:
        """Tell whether each input's light fluctuates on its own."""
        return rng is not None and self.device.comb == "independent"

    def _faulty(self, rng: np.random.Generator | None) -> bool:
        """Tell whether faults of drives are handed on."""
        return self.weakened and (self._gains(rng) or (rng is not None and self.device.drive_error != 0))

    def _parts(self, activations: NDArray[Any], rng: np.random.Generator | None) -> Iterator[Part]:
        """Yield number of the first sample, drives, gain and shift, one part at a time."""
        device, step = self.device, max(PART // activations.shape[1], 1)
        for first in range(0, len(activations), step):
            wish = self._wish(activations[first : first + step], first)
            drives = np.clip(wish, 0, 1, out=wish) if self.weakened else modulator.converted(wish, device.dac_bits)
            shift = np.zeros(())
            if rng is not None and device.drive_error:
                shift = device.drive_error * rng.standard_normal(drives.shape)
            yield first, drives, np.ones(()), shift

    def _apart(self, activations: NDArray[Any], rng: np.random.Generator | None) -> Iterator[Part]:
        """Yield parts with gains of their own, drawn after all shifts in the stream: shifts are kept until then."""
        spread = receiver.intensity_spread(self.device.intensity_noise, self.device.bandwidth)
        for first, drives, gain, shift in list(self._parts(activations, rng)):
            own = gain if rng is None else 1 + spread * rng.standard_normal(drives.shape)
            yield first, drives, own, shift

    def _wish(self, activations: NDArray[Any], first: int) -> NDArray[np.float64]:
        """Return drives as asked for, beyond 0 to 1 if activations are out of range."""
        if np.isnan(activations).any():
            row, column = np.argwhere(np.isnan(activations))[0]
            raise ValueError(f"signal {column} of row {first + row} is not a number; mend the input")
        wish: Array = np.subtract(activations, self.low, dtype=np.float64)
        wish /= self.span
        return wish

    def _modulate(self, drives: Array, gain: Array, shift: Array) -> None:
        """Compute light of drives, in place: none is darker than a shut modulator."""
        dark = modulator.floor_of(self.device.modulator_extinction)
        drives += shift
        drives *= gain
        drives *= 1 - dark
        drives += dark
