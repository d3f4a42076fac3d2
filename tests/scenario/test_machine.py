"""Impossible machines are refused with file, line, column and reason, all at once, before anything runs."""

from __future__ import annotations

import tomllib
import warnings
from pathlib import Path

import pytest

import hwsim
from hwsim.crossbar.technology import Switch
from hwsim.errors import HwsimWarning
from hwsim.files import DiagnosticError
from hwsim.pipeline.folder import claim
from tests.conftest import ROOT, Command, diagnosed, run_here


def _add(tiny: Path, text: str) -> int:
    """Add tables at the end of a scenario; the number of its first line."""
    before = tiny.read_text().rstrip("\n") + "\n"
    tiny.write_text(before + text + "\n")
    return before.count("\n") + 1


def _told(tiny: Path, *settings: str) -> list[str]:
    with pytest.raises(DiagnosticError) as caught:
        hwsim.load(tiny, settings).plan()
    return [str(one).replace(f"{tiny}:", "") for one in caught.value.diagnostics]


def _circuits(tiny: Path) -> tuple[int, int, int]:
    """The first layer with circuits, its banks, one of each neuron, and switches of each."""
    plan = hwsim.load(tiny).plan()
    layer, fabric = next((layer, fabric) for layer, fabric in enumerate(plan.fabrics) if fabric is not None)
    return layer, plan.model.layers[layer].units, fabric.switches


def test_all_of_it_is_told_at_once(tiny: Path) -> None:
    line = _add(
        tiny,
        '[execution.drivers]\ncount = 99_999_999\n[execution.requests]\nload = 0.5\npolicy = "old"\n'
        '[[fault]]\nat = "1 ms"\nlayer = 9\nbank = 0\ncell = 0\n'
        '[[fault]]\nat = "1 ms"\nlayer = 0\nbank = 9999\ncell = 9999',
    )
    found = _told(tiny)
    assert [one.partition(" ")[0] for one in found] == [
        f"{line + 1}:1:",
        f"{line + 4}:1:",
        f"{line + 7}:1:",
        f"{line + 13}:1:",
        f"{line + 14}:1:",
    ]


def test_a_port_that_never_gets_a_configuration_through(tiny: Path) -> None:
    """Of w words, each lost with p, all come through with (1 - p)^w: less than one in a thousand is refused."""
    plan = hwsim.load(tiny).plan()
    registers = sum(layer.units for layer in plan.model.layers)
    words = 32 + max(32 * registers, *(fabric.configuration_bits for fabric in plan.fabrics if fabric))
    line, narrow = _add(tiny, "[execution.port]\nloss = 0.5"), "crossbar.port_width=1 bit"
    (found,) = _told(tiny, narrow)
    assert found == (
        f"{line + 1}:1: {words} words that are sent together get through in less than one of 1,000 tries, "
        f"give a loss below {1 - 0.001 ** (1 / words):.2g}, or a wider port"
    )
    most = 1 - 0.001 ** (1 / words)
    hwsim.load(tiny, [narrow, f"execution.port.loss={0.99 * most}"]).plan()
    assert "less than one of 1,000" in _told(tiny, narrow, f"execution.port.loss={1.01 * most}")[0]


def test_more_drivers_than_switches(tiny: Path) -> None:
    plan = hwsim.load(tiny).plan()
    banks = [layer.units for layer in plan.model.layers]
    switches = sum(n * fabric.switches for n, fabric in zip(banks, plan.fabrics, strict=True) if fabric)
    hwsim.load(tiny, [f"execution.drivers.count={switches}"]).plan()
    line = _add(tiny, f"[execution.drivers]\ncount = {switches + 1}")
    assert _told(tiny) == [
        f"{line + 1}:1: {switches + 1:,} drivers for {switches:,} switches, "
        f"give at most {switches:,}, or leave count out: all at once"
    ]


def test_a_budget_below_one_switch(tiny: Path) -> None:
    """A switch of 12 pJ in 10 ns takes 1.2 mW."""
    line = _add(tiny, '[execution.drivers]\npower = "1.1 mW"')
    found = _told(tiny)
    assert found == [
        f"{line + 1}:1: a budget of 0.0011 W, and one switch takes 0.0012 W while it changes, give at least that much"
    ]
    hwsim.load(tiny, ['execution.drivers.power="1.2 mW"']).plan()


@pytest.mark.parametrize(("power", "count"), [(0.1, 1), (0.3, 3), (0.7, 7), (0.09, 0), (1e-9, 0)])
def test_a_budget_is_a_number_of_drivers(power: float, count: int) -> None:
    switch = Switch("s", "optical", 1e-6, 1e-3, 3e-8, 1e-8, 0.07, 0.0, 0.0, 32, 1e8, 0.0)
    assert switch.driven(power) == count


@pytest.mark.parametrize(("set_time", "set_energy", "count"), [(0.0, 0.0, None), (0.0, 1e-12, 0)])
def test_switches_in_no_time(set_time: float, set_energy: float, count: int | None) -> None:
    """An ideal switch takes no power; energy in no time is more than any."""
    switch = Switch("s", "optical", set_time, set_time, set_energy, 0.0, 0.0, 0.0, 0.0, 32, 1e8, 0.0)
    assert switch.driven(5.0) == count


def test_any_budget_is_enough_for_switches_that_take_nothing(tiny: Path) -> None:
    text = next(text for name, text in hwsim.load(tiny).plan().files.items() if "register" in name)
    free = text.replace("set_energy = [1e-14, ", "set_energy = [0, ").replace('"12 pJ"', '"0 J"')
    (tiny.parent / "mine.toml").write_text(free)
    tiny.write_text(tiny.read_text().replace('"fpga-register-ug474-2016"', '"mine.toml"'))
    assert hwsim.load(tiny, ['execution.drivers.power="1 nW"']).plan().switch.drive_power == 0


@pytest.mark.parametrize(
    ("pair", "wanted"),
    [
        ("0 bit", 'a port of 0 bits a clock carries nothing, give port_width = "32 bit"'),
        (
            "0 Hz",
            "a port clock of 0 Hz cannot be told in picoseconds, "
            'give one of at most 1000 GHz, such as port_clock = "100 MHz"',
        ),
    ],
)
def test_a_port_of_nothing(tiny: Path, pair: str, wanted: str) -> None:
    """A datasheet of the user's own may give it; those that are shipped have ranges without it."""
    plan = hwsim.load(tiny).plan()
    text = next(text for name, text in plan.files.items() if "register" in name)
    (tiny.parent / "mine.toml").write_text(
        text.replace("port_width = [1, ", "port_width = [0, ")
        .replace("port_clock = [1e6, ", "port_clock = [0, ")
        .replace('"32 bit"' if "bit" in pair else '"100 MHz"', f'"{pair}"')
    )
    tiny.write_text(tiny.read_text().replace('"fpga-register-ug474-2016"', '"mine.toml"'))
    line = tiny.read_text()[: tiny.read_text().index("[crossbar]")].count("\n") + 1
    assert _told(tiny) == [f"{line}:1: {wanted}"]


FAULTS = [
    ("layer = 2\nbank = 0\ncell = 0", 2, "no layer 2, layers are 0 to 1"),
    ("layer = {layer}\nbank = {banks}\ncell = 0", 3, "no bank {banks} in layer {layer}, its banks are 0 to "),
    ("layer = {layer}\nbank = 0\ncell = 64", 4, "no cell 64 in a bank of layer {layer}, its cells are 0 to 63"),
    (
        'layer = {layer}\nbank = 0\nswitch = {switches}\nstuck = "bar"',
        4,
        "no switch {switches} in a benes circuit of 64 ports, its switches are 0 to ",
    ),
]


@pytest.mark.parametrize(("text", "at", "wanted"), FAULTS)
def test_a_fault_of_what_is_not_there(tiny: Path, text: str, at: int, wanted: str) -> None:
    layer, banks, switches = _circuits(tiny)
    numbers = {"layer": layer, "banks": banks, "switches": switches}
    line = _add(tiny, '[[fault]]\nat = "1 ms"\n' + text.format(**numbers))
    (found,) = _told(tiny)
    assert found.startswith(f"{line + at}:1: {wanted.format(**numbers)}")


def test_the_last_of_each_is_there(tiny: Path) -> None:
    layer, banks, switches = _circuits(tiny)
    _add(
        tiny,
        f'[[fault]]\nat = "1 ms"\nlayer = {layer}\nbank = {banks - 1}\nswitch = {switches - 1}\nstuck = "cross"\n'
        f'[[fault]]\nat = "0 s"\nlayer = {layer}\nbank = {banks - 1}\ncell = 63',
    )
    assert [one.layer for one in hwsim.load(tiny).plan().scenario.fault] == [layer, layer]


def test_switches_without_two_states(tiny: Path) -> None:
    layer, _, _ = _circuits(tiny)
    line = _add(tiny, f'[[fault]]\nat = "1 ms"\nlayer = {layer}\nbank = 0\nswitch = 0\nstuck = "bar"')
    assert _told(tiny, "crossbar.topology=crossbar", "crossbar.effort=any") == [
        f"{line + 4}:1: before layer {layer} stands a crossbar circuit, whose switches have no two states, "
        "only 2x2 switches can be stuck"
    ]
    (found,) = {one.partition(" ")[2] for one in _told(tiny, "crossbar.ports=128")}
    assert found == (
        f"before layer {layer} stands a circuit of 128 ports before 64 cells, "
        "where a stuck switch leads to ports without a cell, this is not modelled"
    )


def test_no_circuits(tmp_path: Path) -> None:
    """A network whose connections are all fixed has no switch that could break, nor one to drive."""
    path = tmp_path / "fixed.toml"
    path.write_text((ROOT / "scenarios" / "sine-wave-bias.toml").read_text())
    line = _add(
        path,
        '[execution.drivers]\ncount = 1\n[execution.faults]\nhazard = "1 Hz"\n'
        '[[fault]]\nat = "1 ms"\nlayer = 0\nbank = 0\nswitch = 0\nstuck = "bar"',
    )
    assert _told(path) == [
        f"{line + 1}:1: 1 driver for 0 switches, leave count out",
        f"{line + 3}:1: no circuit stands in this machine, so no switch can break, leave hazard out",
        f"{line + 8}:1: no circuit stands before layer 0, whose connections are fixed, name another layer",
    ]


def test_a_fall_of_accuracy_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "sine.toml"
    path.write_text((ROOT / "scenarios" / "sine-constructive.toml").read_text())
    line = _add(path, '[execution.faults]\ntest = "accuracy"')
    assert _told(path) == [f"{line + 1}:1: a regression task has no accuracy that could fall, use test = 'read-back'"]


def test_old_answers_take_two_memories(tiny: Path) -> None:
    line = _add(tiny, '[execution.requests]\nrate = "20 kHz"\npolicy = "old"')
    assert _told(tiny) == [
        f"{line + 2}:1: policy 'old' needs the old configuration, and a single memory does not keep it, "
        'set memory = "double" in [execution], or use "wait" or "drop"'
    ]
    hwsim.load(tiny, ["execution.memory=double"]).plan()


def test_switches_to_spare(tiny: Path) -> None:
    """Wear levelling takes switches that wear out, and circuits with a choice."""
    line = _add(tiny, '[execution]\nminimise = "wear"')
    assert _told(tiny) == [
        f"{line + 1}:1: switches of fpga-register-ug474-2016 survive any number of toggles, "
        "use 'toggles', or leave minimise out"
    ]
    wearing = ["crossbar.technology=pcm-gst-chen-2022", "device.name=photonic-feldmann-2021"]
    hwsim.load(tiny, wearing).plan()
    (found,) = _told(tiny, *wearing, "crossbar.topology=crossbar")
    assert found == (
        f"{line + 1}:1: no circuit here leaves a choice of which switches toggle, choose a topology of 2x2 switches"
    )


def test_overload_is_a_warning(tiny: Path) -> None:
    with pytest.warns(HwsimWarning, match=r"a load of 1 and a queue of any length: waits grow without end; set queue"):
        hwsim.load(tiny, ["execution.requests.load=1"]).plan()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hwsim.load(tiny, ["execution.requests={load=1.5, queue=10}"]).plan()
        hwsim.load(tiny, ["execution.requests.load=0.999"]).plan()


def test_overload_by_rate_is_known_with_the_machine(tiny: Path, tmp_path: Path) -> None:
    """Requests of 1 THz are more than any inference here keeps up with; for 10 us, so that there are few."""
    settings = ["execution.requests.rate=1000 GHz", "controller.epochs=1", "execution.reference=false"]
    with pytest.warns(HwsimWarning, match="and a queue of any length: waits grow without end"):
        run_here(tiny, tmp_path / "run", *settings)


HAZARDS = [
    ("bitonic", "a bitonic circuit, whose switches set themselves, name a topology that is configured"),
    ("cantor", "a cantor circuit, where a stuck switch leaves outputs without a signal, this is not modelled"),
    ("crossbar", "a crossbar circuit, whose switches have no two states, only 2x2 switches can be stuck"),
]


@pytest.mark.parametrize(("topology", "wanted"), HAZARDS)
def test_hazards_need_switches_that_can_be_stuck(tiny: Path, topology: str, wanted: str) -> None:
    line = _add(tiny, '[execution.faults]\nhazard = "1e-3 Hz"')
    told = _told(tiny, f"crossbar.topology={topology}", "crossbar.equivalence=none", "crossbar.ports=64")
    fabrics = [n for n, fabric in enumerate(hwsim.load(tiny).plan().fabrics) if fabric]
    assert told == [f"{line + 1}:1: before layer {layer} stands {wanted}" for layer in fabrics]


def test_settings_are_told_where_they_stand(tiny: Path) -> None:
    """Of a table that was set as a whole its own keys, and no defaults; the picture of a run names them."""
    plan = hwsim.load(tiny, ['execution.requests={rate="2 kHz", queue=3}', "execution.port.burst=64"]).plan()
    told = {at: origin for at, origin in plan.origins.items() if at[0] == "execution" and len(at) > 2}
    assert {at[-1] for at, origin in told.items() if origin == "--set"} == {"rate", "queue", "burst"}
    assert set(told.values()) == {"--set", "default"}
    assert plan.changes == "execution.port.burst = 64, execution.requests.rate = 2 kHz, execution.requests.queue = 3"
    plan = hwsim.load(tiny, ['fault=[{at="1 ms", layer=0, bank=0, cell=3}]']).plan()
    assert plan.changes == "fault.0.at = 1 ms, fault.0.layer = 0, fault.0.bank = 0, fault.0.cell = 3"


def test_an_arrival_trace_is_part_of_a_run(tiny: Path, tmp_path: Path) -> None:
    """Its times make the identity, not its name; the run folder keeps a copy and runs as it stands."""
    (tiny.parent / "a.csv").write_text("time_s\n0\n0.5e-3\n")
    (tiny.parent / "b.csv").write_text("time_s\r\n0.0\r\n0.0005\r\n")
    (tiny.parent / "c.csv").write_text("time_s\n0\n0.6e-3\n")
    _add(tiny, '[execution.requests]\nfile = "a.csv"')
    plan = hwsim.load(tiny).plan()
    assert plan.arrivals is not None
    assert plan.arrivals.times_ps.tolist() == [0, 500_000_000]
    identities = []
    for name in "bc":
        tiny.write_text(tiny.read_text().replace("a.csv", f"{name}.csv"))
        identities.append(hwsim.load(tiny).plan().identity)
        tiny.write_text(tiny.read_text().replace(f"{name}.csv", "a.csv"))
    assert identities[0] == plan.identity != identities[1]
    with claim(tmp_path / "run", plan) as folder:
        scenario = folder.path / "scenario.toml"
    assert (tmp_path / "run" / "arrivals.csv").read_text() == "time_s\n0\n0.5e-3\n"
    assert hwsim.load(scenario).plan().identity == plan.identity
    (tmp_path / "run" / "arrivals.csv").write_text("time_s\n0\n0.7e-3\n")
    (found,) = _told(scenario)
    assert "the arrivals have changed: their digest is" in found
    assert found.endswith("bring the old file back, or remove digest, which makes another run")


def test_an_arrival_trace_that_goes_backwards(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    (tiny.parent / "back.csv").write_text("time_s\n0\n2e-3\n1e-3\n")
    _add(tiny, '[execution.requests]\nfile = "back.csv"')
    result = hwsim_command("run", tiny, "--out", tmp_path / "run")
    assert result.returncode == 2
    (line,) = diagnosed(result.stderr)
    assert line.startswith(f"{tiny.parent / 'back.csv'}:4:1: times must not fall, found '1e-3'")
    assert not (tmp_path / "run").exists()
    assert diagnosed(hwsim_command("check", tiny).stderr) == [line]


def test_every_key_runs_again_from_its_folder(tiny: Path, tmp_path: Path) -> None:
    layer, _, _ = _circuits(tiny)
    _add(
        tiny,
        '[execution]\nissue = "times"\nissue_times = ["1 ms", "2.5 ms"]\nlength = "2 s"\nmemory = "double"\n'
        'guard = "10 ns"\ntrace = true\n'
        '[execution.port]\nwrites = "delta"\nburst = 64\npause = 2\nloss = 1e-6\ncheck_bits = 16\nregisters = "own"\n'
        '[execution.drivers]\npower = "0.5 W"\norder = "reset-first"\n'
        '[execution.requests]\nclients = 4\nthink = "1 us"\nqueue = 100\npolicy = "old"\nservice = "exponential"\n'
        '[execution.faults]\nhazard = "1e-3 Hz"\ntest = "accuracy"\ntest_every = "10 ms"\nfall = 0.1\n'
        'repair = "train"\n'
        f'[[fault]]\nat = "3 ms"\nlayer = {layer}\nbank = 7\nswitch = 12\nstuck = "bar"\n'
        f'[[fault]]\nat = "3 ms"\nlayer = {layer}\nbank = 7\ncell = 5\nreads = 0.5',
    )
    given = tomllib.loads(tiny.read_text())
    plan = hwsim.load(tiny).plan()
    with claim(tmp_path / "run", plan) as folder:
        again = hwsim.load(folder.path / "scenario.toml").plan()
    assert again.identity == plan.identity
    assert again.scenario.execution == plan.scenario.execution
    assert again.scenario.fault == plan.scenario.fault
    kept = tomllib.loads((tmp_path / "run" / "scenario.toml").read_text())
    kept_execution = kept["execution"]
    for table in ("port", "requests", "faults"):
        assert (
            kept_execution[table].items()
            >= {
                key: value
                for key, value in given["execution"][table].items()
                if not isinstance(value, str) or " " not in value
            }.items()
        )
    assert len(kept["fault"]) == len(given["fault"])
