"""Datasheets of switches: what each must say, what is refused, and how a name may be shortened."""

from __future__ import annotations

from pathlib import Path

import pytest

from hwsim.crossbar.technology import LOSSES, SwitchDatasheet, build_switch
from hwsim.device import datasheet_values, read_datasheet
from hwsim.files import DiagnosticError, read_document
from hwsim.files.library import names
from hwsim.scenario import check_file
from hwsim.scenario.lookup import sheets
from tests.conftest import Command

SHIPPED = sheets("switch")


def _sheet(name: str) -> SwitchDatasheet:
    return read_datasheet(read_document(SHIPPED[name]), SwitchDatasheet)


def test_the_technologies_that_are_there() -> None:
    starts = [
        "cmos-28nm",
        "eo-mzi",
        "fpga-bitwise",
        "fpga-cfglut5",
        "fpga-register",
        "mems-crossbar",
        "pcm-gst",
        "pcm-sb2se3",
        "to-mzi",
    ]
    assert [name.rsplit("-", 2)[0] for name in SHIPPED] == starts
    for name in SHIPPED:
        assert _sheet(name).technology == name.rsplit("-", 2)[0]
        assert name.rsplit("-", 1)[1] in _sheet(name).source.citation


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_sheet_says_everything(name: str) -> None:
    sheet = _sheet(name)
    given = {key: getattr(sheet.cost, key) for key in type(sheet.cost).model_fields}
    optional = {"luts", "data_flip_flops", "state_flip_flops"}  # only of switches in an FPGA
    if sheet.medium == "electronic":
        optional |= {*LOSSES, "crosstalk"}
    assert [key for key, value in given.items() if value is None and key not in optional] == []
    in_fpga = [given[key] is not None for key in ("luts", "data_flip_flops", "state_flip_flops")]
    assert in_fpga == [name.startswith("fpga")] * 3
    for datum in given.values():
        if datum is not None and "from memory" in datum.source:
            assert datum.status == "assumed"
    assert sheet.valid
    assert sheet.not_modelled


def test_numbers_of_the_electro_optic_switch() -> None:
    document = read_document(SHIPPED["eo-mzi-lu-2016"])
    sheet = read_datasheet(document, SwitchDatasheet)
    switch = build_switch("eo", sheet, datasheet_values(sheet, {}, document, ()))
    assert (switch.set_time, switch.reset_time, switch.bar_loss, switch.cross_loss) == (3.2e-9, 2.5e-9, 2.0, 0.96)
    assert (switch.crosstalk, switch.endurance) == (-20.0, None)


def _edited(tmp_path: Path, old: str, new: str, name: str = "pcm-gst-chen-2022") -> Path:
    text = SHIPPED[name].read_text()
    assert old in text
    path = tmp_path / "a.toml"
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            "cross_loss = { value",
            "# cross_loss = { value",
            ":1:1: the table of an optical switch lacks cross_loss, give them in [cost], 0 dB where there is no loss",
        ),
        (
            'medium = "optical"',
            'medium = "electronic"',
            ":1:1: the table of an electronic switch has bar_loss, cross_loss, crossing_loss, "
            "leave losses and crosstalk out, bits are restored",
        ),
        ('value = "-8 dB"', 'value = "8 dB"', "'value' must be at most 0 dB, found \"8 dB\""),
        ("value = 2800", "value = 0", "'value' must be more than 0, found 0, write toggles that a switch survives"),
        ("value = 2800", 'value = "endless"', '\'value\' must be a number or "unlimited", found "endless"'),
        ('bar_loss = { value = "2 dB"', 'bar_loss = { value = "2"', "'value' needs a unit, found \"2\", for example"),
        (
            'bar_loss = { value = "2 dB"',
            'bar_loss = { value = "-2 dB"',
            "'value' must be at least 0 dB, found \"-2 dB\"",
        ),
        ("endurance = [1.0, 1e15]", "endurance = [1e4, 1e15]", "the sheet's own value of 'endurance' lies outside"),
    ],
)
def test_a_faulty_sheet(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        check_file(_edited(tmp_path, old, new))
    assert len(caught.value.diagnostics) == 1
    assert wanted in str(caught.value)


def test_endurance_may_be_unlimited_or_left_out(tmp_path: Path) -> None:
    for new in ('value = "unlimited"', None):
        text = SHIPPED["pcm-gst-chen-2022"].read_text().replace("endurance = [1.0, 1e15]\n", "")
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("endurance = {"))
        lines[at] = lines[at].replace("value = 2800", new) if new else ""
        path = tmp_path / "a.toml"
        path.write_text("\n".join(lines))
        document = read_document(path)
        sheet = read_datasheet(document, SwitchDatasheet)
        assert build_switch("a", sheet, datasheet_values(sheet, {}, document, ())).endurance is None


def test_help_shows_the_fields(hwsim_command: Command) -> None:
    text = hwsim_command("help", "switch").stdout
    for field in (*LOSSES, "crosstalk", "endurance", "set_energy", "reset_time"):
        assert f"\n  {field} " in text
    assert "unlimited" in text


@pytest.mark.parametrize("short", ["fpga-reg", "fpga-register-ug474-2016"])
def test_a_scenario_may_shorten_the_name(tiny: Path, short: str) -> None:
    tiny.write_text(tiny.read_text().replace("fpga-register-ug474-2016", short))
    kind, plan = check_file(tiny)
    assert kind == "scenario"
    assert plan is not None
    assert plan.resolved["crossbar"]["technology"] == "fpga-register-ug474-2016"
    assert plan.switch.name == "fpga-register-ug474-2016"
    assert "devices/fpga-register-ug474-2016.toml" in plan.files


def test_short_and_full_names_are_one_run(tiny: Path) -> None:
    _, full = check_file(tiny)
    tiny.write_text(tiny.read_text().replace("fpga-register-ug474-2016", "fpga-reg"))
    _, short = check_file(tiny)
    assert full is not None
    assert short is not None
    assert short.identity == full.identity


def test_a_name_too_short(tiny: Path) -> None:
    tiny.write_text(tiny.read_text().replace("fpga-register-ug474-2016", "fpga"))
    with pytest.raises(DiagnosticError) as caught:
        check_file(tiny)
    assert str(caught.value).endswith(
        ":15:1: ambiguous switch technology 'fpga', give more of the name: "
        "fpga-bitwise-yosys-2026, fpga-cfglut5-ug953-2012, fpga-register-ug474-2016"
    )


def test_every_sheet_is_a_switch_or_a_device() -> None:
    assert {*sheets("switch"), *sheets("device")} == set(names("devices"))
