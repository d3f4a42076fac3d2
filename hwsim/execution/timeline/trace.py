"""Traces: what every part of the machine did, one line per operation; and the same for the viewers of traces.

``trace.jsonl`` is the source: a header line, one line per span, a last line with a checksum. ``trace.json`` says the
same in the Trace Event Format of Chrome, which chrome://tracing and ui.perfetto.dev open. That format counts in
microseconds, and viewers keep nanoseconds of them: times are written as decimal fractions, to the picosecond, and stand
a second time in ``args`` as whole picoseconds.

Both are the same bytes for the same spans, are never in memory as a whole, and are read back by :func:`read_trace`.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hwsim.execution.timeline.port import Span
from hwsim.files import Diagnostic, DiagnosticError
from hwsim.files.checksum import check, checked
from hwsim.files.whole import write_all
from hwsim.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

FORMAT = "hwsim trace, version 1"
UNITS = {
    "begin_ps": "ps",
    "end_ps": "ps",
    "amount": "bits, switches, inferences; of an event, its number",
    "joules": "J",
}
FILES = ("trace.jsonl", "trace.json")
"""What the two are called in the folder of a run."""
_MICROSECOND = 10**6
"""Picoseconds."""
FAULTS = "faults"
"""The resource of marks that say when something breaks; viewers draw them across all rows."""
_MACHINE = "machine"
_END = b"],\n"
_LAYER = re.compile(r"(layer \d+) (.+)")
_HINT = "write it again: hwsim run with execution.trace = true"


def write_traces(folder: Path, spans: Iterable[Span], run: str) -> list[Path]:
    """Write both traces into a folder, both or none; those of before are replaced.

    Args:
        folder: of the run.
        spans: is gone through twice.
        run: identity of the run, or another name of what was simulated.

    Returns:
        The two files.

    Raises:
        OSError: one cannot be written; nothing of either stays behind.
    """
    lines, events = (folder / name for name in FILES)
    return write_all({lines: json_lines(spans, run), events: trace_events(spans, run)}, force=True)


def json_lines(spans: Iterable[Span], run: str) -> Iterator[bytes]:
    """Yield a trace as JSON lines.

    Args:
        spans: in any order, which stays.
        run: as of :func:`write_traces`.

    Example:
        >>> head, line, checksum = json_lines([Span("port", 0, 10000, "bits", 6, 6e-12)], "abc")
        >>> print(line.decode())
        {"resource":"port","begin_ps":0,"end_ps":10000,"what":"bits","amount":6,"joules":6e-12}
        <BLANKLINE>
    """
    return checked(_lines(spans, run), "lines")


def _lines(spans: Iterable[Span], run: str) -> Iterator[bytes]:
    yield (_dump(_head(run)) + "\n").encode()
    for resource, begin, end, what, amount, energy in spans:
        yield (
            f'{{"resource":{_text(resource)},"begin_ps":{begin},"end_ps":{end},"what":{_text(what)},'
            f'"amount":{amount},"joules":{float(energy)!r}}}\n'
        ).encode()


def trace_events(spans: Iterable[Span], run: str) -> Iterator[bytes]:
    """Yield a trace in the Trace Event Format: complete events, and instants for what takes no time.

    A layer is a process and each of its banks a thread; all else belongs to one process. On a thread no two events
    overlap, as the format asks: where one resource does two things at a time, the second has a thread beside the first.

    Args:
        spans: in any order, which stays.
        run: as of :func:`write_traces`.
    """
    return checked(_events(spans, run), "json")


def _events(spans: Iterable[Span], run: str) -> Iterator[bytes]:
    yield f'{{"displayTimeUnit":"ns","otherData":{_dump(_head(run))},"traceEvents":[\n'.encode()
    threads = _Threads()
    for resource, begin, end, what, amount, energy in sorted(spans, key=_begin):
        (process, thread), new = threads.place(resource, begin, end)
        for event in new:
            yield (_dump(event) + ",\n").encode()
        when = f'"X","ts":{_microseconds(begin)},"dur":{_microseconds(end - begin)}'
        if begin == end:
            when = f'"i","ts":{_microseconds(begin)},"s":"{"g" if resource == FAULTS else "t"}"'
        yield (
            f'{{"name":{_text(what)},"cat":{_text(resource)},"ph":{when},"pid":{process},"tid":{thread},'
            f'"args":{{"begin_ps":{begin},"end_ps":{end},"amount":{amount},"joules":{float(energy)!r}}}}},\n'
        ).encode()
    yield (_dump(_names("process", 1, 0, _MACHINE)[0]) + "\n],\n").encode()


def _begin(span: Span) -> int:
    return span.begin_ps


class _Threads:
    """Processes and threads of the Trace Event Format, numbered as they come."""

    def __init__(self) -> None:
        self._processes: dict[str, int] = {_MACHINE: 1}
        self._lanes: dict[str, list[list[int]]] = {}
        self._threads = 0

    def place(self, resource: str, begin: int, end: int) -> tuple[tuple[int, int], list[dict[str, Any]]]:
        """Return process and thread of a span, and the events that name those that are new."""
        new: list[dict[str, Any]] = []
        lanes = self._lanes.setdefault(resource, [])
        found = _LAYER.fullmatch(resource)
        group, name = (found[1], found[2]) if found else (_MACHINE, resource)
        if group not in self._processes:
            self._processes[group] = len(self._processes) + 1
            new += _names("process", self._processes[group], 0, group)
        process = self._processes[group]
        lane = next((lane for lane in lanes if lane[1] <= begin), None)
        if lane is None:
            self._threads += 1
            lane = [self._threads, end]
            lanes.append(lane)
            new += _names("thread", process, self._threads, name)
        lane[1] = end
        return (process, lane[0]), new


def _names(what: str, process: int, thread: int, name: str) -> list[dict[str, Any]]:
    """Return the events that name a process or a thread, and give it its place: first come, first shown."""
    place = {"ph": "M", "pid": process, "tid": thread}
    order = {"name": f"{what}_sort_index", **place, "args": {"sort_index": thread or process}}
    return [{"name": f"{what}_name", **place, "args": {"name": name}}, order]


def read_trace(path: Path) -> tuple[str, list[Span]]:
    """Read a trace of either kind: which run it is of, and its spans in the order of the file.

    Raises:
        DiagnosticError: it cannot be read, was changed since, or holds what no trace holds.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _refused(path, 1, f"cannot be read ({error.strerror})") from None
    lines = BytesIO(check(content, path, _HINT))
    found, head, number = list[Span](), dict[str, Any](), 1
    try:
        for number, line in enumerate(lines, start=1):
            if number == 1:
                head, of = _opened(line.decode())
            elif line != _END:
                found += of(json.loads(line.rstrip(b",\n")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise _refused(path, number, f"is not what a trace holds: {what}") from None
    return str(head.get("run")), found


def _opened(line: str) -> tuple[dict[str, Any], Callable[[dict[str, Any]], list[Span]]]:
    """Return what the first line of a trace says, and how its other lines are read.

    Raises:
        ValueError: it is of another version.
    """
    events = line.endswith("[\n")
    head = json.loads(f"{line}]}}")["otherData"] if events else json.loads(line)
    if head["format"] != FORMAT:
        raise ValueError(f"the format {head['format']}, where this program reads {FORMAT}")
    return head, _of_event if events else _of_line


def _of_line(row: dict[str, Any]) -> list[Span]:
    return [_sound(row["resource"], row["what"], row)]


def _of_event(event: dict[str, Any]) -> list[Span]:
    """Return the span of an event, none of one that only names something.

    Raises:
        ValueError: the two times that it tells are not the same.
    """
    if event["ph"] == "M":
        return []
    span = _sound(event["cat"], event["name"], event["args"])
    told = event["ts"], event.get("dur", 0.0)
    if told != (float(_microseconds(span.begin_ps)), float(_microseconds(span.end_ps - span.begin_ps))):
        raise ValueError(f"ts and dur of {told} us, and another time in args")
    return [span]


def _sound(resource: str, what: str, row: dict[str, Any]) -> Span:
    """Return a span whose numbers some operation can have.

    Raises:
        ValueError: it ends before it begins, or a number is none.
    """
    begin, end, amount, energy = row["begin_ps"], row["end_ps"], row["amount"], row["joules"]
    if not all(type(number) is int for number in (begin, end, amount)) or not 0 <= begin <= end or amount < 0:
        raise ValueError(f"from {begin!r} to {end!r} ps, amount {amount!r}")
    if type(energy) is not float or not math.isfinite(energy) or energy < 0:
        raise ValueError(f"{energy!r} joules")
    return Span(resource, begin, end, what, amount, energy)


def _head(run: str) -> dict[str, Any]:
    return {"format": FORMAT, "hwsim": VERSION, "run": run, "units": UNITS}


def _microseconds(picoseconds: int) -> str:
    """Write picoseconds as microseconds, as a decimal fraction with every digit."""
    return f"{picoseconds // _MICROSECOND}.{picoseconds % _MICROSECOND:06}"


@lru_cache(4096)
def _text(value: str) -> str:
    return json.dumps(value)


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _refused(path: Path, line: int, what: str) -> DiagnosticError:
    return DiagnosticError([Diagnostic(str(path), line, 1, what, "", _HINT)])
