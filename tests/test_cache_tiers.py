"""Each tier keeps the contract, its bounds, and quiet when its medium fails."""

from __future__ import annotations

import logging
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from tests.redis_server import Proxy
from tests.tier_contract import TierContract, entry_of, same
from workbench.cache import disk as disk_module
from workbench.cache import mapping, remote
from workbench.cache.disk import DiskTier
from workbench.cache.entry import CorruptError, Entry, Key, Tier, decode, encode
from workbench.cache.folder import Folder, locked
from workbench.cache.memory import OVERHEAD_BYTES, MemoryTier
from workbench.cache.remote import RedisTier
from workbench.errors import InputError, SettingsError

MEGABYTE = 2**20
KEY = Key("aa", "bb")


class TestMemory(TierContract):
    @pytest.fixture
    def tier(self) -> Tier:
        return MemoryTier(MEGABYTE)


class TestDisk(TierContract):
    @pytest.fixture
    def tier(self, tmp_path: Path) -> Tier:
        return DiskTier(Folder(tmp_path / "cache"), MEGABYTE)


class TestMappedDisk(TierContract):
    @pytest.fixture
    def tier(self, tmp_path: Path, mapped: None) -> Tier:  # noqa: ARG002
        return DiskTier(Folder(tmp_path / "cache"), MEGABYTE)


class TestRedis(TierContract):
    @pytest.fixture
    def tier(self, redis_url: str, redis: Redis) -> Tier:  # noqa: ARG002
        return RedisTier(redis_url, ttl_s=60, timeout_s=5)


@pytest.fixture
def mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small and new files are mapped too."""
    monkeypatch.setattr(mapping, "MAPPED_FROM_BYTES", 1)
    monkeypatch.setattr(mapping, "SETTLED_NS", -(10**18))


@pytest.fixture
def disk(tmp_path: Path) -> DiskTier:
    return DiskTier(Folder(tmp_path / "cache"), MEGABYTE)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of the session's Redis, which is empty before and after."""
    with Redis.from_url(redis_url) as client:
        client.flushall()
        yield client
        client.flushall()


def file_of(tier: DiskTier, key: Key = KEY) -> Path:
    (found,) = tier.folder.path.rglob(f"{key.group}/{key.exact}.block")
    return found


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def held_bytes(tier: DiskTier) -> int:
    return sum(path.stat().st_size for path in tier.folder.path.rglob("*.block"))


# The bytes of an entry


def test_every_flipped_bit_and_every_missing_end_is_found() -> None:
    whole = b"".join(encode(KEY, entry_of(KEY, rows=2)))
    assert same(decode(whole, KEY), entry_of(KEY, rows=2))
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        for wrong in (bytes(damaged), whole[:place]):
            with pytest.raises(CorruptError):
                decode(wrong, KEY)
    with pytest.raises(CorruptError):
        decode(whole + b"\0", KEY)


@pytest.mark.parametrize("key", [Key("aa", "bc"), Key("ab", "bb"), Key("bb", "aa")])
def test_bytes_of_another_key_are_refused(key: Key) -> None:
    with pytest.raises(CorruptError, match="another key"):
        decode(b"".join(encode(KEY, entry_of(KEY))), key)


@pytest.mark.parametrize("array", [np.array([{}]), np.zeros(2, "i4,f8"), np.zeros(2, "V0")])
def test_arrays_without_a_plain_dtype_are_refused(array: np.ndarray) -> None:
    with pytest.raises(InputError, match="fixed width"):
        Entry(b"", (array,))


def test_arrays_lie_on_cache_lines() -> None:
    whole = np.frombuffer(b"".join(encode(KEY, entry_of(KEY))), "u1")
    found = decode(whole, KEY)
    for array in found.arrays:
        assert (array.ctypes.data - whole.ctypes.data) % 64 == 0


# Memory


def test_memory_forgets_the_least_recently_used() -> None:
    size = entry_of(Key("0", "1")).nbytes + OVERHEAD_BYTES
    tier = MemoryTier(3 * size)
    for group in "012":
        tier.put(Key(group, "1"), entry_of(Key(group, "1")))
    assert tier.get(Key("0", "1")) is not None
    tier.put(Key("3", "1"), entry_of(Key("3", "1")))
    kept = [group for group in "0123" if tier.get(Key(group, "1"))]
    assert kept == ["0", "2", "3"]
    assert (tier.stats().bytes, tier.stats().evictions) == (3 * size, 1)


def test_memory_keeps_two_of_a_group_and_none_that_is_too_large() -> None:
    tier = MemoryTier(MEGABYTE)
    for exact in "123":
        tier.put(Key("a", exact), entry_of(Key("a", exact)))
    assert [tier.get(Key("a", exact)) is not None for exact in "123"] == [False, True, True]
    tier.put(KEY, entry_of(KEY, rows=MEGABYTE))
    assert tier.get(KEY) is None
    assert tier.stats().entries == 2


def test_entries_of_no_size_are_bounded_too() -> None:
    tier = MemoryTier(10 * OVERHEAD_BYTES)
    for number in range(100):
        tier.put(Key(str(number), "1"), Entry(b"", ()))
    assert tier.stats().entries == 10


def test_memory_gives_the_same_object_with_what_was_made_of_it() -> None:
    tier, entry = MemoryTier(MEGABYTE), entry_of(KEY)
    tier.put(KEY, entry)
    entry.decoded = "a frame"
    found = tier.get(KEY)
    assert found is entry
    assert found.decoded == "a frame"


# Files


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    damaged = {
        "shorter": data[: len(data) // 2],
        "empty": b"",
        "another bit": data[:-1] + bytes([data[-1] ^ 1]),
        "another file": b"#!/bin/sh\n",
    }[how]
    overwrite(path, damaged)


DAMAGES = ["shorter", "empty", "another bit", "another file"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_a_miss_and_goes(disk: DiskTier, how: str) -> None:
    disk.put(KEY, entry_of(KEY))
    path = file_of(disk)
    damage(path, how)
    assert disk.get(KEY) is None
    assert not path.exists()
    assert disk.stats().errors == 1
    disk.put(KEY, entry_of(KEY))
    assert disk.get(KEY) is not None


@pytest.mark.parametrize("how", DAMAGES)
def test_memory_forgets_arrays_whose_file_was_changed_underneath(
    disk: DiskTier, mapped: None, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(mapping, "SETTLED_NS", 0)
    memory = MemoryTier(MEGABYTE)
    disk.put(KEY, entry_of(KEY))
    time.sleep(0.05)  # a file system's clock ticks
    entry = disk.get(KEY)
    assert entry is not None
    memory.put(KEY, entry)
    assert memory.get(KEY) is entry
    damage(file_of(disk), how)
    assert memory.get(KEY) is None
    assert (memory.stats().entries, memory.stats().errors) == (0, 1)
    assert mapped is None


def test_a_file_that_was_just_written_is_not_mapped(
    disk: DiskTier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time might stay the same when somebody changes it once more."""
    monkeypatch.setattr(mapping, "MAPPED_FROM_BYTES", 1)
    monkeypatch.setattr(mapping, "SETTLED_NS", 10**12)
    memory = MemoryTier(MEGABYTE)
    disk.put(KEY, entry_of(KEY))
    entry = disk.get(KEY)
    assert entry is not None
    memory.put(KEY, entry)
    damage(file_of(disk), "empty")
    found = memory.get(KEY)
    assert found is not None
    assert same(found, entry_of(KEY))


def test_mapped_arrays_outlive_the_file_and_the_tier(tmp_path: Path, mapped: None) -> None:
    assert mapped is None
    tier = DiskTier(Folder(tmp_path / "cache"), MEGABYTE)
    tier.put(KEY, entry_of(KEY))
    found = tier.get(KEY)
    tier.drop()
    del tier
    assert found is not None
    assert found.intact()
    assert same(found, entry_of(KEY))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_mappings_are_few_and_give_their_descriptors_back(
    disk: DiskTier, mapped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mapped is None
    monkeypatch.setattr(mapping, "MAPPED_MOST", 5)
    for number in range(20):
        key = Key(str(number), "1")
        disk.put(key, entry_of(key, rows=10))
    before = descriptors()
    found = [disk.get(Key(str(number), "1")) for number in range(20)]
    assert all(found)
    assert before < descriptors() <= before + 10
    del found
    assert descriptors() == before


def test_a_file_under_another_key_is_a_miss(disk: DiskTier) -> None:
    other = Key("aa", "cc")
    disk.put(KEY, entry_of(KEY))
    file_of(disk).rename(file_of(disk).with_name("cc.block"))
    assert disk.get(other) is None
    assert disk.get(KEY) is None


def test_a_link_or_folder_in_the_place_of_a_file_is_a_miss(disk: DiskTier, tmp_path: Path) -> None:
    disk.put(KEY, entry_of(KEY))
    path = file_of(disk)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert disk.get(KEY) is None
    path.unlink()
    path.mkdir()
    assert disk.get(KEY) is None
    disk.put(KEY, entry_of(KEY))


def test_files_stay_below_the_limit_and_the_groups_used_last_stay(disk: DiskTier) -> None:
    rows = MEGABYTE // 10 // 48
    for number in range(40):
        key = Key(f"a{number}", "1")
        disk.put(key, entry_of(key, rows))
        assert held_bytes(disk) <= MEGABYTE
        assert disk.get(key) is not None
        time.sleep(0.005)  # the clock by which groups are ordered
        disk.get(Key("a0", "1"))
    kept = {path.parent.name for path in disk.folder.path.rglob("*.block")}
    assert "a0" in kept
    assert {"a39", "a38", "a37", "a36"} <= kept
    assert disk.stats().evictions == 40 - len(kept)
    assert not list(disk.folder.path.glob("*/blocks/a1"))


def test_files_written_by_several_tiers_stay_below_one_limit(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    tiers = [DiskTier(Folder(folder), MEGABYTE) for _ in range(3)]
    for number in range(60):
        key = Key(f"a{number}", "1")
        tiers[number % 3].put(key, entry_of(key, rows=MEGABYTE // 10 // 48))
        assert held_bytes(tiers[0]) <= MEGABYTE


def test_what_is_larger_than_the_limit_is_not_written(disk: DiskTier) -> None:
    disk.put(KEY, entry_of(KEY, rows=MEGABYTE))
    assert disk.stats().entries == 0
    assert held_bytes(disk) == 0


def test_two_of_a_group_stay(disk: DiskTier) -> None:
    for exact in ("1", "2", "3", "4"):
        disk.put(Key("a", exact), entry_of(Key("a", exact)))
        time.sleep(0.005)
    assert {path.stem for path in disk.folder.path.rglob("*.block")} == {"3", "4"}
    assert int((disk.folder.place("blocks").parent / "size").read_text()) == held_bytes(disk)


def test_only_this_user_can_read_the_files(disk: DiskTier) -> None:
    disk.put(KEY, entry_of(KEY))
    assert disk.folder.path.stat().st_mode & 0o777 == 0o700
    assert file_of(disk).stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_folder_that_others_can_write_is_not_used(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(mode)
    tier = DiskTier(Folder(tmp_path), MEGABYTE)
    for _ in range(3):
        tier.put(KEY, entry_of(KEY))
        assert tier.get(KEY) is None
        assert tier.latest(KEY.group) is None
        tier.drop()
    assert list(tmp_path.iterdir()) == []
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 1
    assert "written by others" in warned[0].getMessage()


def test_a_link_or_file_in_the_place_of_the_folder_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        tier = DiskTier(Folder(tmp_path / name), MEGABYTE)
        tier.put(KEY, entry_of(KEY))
        assert tier.get(KEY) is None
        assert tier.stats().errors
    assert list((tmp_path / "real").iterdir()) == []


def test_a_folder_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = DiskTier(Folder(tmp_path / "cache"), MEGABYTE)
    disk.put(KEY, entry_of(KEY))
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    assert disk.get(KEY) is None
    assert disk.stats().errors


def test_a_folder_that_vanished_is_made_again(disk: DiskTier) -> None:
    disk.put(KEY, entry_of(KEY))
    subprocess.run(["rm", "-rf", str(disk.folder.path)], check=True)
    assert disk.get(KEY) is None
    disk.put(KEY, entry_of(KEY))
    assert disk.get(KEY) is not None


def test_a_lock_that_hangs_only_costs_the_put(
    disk: DiskTier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "LOCK_TIMEOUT_S", 0.01)
    with locked(disk.folder.place("blocks").with_name("blocks.lock"), 1):
        disk.put(KEY, entry_of(KEY))
    assert disk.get(KEY) is None
    assert disk.stats().errors == 1
    assert list(disk.folder.place("parts").iterdir()) == []


@contextmanager
def a_full_disk(place: Path) -> Iterator[Path]:
    """A folder in which 64 KiB can be written: a small disk of its own where this user may mount
    one, else files of this process end there."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(place)]
    if os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0:
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        yield place
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_a_miss_and_leaves_nothing(tmp_path: Path) -> None:
    with a_full_disk(tmp_path / "small") as place:
        tier = DiskTier(Folder(place / "cache"), MEGABYTE)
        small, large = Key("small", "1"), Key("large", "1")
        tier.put(small, entry_of(small, rows=10))
        tier.put(large, entry_of(large, rows=10_000))
        assert tier.get(large) is None
        assert tier.stats().errors == 1
        found = tier.get(small)
        assert found is not None
        assert same(found, entry_of(small, rows=10))
        assert list(tier.folder.place("parts").iterdir()) == []


def test_the_tests_can_fill_a_disk_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    with a_full_disk(tmp_path / "small") as place, pytest.raises(OSError, match="too large"):
        (place / "file").write_bytes(bytes(70_000))


KILLED = """
import sys
from pathlib import Path
import numpy as np
from workbench.cache.disk import DiskTier
from workbench.cache.entry import Entry, Key
from workbench.cache.folder import Folder
tier = DiskTier(Folder(Path(sys.argv[1])), 2**30)
array = np.zeros(10**7)
print("ready", flush=True)
for number in range(10**6):
    tier.put(Key("a", f"{number}"), Entry(b"", (array,)))
"""


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    tier = DiskTier(Folder(tmp_path / "cache"), 2**30)
    parts = tier.folder.place("parts")
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tier.folder.path)], stdout=subprocess.PIPE
    )
    try:
        assert child.stdout
        child.stdout.readline()
        while not any(path.stat().st_size for path in list(parts.glob("*")) if path.exists()):
            assert child.poll() is None
        child.send_signal(signal.SIGSTOP)
        while not list(parts.iterdir()):  # it was between two puts
            child.send_signal(signal.SIGCONT)
            time.sleep(0.002)
            child.send_signal(signal.SIGSTOP)
        tier.put(KEY, entry_of(KEY))  # sweeps, but not what belongs to the living
        assert list(parts.iterdir())
    finally:
        child.kill()
        child.wait()
    other = DiskTier(Folder(tmp_path / "cache"), 2**30)
    other.put(Key("cc", "1"), entry_of(Key("cc", "1")))
    assert list(parts.iterdir()) == []
    assert other.get(KEY) is not None


# Redis


def test_redis_forgets_after_a_while(redis: Redis, redis_url: str) -> None:
    RedisTier(redis_url, ttl_s=60, timeout_s=5).put(KEY, entry_of(KEY))
    names = list(redis.scan_iter())
    assert len(names) == 2
    assert all(name.startswith(b"workbench:") and 0 < redis.ttl(name) <= 60 for name in names)


def test_damaged_values_are_misses(redis: Redis, redis_url: str) -> None:
    tier = RedisTier(redis_url, ttl_s=60, timeout_s=5)
    (entry_name, pointer) = (b"workbench:aa:bb", b"workbench:aa:latest")
    for value in (b"", b"x" * 1000, None):
        tier.put(KEY, entry_of(KEY))
        whole = redis.get(entry_name)
        assert whole
        redis.set(entry_name, whole[:-1] + bytes([whole[-1] ^ 1]) if value is None else value)
        assert tier.get(KEY) is None
        assert redis.get(entry_name) is None
    assert tier.stats().errors == 3
    redis.set(pointer, b"\xff\xfe")
    assert tier.latest("aa") is None


def test_a_value_under_another_name_is_a_miss(redis: Redis, redis_url: str) -> None:
    tier = RedisTier(redis_url, ttl_s=60, timeout_s=5)
    tier.put(KEY, entry_of(KEY))
    redis.rename("workbench:aa:bb", "workbench:aa:cc")
    assert tier.get(Key("aa", "cc")) is None


def test_another_type_of_value_is_a_miss(redis: Redis, redis_url: str) -> None:
    tier = RedisTier(redis_url, ttl_s=60, timeout_s=5)
    redis.rpush("workbench:aa:bb", "x")
    assert tier.get(KEY) is None
    assert tier.stats().errors == 1


def test_dropping_leaves_what_is_not_ours(redis: Redis, redis_url: str) -> None:
    redis.set("theirs", "1")
    tier = RedisTier(redis_url, ttl_s=60, timeout_s=5)
    tier.put(KEY, entry_of(KEY))
    tier.drop()
    assert list(redis.scan_iter()) == [b"theirs"]


def test_what_is_too_large_is_not_sent(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "LARGEST_BYTES", 100)
    RedisTier(redis_url, ttl_s=60, timeout_s=5).put(KEY, entry_of(KEY))
    assert redis.dbsize() == 0


@pytest.fixture
def proxy(redis_url: str) -> Iterator[Proxy]:
    made = Proxy(redis_url)
    yield made
    made.close()


def calls_of_get(redis: Redis) -> int:
    return int(redis.info("commandstats")["cmdstat_get"]["calls"])


def test_a_server_that_stalls_is_left_alone_for_a_while(
    redis: Redis, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    tier = RedisTier(proxy.url, ttl_s=60, timeout_s=0.5)
    tier.put(KEY, entry_of(KEY))
    assert tier.get(KEY) is not None
    asked = calls_of_get(redis)
    proxy.stall()
    assert tier.get(KEY) is None
    proxy.move()
    while calls_of_get(redis) == asked:  # what was held back arrives in its own time
        time.sleep(0.001)
    assert tier.get(KEY) is None
    assert calls_of_get(redis) == asked + 1
    assert tier.stats().errors == 1
    assert len(caplog.records) == 1
    now += remote.REST_S + 0.1
    found = tier.get(KEY)
    assert found is not None
    assert same(found, entry_of(KEY))


def test_a_server_that_is_gone_is_a_miss(redis: Redis, proxy: Proxy) -> None:
    assert redis.ping()
    tier = RedisTier(proxy.url, ttl_s=60, timeout_s=0.2)
    tier.put(KEY, entry_of(KEY))
    proxy.close()
    assert tier.get(KEY) is None
    assert tier.latest("aa") is None
    tier.put(KEY, entry_of(KEY))
    tier.drop()
    assert (tier.stats().entries, tier.stats().errors) == (0, 1)


def test_a_full_server_is_a_miss(redis: Redis, redis_url: str) -> None:
    tier = RedisTier(redis_url, ttl_s=60, timeout_s=5)
    redis.config_set("maxmemory", "1mb")
    try:
        tier.put(KEY, entry_of(KEY, rows=40_000))
    finally:
        redis.config_set("maxmemory", "0")
    assert redis.get("workbench:aa:bb") is None
    assert tier.stats().errors == 1


def test_no_password_is_shown_or_logged(
    redis: Redis, proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    assert redis.ping()
    url = proxy.url.replace("redis://", "redis://ann:hunter2@")
    tier = RedisTier(url, ttl_s=60, timeout_s=0.2)
    assert tier.get(KEY) is None
    assert tier.stats().errors == 1
    assert "hunter2" not in repr(tier) + caplog.text
    with pytest.raises(SettingsError) as refused:
        RedisTier("http://ann:hunter2@host", ttl_s=60, timeout_s=1)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["localhost:6379", "redis://host:port", "redis://host:99999", ""])
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="is not the URL of a Redis"):
        RedisTier(url, ttl_s=60, timeout_s=1)
