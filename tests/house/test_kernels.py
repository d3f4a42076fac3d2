"""A kernel takes at most 8 arguments: what belongs together comes as a NamedTuple of arrays."""

from __future__ import annotations

import ast
from pathlib import Path

import hwsim

ROOM = Path(hwsim.__file__).parent / "kernels"
MOST = 8
LONG = {
    # searches of the Beneš router: NamedTuples made them 8 to 19 percent slower, since arrays taken out of a tuple are
    # counted each time
    "search.py", "search_large.py", "search_small.py",
    # looping at memory speed stays as it was measured
    "fast_looping.py",
}  # fmt: skip
"""Files whose kernels take more, and why."""


def _kernels(path: Path) -> list[ast.FunctionDef]:
    """Functions that are compiled, by decorator or by call."""
    tree = ast.parse(path.read_text())
    makers = {"kernel", "parallel_kernel", "sized_kernel"}
    called = {
        word.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers
        for word in node.args
        if isinstance(word, ast.Name)
    }
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and (node.name in called or any(isinstance(d, ast.Name) and d.id in makers for d in node.decorator_list))
    ]


def test_kernels_take_few_arguments() -> None:
    counted = {
        f"{path.name}: {function.name}": len(function.args.args)
        for path in ROOM.rglob("*.py")
        if path.name not in {*LONG, "compile.py"}
        for function in _kernels(path)
    }
    assert len(counted) > 20  # there are kernels here
    assert {name: n for name, n in counted.items() if n > MOST} == {}
