"""The third tier, for those who have one: a Redis that several machines share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from workbench.cache.counters import Counts
from workbench.cache.entry import CorruptError, Entry, Key, TierStats, decode, encode
from workbench.errors import SettingsError
from workbench.settings import mask

if TYPE_CHECKING:
    from redis import Redis

PREFIX = "workbench:"
SCHEMES = ("redis", "rediss", "unix")
LARGEST_BYTES = 64 * 2**20
REST_S = 5.0
SCAN_COUNT = 1000

Answer = TypeVar("Answer")


class RedisTier:
    """Keeps the same bytes as the files do, for `ttl_s` seconds each.

    A server that fails or is slower than `timeout_s` per answer is left alone for a few seconds.
    Whoever can write to the server can write entries: nothing read here is ever executed.

    >>> RedisTier("redis://localhost:1", ttl_s=60, timeout_s=0.1).get(Key("a", "b"))
    """

    name = "redis"
    shared = True

    def __init__(
        self, url: str, ttl_s: int, timeout_s: float, counts: Counts | None = None
    ) -> None:
        refuse_wrong_url(url)
        self._url, self.ttl_s, self.timeout_s = url, ttl_s, timeout_s
        self.counts = counts or Counts()
        self._connecting = threading.Lock()
        self._client: Redis | None = None
        self._rests_until = 0.0

    def __repr__(self) -> str:
        return f"RedisTier({mask(self._url)!r})"

    def get(self, key: Key) -> Entry | None:
        """The entry, if the server answers in time and the bytes are whole."""
        data = self._ask(lambda redis: redis.get(_name(key)))
        return None if data is None else self._decoded(data, key)

    def latest(self, group: str) -> Entry | None:
        """The entry of the group that any machine put last."""
        exact = self._ask(lambda redis: redis.get(_pointer(group)))
        return None if exact is None else self.get(Key(group, exact.decode(errors="replace")))

    def put(self, key: Key, entry: Entry) -> None:
        """Send the entry, unless it is too large for a Redis."""
        if entry.nbytes > LARGEST_BYTES:
            return
        data = b"".join(encode(key, entry))

        def send(redis: Redis) -> None:
            with redis.pipeline(transaction=False) as pipeline:
                pipeline.set(_name(key), data, ex=self.ttl_s)
                pipeline.set(_pointer(key.group), key.exact, ex=self.ttl_s)
                pipeline.execute()

        self._ask(send)

    def drop(self, group: str | None = None) -> None:
        """Forget a group, or all entries, those of other users and machines too."""

        def remove(redis: Redis) -> None:
            for names in _pages(redis, group):
                redis.unlink(*names)

        self._ask(remove)

    def stats(self) -> TierStats:
        """What the server holds now, whichever machine sent it."""

        def sizes(redis: Redis) -> list[int]:
            found: list[int] = []
            for names in _pages(redis, None):
                with redis.pipeline(transaction=False) as pipeline:
                    for name in names:
                        if not name.endswith(b":latest"):
                            pipeline.strlen(name)
                    found += pipeline.execute()
            return found

        found = self._ask(sizes) or []
        return TierStats(self.name, len(found), sum(found), **self.counts.here(self.name))

    def _decoded(self, data: bytes, key: Key) -> Entry | None:
        try:
            return decode(data, key)
        except CorruptError as error:
            self.counts.trouble(self.name, error)
            self._ask(lambda redis: redis.unlink(_name(key)))
            return None

    def _ask(self, question: Callable[[Any], Answer]) -> Answer | None:
        """The server's answer; None when it has none, fails, or rests after a failure."""
        if time.monotonic() < self._rests_until:
            return None
        from redis import RedisError

        try:
            return question(self._connected())
        except (RedisError, OSError) as error:
            self._rests_until = time.monotonic() + REST_S
            self.counts.trouble(self.name, error)
            return None

    def _connected(self) -> Redis:
        with self._connecting:
            if self._client is None:
                from redis import Redis
                from redis.backoff import NoBackoff
                from redis.retry import Retry

                self._client = Redis.from_url(
                    self._url,
                    socket_timeout=self.timeout_s,
                    socket_connect_timeout=self.timeout_s,
                    retry=Retry(NoBackoff(), 0),
                    protocol=2,
                )
            return self._client


def refuse_wrong_url(url: str) -> None:
    """Raise SettingsError unless `url` is one of a Redis.

    >>> refuse_wrong_url("localhost:6379")
    Traceback (most recent call last):
    SettingsError: WORKBENCH_REDIS_URL='localhost:6379' is not the URL of a Redis; ...
    """
    try:
        parts = urlsplit(url)
        wrong = parts.scheme not in SCHEMES or parts.port == 0  # `port` raises for what is none
    except ValueError:
        wrong = True
    if wrong:
        raise SettingsError(
            f"WORKBENCH_REDIS_URL={mask(url)!r} is not the URL of a Redis; "
            "use redis://host:6379/0, rediss://… or unix:///path/of/socket"
        )


def _name(key: Key) -> str:
    return f"{PREFIX}{key.group}:{key.exact}"


def _pointer(group: str) -> str:
    return f"{PREFIX}{group}:latest"


def _pages(redis: Redis, group: str | None) -> Any:
    """The names of the entries and pointers, in lists."""
    pattern = f"{PREFIX}*" if group is None else f"{PREFIX}{group}:*"
    cursor = 0
    while True:
        cursor, names = redis.scan(cursor, match=pattern, count=SCAN_COUNT)
        if names:
            yield names
        if cursor == 0:
            return
