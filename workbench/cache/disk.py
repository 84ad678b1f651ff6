"""The second tier: one file per entry, shared by the processes of this user."""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from workbench.cache.counters import Counts
from workbench.cache.entry import CorruptError, Entry, Key, TierStats, decode, encode
from workbench.cache.folder import Folder, locked, sweep
from workbench.cache.mapping import open_bytes

PER_GROUP = 2
SUFFIX = ".block"
LOCK_TIMEOUT_S = 5.0
FILLED_AFTER_EVICTION = 0.9


class DiskTier:
    """Files `blocks/<group>/<exact>.block`, never changed once they have their name.

    Files are written elsewhere and renamed. The time of change of a group's folder says when the
    group was used last; the file `size` what all files take together, or more than that after a
    process was killed. Both, and evictions, happen under one lock.

    >>> import tempfile
    >>> tier = DiskTier(Folder(Path(tempfile.mkdtemp())), limit_bytes=10_000)
    >>> tier.put(Key("a", "b"), Entry(b"me", ()))
    >>> tier.get(Key("a", "b")).head
    b'me'
    """

    name = "disk"
    shared = False

    def __init__(self, folder: Folder, limit_bytes: int, counts: Counts | None = None) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes
        self.counts = counts or Counts()
        self._swept = False

    def get(self, key: Key) -> Entry | None:
        """The entry, if its file is whole; a damaged file is removed."""
        try:
            path = self._path(key)
            buffer, intact = open_bytes(path)
            entry = decode(buffer, key)
            _touch(path.parent)
            return replace(entry, intact=intact) if intact else entry
        except FileNotFoundError:
            return None
        except CorruptError as error:
            with suppress(OSError):
                path.unlink()
            self.counts.trouble(self.name, f"{path.name}: {error}")
        except OSError as error:
            self.counts.trouble(self.name, error)
        return None

    def latest(self, group: str) -> Entry | None:
        """The newest whole entry of the group."""
        with self._trouble():
            for path in _newest_first(self._blocks() / group):
                entry = self.get(Key(group, path.stem))
                if entry is not None:
                    return entry
        return None

    def put(self, key: Key, entry: Entry) -> None:
        """Write the entry to a file, unless there is one or it would be larger than the limit."""
        with self._trouble():
            path = self._path(key)
            if path.exists():
                _touch(path.parent)
                return
            pieces = encode(key, entry)
            size = sum(piece.nbytes for piece in pieces)
            if size <= self.limit_bytes:
                self._store(path, pieces, size)

    def drop(self, group: str | None = None) -> None:
        """Remove the files of a group, or all."""
        with self._trouble(), self._index():
            blocks = self._blocks()
            folders = list(blocks.iterdir()) if group is None else [blocks / group]
            freed = sum(_remove(folder) for folder in folders)
            noted = self._noted_size()
            if noted is not None:
                self._note_size(noted - freed)

    def stats(self) -> TierStats:
        """What the folder holds now, whichever process wrote it."""
        sizes: list[int] = []
        with self._trouble():
            for folder in self._blocks().iterdir():
                sizes += [size for _, _, size in _files(folder)]
        counted = self.counts.here(self.name)
        return TierStats(self.name, len(sizes), sum(sizes), self.limit_bytes, **counted)

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """Whatever the file system refuses is a miss."""
        try:
            yield
        except FileNotFoundError:  # somebody else evicted or removed it
            pass
        except OSError as error:
            self.counts.trouble(self.name, error)

    def _blocks(self) -> Path:
        return self.folder.place("blocks")

    def _path(self, key: Key) -> Path:
        return self._blocks() / key.group / f"{key.exact}{SUFFIX}"

    @contextmanager
    def _index(self) -> Iterator[None]:
        """The lock under which files get their names and lose them."""
        with locked(self._blocks().with_name("blocks.lock"), LOCK_TIMEOUT_S) as held:
            if not held:
                raise OSError(errno.EAGAIN, "the lock of the folder is not to be had")
            yield

    def _store(self, path: Path, pieces: list[memoryview], size: int) -> None:
        parts = self.folder.place("parts")
        if not self._swept:
            sweep(parts)
            sweep(self.folder.place("flights"))
            self._swept = True
        with _written(parts / uuid.uuid4().hex, pieces) as part, self._index():
            if path.exists():
                return
            noted = self._make_room(size)
            self._note_size(noted + size)  # before the rename: a killed process notes too much
            path.parent.mkdir(mode=0o700, exist_ok=True)
            part.rename(path)
            freed = self._remove_older(path)
            self._note_size(noted + size - freed)

    def _make_room(self, size: int) -> int:
        """Evict when `size` more bytes would be too much; gives the size of what remains."""
        noted = self._noted_size()
        if noted is not None and noted + size <= self.limit_bytes:
            return noted
        sweep(self.folder.place("parts"))
        groups = sorted((folder.stat().st_mtime_ns, folder) for folder in self._blocks().iterdir())
        total = sum(length for _, folder in groups for _, _, length in _files(folder))
        if total + size > self.limit_bytes:
            for _, folder in groups:
                if total + size <= FILLED_AFTER_EVICTION * self.limit_bytes:
                    break
                total -= self._evict(folder)
        return total

    def _evict(self, folder: Path) -> int:
        self.counts.add(self.name, "evictions", len(_files(folder)))
        return _remove(folder)

    def _remove_older(self, path: Path) -> int:
        """Leave the newest two of a group, `path` one of them; gives the bytes that went."""
        older = [other for other in _newest_first(path.parent) if other != path][PER_GROUP - 1 :]
        freed = sum(other.stat().st_size for other in older)
        for other in older:
            other.unlink()
        self.counts.add(self.name, "evictions", len(older))
        return freed

    def _noted_size(self) -> int | None:
        try:
            return int((self._blocks().with_name("size")).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _note_size(self, size: int) -> None:
        """In place and at a fixed width: to truncate a file makes some file systems wait."""
        path = self._blocks().with_name("size")
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.pwrite(file, b"%020d" % size, 0)
        finally:
            os.close(file)


@contextmanager
def _written(part: Path, pieces: list[memoryview]) -> Iterator[Path]:
    """A file with the bytes of `pieces`, locked while its writer lives, and removed at the end
    unless it was renamed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    file = os.open(part, flags, 0o400)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        for piece in pieces:
            done = 0
            while done < piece.nbytes:
                done += os.write(file, piece[done:])
        yield part
    finally:
        part.unlink(missing_ok=True)
        os.close(file)


def _touch(folder: Path) -> None:
    with suppress(OSError):
        os.utime(folder)


def _files(folder: Path) -> list[tuple[int, Path, int]]:
    """Time of change in ns, path and size of each file of a group."""
    found = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            found.append((status.st_mtime_ns, Path(entry.path), status.st_size))
    return found


def _newest_first(folder: Path) -> list[Path]:
    return [path for _, path, _ in sorted(_files(folder), reverse=True)]


def _remove(folder: Path) -> int:
    """Remove a group's folder and its files; gives their size in bytes."""
    freed = 0
    for _, path, size in _files(folder):
        path.unlink(missing_ok=True)
        freed += size
    with suppress(OSError):
        folder.rmdir()
    return freed
