"""The tiers together: order, promotion, one load for many who miss, counts, the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from redis import Redis

import workbench as wb
from tests.tier_contract import entry_of, same
from workbench.cache.counters import Counts
from workbench.cache.disk import DiskTier
from workbench.cache.entry import Entry, Key
from workbench.cache.flight import Flights
from workbench.cache.folder import Folder, locked
from workbench.cache.layers import Cache
from workbench.cache.memory import MemoryTier
from workbench.cli import cli
from workbench.errors import SettingsError, UnknownNameError
from workbench.settings import Settings

ROOT = Path(__file__).parent.parent
KEY = Key("aa", "bb")
Load = Callable[[Entry | None], tuple[Key, Entry]]


def loader(key: Key = KEY) -> Load:
    return lambda _: (key, entry_of(key))


def refuse(_: Entry | None) -> tuple[Key, Entry]:
    raise AssertionError("this was in the cache")


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    return Settings(cache_dir=tmp_path / "cache", redis_url=redis_url, redis_timeout_s=5.0)


@pytest.fixture
def cache(settings: Settings) -> Cache:
    return Cache.of(settings)


def held(cache: Cache, key: Key = KEY) -> list[str]:
    return [tier.name for tier in cache.tiers if tier.get(key) is not None]


def test_a_loaded_entry_is_in_every_tier(cache: Cache) -> None:
    entry, tier = cache.fetch(KEY, loader())
    assert tier == "store"
    assert same(entry, entry_of(KEY))
    assert held(cache) == ["memory", "disk", "redis"]
    assert cache.fetch(KEY, refuse) == (entry, "memory")


@pytest.mark.parametrize("only", ["disk", "redis"])
def test_a_hit_below_fills_the_tiers_above(cache: Cache, only: str) -> None:
    next(tier for tier in cache.tiers if tier.name == only).put(KEY, entry_of(KEY))
    entry, tier = cache.fetch(KEY, refuse)
    assert tier == only
    assert same(entry, entry_of(KEY))
    names = ["memory", "disk", "redis"]
    assert set(held(cache)) == set(names[: names.index(only) + 1])
    assert cache.fetch(KEY, refuse)[1] == "memory"


def test_the_load_starts_from_the_latest_of_its_group(cache: Cache) -> None:
    seen: list[bytes | None] = []

    def load(key: Key) -> Load:
        def make(base: Entry | None) -> tuple[Key, Entry]:
            seen.append(base and base.head)
            return key, entry_of(key)

        return make

    for exact in ("1", "2", "3"):
        cache.fetch(Key("aa", exact), load(Key("aa", exact)))
    assert seen == [None, b"aa/1", b"aa/2"]
    cache.forget("memory")
    cache.fetch(Key("aa", "4"), load(Key("aa", "4")))
    cache.forget("memory")
    cache.forget("disk")
    cache.fetch(Key("aa", "5"), load(Key("aa", "5")))
    assert seen[3:] == [b"aa/3", b"aa/4"]


def test_what_the_store_has_meanwhile_goes_under_its_own_key(cache: Cache) -> None:
    newer = Key("aa", "cc")
    entry, tier = cache.fetch(KEY, loader(newer))
    assert (entry.head, tier) == (b"aa/cc", "store")
    assert cache.get(KEY) is None
    found = cache.get(newer)
    assert found is not None
    assert found[1] == "memory"


def test_without_shared_tiers_redis_is_neither_read_nor_written(cache: Cache) -> None:
    cache.fetch(KEY, loader(), shared=False)
    assert held(cache) == ["memory", "disk"]
    cache.drop()
    cache.tiers[2].put(KEY, entry_of(KEY))
    assert cache.get(KEY, shared=False) is None
    assert cache.latest("aa", shared=False) is None
    assert cache.fetch(KEY, loader(), shared=False)[1] == "store"


def test_an_error_of_the_load_reaches_its_caller_and_the_next_one_tries(cache: Cache) -> None:
    def fail(_: Entry | None) -> tuple[Key, Entry]:
        raise OSError("the store is away")

    with pytest.raises(OSError, match="the store is away"):
        cache.fetch(KEY, fail)
    assert cache.fetch(KEY, loader())[1] == "store"


@pytest.mark.parametrize(
    ("setting", "value", "left"),
    [
        ("cache_memory_bytes", 0, ["disk", "redis"]),
        ("cache_disk_bytes", 0, ["memory", "redis"]),
        ("redis_url", None, ["memory", "disk"]),
    ],
)
def test_each_tier_can_be_turned_off(
    tmp_path: Path, redis_url: str, setting: str, value: object, left: list[str]
) -> None:
    given = {"cache_dir": tmp_path, "redis_url": redis_url, "redis_timeout_s": 5.0}
    cache = Cache.of(Settings(**given | {setting: value}))  # type: ignore[arg-type]
    cache.drop()
    assert [tier.name for tier in cache.tiers] == left
    cache.fetch(KEY, loader())
    assert held(cache) == left


def test_no_tier_at_all_still_answers(tmp_path: Path) -> None:
    nothing = {"cache_memory_bytes": 0, "cache_disk_bytes": 0}
    workbench = wb.Workbench(Settings(cache_dir=tmp_path / "cache", **nothing))  # type: ignore[arg-type]
    assert workbench.cache.fetch(KEY, loader())[1] == "store"
    assert workbench.cache.fetch(KEY, loader())[1] == "store"
    assert "no tier is in use" in str(workbench.cached())


@pytest.mark.parametrize(
    "wrong",
    [
        {"cache_memory_bytes": -1},
        {"cache_disk_bytes": -1},
        {"redis_ttl_s": 0},
        {"redis_timeout_s": -0.1},
        {"redis_url": "elsewhere"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsError, match=f"(?i){name}"):
        wb.Workbench(Settings(**wrong))  # type: ignore[arg-type]


def test_making_a_cache_touches_nothing(tmp_path: Path) -> None:
    cache = Cache.of(Settings(cache_dir=tmp_path / "cache", redis_url="redis://127.0.0.1:1"))
    assert len(cache.tiers) == 3
    assert not (tmp_path / "cache").exists()


def test_nothing_works_and_the_answer_is_right(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache.of(Settings(cache_dir=tmp_path / "file", redis_url="redis://127.0.0.1:1"))
    for n in range(3):
        key = Key("aa", str(n))
        entry, tier = cache.fetch(key, loader(key))
        assert (tier, entry.head) == ("store", f"aa/{n}".encode())
        assert cache.fetch(key, refuse)[1] == "memory"
    cache.drop()
    assert {stats.name for stats in cache.stats()} == {"memory", "disk", "redis"}


# One load for many who miss


def test_of_many_threads_one_loads(cache: Cache) -> None:
    loads, start = [], threading.Barrier(16)

    def slow(_: Entry | None) -> tuple[Key, Entry]:
        loads.append(threading.get_ident())
        time.sleep(0.1)
        return KEY, entry_of(KEY)

    def read(_: int) -> tuple[Entry, str]:
        start.wait()
        return cache.fetch(KEY, slow)

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(read, range(16)))
    assert len(loads) == 1
    assert [tier for _, tier in found].count("store") == 1
    assert all(same(entry, entry_of(KEY)) for entry, _ in found)


def test_threads_that_miss_other_keys_do_not_wait(cache: Cache) -> None:
    together = threading.Barrier(4, timeout=20)

    def read(number: int) -> str:
        key = Key("aa", str(number))

        def load(_: Entry | None) -> tuple[Key, Entry]:
            together.wait()  # all four are here at once, or this breaks
            return key, entry_of(key)

        return cache.fetch(key, load)[1]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(read, range(4))) == ["store"] * 4


def test_every_waiter_gets_its_own_error(cache: Cache) -> None:
    tries = []

    def fail_twice(_: Entry | None) -> tuple[Key, Entry]:
        tries.append(1)
        if len(tries) <= 2:
            raise ValueError(f"try {len(tries)}")
        return KEY, entry_of(KEY)

    def read(_: int) -> str:
        try:
            return cache.fetch(KEY, fail_twice)[1]
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(8) as threads:
        found = sorted(threads.map(read, range(8)))
    assert found[5:] == ["store", "try 1", "try 2"]
    assert len(tries) == 3


READER = """
import sys, time
from pathlib import Path
from tests.tier_contract import entry_of
from workbench.cache.entry import Key
from workbench.cache.layers import Cache
from workbench.settings import Settings

folder, key = Path(sys.argv[1]), Key("aa", "bb")
cache = Cache.of(Settings(cache_dir=folder / "cache"))

def load(base):
    with (folder / "loads").open("a") as file:
        file.write("load ")
    time.sleep(float(sys.argv[2]))
    return key, entry_of(key)

print("ready", flush=True)
sys.stdin.readline()
entry, tier = cache.fetch(key, load)
assert entry.head == b"aa/bb"
print(tier)
"""


def readers(count: int, folder: Path, load_s: float) -> list[subprocess.Popen[str]]:
    """Processes that are ready to fetch one and the same key."""
    command = [sys.executable, "-c", READER, str(folder), str(load_s)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    found = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(count)]  # type: ignore[call-overload]
    for process in found:
        assert process.stdout.readline() == "ready\n"
    return found


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def test_of_many_processes_one_loads(tmp_path: Path) -> None:
    processes = readers(4, tmp_path, load_s=0.3)
    for process in processes:
        go(process)
    tiers = sorted(process.communicate()[0].strip() for process in processes)
    assert (tmp_path / "loads").read_text().split() == ["load"]
    assert tiers == ["disk"] * 3 + ["store"]
    assert list((tmp_path / "cache").glob("*/flights/*")) == []


def test_a_killed_loader_is_replaced(tmp_path: Path) -> None:
    first, second = readers(2, tmp_path, load_s=600)
    go(first)
    while not (tmp_path / "loads").exists():
        assert first.poll() is None
    go(second)
    time.sleep(0.2)
    assert (tmp_path / "loads").read_text().split() == ["load"]
    first.kill()
    first.wait()
    while len((tmp_path / "loads").read_text().split()) < 2:
        assert second.poll() is None
    second.kill()
    second.wait()
    cache = Cache.of(Settings(cache_dir=tmp_path / "cache"))
    assert cache.fetch(KEY, loader())[1] == "store"


def test_whoever_waits_too_long_loads_for_itself(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "cache")
    cache = Cache([MemoryTier(10**6)], flights=Flights(folder, timeout_s=0.05))
    with locked(folder.place("flights") / "aa-bb", 1):
        assert cache.fetch(KEY, loader())[1] == "store"
    entered, leave = threading.Event(), threading.Event()

    def hang(_: Entry | None) -> tuple[Key, Entry]:
        entered.set()
        leave.wait()
        return KEY, entry_of(KEY)

    cache.drop()
    hanging = threading.Thread(target=cache.fetch, args=(KEY, hang))
    hanging.start()
    entered.wait()
    assert cache.fetch(KEY, loader())[1] == "store"
    leave.set()
    hanging.join()


def test_a_load_may_fetch_another_key(cache: Cache) -> None:
    other = Key("cc", "dd")

    def load(_: Entry | None) -> tuple[Key, Entry]:
        assert cache.fetch(other, loader(other))[1] == "store"
        return KEY, entry_of(KEY)

    assert cache.fetch(KEY, load)[1] == "store"


# Counts, the report, the command line


def test_hits_and_misses_are_counted_by_tier(cache: Cache) -> None:
    for _ in range(3):
        cache.fetch(KEY, loader())
    cache.forget("memory")
    cache.fetch(KEY, refuse)
    memory, disk, redis = cache.stats()
    assert (memory.hits, memory.misses, memory.entries) == (2, 2, 1)
    assert (disk.hits, disk.misses, disk.entries) == (1, 1, 1)
    assert (redis.hits, redis.misses, redis.entries) == (0, 1, 1)
    assert memory.hit_rate == 0.5


COUNTING = """
import os, signal, sys
from pathlib import Path
from workbench.cache.counters import Counts
from workbench.cache.folder import Folder
counts = Counts(Folder(Path(sys.argv[1])))
for _ in range(1000):
    counts.add("memory", "hits")
counts.hold("memory", entries=2, size_bytes=50)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "alive":
    print("counted", flush=True)
    sys.stdin.readline()
"""


def test_counts_are_summed_over_living_finished_and_killed_processes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTING, str(tmp_path / "cache")]
    subprocess.run([*command, "finished"], check=True)
    killed = subprocess.run([*command, "killed"], check=False)
    assert killed.returncode == -signal.SIGKILL
    counts = Counts(Folder(tmp_path / "cache"))
    counts.add("memory", "hits")
    alive = subprocess.Popen([*command, "alive"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert alive.stdout
    alive.stdout.readline()
    for _ in range(2):  # looking changes nothing
        found = counts.everywhere()
        assert found["memory", "hits"] == 3001
        assert (found["memory", "entries"], found["memory", "bytes"]) == (2, 50)
    alive.communicate(b"\n")
    found = Counts(Folder(tmp_path / "cache")).everywhere()
    assert found["memory", "hits"] == 3001
    assert found["memory", "entries"] == 0
    assert len(list((tmp_path / "cache").glob("*/counts/*"))) == 1


def test_a_forked_process_counts_for_itself(tmp_path: Path) -> None:
    counts = Counts(Folder(tmp_path / "cache"))
    counts.add("disk", "hits", 5)
    child = os.fork()
    if child == 0:
        counts.add("disk", "hits", 7)
        os._exit(counts.here("disk")["hits"])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert counts.here("disk")["hits"] == 5
    assert counts.everywhere()["disk", "hits"] == 12


def test_counts_of_many_threads_are_exact() -> None:
    counts = Counts()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: counts.add("memory", "hits"), range(4000)))
    assert counts.here("memory")["hits"] == 4000


def variables(settings: Settings) -> dict[str, str]:
    return {
        "WORKBENCH_CACHE_DIR": str(settings.cache_dir),
        "WORKBENCH_REDIS_URL": settings.redis_url or "",
    }


def verb(settings: Settings, *arguments: str) -> str:
    """What `workbench cache` prints."""
    done = CliRunner().invoke(cli, ["cache", *arguments], env=variables(settings))
    if done.exception:
        raise done.exception
    return done.stdout


def test_the_command_line_sees_and_empties_what_others_keep(settings: Settings) -> None:
    workbench = wb.Workbench(settings)
    for _ in range(4):
        workbench.cache.fetch(KEY, loader())
    command = [sys.executable, "-m", "workbench", "cache", "--json"]
    environment = os.environ | variables(settings)
    shown = json.loads(subprocess.check_output(command, env=environment, text=True, cwd=ROOT))
    assert shown["path"] == str(settings.cache_dir)
    tiers = {tier["tier"]: tier for tier in shown["tiers"]}
    assert tiers["memory"]["hit_rate"] == 0.75
    assert [tiers[name]["entries"] for name in ("memory", "disk", "redis")] == [1, 1, 1]
    assert tiers["disk"]["limit_bytes"] == 10 * 2**30
    assert "hit_rate" in verb(settings)
    assert verb(settings, "clear", "--tier", "disk") == "disk cleared\n"
    assert held(workbench.cache) == ["memory", "redis"]
    assert verb(settings, "clear") == "cache cleared\n"
    assert held(workbench.cache) == ["memory"]
    with pytest.raises(UnknownNameError, match="did you mean 'disk'"):
        verb(settings, "clear", "--tier", "dsk")


def test_the_report_is_a_frame_and_html(settings: Settings) -> None:
    workbench = wb.Workbench(settings)
    workbench.cache.fetch(KEY, loader())
    report = workbench.cached()
    assert report.tiers["tier"].tolist() == ["memory", "disk", "redis"]
    assert report.tiers["entries"].tolist() == [1, 1, 1]
    assert str(settings.cache_dir) in report._repr_html_()
    assert "redis" in repr(report)
    workbench.forget()
    assert workbench.cached().tiers["entries"].tolist() == [0, 0, 0]
    with pytest.raises(UnknownNameError, match="unknown cache tier 'ram'"):
        workbench.forget("ram")


def test_a_tier_that_cannot_be_cleared_elsewhere_is_still_right(tmp_path: Path) -> None:
    """Memory that outlives its file serves what it served before."""
    disk = DiskTier(Folder(tmp_path / "cache"), 10**6)
    cache = Cache([MemoryTier(10**6), disk])
    cache.fetch(KEY, loader())
    disk.drop()
    assert cache.fetch(KEY, refuse)[1] == "memory"
