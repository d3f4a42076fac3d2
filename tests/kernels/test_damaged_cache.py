"""Machine code that was kept and is damaged is thrown away and compiled anew, with one line that says so."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Command


def test_damaged_machine_code(tmp_path: Path, hwsim_command: Command) -> None:
    (tmp_path / "p.txt").write_text("1 0 3 2\n")
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    whole = hwsim_command("cost", "p.txt", **cache)
    assert (whole.returncode, whole.stderr) == (0, "")
    for pattern, keep in (("*.nbi", 0.5), ("*.nbc", 0.0)):
        files = list((tmp_path / "cache").rglob(pattern))
        assert files
        for path in files:
            content = path.read_bytes()
            path.write_bytes(content[: int(keep * len(content))])
        again = hwsim_command("cost", "p.txt", **cache)
        assert (again.returncode, again.stdout) == (0, whole.stdout)
        (line,) = again.stderr.splitlines()
        assert "machine code kept here is damaged" in line
        assert hwsim_command("cost", "p.txt", **cache).stderr == ""
