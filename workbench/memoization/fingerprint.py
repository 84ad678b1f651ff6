"""One digest of a value by its content: data, functions with what they refer to, classes, objects.

Equal digests mean equal content. Equal content may have different digests, which costs a repeated
computation: arrays of another memory layout, for instance, sum up to other last digits.
"""

from __future__ import annotations

import builtins
import copyreg
import enum
import struct
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from importlib import import_module
from operator import itemgetter
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xxhash

from workbench.errors import InputError
from workbench.memoization.code import parts, reach
from workbench.memoization.releases import installed, release

ATOMS = frozenset({type(None), bool, int, str, bytes, type(...), type(NotImplemented)})
OWN_ATTRS = frozenset({"freshness", "memoized"})
"""What the workbench itself writes into `attrs`; it says nothing of the content."""
LEFT_OUT = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__", "__abstractmethods__",
     "_abc_impl", "__dataclass_fields__", "__dataclass_params__", "__match_args__",
     "__firstlineno__", "__static_attributes__"}
)  # fmt: skip


class Used(NamedTuple):
    """A module, and the attributes of it that some code may look up.

    >>> Used(np, frozenset({"log"})).module.__name__
    'numpy'
    """

    module: ModuleType
    names: frozenset[str]


class _OpaqueError(Exception):
    """A value whose content cannot be told; `where` leads to it from the inside out."""

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(reason)
        self.value, self.reason, self.where = value, reason, list[str]()


def fingerprint(named: Mapping[str, object]) -> str:
    """The hex digest of some values, by name.

    Raises InputError, which names the value, for one whose content cannot be told.

    >>> fingerprint({"a": 1}) == fingerprint({"a": 1.0})
    False
    """
    made = Fingerprint()
    try:
        pairs = [_at(name, made.of, value) for name, value in named.items()]
    except _OpaqueError as opaque:
        place = " of ".join(opaque.where) or "a value"
        raise InputError(
            f"memoize cannot tell the content of {place}, a {type(opaque.value).__name__}: "
            f"{opaque.reason}; make it inside the function, or pass plain data instead"
        ) from None
    return _digest("named", *(name.encode() for name in named), *pairs).hex()


def _at(where: str, of: Callable[[object], bytes], value: object) -> bytes:
    try:
        return of(value)
    except _OpaqueError as opaque:
        opaque.where.append(where)
        raise


def _digest(tag: str, *pieces: Any) -> bytes:
    """The digest of tagged pieces; their lengths are part of it, so no two divisions are alike."""
    content = xxhash.xxh3_128()
    for piece in (tag.encode(), *pieces):
        content.update(struct.pack("<q", memoryview(piece).nbytes))
        content.update(piece)
    return content.digest()


class Fingerprint:
    """Digests of values that belong together; a value that contains itself is no trouble.

    >>> endless = [1]
    >>> endless.append(endless)
    >>> Fingerprint().of(endless) == Fingerprint().of([1, [1]])
    False
    """

    def __init__(self) -> None:
        self._depths: dict[int, int] = {}  # by id, of the values that are being looked at
        self._met: dict[object, tuple[int, object]] = {}  # code by id; kept, so that ids stay

    def of(self, value: Any) -> bytes:
        """The digest of a value: 16 bytes.

        Code that was met before is its number in the order of meeting, which is that of the
        content; functions that call each other all together would take for ever otherwise.
        """
        kind = type(value)
        if kind in ATOMS:
            return _digest("atom", repr(value).encode())
        if kind is float:
            return _digest("float", struct.pack("<d", value))
        if kind is FunctionType or kind is Used or isinstance(value, type):
            place = value if kind is Used else id(value)
            if place in self._met:
                return _digest("met", str(self._met[place][0]).encode())
            self._met[place] = len(self._met), value
            return self._content(value)
        return self._data(value)

    def _data(self, value: Any) -> bytes:
        place, depth = id(value), len(self._depths)
        if place in self._depths:
            return _digest("above", str(depth - self._depths[place]).encode())
        self._depths[place] = depth
        try:
            return self._content(value)
        finally:
            del self._depths[place]

    def _apart(self, value: Any) -> bytes:
        """The digest of a value in no particular order: what it meets stays unmet for others."""
        fork = Fingerprint()
        fork._depths, fork._met = dict(self._depths), dict(self._met)
        return fork.of(value)

    def _all(self, tag: str, values: Iterable[object]) -> bytes:
        return _digest(tag, *map(self.of, values))

    def _content(self, value: Any) -> bytes:
        kind = type(value)
        method = _METHODS.get(kind)
        if method is not None:
            return method(self, value)
        if hasattr(kind, "__fingerprint__"):
            return self._all("stands for", [kind.__fingerprint__(value)])
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, np.generic):
            return self._all("scalar", [np.asarray(value)])
        if isinstance(getattr(value, "py_func", None), FunctionType):  # compiled by numba
            return self._all("compiled", [value.py_func])
        return self._object(value)

    def _sequence(self, value: list[Any] | tuple[Any, ...]) -> bytes:
        tag = type(value).__name__
        if ATOMS.issuperset(map(type, value)):
            return _digest(f"{tag} of atoms", repr(value).encode())
        return self._all(tag, value)

    def _unordered(self, value: set[Any] | frozenset[Any]) -> bytes:
        return _digest(type(value).__name__, *sorted(map(self._apart, value)))

    def _mapping(self, value: Mapping[Any, Any]) -> bytes:
        pairs = [(self._apart(name), item) for name, item in value.items()]
        pairs.sort(key=itemgetter(0))
        digests = (part for name, item in pairs for part in (name, self.of(item)))
        return _digest(type(value).__name__, *digests)

    def _array(self, value: np.ndarray[Any, Any]) -> bytes:
        if value.dtype.hasobject:
            return self._all("objects", [repr(value.dtype), value.shape, value.tolist()])
        flipped = value.flags.f_contiguous and not value.flags.c_contiguous
        plain = np.ascontiguousarray(value.T if flipped else value)
        form = repr((value.dtype.descr, value.dtype.str, value.shape, flipped)).encode()
        return _digest("array", form, plain.reshape(-1).view(np.uint8) if plain.nbytes else b"")

    def _cell(self, cell: CellType) -> bytes:
        try:
            return self._all("cell", [cell.cell_contents])
        except ValueError:
            return _digest("empty cell")

    def _code(self, code: CodeType) -> bytes:
        return self._all("code", parts(code))

    def _bound(self, method: MethodType) -> bytes:
        return self._all("method", [method.__func__, method.__self__])

    def _function(self, function: FunctionType) -> bytes:
        if name := installed(function):
            return _digest("installed", name.encode())
        digests = [
            self.of(function.__code__),
            self.of(function.__defaults__),
            self.of(function.__kwdefaults__),
            *self._closure(function),
        ]
        written_in = function.__globals__.get("__name__") or "__main__"
        if release(written_in.partition(".")[0]) is None:  # else its globals go by the release
            digests += self._globals(function)
        return _digest("function", *digests)

    def _closure(self, function: FunctionType) -> list[bytes]:
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        return [_at(f"{name!r} around {function.__name__}", self.of, cell) for name, cell in cells]

    def _globals(self, function: FunctionType) -> list[bytes]:
        found, known = reach(function.__code__), function.__globals__
        digests = []
        for name in found.names:
            where = f"global {name!r} of {function.__name__}"
            value = known.get(name, _missing(name))
            if isinstance(value, ModuleType):
                value = Used(value, found.attributes)
            digests += [name.encode(), _at(where, self.of, value)]
        for name, level in found.imports:
            module = _imported(name, level, known.get("__package__") or "")
            digests.append(self.of(Used(module, found.attributes) if module else name))
        return digests

    def _module(self, used: Used) -> bytes:
        module, names = used
        version = release(module.__name__.partition(".")[0])
        if version is not None:
            return _digest("module", module.__name__.encode(), version.encode())
        there = vars(module)
        digests = [module.__name__.encode()]
        for name in sorted(names & there.keys()):
            value = there[name]
            value = Used(value, names) if isinstance(value, ModuleType) else value
            digests += [name.encode(), _at(f"{module.__name__}.{name}", self.of, value)]
        return _digest("module of names", *digests)

    def _class(self, kind: type) -> bytes:
        if name := installed(kind):
            return _digest("installed", name.encode())
        if issubclass(kind, enum.Enum):
            members = [(name, member.value) for name, member in kind.__members__.items()]
            return self._all("enum", [kind.__qualname__, kind.__bases__, members, _methods(kind)])
        attributes = {
            name: _bare(value)
            for name, value in vars(kind).items()
            if name not in LEFT_OUT
            and not isinstance(value, GetSetDescriptorType | MemberDescriptorType)
        }
        return self._all("class", [kind.__qualname__, kind.__bases__, attributes])

    def _object(self, value: Any) -> bytes:
        try:
            reduce: Callable[[Any], Any] = copyreg.dispatch_table.get(type(value), _reduce)
            reduced = reduce(value)
        except Exception as error:
            raise _OpaqueError(value, " ".join(str(error).split())) from None
        if isinstance(reduced, str):
            return self._named(value, reduced)
        make, arguments, *rest = reduced
        state, items, pairs = (*rest, None, None, None)[:3]
        if isinstance(value, pd.DataFrame | pd.Series) and isinstance(state, dict):
            state = {**state, "attrs": _others(value.attrs)}
        filled = [list(part) if part is not None else None for part in (items, pairs)]
        return self._all("object", [type(value), make, arguments, state, *filled])

    def _named(self, value: Any, name: str) -> bytes:
        """A thing that pickles as a name: of an installed package, or around a function."""
        module = getattr(value, "__module__", None) or type(value).__module__
        version = release(module.partition(".")[0])
        if version is not None:
            return _digest("installed", f"{module}.{name} {version}".encode())
        if hasattr(value, "__wrapped__"):
            return self._all("wrapped", [type(value), value.__wrapped__])
        raise _OpaqueError(value, "all that is known of it is its name")


_FUNCTIONS = (FunctionType, BuiltinFunctionType, staticmethod, classmethod, property)
_METHODS: dict[type, Callable[[Fingerprint, Any], bytes]] = {
    list: Fingerprint._sequence,
    tuple: Fingerprint._sequence,
    set: Fingerprint._unordered,
    frozenset: Fingerprint._unordered,
    dict: Fingerprint._mapping,
    MappingProxyType: Fingerprint._mapping,
    np.ndarray: Fingerprint._array,
    CellType: Fingerprint._cell,
    CodeType: Fingerprint._code,
    MethodType: Fingerprint._bound,
    FunctionType: Fingerprint._function,
    Used: Fingerprint._module,
}


def _reduce(value: Any) -> Any:
    if isinstance(value, ModuleType):
        raise TypeError("it is a module; name the functions of it that you need")
    return value.__reduce_ex__(4)


def _missing(name: str) -> object:
    return getattr(builtins, name, f"there is no {name}")


def _imported(name: str, level: int, package: str) -> ModuleType | None:
    try:
        return import_module("." * level + name, package or None)
    except ImportError:
        return None


def _others(attrs: Mapping[Any, Any]) -> dict[Any, Any]:
    return {name: value for name, value in attrs.items() if name not in OWN_ATTRS}


def _bare(value: Any) -> Any:
    """What is behind a descriptor of a class."""
    if isinstance(value, (staticmethod, classmethod)):
        return type(value).__name__, value.__func__
    if isinstance(value, property):
        return "property", value.fget, value.fset, value.fdel
    if isinstance(value, cached_property):
        return "cached_property", value.func
    return value


def _methods(kind: type) -> dict[str, Any]:
    found = {n: _bare(v) for n, v in vars(kind).items() if isinstance(v, _FUNCTIONS)}
    return {n: v for n, v in found.items() if n not in {"__new__", "_generate_next_value_"}}
