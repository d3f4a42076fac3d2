"""A dense network by its sizes alone, for those who need no model file of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def write_dense(sizes: Sequence[int]) -> tuple[str, str]:
    """Write the model file of a dense network whose hidden units are ReLUs.

    Args:
        sizes: inputs, units of every hidden layer, outputs.

    Returns:
        Name and text of the file.

    Example:
        >>> name, text = write_dense([4, 16, 3])
        >>> name, text.count("[[layer]]")
        ('dense-4-16-3', 2)
    """
    inputs, *units = sizes
    shown = "-".join(map(str, sizes))
    activations = ["relu"] * (len(units) - 1) + ["identity"]
    layers = [
        f'[[layer]]\nkind = "dense"\nunits = {count}\nactivation = "{activation}"\n'
        for count, activation in zip(units, activations, strict=True)
    ]
    return f"dense-{shown}", "\n".join([f'title = "{shown} ReLU network"\ninputs = {inputs}\n', *layers])
