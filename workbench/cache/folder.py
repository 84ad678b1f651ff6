"""The folder that the processes of one user share: how it is made, and how it is locked."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LAYOUT = "v1"  # another layout goes beside it and never reads it
LONGEST_PAUSE_S = 0.02


class Folder:
    """A folder that only this user can write; made when first needed.

    >>> import tempfile
    >>> Folder(Path(tempfile.mkdtemp())).place("blocks").is_dir()
    True
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[str, Path] = {}

    def place(self, name: str) -> Path:
        """The folder `name` in it, made if it is not there.

        Raises OSError where that is not possible, and PermissionError when the folder belongs to
        another user or others could write it.
        """
        if name not in self._places:  # paths cost more to make than to look at
            self._places[name] = self.path / LAYOUT / name
        place = self._places[name]
        made = place.is_dir()
        if not made:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_unless_private(self.path)
        if not made:
            place.parent.mkdir(mode=0o700, exist_ok=True)
            place.mkdir(mode=0o700, exist_ok=True)
        return place


def refuse_unless_private(path: Path) -> None:
    """Raise PermissionError unless `path` is a folder of this user that others cannot write.

    >>> refuse_unless_private(Path("/"))  # doctest: +SKIP
    Traceback (most recent call last):
    PermissionError: / belongs to user 0, not to user 1000
    """
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{path} is not a folder")
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to user {found.st_uid}, not to user {os.geteuid()}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} can be written by others; chmod go-w it")


@contextmanager
def locked(path: Path, timeout_s: float, *, remove: bool = False) -> Iterator[bool]:
    """Hold the lock file `path`; gives False when it was not to be had, in time or at all.

    The kernel lets go of it when the process dies. `remove` takes the file away at the end.

    >>> import tempfile
    >>> with locked(Path(tempfile.mkdtemp(), "lock"), timeout_s=1) as held:
    ...     held
    True
    """
    lock = None
    with suppress(OSError):
        lock = _hold(path, time.monotonic() + timeout_s)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            if remove:
                with suppress(OSError):
                    path.unlink()
            fcntl.flock(lock, fcntl.LOCK_UN)  # a forked child may have a copy open
            os.close(lock)


def _hold(path: Path, deadline: float) -> int | None:
    pause = 0.0005
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if try_lock(lock) and _is_still(path, lock):
            return lock
        os.close(lock)
        if time.monotonic() > deadline:
            return None
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def try_lock(descriptor: int) -> bool:
    """Lock an open file if no other process has it locked.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     try_lock(file.fileno())
    True
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the open file is what the path names; its last holder may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def sweep(place: Path) -> None:
    """Remove the files in `place` that no living process has locked.

    >>> import tempfile
    >>> sweep(Path(tempfile.mkdtemp()))
    """
    for path in place.iterdir():
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:  # its owner was quicker, or it is not a file of ours
            continue
        if try_lock(descriptor):
            path.unlink(missing_ok=True)
        os.close(descriptor)
