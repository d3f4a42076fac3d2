"""What code does, as a digest: functions with all that they refer to, values of every usual kind, plug-in packages.

Two functions with one digest do the same as far as it can be told: bytecode, constants, what closures and defaults
hold, and every global that is read, functions among them likewise, and modules by their version. What files, clocks or
random numbers without a seed say is not in it.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib.util
import sys
import types
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import BAD_INPUT, HwsimError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))
_CODE = (".py", ".so", ".pyd")
_DEEPEST = 60


class UndigestedError(HwsimError, ValueError):
    """Something has no digest; the message says what, and why."""

    exit_code = BAD_INPUT


def digest_value(value: Any) -> str:
    """Compute the SHA-256 of a value, and of all that it consists of.

    Raises:
        UndigestedError: something in it is of a kind whose content cannot be told, such as an open file.

    Example:
        >>> x = np.ones(3)
        >>> before = digest_value([x, "y"])
        >>> before == digest_value([np.ones(3), "y"]), before == digest_value([np.nextafter(x, 2), "y"])
        (True, False)
    """
    total = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for part in _parts(value, "", {}, 0):
        total.update(part)
        total.update(b"\0")
    return total.hexdigest()


def _parts(value: Any, where: str, seen: dict[int, tuple[int, Any]], depth: int) -> Iterator[bytes]:
    """Yield a value piece by piece; what was met before is named by its number, so that circles end.

    What was met is kept: another value could come to lie in its place in memory.
    """
    if isinstance(value, _PLAIN):
        yield f"{type(value).__name__} {value!r}".encode()
        return
    if depth > _DEEPEST:
        raise UndigestedError(f"{where or 'it'} is nested too deeply")
    if id(value) in seen:
        yield f"again {seen[id(value)][0]}".encode()
        return
    seen[id(value)] = len(seen), value
    yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
    for name, inner in _inside(value, where):
        if isinstance(inner, memoryview):
            yield inner.tobytes()
        else:
            yield name.encode()
            yield from _parts(inner, f"{where}{name}", seen, depth + 1)


def _inside(value: Any, where: str) -> Iterator[tuple[str, Any]]:  # noqa: C901, PLR0912 - one line a kind
    """Yield what a value consists of, by name."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        if array.dtype.hasobject:
            yield from ((f"[{n}]", one) for n, one in enumerate(array.reshape(-1).tolist()))
        else:
            yield "dtype", f"{array.dtype.str} {np.shape(value)}"
            yield "", memoryview(array.tobytes())
    elif isinstance(value, np.random.Generator):
        yield ".state", value.bit_generator.state
    elif isinstance(value, PurePath | range | slice | np.dtype):
        yield "", str(value)
    elif isinstance(value, tuple | list):
        yield from ((f"[{n}]", one) for n, one in enumerate(value))
    elif isinstance(value, dict | types.MappingProxyType):
        for key, one in value.items():
            yield f"[{key!r}] key", key
            yield f"[{key!r}]", one
    elif isinstance(value, set | frozenset):
        yield "", tuple(sorted(digest_value(one) for one in value))
    elif isinstance(value, types.ModuleType):
        yield "", _module(value.__name__)
    elif isinstance(value, types.CodeType):
        yield from _code(value)
    elif isinstance(value, types.FunctionType):
        yield from _function(value)
    elif isinstance(value, types.MethodType):
        yield from ((".__func__", value.__func__), (".__self__", value.__self__))
    elif isinstance(value, functools.partial):
        yield from ((".func", value.func), (".args", value.args), (".keywords", value.keywords))
    elif isinstance(value, type):
        yield from _class(value)
    elif isinstance(value, types.BuiltinFunctionType | np.ufunc) or is_installed(type(value).__module__):
        yield from _foreign(value, where)
    else:
        yield ".__class__", type(value)
        yield ".__dict__", _attributes(value, where)


def _attributes(value: Any, where: str) -> dict[str, Any]:
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    if hasattr(value, "__dict__"):
        return {**found, **vars(value)}
    if found:
        return found
    raise _untold(value, where)


def _foreign(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield what identifies a value from an installed package: name and version, or else its attributes."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", None))
    home = getattr(value, "__module__", None) or type(value).__module__
    if callable(value) and name and getattr(value, "__self__", None).__class__ in (type(None), types.ModuleType):
        yield "", f"{home}.{name} {_module(home)}"
        return
    if isinstance(value, types.BuiltinFunctionType):
        yield from ((".__name__", value.__name__), (".__self__", value.__self__))
        return
    try:
        content = value.__reduce_ex__(4)  # as it would be pickled: what lies in no attribute is in it too
    except Exception as error:
        raise _untold(value, where) from error
    yield "", _module(type(value).__module__)
    yield "", content[:3] if isinstance(content, tuple) else content
    yield from ((f"[{n}]", one) for items in content[3:] if items is not None for n, one in enumerate(items))


def _untold(value: Any, where: str) -> UndigestedError:
    return UndigestedError(f"{where.strip() or 'it'} is a {type(value).__qualname__}, whose content cannot be told")


def _function(value: types.FunctionType) -> Iterator[tuple[str, Any]]:
    if is_installed(value.__module__):
        yield "", f"{value.__module__}.{value.__qualname__} {_module(value.__module__)}"
        return
    yield ".code", value.__code__
    yield ".defaults", (value.__defaults__, value.__kwdefaults__)
    for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
        try:
            yield f" closure {name}", cell.cell_contents
        except ValueError:  # a name that is given a value later
            yield f" closure {name}", None
    for name in sorted(set(_globals(value.__code__))):
        if name in value.__globals__:
            yield f" global {name}", value.__globals__[name]


def _class(value: type) -> Iterator[tuple[str, Any]]:
    if is_installed(value.__module__):
        yield "", f"{value.__module__}.{value.__qualname__} {_module(value.__module__)}"
        return
    yield ".bases", value.__bases__
    for name, one in sorted(vars(value).items()):
        plain = one.__func__ if isinstance(one, staticmethod | classmethod) else one
        plain = (one.fget, one.fset) if isinstance(one, property) else plain
        if name not in {"__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__"}:
            slot = isinstance(plain, types.MemberDescriptorType | types.GetSetDescriptorType)
            yield f".{name}", name if slot else plain


def _code(code: types.CodeType) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a code object, without the lines and files that it stands in."""
    yield "", memoryview(code.co_code)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags)
    yield "names", (*names, code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount)
    yield "exceptions", getattr(code, "co_exceptiontable", b"")
    doc = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
    yield "constants", code.co_consts[1:] if doc is not None and not _used(code, 0) else code.co_consts


def _used(code: types.CodeType, constant: int) -> bool:
    """Tell whether a constant is loaded; a docstring is not."""
    return any(step.opname == "LOAD_CONST" and step.arg == constant for step in dis.get_instructions(code))


def _globals(code: types.CodeType) -> Iterator[str]:
    """List the names of globals that a function, or one inside of it, reads."""
    for step in dis.get_instructions(code):
        if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield str(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals(constant)


@functools.cache
def _places() -> tuple[tuple[Path, ...], Mapping[str, list[str]]]:
    import sysconfig

    paths = {Path(sysconfig.get_path(key)).resolve() for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return tuple(paths), packages_distributions()


def is_installed(module: str) -> bool:
    """Tell whether a module is of Python itself or of an installed package, which have versions.

    Example:
        >>> is_installed("json"), is_installed("numpy.linalg"), is_installed("__main__")
        (True, True, False)
    """
    root = module.partition(".")[0]
    if root == "__main__":  # a script, a notebook, or what a runner of tests made of it
        return False
    if root in sys.stdlib_module_names or root == "hwsim":
        return True
    file = getattr(sys.modules.get(root), "__file__", None)
    return file is not None and any(Path(file).resolve().is_relative_to(place) for place in _places()[0])


def _module(name: str) -> str:
    """Identify a module by its version, or by the digest of its files if it has no version."""
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names:
        return f"{name} of Python"
    if root == "hwsim":
        from hwsim.version import VERSION

        return f"{name} {VERSION}"
    if is_installed(name):
        found = []
        for distribution in sorted(set(_places()[1].get(root, []))):
            try:
                found.append(f"{distribution} {version(distribution)}")
            except PackageNotFoundError:
                continue
        if found:
            return f"{name} {', '.join(found)}"
    return f"{name} {digest_package(name)}"


def digest_package(module: str) -> str:
    """Compute the SHA-256 of the files of a module's package, or of the module if it is one file.

    Raises:
        UndigestedError: there is no file.

    Example:
        >>> len(digest_package("hwsim.version"))
        64
    """
    root = module.partition(".")[0]
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [(one.relative_to(folder), one) for folder in map(Path, folders) for one in folder.rglob("*")]
    if spec and not folders and spec.origin:
        files = [(Path(Path(spec.origin).name), Path(spec.origin))]
    total = hashlib.sha256()
    found = sorted((str(name), path) for name, path in files if path.suffix in _CODE and path.is_file())
    if not found:
        raise UndigestedError(f"the code of {module} lies in no file, so that it cannot be told from another version")
    for name, path in found:
        total.update(f"{name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return total.hexdigest()
