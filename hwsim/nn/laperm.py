"""LaPerm around an optimiser of torch's: weights are trained freely and snapped to permutations of the cells.

Source: Y. Qiu, R. Suda, Train-by-Reconnect, NeurIPS 2020 (arXiv 2003.02570), as in :mod:`hwsim.controller.laperm`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from hwsim.controller import TrainingError
from hwsim.controller.laperm import match_ranks
from hwsim.errors import check_type
from hwsim.nn.converted import board_of, synchronise
from hwsim.nn.layer import ChipLayer
from hwsim.nn.shape import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from hwsim.controller import Expense
    from hwsim.nn.schedule import Schedule


class LaPerm(Optimizer):
    """An optimiser that trains free weights beside the chips, and reconnects the chips to them every so often.

    While the network is in training mode, layers behind permutation circuits compute in torch with free weights, which
    start as the chips are connected and are parameters of the optimiser; in evaluation mode they compute on their chips
    as reconnected last. Every ``period`` steps the k-th smallest free weight of a unit takes the k-th smallest
    cell (design value), the chips are reconnected, and the free weights are set to what they met.

    Args:
        optimizer: any optimiser, of the other parameters of the network (biases, norms); free weights are added to it
            as a group with its defaults.
        model: a converted network.
        period: steps between reconnections.
        biases: ``free``; or ``permuted``, to a permutation of their starting values at every reconnection.

    Raises:
        ValueError: no layer of the network has permutation circuits.

    Example:
        >>> import hwsim, torch
        >>> _ = torch.manual_seed(0)
        >>> net = hwsim.nn.convert(torch.nn.Linear(6, 3), crossbar="benes")
        >>> train = hwsim.nn.LaPerm(torch.optim.SGD(net.parameters(), lr=0.1), net, period=2)
        >>> x, y = torch.rand(32, 6), torch.rand(32, 3)
        >>> for _ in range(4):
        ...     train.zero_grad()
        ...     (net(x) - y).square().mean().backward()
        ...     train.step()
        >>> len(train.schedule())  # as fabricated, and two reconnections
        3
    """

    def __init__(self, optimizer: Optimizer, model: nn.Module, period: int, biases: str = "free") -> None:
        check_type("period", period, "a whole number")
        if period < 1:
            raise ValueError(f"period must be at least 1 step, found {period}")
        if biases not in {"free", "permuted"}:
            raise ValueError(f"biases must be 'free' or 'permuted', found {biases!r}")
        self.optimizer, self.model, self.period, self.biases = optimizer, model, period, biases
        self.steps = 0
        """Steps so far."""
        self._board = board_of(model)
        self._layers = _reconnectable(model)
        if not self._layers:
            raise ValueError("no layer of the network has permutation circuits; convert it with crossbar='benes'")
        self._by_value: dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]] = {}
        self._starts: dict[str, NDArray[np.float64]] = {}
        for name, layers in self._layers.items():
            chip, number = self._board.find(name)
            cells = chip.emulation.machine.chip.nominal(number)
            self._by_value[name] = cells, np.argsort(cells, axis=1, kind="stable")
            held: Any = next(iter(layers[0].parameters()), torch.zeros(1))
            free = nn.Parameter(chip.design(number, held.dtype, held.device).clone())
            for layer in layers:
                layer.__dict__["free"] = free
                if layer.bias is not None:
                    self._starts[_bias_name(name, layers, layer)] = np.sort(numbers(layer.bias))
        optimizer.add_param_group({"params": self.free})

    @property
    def free(self) -> list[nn.Parameter]:
        """Return the free weights, a parameter (units, inputs) for each layer behind circuits."""
        return [layers[0].free for layers in self._layers.values() if layers[0].free is not None]

    # what torch's schedulers and loops ask of an optimiser

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Return groups of the optimiser within."""
        return self.optimizer.param_groups

    @property
    def state(self) -> Any:  # type: ignore[override]
        """Return the state of the optimiser within."""
        return self.optimizer.state

    @property
    def defaults(self) -> dict[str, Any]:  # type: ignore[override]
        """Return defaults of the optimiser within."""
        return self.optimizer.defaults

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget gradients."""
        self.optimizer.zero_grad(set_to_none)

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take a step, and snap when a period is over.

        Raises:
            TrainingError: a free weight is no longer a finite number.
        """
        found = self.optimizer.step() if closure is None else self.optimizer.step(closure)
        self.steps += 1
        if self.steps % self.period == 0:
            self.snap()
        return found

    def snap(self) -> Expense:
        """Reconnect the chips to the permutations nearest to the free weights; returns what it cost."""
        wanted = {}
        for name, layers in self._layers.items():
            cells, order = self._by_value[name]
            free = numbers(_free(layers[0]))
            if not np.isfinite(free).all():
                what = f"{name}: a free weight became {free[~np.isfinite(free)][0]} in training"
                raise TrainingError(f"{what}; lower the learning rate")
            wanted[name] = match_ranks(cells, free, order)
        if self.biases == "permuted":
            self._permute_biases()
        synchronise(self.model)
        spent = self._board.reconnect(wanted, self.steps)
        with torch.no_grad():
            for name, layers in self._layers.items():
                chip, number = self._board.find(name)
                free_ = _free(layers[0])
                free_.copy_(chip.design(number, free_.dtype, free_.device))
        return spent

    def finish(self) -> Expense:
        """Snap a last time and take the free weights away: from here on layers compute on their chips in any mode."""
        spent = self.snap()
        for layers in self._layers.values():
            for layer in layers:
                layer.__dict__["free"] = None
        return spent

    def _permute_biases(self) -> None:
        """Give every layer its starting biases, rank by rank."""
        for name, layers in self._layers.items():
            for layer in layers:
                if layer.bias is None:
                    continue
                values = self._starts[_bias_name(name, layers, layer)]
                now = numbers(layer.bias)
                snapped = np.empty_like(now)
                snapped[np.argsort(now, kind="stable")] = values
                with torch.no_grad():
                    layer.bias.copy_(torch.from_numpy(snapped))

    def schedule(self) -> Schedule:
        """Return the reconnections so far; ``save`` writes them as a schedule file."""
        synchronise(self.model)
        return self._board.schedule()

    def state_dict(self) -> dict[str, Any]:
        """Return the optimiser's state within, steps, free weights, and the biases that permuted ones are made of."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "steps": self.steps,
            "free": {name: _free(layers[0]).detach().clone() for name, layers in self._layers.items()},
            "starts": {name: torch.from_numpy(values) for name, values in self._starts.items()},
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            ValueError: it is of a network with other layers behind circuits.
        """
        if set(state_dict["free"]) != set(self._layers):
            what = f"the state has free weights of {sorted(state_dict['free'])}"
            raise ValueError(f"{what}, the network of {sorted(self._layers)}; convert the same network first")
        self.optimizer.load_state_dict(dict(state_dict["optimizer"]))
        self.steps = int(state_dict["steps"])
        self._starts = {name: values.numpy() for name, values in state_dict["starts"].items()}
        with torch.no_grad():
            for name, values in state_dict["free"].items():
                _free(self._layers[name][0]).copy_(values)

    def __repr__(self) -> str:
        return f"LaPerm({len(self._layers)} layers, period={self.period}, steps={self.steps}, {self.optimizer!r})"


def _reconnectable(model: nn.Module) -> dict[str, list[ChipLayer]]:
    """Group layers behind circuits by the name of what they compute on; tied ones stand together."""
    found: dict[str, list[ChipLayer]] = {}
    for part in model.modules():
        if isinstance(part, ChipLayer) and part.chip.reconnectable:
            found.setdefault(part.chip.layers[part.number], []).append(part)
    return found


def _free(layer: ChipLayer) -> nn.Parameter:
    if layer.free is None:
        raise TrainingError("the method was finished; begin a new one")
    return layer.free


def _bias_name(name: str, layers: list[ChipLayer], layer: ChipLayer) -> str:
    """Name a layer's bias: tied layers have biases of their own."""
    number = layers.index(layer)
    return name if number == 0 else f"{name}/{number}"
