"""The pictures of time and energy: what is drawn is what was done, whatever was done."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from matplotlib.patches import StepPatch

from hwsim.report.energy import draw_energy
from hwsim.report.style import save
from hwsim.report.timeline import FAULTS, KINDS, RECONNECTION, draw_timeline, first_few

WINDOW = (1000, 5000)
PARTS = {"configuration": 2e-9, "toggling": 1e-9, "holding": 0.0, "compute": 4e-9, "conversion": 1e-9, "idle": 7e-10}


def _bars(axes: Any) -> list[StepPatch]:
    return [patch for patch in axes.patches if isinstance(patch, StepPatch)]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 600), st.integers(0, 300)), max_size=12))
def test_a_bar_stands_where_something_is_done(tens: list[tuple[int, int]]) -> None:
    """At every picosecond of the window, and higher where more is done."""
    times = [(10 * begin, 10 * long) for begin, long in tens]  # nothing narrower than a column
    spans = [("port", begin, begin + long, "bits", 1, 0.0) for begin, long in times]
    (*_, axes) = draw_timeline(spans, "t", window=WINDOW).axes
    heights = np.zeros(4000)
    for bar in _bars(axes):
        tops, edges, floor = bar.get_data()
        for left, right, top in zip(edges, edges[1:], tops, strict=False):  # nanoseconds
            heights[round(left * 1000) - WINDOW[0] : round(right * 1000) - WINDOW[0]] = floor - top
    done = [sum(begin <= at < begin + long for begin, long in times) for at in range(*WINDOW)]
    assert [height > 0 for height in heights] == [count > 0 for count in done]
    order = np.argsort(done, kind="stable")
    assert (np.diff(heights[order]) > -1e-12).all()


def test_rows_are_resources_and_banks_share_one() -> None:
    spans = [(f"layer {bank % 2 + 9} bank {bank}", 0, 9000, "sets", 1, 0.0) for bank in range(266)]
    spans += [(name, 0, 9000, what, 1, 0.0) for name, what in (("compute", "inferences"), ("port", "bits"))]
    axes = draw_timeline([*spans, ("layer 2 bank 7", 0, 9000, "resets", 1, 0.0)], "t").axes[-1]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["port", "layer 2 bank 7", "layer 9, 133 banks", "layer 10, 133 banks", "compute"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first stands on top


def test_bars_of_switches_say_how_many_change() -> None:
    """Four drivers: 4 of one bank, 3 and 1 of two, 8 of one in two turns, and 2 of another."""
    turns = [("bank 0", 0, 4, 1), ("bank 0", 100, 3, 1), ("bank 1", 100, 1, 1), ("bank 2", 200, 8, 2)]
    turns.append(("bank 1", 400, 2, 1))
    spans = [(f"layer 0 {bank}", at, at + 100 * long, "sets", count, 0.0) for bank, at, count, long in turns]
    tops, edges, floor = _bars(draw_timeline(spans, "t").axes[-1])[0].get_data()
    middle = np.searchsorted(edges, [50, 150, 250, 350, 450]) - 1
    assert ((floor - tops) / (floor - tops).max())[middle] == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.75])


def test_fine_bars_are_drawn_together() -> None:
    """A million edges become some hundred, and a pause that can be seen stays one."""
    times = [at for at in range(0, 10**6, 2) if not 400_000 <= at < 600_000]
    axes = draw_timeline([("compute", at, at + 1, "inferences", 1, 0.0) for at in times], "t").axes[-1]
    tops, edges, floor = _bars(axes)[0].get_data()
    assert len(tops) <= 1000
    done = (floor - tops > 0) * np.diff(edges)
    assert done.sum() == pytest.approx(800, rel=0.01)  # nanoseconds


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**7)), min_size=1, max_size=200))
def test_what_is_too_narrow_is_a_column_wide(times: list[tuple[int, int]]) -> None:
    """Every span is covered by a bar, and every bar has a span in it or within two columns beside it."""
    spans = [("port", begin, begin + long, "bits", 1, 0.0) for begin, long in times]
    window = (0, 10**9)
    (bar,) = _bars(draw_timeline(spans, "t", window=window).axes[-1])
    tops, edges, floor = bar.get_data()
    high = np.diff(edges) * (floor - tops > 0)
    for begin, long in times:
        if begin < window[1]:
            middle = (begin + min(begin + long, window[1])) / 2e9
            assert high[np.searchsorted(edges, middle) - 1] > 0
    widths = sum(min(begin + long, window[1]) - begin + 2 * 10**9 / 600 for begin, long in times if begin < window[1])
    assert high.sum() * 1e9 <= widths


@pytest.mark.parametrize(
    ("window", "said"),
    [((0, 2_000), "time in ns"), ((10**12, 10**12 + 10**9), "time in ms after 1 s"), ((0, 900), "time in ps")],
)
def test_the_axis_says_its_unit(window: tuple[int, int], said: str) -> None:
    axes = draw_timeline([], "t", window=window).axes[-1]
    assert axes.get_xlabel() == said
    assert axes.get_xlim()[0] == 0


def test_faults_stand_in_a_strip_of_the_whole_time() -> None:
    faults = [(FAULTS, at * 10**9, at * 10**9, f"layer 1 bank {at} switch 3 stuck bar", 1, 0.0) for at in range(1, 10)]
    reconnections = [(RECONNECTION, at * 10**9, at * 10**9 + 10**8, "event", at, 0.0) for at in range(10)]
    strip, axes = draw_timeline(faults + reconnections, "t", window=(0, 2 * 10**9)).axes
    assert [text.get_text() for text in strip.texts][1] == "layer 1 bank 2 switch 3 stuck bar, 2 ms"
    assert strip.get_xlabel() == f"time in ms; {9 - len(strip.texts)} more faults without words"
    crosses = [line.get_xdata()[0] for line in strip.lines if line.get_marker() == "None"]  # type: ignore[index]
    assert crosses == pytest.approx(list(range(1, 10)))
    assert len([line for line in axes.lines if line.get_linestyle() == "--"]) == 2  # those in the window


@pytest.mark.parametrize(("count", "more"), [(1, ""), (6, ""), (8, "; 2 more faults without words")])
def test_each_of_six_faults_has_its_words_on_its_own_line(count: int, more: str) -> None:
    """One a millisecond, given in any order; words stand to the side where there is room, at the cross of the fault."""
    faults = [(FAULTS, at * 10**9, at * 10**9, f"switch {at} stuck bar", 1, 0.0) for at in range(1, count + 1)]
    whole = (RECONNECTION, 0, 8 * 10**9, "event", 0, 0.0)
    strip = draw_timeline([*reversed(faults), whole], "t", window=(0, 8 * 10**9)).axes[0]
    words: list[Any] = list(strip.texts)
    assert [text.get_text() for text in words] == [f"switch {at} stuck bar, {at} ms" for at in range(1, count + 1)][:6]
    assert [text.xy for text in words] == [(float(at), at) for at in range(1, count + 1)][:6]
    assert [text.get_ha() for text in words] == ["left"] * min(count, 4) + ["right"] * (min(count, 6) - 4)
    assert [text.xyann[0] > 0 for text in words] == [text.get_ha() == "left" for text in words]
    crosses: list[Any] = [line for line in strip.lines if line.get_marker() == "x"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in crosses] == [text.xy for text in words]
    assert strip.get_xlabel() == f"time in ms{more}"
    assert strip.get_xlim() == (0, 8)
    assert strip.get_ylim() == (min(count, 6) + 0.5, -0.5)


def test_a_strip_shows_when_reconnections_are_and_what_is_drawn_of_them() -> None:
    """Where nothing breaks there is one when the window is less than half of all; it shows all of them."""
    spans = [(RECONNECTION, at * 10**9, at * 10**9 + 5 * 10**8, "event", at, 0.0) for at in range(8)]
    strip, _ = draw_timeline(spans, "t", window=(10**9, 3 * 10**9)).axes
    tops, edges, floor = _bars(strip)[0].get_data()
    assert edges == pytest.approx(np.arange(0, 8, 0.5))
    assert list(floor - tops > 0) == [True, False] * 7 + [True]
    assert len(draw_timeline(spans, "t", window=(0, 375 * 10**7)).axes) == 1  # a half
    assert len(draw_timeline(spans, "t", window=(0, 374 * 10**7)).axes) == 2


@pytest.mark.parametrize(("at", "drawn"), [(999, 0), (1000, 1), (5000, 1), (5001, 0)])
def test_a_fault_in_the_window_crosses_all_rows(at: int, drawn: int) -> None:
    axes = draw_timeline([(FAULTS, at, at, "cell", 1, 0.0)], "t", window=WINDOW).axes[-1]
    assert [line.get_xdata()[0] for line in axes.lines] == [at / 1000] * drawn  # type: ignore[index]


def test_the_first_few_reconnections_are_drawn() -> None:
    """All of five in a row, and one of those that are a thousand times as far apart as they are long."""
    close = [(RECONNECTION, at * 120, at * 120 + 80, "event", at, 0.0) for at in range(9)]
    far = [(RECONNECTION, at * 80_000, at * 80_000 + 80, "event", at, 0.0) for at in range(9)]
    assert first_few(close) == (0, 4 * 120 + 80 + 70)
    assert first_few(far) == (0, 90)
    assert first_few([("port", 0, 70, "bits", 1, 0.0)]) == (0, 70)


@pytest.mark.parametrize(("second", "window"), [(900, (0, 1000)), (901, (0, 112))])
def test_reconnections_that_fill_a_fifth_are_drawn_together(second: int, window: tuple[int, int]) -> None:
    """Two of 100 ps in 1 ns are just enough; else the first alone, and an eighth of it."""
    spans = [(RECONNECTION, at, at + 100, "event", 0, 0.0) for at in (0, second)]
    assert first_few(spans) == window


def test_a_window_begins_a_sixteenth_before_and_ends_an_eighth_after() -> None:
    later = ("port", 0, 10**6, "bits", 1, 0.0)
    assert first_few([(RECONNECTION, 16_000, 16_160, "event", 0, 0.0), later]) == (15_990, 16_180)


def test_rows_and_lanes_have_their_order_and_what_cannot_compute_stands_with_what_does() -> None:
    spans = [("unavailable", 0, 9, "event 0", 1, 0.0), ("compute", 9, 99, "inference", 1, 0.0)]
    spans += [("register port", 0, 9, "registers", 1, 0.0), ("port", 0, 9, "bits", 1, 0.0)]
    spans += [("layer 0 bank 0", 0, 99, kind, 1, 0.0) for kind in ("resets", "sets")]
    axes = draw_timeline(spans, "t").axes[-1]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "port",
        "register port",
        "layer 0 bank 0",
        "compute",
    ]
    floors = {bar.get_facecolor(): bar.get_data()[2] for bar in _bars(axes)}
    told = {kind: floors[to_rgba(KINDS[kind])] for kind in ("sets", "resets", "inference", "unavailable")}
    assert 1.5 < told["sets"] < told["resets"] < 2.5 < told["inference"] < told["unavailable"] < 3.5


def test_what_touches_the_window_is_ticked_and_what_meets_it_is_shaded() -> None:
    """Ticks at its very edges are drawn; a reconnection that ends where it begins, or begins where it ends, is not."""
    ticks = [("port", at, at, "bits", 1, 0.0) for at in (999, 1000, 5000, 5001)]
    times = [(900, 1000), (900, 1100), (2000, 3000), (4900, 5100), (5000, 5100)]
    spans = ticks + [(RECONNECTION, begin, end, "event", 0, 0.0) for begin, end in times]
    axes = draw_timeline(spans, "t", window=WINDOW).axes[-1]
    assert [list(line.get_xdata()) for line in axes.lines if line.get_marker() == "|"] == [[1.0, 5.0]]  # type: ignore[arg-type]
    shades: list[Any] = [patch for patch in axes.patches if not isinstance(patch, StepPatch)]
    assert [shade.get_x() for shade in shades] == pytest.approx([0.9, 2.0, 4.9])
    assert [shade.get_width() for shade in shades] == pytest.approx([0.2, 1.0, 0.2])


def test_equal_spans_give_equal_bytes(tmp_path: Path) -> None:
    some = random.Random(7)  # noqa: S311 - any spans
    spans = []
    for _ in range(2000):
        begin, name = some.randrange(10**6), some.choice(["port", "compute", "layer 0 bank 3", "layer 0 bank 4"])
        spans.append((name, begin, begin + some.randrange(10**4), some.choice(["bits", "sets", "other"]), 1, 0.0))
    files = []
    for name in ("one", "two"):
        path = [tmp_path / f"{name}{suffix}" for suffix in (".png", ".svg")]
        save(draw_timeline(spans, "A title", window=(0, 10**5)), *path)
        save(draw_energy(PARTS, "A title"), tmp_path / f"{name}-energy.png")
        files.append([one.read_bytes() for one in (*path, tmp_path / f"{name}-energy.png")])
    assert files[0] == files[1]


def test_energy_by_part() -> None:
    axes = draw_energy(PARTS, "t").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(PARTS)
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(list(PARTS.values()))  # type: ignore[attr-defined]
    assert [text.get_text().strip() for text in axes.texts][:3] == ["2 nJ, 23 %", "1 nJ, 11.5 %", "0 J"]
    assert (axes.get_xscale(), axes.get_xlabel()) == ("linear", "8.7 nJ in all")


def test_far_apart_energies_stand_on_a_logarithmic_axis() -> None:
    axes = draw_energy({**PARTS, "compute": 4e-3}, "t").axes[0]
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]  # type: ignore[attr-defined]
    assert axes.get_xscale() == "log"
    assert ends[0] == pytest.approx(2e-9)
    assert ends[3] == pytest.approx(4e-3)
    assert axes.get_xlim()[1] > 4e-3
    assert axes.texts[0].get_text().strip() == "2 nJ"  # a share of none
    assert draw_energy(dict.fromkeys(PARTS, 0.0), "t").axes[0].get_xlabel() == "0 J in all"
