"""A flipped byte in any file of any export is found and named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.export import EXPORTS, Snapshot
from hwsim.export.reading import open_export
from hwsim.files import DiagnosticError
from tests.export.everything import snapshot_for

_KEPT: dict[str, dict[str, bytes]] = {}


def _files(name: str, finished: Snapshot) -> dict[str, bytes]:
    if name not in _KEPT:
        try:
            _KEPT[name] = EXPORTS[name].files(snapshot_for(name, finished))
        except HwsimError:
            _KEPT[name] = {}
    return _KEPT[name]


@pytest.mark.parametrize("name", EXPORTS)
@settings(max_examples=80)
@given(data=st.data())
def test_a_flipped_byte(
    name: str, data: st.DataObject, finished: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = _files(name, finished)
    if not files:
        pytest.skip(f"{name} needs a package that is not here")
    folder = tmp_path_factory.mktemp("flipped")
    for file, content in files.items():
        (folder / file).write_bytes(content)
    path = folder / data.draw(st.sampled_from(sorted(files)))
    changed = bytearray(files[path.name])
    assert open_export(path)[0] == name
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    told = _told(path)
    assert told.startswith(f"{path}:")
    assert "\n" not in told
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", EXPORTS)
def test_files_are_called_as_the_manual_says(name: str, finished: Snapshot) -> None:
    plugin = EXPORTS[name]
    assert plugin.named
    assert plugin.checksum
    patterns = [re.sub(r"<[a-z]+>|\*", r"[\\w-]+", one).replace(".", r"\.") for one in plugin.named.split(", ")]
    for file in _files(name, finished):
        assert any(re.fullmatch(pattern, file) for pattern in patterns), (file, patterns)


def _told(path: Path) -> str:
    try:
        open_export(path)
    except DiagnosticError as error:
        return str(error)
    return ""
