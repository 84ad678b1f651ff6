"""Memoized functions: what a call is kept under, and when a kept result still stands."""

from __future__ import annotations

import functools
import inspect
import logging
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from types import FunctionType, MethodType
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from workbench.cache.entry import Entry, Key
from workbench.cache.layers import Cache
from workbench.errors import InputError
from workbench.memoization.fingerprint import fingerprint
from workbench.memoization.releases import environment
from workbench.memoization.results import Reads, entry_of, reads_of, value_of
from workbench.reads import Read, record, recording

P = ParamSpec("P")
R = TypeVar("R")

Present = Callable[[tuple[str, ...], str, bool], Read]
"""What reading these symbols at this timeframe, adjusted or not, would be recorded as now."""

logger = logging.getLogger("workbench.cache")
_running: ContextVar[frozenset[str]] = ContextVar("workbench_memoized", default=frozenset())


class CallCounts(NamedTuple):
    """How many calls of this process found a result, and how many ran the function.

    >>> CallCounts(hits=3, misses=1)
    CallCounts(hits=3, misses=1)
    """

    hits: int
    misses: int


class _NotKeptError(Exception):
    """A result that nobody can vouch for later."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


class Memoized(Generic[P, R]):
    """A function whose results are kept as long as its code, its arguments and its reads stand.

    Call it like the function; `forget` and `cache_info` come with it.

    >>> from workbench.cache.memory import MemoryTier
    >>> cache = Cache([MemoryTier(limit_bytes=10_000)])
    >>> Memoized(lambda text: text.upper(), cache, lambda *asked: None)("a")
    'A'
    """

    __name__: str
    __qualname__: str

    def __init__(self, function: Callable[P, R], cache: Cache, present: Present) -> None:
        _check(function)
        functools.update_wrapper(self, function)
        self.function = function
        self._cache, self._present = cache, present
        self._signature = inspect.signature(function)
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """What the function gives for these arguments and the present store.

        Frames are copied when they are written, arrays are read-only; all else is made anew.
        Raises what the function raises, which is not kept, and InputError for an argument or a
        global whose content cannot be told and for a result that cannot be pickled.
        """
        group = self._group(args, kwargs)
        if group in _running.get():  # it calls itself: let Python say so
            return self.function(*args, **kwargs)
        reads = self._now(group)
        run = functools.partial(self.function, *args, **kwargs)
        entry, ran = self._entry(Key(group, _exact(reads)), run)
        with self._lock:
            self._hits, self._misses = self._hits + (not ran), self._misses + ran
        try:
            value: R = value_of(entry)
        except Exception as error:
            self._cache.drop(group)
            if ran:
                raise InputError(
                    f"{self.__name__} gave a result that cannot be made again from its pickle: "
                    f"{error}; return plain data, arrays or frames"
                ) from error
            logger.warning("memoize: a kept result cannot be read, running again: %r", error)
            return self.function(*args, **kwargs)
        if not ran:
            for read in reads_of(entry):  # whoever records around this call depends on them too
                record(read)
        return value

    def forget(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Forget the result for these arguments, so that the next call runs the function."""
        self._cache.drop(self._group(args, kwargs))

    def cache_info(self) -> CallCounts:
        """The calls of this process that found a result, and those that ran the function."""
        with self._lock:
            return CallCounts(self._hits, self._misses)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __fingerprint__(self) -> object:
        return self.function

    def __reduce__(self) -> str:
        return self.__qualname__

    def __repr__(self) -> str:
        return f"<memoized {self.__qualname__}>"

    def _group(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """The digest of the code and the arguments, with defaults filled in."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        named = {f"argument {name!r}": value for name, value in bound.arguments.items()}
        return fingerprint({"environment": environment(), "function": self.function, **named})

    def _now(self, group: str) -> Reads:
        """What the function read the last time, as it would be read now."""
        known = self._cache.latest(group, shared=False)
        return present_reads(_readable(known), self._present)

    def _entry(self, key: Key, run: Callable[[], R]) -> tuple[Entry, bool]:
        """The entry of a call, and whether the function ran for it."""
        ran = False

        def load(base: Entry | None) -> tuple[Key, Entry]:
            nonlocal ran
            reads = _readable(base)
            if base is not None and reads and present_reads(reads, self._present) == reads:
                return Key(key.group, _exact(reads)), base  # somebody else was quicker
            ran = True
            entry, vouched = self._run(key.group, run)
            if not vouched:
                raise _NotKeptError(entry)
            return Key(key.group, _exact(reads_of(entry))), entry

        try:
            return self._cache.fetch(key, load, shared=False)[0], ran
        except _NotKeptError as found:
            return found.entry, ran

    def _run(self, group: str, run: Callable[[], R]) -> tuple[Entry, bool]:
        token = _running.set(_running.get() | {group})
        try:
            with recording() as heard:
                value = run()
            reads = tuple(dict.fromkeys(heard.reads))
            vouched = heard.complete and all(read.store for read in reads)
            return entry_of(self.__name__, value, reads), vouched
        finally:
            _running.reset(token)


def memoized(
    function: Callable[P, R] | None, cache: Cache, present: Present
) -> Memoized[P, R] | Callable[[Callable[P, R]], Memoized[P, R]]:
    """The memoized function, or without a function a decorator.

    >>> from workbench.cache.memory import MemoryTier
    >>> cache = Cache([MemoryTier(limit_bytes=10_000)])
    >>> double = memoized(lambda x: 2 * x, cache, lambda *asked: None)
    >>> double(4), double(4), double.cache_info()
    (8, 8, CallCounts(hits=1, misses=1))
    """
    if function is None:
        return lambda found: Memoized(found, cache, present)
    return Memoized(function, cache, present)


def present_reads(reads: Iterable[Read], present: Present) -> Reads:
    """The same reads as they would be now, with one look at the store per timeframe."""
    reads = tuple(reads)
    asked: dict[tuple[str, bool], dict[str, None]] = {}
    for read in reads:
        asked.setdefault(_kind(read), {}).update(dict.fromkeys(read.symbols))
    found = {kind: present(tuple(symbols), *kind) for kind, symbols in asked.items()}
    return tuple(_renewed(read, found[_kind(read)]) for read in reads)


def _kind(read: Read) -> tuple[str, bool]:
    return read.timeframe, read.actions_at is not None


def _renewed(read: Read, now: Read) -> Read:
    versions: tuple[int | None, ...] = read.versions
    if not read.past:
        versions = now.versions
        if read.symbols != now.symbols:
            by_symbol = dict(zip(now.symbols, now.versions, strict=True))
            versions = tuple(by_symbol[symbol] for symbol in read.symbols)
    actions_at = read.actions_at if read.past or read.actions_at is None else now.actions_at
    return read._replace(store=now.store, versions=versions, actions_at=actions_at)


@functools.lru_cache(maxsize=256)
def _exact(reads: Reads) -> str:
    return fingerprint({"reads": [tuple(read) for read in reads]})


def _readable(entry: Entry | None) -> Reads:
    try:
        return reads_of(entry) if entry else ()
    except Exception as error:  # an entry of another release, whose pickle does not open here
        logger.warning("memoize: the reads of a kept result cannot be told: %r", error)
        return ()


def _check(function: object) -> None:
    advice = "memoize takes a function that returns its result"
    if not isinstance(function, FunctionType):
        raise InputError(f"{advice}, made with def or lambda; {function!r} is not one")
    for test in (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    ):
        if test(function):
            kind = test.__name__.removeprefix("is").removesuffix("function")
            raise InputError(f"{advice}; {function.__name__} is a {kind} function")
