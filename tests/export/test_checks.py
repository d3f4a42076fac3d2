"""``hwsim check`` of files of networks and schedules: a flipped byte anywhere is found, and the file named."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hwsim.export import EXPORTS
from hwsim.export.reading import open_export
from hwsim.files import DiagnosticError, parse_document
from hwsim.files.frame import MissingExtraError
from hwsim.model import read_model
from hwsim.pipeline.exporting import export_run
from tests.conftest import Command, run_here
from tests.export.connected import SMALL, array, fabricated

NETWORKS = ["onnx", "onnx-qdq", "state-dict"]


@pytest.mark.parametrize("format_", NETWORKS)
def test_a_flipped_byte(tmp_path: Path, format_: str) -> None:
    model = read_model(parse_document(SMALL, "m.toml"))
    snapshot, _, _ = fabricated(array(6, 8, wired=False), model, np.random.default_rng(0), signed=False)
    rng = np.random.default_rng(1)
    for name, content in EXPORTS[format_].files(snapshot).items():
        path = tmp_path / name
        path.write_bytes(content)
        assert open_export(path)[0] == format_
        for place in rng.permutation(len(content))[:200]:
            path.write_bytes(
                content[:place] + bytes([content[place] ^ 1 << int(rng.integers(8))]) + content[place + 1 :]
            )
            with pytest.raises(DiagnosticError, match=name):
                open_export(path)


def test_the_command_says_what_a_file_is(tiny: Path, tmp_path: Path, hwsim_command: Command) -> None:
    run_here(tiny, tmp_path / "run", "controller.epochs=1")
    for format_ in [*NETWORKS, "parquet"]:
        for path in export_run(tmp_path / "run", format_, None, tmp_path / format_):
            result = hwsim_command("check", str(path))
            assert result.returncode == 0, result.stderr
            assert f"a sound checksum of the export {format_}" in result.stdout
            place = path.stat().st_size // 2
            content = path.read_bytes()
            path.write_bytes(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])
            result = hwsim_command("check", str(path))
            assert result.returncode == 2
            assert path.name in result.stderr


@pytest.mark.parametrize(("format_", "library", "extra"), [("onnx", "onnx", "onnx"), ("parquet", "pyarrow", "parquet")])
def test_a_library_that_is_missing(format_: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = read_model(parse_document(SMALL, "m.toml"))
    snapshot, _, _ = fabricated(array(6, 8, wired=False), model, np.random.default_rng(0), signed=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"^{library} is not installed; pip install 'hwsim\[{extra}\]'$"):
        EXPORTS[format_].files(snapshot)
