"""How a verb ends: every foreseen failure as plain lines on stderr and its exit code."""

from __future__ import annotations

import functools
import os
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import typer

from hwsim.errors import BAD_INPUT, FAILED, INTERRUPTED, NUMBA_WARNING, HwsimError, HwsimWarning

if TYPE_CHECKING:
    from collections.abc import Callable

GOES_ON = {
    "run": "; the same command goes on from the last reconnection",
    "reproduce": "; the same command goes on: finished runs are kept",
}
"""What follows of an interrupted verb; all others leave nothing behind."""
P = ParamSpec("P")
R = TypeVar("R")


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    """Show a warning on one line, for those of libraries with the place that they speak of."""
    place = "" if issubclass(category, HwsimWarning) else f"{filename}:{lineno}: {category.__name__}: "
    sys.stderr.write(f"{place}{message}\n")


def ending(verb: Callable[P, R]) -> Callable[P, R]:
    """Wrap a verb so that foreseen failures end it tidily; a fault of hwsim shows its traceback, with exit code 3."""

    @functools.wraps(verb)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        warnings.filterwarnings("error", NUMBA_WARNING)
        warnings.filterwarnings("always", category=HwsimWarning)
        warnings.showwarning = _show
        try:
            return verb(*args, **kwargs)
        except KeyboardInterrupt:
            sys.stderr.write(f"interrupted{GOES_ON.get(verb.__name__, '')}\n")
            sys.stderr.flush()
            sys.stdout.flush()
            # an interrupt inside exec() leaves a mark in CPython that would turn the exit code into a signal's
            os._exit(INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None  # the reader has what it wanted
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            sys.stderr.write(f"{where}{error.strerror or error}\n")
            raise SystemExit(FAILED) from None
        except MemoryError as error:
            why = f" ({error})" if str(error) else ""
            sys.stderr.write(f"not enough memory{why}; use a smaller model or smaller banks, or a larger machine\n")
            raise SystemExit(FAILED) from None
        except HwsimError as error:
            sys.stderr.write(f"{error.told()}\n")
            raise SystemExit(error.exit_code) from None
        except typer.Exit:  # an end with a code of its own
            raise
        except Exception as error:
            # looked for only now: hwsim --help stays light
            from hwsim.files.environment import unreadable
            from hwsim.files.registry import blame

            if told := unreadable(error):
                sys.stderr.write(f"{told}\n")
                raise SystemExit(BAD_INPUT) from None
            # without a plug-in it is a fault of hwsim: its traceback is wanted, and exit code 1 means something else
            sys.stderr.write(f"{blamed}\n" if (blamed := blame(error)) else traceback.format_exc())
            raise SystemExit(FAILED) from None

    return wrapped
