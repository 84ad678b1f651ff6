"""The first tier: entries in the memory of this process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from workbench.cache.counters import Counts
from workbench.cache.entry import Entry, Key, TierStats

PER_GROUP = 2
OVERHEAD_BYTES = 1024  # so that entries of no size are bounded too


class MemoryTier:
    """Keeps the entries used last, up to `limit_bytes`, and the newest two of each group.

    >>> tier = MemoryTier(limit_bytes=10_000)
    >>> tier.put(Key("a", "b"), Entry(b"me", ()))
    >>> tier.get(Key("a", "b")).head
    b'me'
    """

    name = "memory"
    shared = False

    def __init__(self, limit_bytes: int, counts: Counts | None = None) -> None:
        self.limit_bytes = limit_bytes
        self.counts = counts or Counts()
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._groups: dict[str, list[Key]] = {}  # newest last
        self._bytes = 0

    def get(self, key: Key) -> Entry | None:
        """The entry, which the callers share; its arrays cannot be written."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.intact():
                self._entries.move_to_end(key)
                return entry
            self._remove(key)
        self.counts.trouble(self.name, "a mapped file was changed by somebody else")
        return None

    def latest(self, group: str) -> Entry | None:
        """The entry of the group that came last."""
        keys = self._groups.get(group)
        try:
            return self.get(keys[-1]) if keys else None
        except IndexError:  # just evicted by another thread
            return None

    def put(self, key: Key, entry: Entry) -> None:
        """Keep the entry unless it is larger than the limit, and evict what is then too much."""
        size = _charged(entry)
        if size > self.limit_bytes:
            return
        with self._lock:
            if key in self._entries:
                self._remove(key)
            self._entries[key] = entry
            self._bytes += size
            keys = self._groups.setdefault(key.group, [])
            keys.append(key)
            if len(keys) > PER_GROUP:
                self._evict(keys[0])
            while self._bytes > self.limit_bytes:
                self._evict(next(iter(self._entries)))
        self.counts.hold(self.name, len(self._entries), self._bytes)

    def drop(self, group: str | None = None) -> None:
        """Forget a group, or everything."""
        with self._lock:
            for key in list(self._entries if group is None else self._groups.get(group, ())):
                self._remove(key)
        self.counts.hold(self.name, len(self._entries), self._bytes)

    def stats(self) -> TierStats:
        """What this process holds; an entry counts with its arrays, its head and 1 KiB."""
        counted = self.counts.here(self.name)
        return TierStats(self.name, len(self._entries), self._bytes, self.limit_bytes, **counted)

    def _evict(self, key: Key) -> None:
        self._remove(key)
        self.counts.add(self.name, "evictions")

    def _remove(self, key: Key) -> None:
        self._bytes -= _charged(self._entries.pop(key))
        keys = self._groups[key.group]
        keys.remove(key)
        if not keys:
            del self._groups[key.group]


def _charged(entry: Entry) -> int:
    return entry.nbytes + OVERHEAD_BYTES
