"""How a verb ends: every foreseen failure as plain lines on stderr and its exit code."""

from __future__ import annotations

import functools
import os
import sys
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

FAILED_EXPECTATION, BAD_INPUT, FAILED, INTERRUPTED = 1, 2, 3, 130

_CODES = {
    "hwsim.scenario.fault.FaultError": BAD_INPUT,
    "hwsim.folder.FolderError": BAD_INPUT,
    "hwsim.schedule.file.ScheduleError": BAD_INPUT,
    "hwsim.crossbar.fabric.PermutationError": BAD_INPUT,
    "hwsim.task.data.DataError": BAD_INPUT,
    "hwsim.device.technology.FabricationError": BAD_INPUT,
    "hwsim.budget.account.BudgetError": BAD_INPUT,
    "hwsim.controller.constructive.DomainError": BAD_INPUT,
    "hwsim.controller.protocol.NoDeviceError": BAD_INPUT,
    "hwsim.controller.protocol.TrainingError": FAILED,
    "hwsim.registry.PluginError": FAILED,
    "hwsim.execution.hardware.ExecutionError": FAILED,
    "hwsim.schedule.file.StorageError": FAILED,
    "hwsim.score.judge.NotFiniteError": FAILED,
}


def ending(verb: Callable[P, R]) -> Callable[P, R]:
    """Wrap a verb so that foreseen failures end it tidily; a bug still shows its traceback."""

    @functools.wraps(verb)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; the same command goes on from the last reconnection\n")
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
        except Exception as error:
            kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
            code = next((_CODES[kind] for kind in kinds if kind in _CODES), None)
            if code is None:
                raise
            sys.stderr.write(f"{error}\n")
            raise SystemExit(code) from None

    return wrapped
