"""The cache: tiers one above the other, the quickest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.cache.counters import COUNTED, HELD, Counts, logger
from workbench.cache.disk import DiskTier
from workbench.cache.entry import Entry, Key, Tier, TierStats
from workbench.cache.flight import Flights
from workbench.cache.folder import Folder
from workbench.cache.memory import MemoryTier
from workbench.cache.remote import RedisTier
from workbench.errors import SettingsError, UnknownNameError
from workbench.settings import Settings

STORE = "store"

Load = Callable[[Entry | None], tuple[Key, Entry]]


class Cache:
    """Looks into its tiers from the top, and loads what none of them has once.

    It may forget; it never gives an entry of another key than the one asked for. `shared=False`
    leaves out the tiers that others than this user can write.

    >>> cache = Cache([MemoryTier(limit_bytes=10_000)])
    >>> entry, tier = cache.fetch(Key("a", "b"), lambda base: (Key("a", "b"), Entry(b"me", ())))
    >>> tier, cache.get(Key("a", "b"))[1]
    ('store', 'memory')
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        *,
        flights: Flights | None = None,
        counts: Counts | None = None,
    ) -> None:
        self.tiers = list(tiers)
        self.flights = flights or Flights()
        self.counts = counts or Counts()

    @classmethod
    def of(cls, settings: Settings) -> Cache:
        """The cache that the settings describe; nothing is touched before it is used.

        Raises SettingsError for a limit below zero and for a URL that is not one of a Redis.

        >>> [tier.name for tier in Cache.of(Settings(cache_disk_bytes=0)).tiers]
        ['memory']
        """
        for name in ("cache_memory_bytes", "cache_disk_bytes", "redis_ttl_s", "redis_timeout_s"):
            value, least = getattr(settings, name), 1 if name == "redis_ttl_s" else 0
            if value < least:
                raise SettingsError(f"{name}={value!r} is too small; use at least {least}")
        folder = Folder(settings.cache_path)
        counts = Counts(folder)
        tiers: list[Tier] = []
        if settings.cache_memory_bytes:
            tiers.append(MemoryTier(settings.cache_memory_bytes, counts))
        if settings.cache_disk_bytes:
            tiers.append(DiskTier(folder, settings.cache_disk_bytes, counts))
        if settings.redis_url:
            wait_s = settings.redis_timeout_s
            tiers.append(RedisTier(settings.redis_url, settings.redis_ttl_s, wait_s, counts))
        return cls(tiers, flights=Flights(folder), counts=counts)

    def get(self, key: Key, *, shared: bool = True) -> tuple[Entry, str] | None:
        """The entry and the name of the tier that had it, or None.

        The tiers above the one that had it get it too.
        """
        return self._look(key, shared, count_misses=True)

    def latest(self, group: str, *, shared: bool = True) -> Entry | None:
        """The newest entry of the group that is at hand, of whatever versions, or None."""
        found = (tier.latest(group) for tier in self._used(shared))
        return next((entry for entry in found if entry is not None), None)

    def put(self, key: Key, entry: Entry, *, shared: bool = True) -> None:
        """Keep the entry in every tier."""
        for tier in self._used(shared):
            tier.put(key, entry)

    def fetch(self, key: Key, load: Load, *, shared: bool = True) -> tuple[Entry, str]:
        """The entry of `key` and the tier that had it, or what `load` makes and "store".

        `load` gets the newest entry of the group to start from, or None, and gives an entry with
        the key that belongs to it, which need not be `key`: the store may have moved on. Of all
        threads and processes that miss a key at one time, one loads; the others find its entry.
        What `load` raises goes to its caller, and the next one tries for itself.
        """
        found = self._look(key, shared, count_misses=True)
        if found:
            return found
        with self.flights.take(key):
            found = self._look(key, shared, count_misses=False)
            if found:
                return found
            loaded_key, entry = load(self.latest(key.group, shared=shared))
            self.put(loaded_key, entry, shared=shared)
            return entry, STORE

    def drop(self, group: str | None = None) -> None:
        """Forget a group, or everything, in every tier."""
        for tier in self.tiers:
            tier.drop(group)

    def forget(self, tier: str | None = None) -> None:
        """Forget everything in one tier, or in all; other processes keep their memory.

        Raises UnknownNameError for a tier that is not in use.
        """
        names = [used.name for used in self.tiers]
        if tier is not None and tier not in names:
            raise UnknownNameError("cache tier", tier, names)
        for used in self.tiers:
            if tier in (None, used.name):
                used.drop()

    def stats(self) -> list[TierStats]:
        """What each tier holds, with the counts of all processes, finished ones included.

        The memory of a tier is the sum over the processes that live; its limit holds for each.
        """
        try:
            counted = self.counts.everywhere()
        except OSError as error:
            logger.debug("cache: no counts of other processes: %s", error)
            return [tier.stats() for tier in self.tiers]
        return [_summed(tier.stats(), counted) for tier in self.tiers]

    def _used(self, shared: bool) -> list[Tier]:
        return [tier for tier in self.tiers if shared or not tier.shared]

    def _look(self, key: Key, shared: bool, *, count_misses: bool) -> tuple[Entry, str] | None:
        tiers = self._used(shared)
        for number, tier in enumerate(tiers):
            entry = tier.get(key)
            if entry is not None:
                self.counts.add(tier.name, "hits")
                for above in tiers[:number]:
                    above.put(key, entry)
                return entry, tier.name
            if count_misses:
                self.counts.add(tier.name, "misses")
        return None


def _summed(here: TierStats, counted: dict[tuple[str, str], int]) -> TierStats:
    names = (*COUNTED, *HELD) if here.name == "memory" else COUNTED
    numbers = {name: counted[here.name, name] for name in names if (here.name, name) in counted}
    return replace(here, **numbers)  # type: ignore[arg-type]
