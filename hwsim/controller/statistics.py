"""Batch normalisation in training, and how its statistics fold into the registers of a chip.

Source: S. Ioffe, C. Szegedy, Batch Normalization, ICML 2015 (arXiv 1502.03167); the running variance is the unbiased
one of each batch, as in torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hwsim.model import Registers

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from hwsim.model.layer import Norm


@dataclass(frozen=True)
class Statistics:
    """Running mean and variance of one layer's accumulators, float32 (units,), and how they are kept.

    Example:
        >>> import torch
        >>> from hwsim.model.layer import Norm
        >>> kept = begin(Norm(momentum=0.5), 1, torch.device("cpu"))
        >>> accumulators = torch.tensor([[2.0], [4.0]])
        >>> kept.normalise(accumulators, torch.ones(1), torch.zeros(1), training=True).round().tolist()
        [[-1.0], [1.0]]
        >>> kept.mean.tolist(), kept.variance.tolist()
        ([1.5], [1.5])
    """

    norm: Norm
    mean: torch.Tensor
    variance: torch.Tensor

    def normalise(
        self, accumulators: torch.Tensor, gain: torch.Tensor, bias: torch.Tensor, *, training: bool
    ) -> torch.Tensor:
        """Normalise sums (rows, units): less their mean, over their deviation, times gain, plus bias.

        In training mean and variance are those of the rows, which also move the running ones; a single row has no
        variance and is taken by the running ones, as everything is outside training.
        """
        from torch.nn import functional

        norm = self.norm
        return functional.batch_norm(
            accumulators,
            self.mean,
            self.variance,
            gain,
            bias,
            training and len(accumulators) > 1,
            norm.momentum,
            norm.epsilon,
        )

    def fold(self, gain: NDArray[np.float64], bias: NDArray[np.float64]) -> Registers:
        """Return the gain and bias registers that do the same as the running statistics with a gain and a bias.

        Example:
            >>> import torch
            >>> from hwsim.model.layer import Norm
            >>> kept = Statistics(Norm(epsilon=1.0), torch.tensor([4.0]), torch.tensor([3.0]))
            >>> kept.fold(np.array([6.0]), np.array([1.0]))
            Registers(bias=array([-11.]), gain=array([3.]))
        """
        mean, variance = (tensor.cpu().numpy().astype(np.float64) for tensor in (self.mean, self.variance))
        scale = gain / np.sqrt(variance + self.norm.epsilon)
        return Registers(bias=bias - scale * mean, gain=scale)


def begin(norm: Norm, units: int, device: torch.device) -> Statistics:
    """Return statistics before any batch: mean 0, variance 1."""
    import torch

    return Statistics(norm, torch.zeros(units, device=device), torch.ones(units, device=device))
