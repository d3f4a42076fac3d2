"""Windows of ONNX convolutions and pools: every attribute checked, and pads as numbers whatever way they are said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hwsim.model import Window
from hwsim.model.imports.operation import UntakenError
from hwsim.model.layer import pad_same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hwsim.model.layer import Pair

AUTO = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}
AGAIN = "mend the attribute, or export the network again"
SIDES = 4
AXES = 2


def read_window(law: dict[str, Any], kernel: Sequence[int], size: Pair) -> Window:
    """Read a window from the attributes of a node.

    Args:
        law: the attributes.
        kernel: rows and columns of the kernel.
        size: rows and columns of the image.

    Raises:
        UntakenError: an attribute that means nothing, or that cannot be emulated; the message names it.

    Example:
        >>> read_window({"auto_pad": b"SAME_LOWER", "strides": [2, 2]}, (3, 2), (5, 4)).before
        (1, 0)
        >>> read_window({"strides": [0, 1]}, (3, 3), (5, 5))
        Traceback (most recent call last):
        ...
        hwsim.model.imports.operation.UntakenError: has strides=[0, 1], which must be 2 whole numbers of at least 1
    """
    if len(kernel) != AXES:
        what = f"has windows of {len(kernel)} axes (kernel {list(kernel)}); those on rows and columns can be emulated"
        raise UntakenError(what, "give the image a second axis of size 1")
    rows, columns = _numbers(law, "kernel_shape", AXES, 1, list(kernel))
    down, right = _numbers(law, "strides", AXES, 1, [1, 1])
    dilation = _numbers(law, "dilations", AXES, 1, [1, 1])
    top, left, bottom, end = _numbers(law, "pads", SIDES, 0, [0] * SIDES)
    auto = law.get("auto_pad", b"NOTSET")
    auto = auto.decode(errors="replace") if isinstance(auto, bytes) else str(auto)
    if auto not in AUTO:
        raise UntakenError(f"has auto_pad={auto!r}, which is none of {', '.join(sorted(AUTO))}", AGAIN)
    if auto != "NOTSET" and any((top, left, bottom, end)):
        what = f"has auto_pad={auto!r} and pads={[top, left, bottom, end]}, of which only one may be set"
        raise UntakenError(what, AGAIN)
    window = Window((rows, columns), (down, right), (top, left), (bottom, end), (dilation[0], dilation[1]))
    if auto.startswith("SAME"):
        same = pad_same(size, window.kernel, window.stride, window.dilation)
        sides = (same.before, same.after) if auto == "SAME_UPPER" else (same.after, same.before)
        window = Window(window.kernel, window.stride, *sides, window.dilation)
    if law.get("ceil_mode") and window.places(size) != _ceiling(window, size):
        what = "has ceil_mode=1 and windows that reach over the border, which cannot be emulated"
        raise UntakenError(what, "set ceil_mode=0, or pad or crop the image so that windows fit")
    return window


def _ceiling(window: Window, size: Pair) -> Pair:
    """Count places where a last window that is not whole counts too."""
    whole = [size[axis] + window.before[axis] + window.after[axis] - window.reach[axis] for axis in (0, 1)]
    rows, columns = (-(-room // step) + 1 for room, step in zip(whole, window.stride, strict=True))
    return rows, columns


def _numbers(law: dict[str, Any], name: str, count: int, least: int, otherwise: list[int]) -> list[int]:
    found = law.get(name, otherwise)
    whole = isinstance(found, list) and all(isinstance(number, int) for number in found)
    if not whole or len(found) != count or min(found) < least:
        raise UntakenError(f"has {name}={found}, which must be {count} whole numbers of at least {least}", AGAIN)
    return list(found)
