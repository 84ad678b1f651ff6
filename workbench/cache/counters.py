"""Counts by tier: of this process, and the sum over all processes, finished ones included.

Each process writes its numbers into a small file of its own, which it keeps locked while it
lives. Whoever looks adds the files of finished processes to a total and removes them.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
import uuid
from array import array
from collections import defaultdict
from pathlib import Path

from workbench.cache.folder import Folder, locked, try_lock
from workbench.settings import mask

TIERS = ("memory", "disk", "redis")
COUNTED = ("hits", "misses", "errors", "evictions")
HELD = ("entries", "bytes")  # what a living process holds in its memory
SLOTS = [(tier, what) for tier in TIERS for what in COUNTED + HELD]
PLACES = {slot: number * 8 for number, slot in enumerate(SLOTS)}
QUIET_S = 60.0
LOCK_TIMEOUT_S = 1.0
TOTAL = "total"

logger = logging.getLogger("workbench.cache")


class Counts:
    """The numbers of one cache; without a folder they stay in the process.

    >>> counts = Counts()
    >>> counts.add("memory", "hits")
    >>> counts.here("memory")["hits"]
    1
    """

    def __init__(self, folder: Folder | None = None) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._numbers: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._file: int | None = None
        self._opened = self.folder is None

    def add(self, tier: str, what: str, number: int = 1) -> None:
        """Count `number` more."""
        self._set(tier, what, number, add=True)

    def hold(self, tier: str, entries: int, size_bytes: int) -> None:
        """Note what a tier holds in this process's memory."""
        self._set(tier, "entries", entries)
        self._set(tier, "bytes", size_bytes)

    def trouble(self, tier: str, what: object) -> None:
        """Count an error and log it, the same one at most once a minute."""
        self.add(tier, "errors")
        text, now = mask(str(what)), time.monotonic()
        quiet = now < self._said.get(text, -QUIET_S) + QUIET_S
        if not quiet:
            self._said = {t: at for t, at in self._said.items() if now < at + QUIET_S}
            self._said[text] = now
        level = logging.DEBUG if quiet else logging.WARNING
        logger.log(level, "cache: the %s tier passed: %s", tier, text)

    def here(self, tier: str) -> dict[str, int]:
        """What this process counted."""
        return {what: self._numbers.get((tier, what), 0) for what in COUNTED}

    def everywhere(self) -> dict[tuple[str, str], int]:
        """The sums over all processes, by tier and name; what is held counts only the living."""
        if self.folder is None:
            return {slot: self._numbers.get(slot, 0) for slot in SLOTS}
        place = self.folder.place("counts")
        with locked(place.with_name("counts.lock"), LOCK_TIMEOUT_S):
            living = _fold(place)
        total = [*living, _read(place.with_name(TOTAL))]
        return {
            slot: sum(column) for slot, column in zip(SLOTS, zip(*total, strict=True), strict=True)
        }

    def _set(self, tier: str, what: str, number: int, *, add: bool = False) -> None:
        with self._lock:
            if self._pid != os.getpid():  # forked: the parent's file stays the parent's
                self._start()
            if not self._opened:
                self._open()
            slot = (tier, what)
            self._numbers[slot] = number + (self._numbers[slot] if add else 0)
            if self._file is not None and slot in PLACES:
                self._write(self._numbers[slot], PLACES[slot])

    def _write(self, number: int, place: int) -> None:
        """By a plain write: with a mapped file a full disk would kill the process."""
        try:
            os.pwrite(self._file or 0, array("q", [number]), place)
        except OSError:
            self._file = None

    def _open(self) -> None:
        self._opened = True
        try:
            place = self.folder.place("counts") if self.folder else None
            if place is None:
                return
            with locked(place.with_name("counts.lock"), LOCK_TIMEOUT_S):
                _fold(place)
                self._file = _new_file(place / uuid.uuid4().hex)
        except OSError as error:
            logger.debug("cache: no counts for other processes: %s", error)


def _new_file(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    os.pwrite(file, bytes(8 * len(SLOTS)), 0)
    return file


def _read(path: Path) -> array[int]:
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    return array("q", data[: 8 * len(SLOTS)].ljust(8 * len(SLOTS), b"\0"))


def _fold(place: Path) -> list[array[int]]:
    """Add what finished processes counted to the total; gives the numbers of the living."""
    living, finished = [], []
    for path in place.iterdir():
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            continue
        if try_lock(file):
            finished.append(_read(path))
            path.unlink(missing_ok=True)  # first: a count may get lost, but none counts twice
        else:
            living.append(_read(path))
        os.close(file)
    if finished:
        _add_to_total(place.with_name(TOTAL), finished)
    return living


def _add_to_total(path: Path, finished: list[array[int]]) -> None:
    total = _read(path)
    for numbers in finished:
        for slot, place in PLACES.items():
            if slot[1] in COUNTED:
                total[place // 8] += numbers[place // 8]
    written = path.with_suffix(".new")
    written.write_bytes(total.tobytes())
    written.replace(path)
