"""Traces: read from the file alone by other eyes than those that wrote it, whole or refused."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.execution.timeline import Span
from hwsim.execution.timeline.trace import FAULTS, json_lines, read_trace, trace_events, write_traces
from hwsim.files import DiagnosticError
from tests.conftest import Command

RESOURCES = ("port", "compute", "memory", "layer 1 bank 0", "layer 1 bank 12", "layer 2 bank 0", 'a "b" \\ ü', FAULTS)
TIMES = st.integers(0, 10**15)


@st.composite
def _span(draw: st.DrawFn) -> Span:
    begin, long = draw(TIMES), draw(st.one_of(st.just(0), TIMES))
    energy = draw(st.floats(0.0, 1e3, allow_nan=False))
    names = st.sampled_from(RESOURCES), st.sampled_from(("bits", "sets", "inference", "switch 3 stuck"))
    return Span(draw(names[0]), begin, begin + long, draw(names[1]), draw(st.integers(0, 10**9)), energy)


SPANS = st.lists(_span(), max_size=30)


def _events(content: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A whole document as any JSON library has it, with times as they are written."""
    document = json.loads(content, parse_float=Decimal)
    return document, document["traceEvents"]


@given(spans=SPANS)
def test_lines_hold_every_span(spans: list[Span]) -> None:
    content = b"".join(json_lines(spans, "run 7"))
    first, *rows, last = [json.loads(line) for line in content.splitlines()]
    told = [tuple(row[key] for key in ("resource", "begin_ps", "end_ps", "what", "amount", "joules")) for row in rows]
    assert told == [tuple(span) for span in spans]
    assert (first["format"], first["run"]) == ("hwsim trace, version 1", "run 7")
    assert {first["units"][key] for key in ("begin_ps", "end_ps")} == {"ps"}
    assert last["checksum"].startswith(f"crc32 {zlib.crc32(content[: content.rindex(b'{')]):08x} ")


@given(spans=SPANS)
def test_events_hold_every_span_to_the_picosecond(spans: list[Span]) -> None:
    """From ``ts`` and ``dur`` alone: what viewers read."""
    document, events = _events(b"".join(trace_events(spans, "run 7")))
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    groups = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    found = []
    for event in events:
        if event["ph"] != "M":
            group, name = groups[event["pid"]], names[event["pid"], event["tid"]]
            begin, long = event["ts"] * 10**6, event.get("dur", 0) * 10**6
            resource = name if group == "machine" else f"{group} {name}"
            amounts = event["args"]["amount"], float(event["args"]["joules"])
            found.append((resource, begin, begin + long, event["name"], *amounts))
    assert sorted(found) == sorted(tuple(span) for span in spans)
    assert document["displayTimeUnit"] == "ns"
    assert document["otherData"]["run"] == "run 7"


@given(spans=SPANS)
def test_events_are_as_the_format_asks(spans: list[Span]) -> None:
    """Trace Event Format: the keys of each phase; numbers written as decimals; no two events of a thread overlap."""
    content = b"".join(trace_events(spans, "run 7"))
    busy, named = defaultdict(list), set()
    for event in _events(content)[1]:
        keys = {"name", "ph", "pid", "tid", "args"}
        keys |= {"M": set(), "X": {"cat", "ts", "dur"}, "i": {"cat", "ts", "s"}}[event["ph"]]
        assert set(event) == keys
        assert all(type(event[key]) is int for key in ("pid", "tid"))
        if event["ph"] == "M":
            assert event["name"] in {
                f"{what}_{how}" for what in ("process", "thread") for how in ("name", "sort_index")
            }
            named.add((event["name"], event["pid"], event["tid"]))
            continue
        assert ("thread_name", event["pid"], event["tid"]) in named  # before it is used
        assert event["ph"] == "X" or event["s"] == ("g" if event["cat"] == FAULTS else "t")
        for key in {"ts", "dur"} & set(event):
            assert event[key] == event[key].quantize(Decimal("0.000001"))
            assert f'"{key}":{event[key]:f},'.encode() in content  # never as powers of ten, which a viewer misreads
        busy[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event.get("dur", 0)))
    for of in busy.values():
        assert all(end <= begin for (_, end), (begin, _) in zip(sorted(of), sorted(of)[1:], strict=False))


@given(spans=SPANS)
def test_both_are_read_back(spans: list[Span], tmp_path_factory: pytest.TempPathFactory) -> None:
    lines, events = write_traces(tmp_path_factory.mktemp("trace"), spans, "run 7")
    assert read_trace(lines) == ("run 7", spans)
    assert read_trace(events) == ("run 7", sorted(spans, key=lambda span: span.begin_ps))


def test_threads_are_as_few_as_overlaps_allow() -> None:
    """Three things at a time at most: three threads, and one for what comes one after another, in any order."""
    spans = [Span("layer 0 bank 1", at, at + 30, "sets", 1) for at in range(1000, -1, -10)]
    spans += [Span("port", at, at + 10, "bits", 1) for at in range(1000, -1, -10)]
    threads = {(e["pid"], e["tid"]) for e in _events(b"".join(trace_events(spans, "")))[1] if e["ph"] == "X"}
    assert len(threads) == 3 + 1


SOME = [
    Span("port", 0, 10_000, "bits", 6, 6e-12),
    Span("layer 0 bank 1", 10_000, 10_001, "sets", 2, 4e-12),
    Span(FAULTS, 10_001, 10_001, "switch 3 stuck", 1),
]


@settings(max_examples=300)
@given(data=st.data(), which=st.sampled_from([0, 1]))
def test_a_flipped_byte_is_found(data: st.DataObject, which: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = write_traces(tmp_path_factory.mktemp("flipped"), SOME, "run 7")[which]
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(DiagnosticError, match="trace"):
        read_trace(path)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"end_ps":10001', '"end_ps":9999', "from 10000 to 9999 ps"),
        ('"amount":6', '"amount":6.5', "amount 6.5"),
        ('"joules":6e-12', '"joules":-6e-12', "-6e-12 joules"),
        ('"amount":2', '"many":2', "amount"),
        ("version 1", "version 9", "version 9"),
        ('"ts":0.010000,"dur":0.000001', '"ts":0.010000,"dur":0.000002', "another time in args"),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_a_sound_checksum_does_not_help(tmp_path: Path, old: str, new: str, told: str, which: int) -> None:
    path = write_traces(tmp_path, SOME, "run 7")[which]
    body = path.read_bytes().rpartition(b'{"checksum"' if which == 0 else b' "checksum"')
    if old.encode() not in body[0]:
        pytest.skip("not in this kind")
    changed = body[0].replace(old.encode(), new.encode())
    line = f'"checksum": "crc32 {zlib.crc32(changed):08x} of all bytes before this line"}}\n'
    path.write_bytes(changed + (b"{" if which == 0 else b" ") + line.encode())
    with pytest.raises(DiagnosticError, match=told):
        read_trace(path)


def test_a_trace_that_fails_leaves_the_old_ones(tmp_path: Path) -> None:
    before = [path.read_bytes() for path in write_traces(tmp_path, SOME, "run 7")]

    def broken() -> Iterator[Span]:
        yield SOME[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_traces(tmp_path, broken(), "run 8")
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir(), reverse=True)] == before


def test_the_text_is_never_in_memory(tmp_path: Path) -> None:
    """Of 6 MB of text, less than 1 MB are there at a time: the references by which spans are sorted among them."""
    spans = [Span("port", at, at + 1, "bits", at, 1e-12) for at in range(30_000)]
    tracemalloc.start()
    written = write_traces(tmp_path, spans, "run 7")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(path.stat().st_size for path in written) > 6e6
    assert peak < 1e6


def test_check_knows_both(tmp_path: Path, hwsim_command: Command) -> None:
    lines, events = write_traces(tmp_path, SOME, "run 7")
    sound = hwsim_command("check", str(lines), str(events)).stdout.splitlines()
    assert sound == [f"{path}: a sound trace of run run 7, 3 spans until 10.001 ns" for path in (lines, events)]
    for old, new in ((b"10001", b"10002"), (b"hwsim trace", b"hwsim Trace")):
        lines.write_bytes(b"".join(json_lines(SOME, "run 7")).replace(old, new))
        told = hwsim_command("check", str(lines))
        assert told.returncode == 2
        assert "changed since it was written" in told.stderr


@given(times=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)), max_size=12))
def test_threads_hold_what_meets_and_what_overlaps_by_a_picosecond(times: list[tuple[int, int]]) -> None:
    """Spans of a few picoseconds: no two of a thread overlap, and there are no more threads than overlaps ask for."""
    spans = [Span("port", begin, begin + long, "bits", 1) for begin, long in times]
    lanes = defaultdict(list)
    for event in _events(b"".join(trace_events(spans, "")))[1]:
        if event["ph"] != "M":
            lanes[event["tid"]].append(range(event["args"]["begin_ps"], event["args"]["end_ps"]))
    for of in lanes.values():
        covered = [at for span in of for at in span]
        assert len(covered) == len(set(covered))
    if all(long for _, long in times):
        most = max((sum(begin <= at < begin + long for begin, long in times) for at in range(17)), default=0)
        assert len(lanes) == most


def test_a_span_joins_a_thread_when_the_one_before_has_ended() -> None:
    """Begun at the very end of another: the same thread; a picosecond before: the next one."""
    spans = [Span("port", begin, end, "bits", 1) for begin, end in ((0, 10), (9, 19), (10, 20), (19, 19), (19, 30))]
    events = [event for event in _events(b"".join(trace_events(spans, "")))[1] if event["ph"] != "M"]
    assert [event["tid"] for event in events] == [1, 2, 1, 2, 2]
