"""Servers, processes and faults: what a run of the soak consists of."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from redis import Redis, RedisError

from tests.own_server import OwnServer, own_servers
from tests.redis_server import RedisServer
from tests.soak import readers, writers
from tests.soak.tally import Tally, failures, total
from tests.soak.truth import SCHEMA
from workbench.api import Workbench
from workbench.cache.layers import Cache
from workbench.settings import Settings

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.soak.readers", "tests.soak.writers"])
PACE_S = 0.1
SERVER = {"max_connections": "120", "deadlock_timeout": "100ms", "shared_buffers": "128MB"}
BAD = ("stale", "torn", "errors", "writer errors", "lies")


@dataclass(frozen=True)
class Plan:
    """How long, how many, and how rough; `every` says after how many beats a fault comes."""

    reads: int
    seed: int = 1
    writers: int = 3
    pause_s: float = 0.6
    every: dict[str, int] = field(
        default_factory=lambda: {
            "kill a reader": 200,
            "damage the cache": 10,
            "pause the replica": 100,
            "clear the cache": 600,
            "kill the server": 3000,
        }
    )


@dataclass
class Actor:
    """A process that is started again whenever it dies."""

    play: Callable[[dict[str, Any]], None]
    given: dict[str, Any]
    process: Any = None
    lives: int = 0

    def keep_alive(self) -> None:
        """Start it, if it does not run."""
        if self.process is None or not self.process.is_alive():
            self.lives += 1
            given = self.given | {"name": f"{self.given['name']}.{self.lives}"}
            self.process = PROCESSES.Process(target=_deaf, args=(self.play, given), daemon=True)
            self.process.start()

    def end(self, patience_s: float = 0.0) -> None:
        """Kill it, whatever it does, unless it ends by itself in time."""
        if self.process is not None:
            self.process.join(patience_s)
            self.process.kill()
            self.process.join()


def _deaf(play: Callable[[dict[str, Any]], None], given: dict[str, Any]) -> None:
    """An actor; Ctrl-C is for the arena, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    play(given)


class Arena:
    """One run: a primary, a replica that lags, a Redis, readers and writers, and bad luck."""

    def __init__(self, plan: Plan, folder: Path, servers: list[OwnServer], redis_url: str) -> None:
        self.plan, self.folder, self.redis_url = plan, folder, redis_url
        self.primary, self.replica = servers
        self.random = random.Random(plan.seed)
        self.counts: Counter[str] = Counter()
        self.caches = [folder / "cache", folder / "redis-cache"]

    def prepare(self) -> None:
        """The schema, the bookkeeping of the truth, the first bars, and the replica."""
        self.primary.create()
        for name, value in SERVER.items():
            self.primary.sql(f"ALTER SYSTEM SET {name} = '{value}'")
        url = self.primary.url()
        with Workbench(Settings(database_url=url)) as workbench:
            workbench.up()
        self.primary.sql(SCHEMA)
        writer = writers.Writer(url, Tally(self.folder, "fill"), "fill", partitions=False)
        writer.fill()
        writer.workbench.close()
        self.primary.copy_to(self.replica)

    def actors(self) -> list[Actor]:
        """Readers over every tier, and writers of which the first changes partitions as well."""
        url, folder = self.primary.url(), self.folder
        shared = {"database_url": url, "cache_dir": self.caches[0]}
        kinds = {
            "memory": shared,
            "files": shared | {"cache_memory_bytes": 0},
            "redis": shared | {"cache_dir": self.caches[1], "redis_url": self.redis_url,
                               "cache_memory_bytes": 200_000, "cache_disk_bytes": 0},
            "replica": shared | {"replica_urls": self.replica.url(), "cache_disk_bytes": 0,
                                 "cache_memory_bytes": 400_000},
        }  # fmt: skip
        common: dict[str, Any] = {"folder": folder, "seed": self.plan.seed}
        reading = [
            Actor(readers.play, common | {"name": f"reader-{kind}", "settings": settings,
                                                  "threads": 2 if kind == "memory" else 1})
            for kind, settings in kinds.items()
        ]  # fmt: skip
        common["pause_s"] = self.plan.pause_s
        writing = [
            Actor(
                writers.play,
                common | {"name": f"writer-{number}", "url": url, "partitions": number == 0},
            )
            for number in range(self.plan.writers)
        ]
        return reading + writing

    def run(self) -> Counter[str]:
        """Until there were enough reads, something was wrong, or Ctrl-C; gives all counts."""
        actors, began, beat = self.actors(), time.monotonic(), 0
        try:
            while self._reads() < self.plan.reads and not failures(self.folder):
                for actor in actors:
                    actor.keep_alive()
                time.sleep(PACE_S)
                beat += 1
                for fault, every in self.plan.every.items():
                    if beat % every == every // 2:
                        self._fault(fault, actors)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # what was counted is worth telling
        finally:
            (self.folder / "stop").touch()
            self._resume()
            for actor in actors:
                actor.end(patience_s=20)
        self.counts["seconds"] = round(time.monotonic() - began)
        lies = self.primary.sql("SELECT * FROM soak.lie")
        self.counts["lies"] = len(lies)
        for lie in lies[:3]:
            Tally(self.folder, "arena").fail("lie", of=lie)
        self.counts["versions"] = int(
            str(self.primary.sql("SELECT count(*) FROM soak.truth")[0][0])
        )
        return total(self.folder) + self.counts

    def _reads(self) -> int:
        return judged(total(self.folder))

    def _fault(self, fault: str, actors: list[Actor]) -> None:
        self.counts[fault] += 1
        if fault == "kill a reader":
            self.random.choice([a for a in actors if a.play is readers.play]).end()
        elif fault == "kill the server":
            self.primary.kill_all()
            time.sleep(self.random.random())
            self.primary.start()
        elif fault == "pause the replica":
            with suppress(psycopg2.Error):
                self.replica.sql("SELECT pg_wal_replay_pause()")
                time.sleep(self.random.random())
            self._resume()
        elif fault == "clear the cache":
            for cache in self.caches:
                Cache.of(Settings(cache_dir=cache)).forget()
            with suppress(RedisError), Redis.from_url(self.redis_url) as redis:
                redis.flushall()
        else:
            self._damage()

    def _resume(self) -> None:
        with suppress(psycopg2.Error):
            self.replica.sql("SELECT pg_wal_replay_resume()")

    def _damage(self) -> None:
        """Some file of the cache loses bytes, changes one, or goes."""
        files = sorted(path for cache in self.caches for path in cache.rglob("*.block"))
        if not files:
            return
        path, way = self.random.choice(files), self.random.randrange(3)
        with suppress(OSError):
            size = path.stat().st_size
            path.chmod(0o600)
            if way == 0:
                path.unlink()
            elif way == 1:
                os.truncate(path, self.random.randrange(size))
            else:
                with path.open("r+b") as file:
                    file.seek(self.random.randrange(size))
                    byte = file.read(1)
                    file.seek(-1, os.SEEK_CUR)
                    file.write(bytes([byte[0] ^ 255]))


@contextmanager
def arena(plan: Plan, folder: Path) -> Iterator[Arena]:
    """An arena that is ready to run, with files in `folder`."""
    with ExitStack() as stack:
        servers = stack.enter_context(own_servers("primary", "replica"))
        redis_folder = folder / "redis"
        redis_folder.mkdir()
        redis_url = stack.enter_context(RedisServer(redis_folder))
        made = Arena(plan, folder, servers, redis_url)
        made.prepare()
        yield made


def judged(counts: Counter[str]) -> int:
    """How many answers were judged."""
    return sum(count for name, count in counts.items() if name.startswith("reads "))


def summary(counts: Counter[str]) -> str:
    """One line for the reads, one for each kind of thing that happened meanwhile."""
    bad = ", ".join(f"{counts[name]} {name}" for name in BAD)
    lines = [f"{judged(counts):,} reads in {counts['seconds']} s: {bad}"]
    others = sorted(set(counts) - {*BAD, "seconds"})
    return "\n".join(lines + [f"  {name:<28}{counts[name]:>10,}" for name in others])
