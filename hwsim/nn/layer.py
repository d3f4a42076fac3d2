"""What stands in a converted network: layers that compute on a chip, and Sequentials with one chip for several."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from hwsim.errors import BAD_INPUT, HwsimError, HwsimWarning
from hwsim.nn.gradient import read
from hwsim.nn.leaves import flat, hooked, is_plain

if TYPE_CHECKING:
    from hwsim.nn.board import Board
    from hwsim.nn.chip import ModelChip

WEIGHTS = {"weight", "weight_orig", "weight_g", "weight_v"}


class BypassError(HwsimError, RuntimeError):
    """Something would be computed beside the chip that should be computed on it; the message says what would help."""

    exit_code = BAD_INPUT


class DropoutWarning(HwsimWarning):
    """Dropout that stands between layers of one chip is left out, in training too."""


class ChipLayer(nn.Module):
    """A linear layer or convolution whose product and bias are a chip's.

    It was a module of torch's, which :func:`hwsim.nn.convert` turned into this one: name, hooks, bias and place in the
    network are the same.
    """

    board: Board
    chip: ModelChip
    number: int
    was: str
    window: Any

    def take(self, board: Board, chip: ModelChip, number: int, was: str) -> None:
        """Compute on a layer of a chip from now on."""
        self.board, self.chip, self.number, self.was = board, chip, number, was
        self.free: nn.Parameter | None = None

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name, by which callers may give it
        """Compute on the chip as it is connected, with noise unless it is quiet.

        Raises:
            BypassError: the chip is that of several layers, which compute together.
        """
        if self.free is not None and self.training:
            return self._freely(input)
        if len(self.chip.layers) > 1:
            what = f"{self.chip.layers[self.number]} was called by itself, but computes on one chip with other layers"
            raise BypassError(f"{what} ({self.chip.name}); use hwsim.nn.convert(..., chains=False)")
        if not input.is_floating_point():
            raise TypeError(f"{self.chip.name} takes numbers with a fraction, found {input.dtype}")
        if self.chip.rowwise:
            rows = input.reshape(-1, input.shape[-1])
            found = read(self.chip, rows, [self.bias])
            return found.reshape(*input.shape[:-1], found.shape[-1])
        axes = len(self.kernel_size) + 2
        images = input if input.ndim == axes else input[None]
        images = images if axes == 4 else images[:, :, None, :]  # noqa: PLR2004 - of rows and columns
        found = read(self.chip, images, [self.bias])
        found = found if axes == 4 else found[:, :, 0, :]  # noqa: PLR2004 - as above
        return found if input.ndim == axes else found[0]

    def _freely(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - as above
        """Compute in torch with free weights, which a method trains before it snaps them to the cells."""
        if self.chip.rowwise or self.window is None:
            return functional.linear(input, self.free, self.bias)  # type: ignore[arg-type]
        (top, left), (bottom, right) = self.window.before, self.window.after
        line = len(self.kernel_size) == 1
        padded = functional.pad(input, (left, right) if line else (left, right, top, bottom))
        filters = self.free.reshape(len(self.free), -1, *self.kernel_size)  # type: ignore[union-attr,arg-type]
        one: Any = functional.conv1d if line else functional.conv2d
        found: torch.Tensor = one(padded, filters, self.bias, self.stride, 0, self.dilation, self.groups)
        return found

    @property
    def design(self) -> torch.Tensor:
        """Return design weights as connected now, float32 (units, inputs): a copy."""
        return self.chip.design(self.number, torch.float32, torch.device("cpu")).clone()

    def extra_repr(self) -> str:
        """Describe size and device."""
        layer = self.chip.model.layers[self.number]
        return f"{layer.inputs}, {layer.units}, {self.was} on {self.chip.hardware.device}"

    def __getattr__(self, name: str) -> Any:
        if name in WEIGHTS:
            what = (
                f"{self.chip.layers[self.number]} has no {name}: its weights are cells of {self.chip.hardware.device}"
            )
            hint = "code that reads them would pass the chip by; skip the layer, or read .design"
            raise AttributeError(f"{what}; {hint}")
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in WEIGHTS:
            what = (
                f"{name} of {self.chip.layers[self.number]} cannot be set: its weights are cells, fixed at fabrication"
            )
            raise BypassError(f"{what}; change the network before it is converted, or skip the layer")
        super().__setattr__(name, value)

    # state

    def get_extra_state(self) -> dict[str, Any]:
        """Return connections and counters of the chip, at its first layer."""
        return self.chip.state() if self.number == 0 else {}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Connect the chip as it was, and go on with its counters.

        Raises:
            StateError: the state is that of another chip.
        """
        if self.number == 0:
            self.board.resume(self.chip, state)


class Folded(nn.Module):
    """What stands in place of a normalisation that was folded into the cells and biases of the layer before it."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Return the signals as they are."""
        return input


@dataclass(eq=False)
class Run:
    """Members of a Sequential that compute on one chip, from one member to before another."""

    first: int
    end: int
    chip: ModelChip
    members: tuple[nn.Module, ...]
    layers: tuple[ChipLayer, ...]

    def __call__(self, members: list[nn.Module], signals: torch.Tensor) -> torch.Tensor:
        """Infer on the chip.

        Raises:
            BypassError: members were exchanged, or somebody listens to them.
        """
        if len(members) != len(self.members) or any(a is not b for a, b in zip(members, self.members, strict=True)):
            what = f"members of a Sequential were exchanged after their conversion to one chip ({self.chip.name})"
            raise BypassError(f"{what}; convert the network as it is to be")
        if any([hooked(member) for member in members]):  # noqa: C419 - quicker than a generator
            what = (
                f"a hook was put on a member of {self.chip.name}, which computes on one chip and has no signals between"
            )
            raise BypassError(f"{what}; put hooks on before the conversion, or use hwsim.nn.convert(..., chains=False)")
        if not signals.is_floating_point():
            raise TypeError(f"{self.chip.name} takes numbers with a fraction, found {signals.dtype}")
        biases = [layer.bias for layer in self.layers]
        if self.chip.rowwise and signals.ndim != 2:  # noqa: PLR2004 - rows of features
            rows = signals.reshape(-1, signals.shape[-1])
            found = read(self.chip, rows, biases)
            return found.reshape(*signals.shape[:-1], found.shape[-1])
        return read(self.chip, signals, biases)


class ChipSequential(nn.Sequential):
    """A Sequential of which some members, one after the other, compute on one chip."""

    runs: tuple[Run, ...] = ()

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Pass signals through members and chips."""
        members, starts, at = self._members(), {run.first: run for run in self.runs}, 0
        while at < len(members):
            run = starts.get(at)
            if run is None or (self.training and run.layers[0].free is not None):
                input, at = members[at](input), at + 1  # noqa: A001 - as above
                continue
            self._tell_dropout(run)
            input, at = run(members[at : run.end], input), run.end  # noqa: A001 - as above
        return input

    def _members(self) -> list[nn.Module]:
        """Return members as they are now, those of Sequentials within in their place: anybody may exchange one."""
        known = self.__dict__.get("_known")
        if known is None or self._rebuilt(known[1]):
            members = [member for _, member in flat(self)]
            inside = [one for one in self.modules() if is_plain(one)]
            known = members, [(one, tuple(one._modules.values())) for one in inside]  # noqa: SLF001 - as below
            self.__dict__["_known"] = known
        found: list[nn.Module] = known[0]
        return found

    def _rebuilt(self, known: list[tuple[nn.Module, tuple[nn.Module | None, ...]]]) -> bool:
        """Tell whether a Sequential was given other members, or somebody began to listen to one within."""
        return any(
            [tuple(one._modules.values()) != kept or (one is not self and hooked(one)) for one, kept in known]  # noqa: SLF001, C419 - quickest
        )

    def _tell_dropout(self, run: Run) -> None:
        """Say once that dropout within a chip is left out in training too."""
        if not self.training or self.__dict__.get("_told"):
            return
        if any(isinstance(member, nn.Dropout) and member.p and member.training for member in run.members):
            self.__dict__["_told"] = True
            what = f"dropout within {run.chip.name} is left out, in training too: the layers compute on one chip"
            warnings.warn(f"{what}; for dropout between layers use chains=False", DropoutWarning, stacklevel=4)
