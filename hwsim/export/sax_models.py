"""Models of the components of exported optical netlists, for ``sax``: amplitudes from port to port.

They need neither ``sax`` nor ``jax`` to be imported, and gradients pass them. Light has one path to each cell, so
phases do not count; ``jax`` must be told to compute in 64 bits where 7 digits are not enough::

    import jax, sax, yaml
    from hwsim.export.sax_models import MODELS

    jax.config.update("jax_enable_x64", True)
    netlist = yaml.safe_load(open("layer0_bank0.yml"))
    circuit, _ = sax.circuit(netlist, MODELS)
    power = abs(circuit()["position0", "cell3"]) ** 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Amplitudes = dict[tuple[str, str], Any]


def _amplitude(loss: Any) -> Any:
    """Return the amplitude that a loss of power in decibels leaves."""
    return 10 ** (-loss / 20)


def _reciprocal(one_way: Amplitudes) -> Amplitudes:
    return one_way | {(end, start): value for (start, end), value in one_way.items()}


def switch2x2(state: Any = 0, bar_loss: Any = 0.0, cross_loss: Any = 0.0, crosstalk: float | None = None) -> Amplitudes:
    """Model a 2 x 2 switch: bar joins o1-o4 and o2-o3, cross joins o1-o3 and o2-o4.

    Args:
        state: 0 bar, 1 cross.
        bar_loss: loss in bar, dB.
        cross_loss: loss in cross, dB.
        crosstalk: power that leaks to the other output relative to the signal, dB, negative; nothing when None, as in
            the emulator. Leaked light is a quarter of a turn ahead.

    Example:
        >>> round(switch2x2(1, 2.0, 1.0)["o1", "o3"] ** 2, 4), switch2x2(1, 2.0, 1.0)["o1", "o4"]
        (0.7943, 0.0)
    """
    bar, cross = (1 - state) * _amplitude(bar_loss), state * _amplitude(cross_loss)
    if crosstalk is not None:
        leak = 1j * 10 ** (crosstalk / 20)
        bar, cross = bar + leak * cross, cross + leak * bar
    return _reciprocal({("o1", "o4"): bar, ("o2", "o3"): bar, ("o1", "o3"): cross, ("o2", "o4"): cross})


def wire(crossings: Any = 0, crossing_loss: Any = 0.0) -> Amplitudes:
    """Model a waveguide from o1 to o2, which loses ``crossing_loss`` dB at each of so many crossings.

    Example:
        >>> round(wire(10, 0.3)["o2", "o1"] ** 2, 4)
        0.5012
    """
    return _reciprocal({("o1", "o2"): _amplitude(crossings * crossing_loss)})


def directional_coupler(coupling: Any = 0.5, loss: Any = 0.0) -> Amplitudes:
    """Model a directional coupler: o1-o4 and o2-o3 keep ``1 - coupling`` of the power, o1-o3 and o2-o4 get the rest.

    Args:
        coupling: share of the power that crosses over, a quarter of a turn ahead.
        loss: excess loss, dB.

    Example:
        >>> round(abs(directional_coupler(0.25)["o2", "o4"]) ** 2, 9)
        0.25
    """
    kept, crossed = _amplitude(loss) * (1 - coupling) ** 0.5, 1j * _amplitude(loss) * coupling**0.5
    return _reciprocal({("o1", "o4"): kept, ("o2", "o3"): kept, ("o1", "o3"): crossed, ("o2", "o4"): crossed})


def waveguide_crossing(loss: Any = 0.0) -> Amplitudes:
    """Model a crossing of two waveguides, from o1 to o3 and from o2 to o4, which loses ``loss`` dB."""
    return _reciprocal({("o1", "o3"): _amplitude(loss), ("o2", "o4"): _amplitude(loss)})


def cell(transmission: Any = 1.0) -> Amplitudes:
    """Model a cell that lets a share of the power through, from o1 to o2."""
    return _reciprocal({("o1", "o2"): transmission**0.5})


def combiner(loss: Any = 0.0) -> Amplitudes:
    """Model a combiner of light of different wavelengths: o1 and o2 reach o3 whole, less ``loss`` dB."""
    return _reciprocal({("o1", "o3"): _amplitude(loss), ("o2", "o3"): _amplitude(loss)})


MODELS: dict[str, Callable[..., Amplitudes]] = {
    part.__name__: part for part in (switch2x2, wire, directional_coupler, waveguide_crossing, cell, combiner)
}
"""The models by component, as ``sax.circuit`` takes them."""
