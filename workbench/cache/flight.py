"""Single flight: of all threads and processes that miss an entry, one loads it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from workbench.cache.counters import logger
from workbench.cache.entry import Key
from workbench.cache.folder import Folder, locked

TIMEOUT_S = 60.0


class Flights:
    """One lock per key, over threads, and over processes where there is a folder.

    Whoever waits longer than `timeout_s` goes on without the lock: loading twice is better than
    waiting for a process that hangs.

    >>> with Flights().take(Key("a", "b")):
    ...     pass
    """

    def __init__(self, folder: Folder | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.folder, self.timeout_s = folder, timeout_s
        self._lock = threading.Lock()
        self._threads: dict[Key, tuple[threading.Lock, int]] = {}

    @contextmanager
    def take(self, key: Key) -> Iterator[None]:
        """Be the only one who loads `key`, as long as the block runs."""
        with (
            self._among_threads(key) as held,
            # whoever gave up waiting for a thread would only wait a second time
            self._among_processes(key) if held else nullcontext(),
        ):
            yield

    @contextmanager
    def _among_threads(self, key: Key) -> Iterator[bool]:
        with self._lock:
            lock, users = self._threads.get(key, (threading.Lock(), 0))
            self._threads[key] = lock, users + 1
        held = lock.acquire(timeout=self.timeout_s)
        try:
            yield held
        finally:
            if held:
                lock.release()
            with self._lock:
                lock, users = self._threads[key]
                if users == 1:
                    del self._threads[key]
                else:
                    self._threads[key] = lock, users - 1

    @contextmanager
    def _among_processes(self, key: Key) -> Iterator[None]:
        try:
            place = self.folder.place("flights") if self.folder else None
        except OSError as error:
            logger.debug("cache: processes cannot wait for one another: %s", error)
            place = None
        if place is None:
            yield
            return
        with locked(place / "-".join(key), self.timeout_s, remove=True):
            yield
