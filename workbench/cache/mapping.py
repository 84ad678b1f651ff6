"""A file's bytes in memory: small and new files are read, large ones mapped."""

from __future__ import annotations

import mmap
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

MAPPED_FROM_BYTES = 8 * 2**20
SETTLED_NS = 50_000_000  # clocks of file systems tick every few ms: a younger file's may not move
MAPPED_MOST = 128  # each costs two file descriptors, of which a process has about a thousand

_mapped: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


def open_bytes(path: Path) -> tuple[Any, Callable[[], bool] | None]:
    """The bytes of a file, and for a mapped one a check that nobody changed it since.

    Raises OSError, FileNotFoundError among it.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "file")
    >>> _ = path.write_bytes(b"abc")
    >>> buffer, intact = open_bytes(path)
    >>> bytes(buffer), intact
    (b'abc', None)
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        status = os.fstat(descriptor)
        size, age_ns = status.st_size, time.time_ns() - status.st_mtime_ns
        if size >= MAPPED_FROM_BYTES and age_ns > SETTLED_NS and len(_mapped) < MAPPED_MOST:
            mapping = Mapping(descriptor)
            return mapping.buffer, mapping.intact
        buffer = np.empty(size, np.uint8)
        done = 0
        while done < size:
            count = os.preadv(descriptor, [buffer[done:].data], done)
            if not count:
                break
            done += count
        return buffer, None
    finally:
        os.close(descriptor)


class Mapping:
    """A file mapped for reading, with what it looked like then.

    The pages are shared with all processes that map the file. They are not a copy: a file that
    somebody shortens in place kills the process that touches the missing part, hence `intact`.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._looks = self._look()
        flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
        self.buffer = mmap.mmap(descriptor, 0, flags=flags, prot=mmap.PROT_READ)
        _mapped.add(self.buffer)

    def intact(self) -> bool:
        """Whether the file has the size and the time of change that it had when it was mapped."""
        return self._look() == self._looks

    def _look(self) -> tuple[int, int]:
        found = os.fstat(self._descriptor)
        return found.st_size, found.st_mtime_ns
