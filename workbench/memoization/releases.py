"""Whose code it is: installed packages stand for themselves by their version, ours by content."""

from __future__ import annotations

import site
import sys
import sysconfig
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import xxhash

PYTHON = ".".join(map(str, (sys.implementation.name, *sys.version_info)))
OURS = __name__.partition(".")[0]


@cache
def release(package: str) -> str | None:
    """The version of an installed top-level package; None for code that the user may edit.

    Of a checkout of the workbench it is a digest of its files.

    >>> release("json") == PYTHON, release("numpy") is None
    (True, False)
    """
    if package == "__main__":  # a kernel's comes from an installed launcher
        return None
    module = sys.modules.get(package)
    path = _path(module)
    if path is None:
        return PYTHON if package in sys.builtin_module_names else None
    if any(path.is_relative_to(folder) for folder in _site_folders()):
        return _version(package, module)
    if path.is_relative_to(Path(sysconfig.get_path("stdlib")).resolve()):
        return PYTHON
    return _content(path.parent) if package == OURS else None


@cache
def environment() -> str:
    """The releases that every result depends on, whether its function names them or not.

    >>> environment() == environment()
    True
    """
    for name in ("numpy", "pandas"):
        import_module(name)
    return repr([PYTHON, *(release(name) for name in ("numpy", "pandas", OURS))])


def installed(thing: Any) -> str | None:
    """Name and release of a function or class that is found under its name in an installed package.

    >>> installed(Path).startswith("pathlib.Path ")
    True
    """
    module = str(getattr(thing, "__module__", None) or "")
    name = str(getattr(thing, "__qualname__", "") or getattr(thing, "__name__", ""))
    version = release(module.partition(".")[0]) if module else None
    if version is None or _find(module, name) is not thing:
        return None
    return f"{module}.{name} {version}"


def _find(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _path(module: ModuleType | None) -> Path | None:
    place = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    return Path(place).resolve() if place else None


@cache
def _site_folders() -> list[Path]:
    named = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    folders = [*named, *site.getsitepackages(), site.getusersitepackages()]
    return [Path(folder).resolve() for folder in folders]


def _version(package: str, module: ModuleType | None) -> str:
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    names = metadata.packages_distributions().get(package, ())
    return " ".join(metadata.version(name) for name in names)


def _content(folder: Path) -> str:
    content = xxhash.xxh3_128()
    for path in sorted(folder.rglob("*.py")):
        content.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return content.hexdigest()
