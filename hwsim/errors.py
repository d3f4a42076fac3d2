"""The one base of every error that hwsim raises on purpose; here stands no error of a single room."""

from __future__ import annotations

from typing import ClassVar

FAILED_EXPECTATION, BAD_INPUT, FAILED, INTERRUPTED = 1, 2, 3, 130
"""Exit codes of the command line; 0 is success."""


class HwsimError(Exception):
    """Something that hwsim foresees goes wrong; the message is for people and says what would help.

    Every error class of the package derives from this one and says with ``exit_code`` how a command ends by it:
    2 where the input or its use is wrong, 3 where a run failed. Most keep a second base, for example ValueError.

    Example:
        >>> import hwsim
        >>> try:
        ...     hwsim.crossbar("benes", 4).route([0, 0, 1, 2])
        ... except hwsim.HwsimError as error:
        ...     print(type(error).__name__, error.exit_code)
        PermutationError 2
    """

    exit_code: ClassVar[int] = FAILED
