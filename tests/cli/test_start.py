"""The command starts light."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "numba", "matplotlib", "sklearn", "scipy", "networkx", "numpy"}


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in result.stderr.split()}


def test_help_loads_nothing_heavy() -> None:
    code = "sys.argv = ['hwsim', '--help']\nfrom hwsim.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    assert _loaded(code) & (HEAVY | {"pydantic", "rich"}) == set()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert _loaded("import hwsim") & HEAVY == set()


@pytest.mark.parametrize("words", [["check", "digits.toml"], ["list"], ["help", "scenario"]])
def test_light_verbs_never_load_torch(words: list[str]) -> None:
    from hwsim.files.library import names

    scenario = str(names("scenarios")["digits-fpga-laperm"])
    argv = ["hwsim", *[scenario if word == "digits.toml" else word for word in words]]
    code = f"sys.argv = {argv!r}\nfrom hwsim.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass"
    assert _loaded(code) & {"torch", "numba", "matplotlib"} == set()
