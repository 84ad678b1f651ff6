"""May forget, never lies: two users of one folder and one Redis, and everything that goes wrong.

The right entry of every key is known beforehand (`entry_of`), so each answer can be judged alone.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from redis import Redis

from tests.redis_server import Proxy
from tests.tier_contract import entry_of, same
from workbench.cache import mapping, remote
from workbench.cache.disk import DiskTier
from workbench.cache.entry import Entry, Key
from workbench.cache.folder import Folder
from workbench.cache.layers import Cache
from workbench.cache.memory import MemoryTier
from workbench.cache.remote import RedisTier

ROWS = {"1": 0, "2": 10, "3": 300, "4": 2000}
KEYS = st.builds(Key, st.sampled_from(["a", "b", "c"]), st.sampled_from(sorted(ROWS)))
USERS = st.sampled_from([0, 1])
PLACES = st.integers(0, 2**20)


def right(key: Key) -> Entry:
    return entry_of(key, ROWS[key.exact])


class Life(RuleBasedStateMachine):
    """Each instance is one story; `place` and `redis_url` are set by the test."""

    place: Path
    redis_url: str

    def __init__(self) -> None:
        super().__init__()
        self.folder = self.place / f"{time.monotonic_ns()}"
        self.redis = Redis.from_url(self.redis_url)
        self.redis.flushall()
        self.proxy = Proxy(self.redis_url)
        self.users = [self.new_user(), self.new_user()]

    def teardown(self) -> None:
        self.proxy.close()
        self.redis.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_user(self) -> Cache:
        return Cache(
            [
                MemoryTier(120_000),
                DiskTier(Folder(self.folder), 250_000),
                RedisTier(self.proxy.url, ttl_s=60, timeout_s=0.02),
            ]
        )

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*/blocks/*/*"))

    # What users do, and what they must see

    @rule(user=USERS, key=KEYS, shared=st.booleans())
    def fetch(self, user: int, key: Key, shared: bool) -> None:
        entry, _ = self.users[user].fetch(key, lambda _: (key, right(key)), shared=shared)
        assert same(entry, right(key))

    @rule(user=USERS, key=KEYS, newer=KEYS)
    def fetch_while_the_store_moves_on(self, user: int, key: Key, newer: Key) -> None:
        entry, tier = self.users[user].fetch(key, lambda _: (newer, right(newer)))
        assert same(entry, right(newer if tier == "store" else key))

    @rule(user=USERS, key=KEYS)
    def get(self, user: int, key: Key) -> None:
        found = self.users[user].get(key)
        assert found is None or same(found[0], right(key))

    @rule(user=USERS, group=st.sampled_from("abc"))
    def latest(self, user: int, group: str) -> None:
        found = self.users[user].latest(group)
        if found is not None:
            told, exact = found.head.decode().split("/")
            assert told == group
            assert same(found, right(Key(group, exact)))

    @rule(user=USERS, group=st.sampled_from([None, "a", "b"]))
    def drop(self, user: int, group: str | None) -> None:
        self.users[user].drop(group)

    @rule(user=USERS)
    def restart(self, user: int) -> None:
        self.users[user] = self.new_user()

    # What befalls the files

    @rule(number=PLACES, place=PLACES, bit=st.integers(0, 7))
    def flip_a_bit(self, number: int, place: int, bit: int) -> None:
        if self.files():
            path = self.files()[number % len(self.files())]
            data = bytearray(path.read_bytes())
            if data:
                data[place % len(data)] ^= 1 << bit
                path.chmod(0o600)
                path.write_bytes(data)

    @rule(number=PLACES, place=PLACES)
    def cut_short(self, number: int, place: int) -> None:
        if self.files():
            path = self.files()[number % len(self.files())]
            path.chmod(0o600)
            os.truncate(path, place % (path.stat().st_size + 1))

    @rule(one=PLACES, other=PLACES)
    def swap(self, one: int, other: int) -> None:
        if self.files():
            first, second = (self.files()[n % len(self.files())] for n in (one, other))
            aside = self.folder / "aside"
            first.rename(aside)
            if second.exists():
                second.rename(first)
            aside.rename(second)

    @rule()
    def folder_vanishes(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(user=USERS, key=KEYS, room=st.sampled_from([0, 100, 5000]))
    def disk_is_full(self, user: int, key: Key, room: int) -> None:
        with files_end_at(room):
            self.fetch(user=user, key=key, shared=True)

    @rule(key=KEYS, after_us=st.integers(0, 3000))
    def writer_is_killed(self, key: Key, after_us: int) -> None:
        child = os.fork()
        if child == 0:
            try:
                disk = DiskTier(Folder(self.folder), 250_000)
                while True:
                    disk.put(key, right(key))
                    disk.drop(key.group)
            finally:
                os._exit(1)
        time.sleep(after_us / 1e6)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    @rule(user=USERS, key=KEYS, place=PLACES)
    def a_file_changes_under_its_reader(self, user: int, key: Key, place: int) -> None:
        self.fetch(user=user, key=key, shared=False)
        self.restart(user=user)
        time.sleep(0.01)  # from now on the file is mapped
        self.get(user=user, key=key)
        self.flip_a_bit(number=place, place=place, bit=place % 8)
        self.get(user=user, key=key)

    # What befalls Redis

    @rule()
    def redis_is_flushed(self) -> None:
        self.redis.flushall()

    @rule(number=PLACES, place=PLACES, byte=st.binary(min_size=1, max_size=1))
    def redis_value_is_damaged(self, number: int, place: int, byte: bytes) -> None:
        names = sorted(self.redis.scan_iter())
        if names:
            name = names[number % len(names)]
            self.redis.setrange(name, place % (self.redis.strlen(name) or 1), byte)

    @rule(one=PLACES, other=PLACES)
    def redis_values_are_swapped(self, one: int, other: int) -> None:
        names = sorted(self.redis.scan_iter())
        if names:
            first, second = names[one % len(names)], names[other % len(names)]
            values = self.redis.mget(first, second)
            self.redis.mset({first: values[1], second: values[0]})

    @rule(user=USERS, key=KEYS)
    def redis_stalls(self, user: int, key: Key) -> None:
        self.proxy.stall()
        self.fetch(user=user, key=key, shared=True)
        self.proxy.move()

    @rule(user=USERS, key=KEYS)
    def redis_restarts_elsewhere(self, user: int, key: Key) -> None:
        self.proxy.close()
        self.fetch(user=user, key=key, shared=True)
        self.proxy = Proxy(self.redis_url)
        self.restart(user=user)


@contextmanager
def files_end_at(room_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("mapped", [True, False])
def test_it_may_forget_and_never_lies(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, mapped: bool
) -> None:
    monkeypatch.setattr(mapping, "MAPPED_FROM_BYTES", 1 if mapped else 2**40)
    monkeypatch.setattr(mapping, "SETTLED_NS", 5_000_000)
    monkeypatch.setattr(remote, "REST_S", 0.0)
    monkeypatch.setattr(Life, "place", tmp_path, raising=False)
    monkeypatch.setattr(Life, "redis_url", redis_url, raising=False)
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=int(os.environ.get("CACHE_STORIES", "25")),
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
