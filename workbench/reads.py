"""What was read of the store, for those who keep results: the catalog tells, recordings listen.

A recording belongs to the context (`contextvars`) that opened it. A thread that is started inside
does not inherit it, unless it runs in a `contextvars.copy_context()`; a read that nobody listens to
therefore marks every open recording as incomplete.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.errors import InputError


class Read(NamedTuple):
    """One read of bars: of which store, of what, and at which versions.

    `store` is empty where nobody vouches for the versions, as while partitions are changed by hand.
    `versions` stand in the order of the symbols, None where there were no bars. A `past` read was
    of a past moment (`as_of`), which does not change. `actions_at` says at which version the
    corporate actions were applied, None where none were.

    >>> Read("s", ("AAPL",), "1d", (7,)).past
    False
    """

    store: str
    symbols: tuple[str, ...]
    timeframe: str
    versions: tuple[int | None, ...]
    past: bool = False
    actions_at: str | None = None


@dataclass(eq=False)
class Recording:
    """The reads so far; not `complete` once another thread may have read for the recorder.

    >>> Recording().complete
    True
    """

    reads: list[Read] = field(default_factory=list)
    complete: bool = True


_listening: ContextVar[tuple[Recording, ...]] = ContextVar("workbench_recordings", default=())
_open: set[Recording] = set()
_lock = threading.Lock()


@contextmanager
def recording() -> Iterator[Recording]:
    """Collect the reads of the block; recordings around it get them too.

    >>> with recording() as outer, recording() as inner:
    ...     record(Read("s", ("AAPL",), "1d", (7,)))
    >>> len(outer.reads), len(inner.reads)
    (1, 1)
    """
    made = Recording()
    token = _listening.set((*_listening.get(), made))
    with _lock:
        _open.add(made)
    try:
        yield made
    finally:
        with _lock:
            _open.discard(made)
        _listening.reset(token)


def record(read: Read) -> None:
    """Tell of a read; call it before the read can fail, for a failure is an answer as well.

    >>> record(Read("s", ("AAPL",), "1d", (7,)))
    """
    if listeners := _listening.get():
        for listener in listeners:
            listener.reads.append(read)
    elif _open:
        with _lock:
            for overheard in _open:
                overheard.complete = False


def refuse_recording(what: str) -> None:
    """Raise InputError while somebody records: nobody could tell when `what` is out of date.

    >>> with recording():
    ...     refuse_recording("wb.sql")
    Traceback (most recent call last):
    workbench.errors.InputError: wb.sql cannot be used in a memoized function, for ...
    """
    if _listening.get():
        raise InputError(
            f"{what} cannot be used in a memoized function, for nobody could tell when its answer "
            "is out of date; use wb.bars there, or pass the answer in as an argument"
        )
