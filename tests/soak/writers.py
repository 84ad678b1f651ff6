# ruff: noqa: S608  (statements are put together from this file's own words)
"""A process that changes bars in every way there is, and now and then aborts or kills itself."""

from __future__ import annotations

import io
import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psycopg2
from psycopg2.extensions import TransactionRollbackError

from tests.soak.tally import Tally
from tests.soak.truth import FIELDS, LOST, SYMBOLS, TIMEFRAMES
from workbench.api import Workbench
from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.store.database import Role
from workbench.store.write import make_room, upsert

TABLE = "data_ingestion.market_data"
COLUMNS = "timestamp, open, high, low, close, volume, instrument_id, timeframe"
SLOTS = 300
# First time and distance of the slots, in seconds since 1970: three or four partitions each.
GRID = {"1d": (-252_460_800, 79 * 86_400), "1h": (946_684_800, 33 * 86_400 + 3600)}
FATES = ("commit",) * 80 + ("abort",) * 12 + ("die",)
ACTS = {"insert": 4, "replace": 4, "correct": 4, "correct leaf": 3, "delete": 3, "delete leaf": 2,
        "copy": 3, "several": 4, "nothing": 2, "shift": 1, "truncate leaf": 0.15,
        "truncate": 0.1}  # fmt: skip
CHANGES = {"detach": 3, "attach": 6, "replace leaf": 2, "drop leaf": 0.4}
UPKEEP = {"retain": 1, "reorder": 2}


class _AbortError(Exception):
    """The transaction is to be rolled back."""


class Writer:
    """Random changes by our upsert and by somebody else's client."""

    def __init__(self, url: str, tally: Tally, seed: str, *, partitions: bool) -> None:
        self.workbench = Workbench(Settings(database_url=url, cache_disk_bytes=0))
        self.url, self.tally, self.random = url, tally, random.Random(seed)
        self.partitions = partitions
        self.connection: Any = None

    def change(self) -> None:
        """One transaction."""
        draw = self.random.random()
        fate = self.random.choice(FATES)
        try:
            if draw < 0.35:
                self._upsert(fate)
            elif draw < 0.38 and self.partitions:
                self._foreign(self._drawn(CHANGES), fate)
            elif draw < 0.385 and self.partitions:
                self._upkeep(self._drawn(UPKEEP))
            else:
                self._foreign(self._drawn(ACTS), fate)
        except _AbortError:
            self.tally.add("aborted")
        except StoreError as error:
            self._excused(error.__cause__, error)
        except psycopg2.Error as error:
            self._excused(error, error)

    def fill(self) -> None:
        """Give every series its first bars."""
        for timeframe in TIMEFRAMES:
            for symbol in SYMBOLS:
                self._put(symbol, timeframe, list(range(0, SLOTS, 3)), "commit")

    def _drawn(self, weights: dict[str, float]) -> str:
        return self.random.choices(list(weights), list(weights.values()))[0]

    def _excused(self, cause: Any, error: Exception) -> None:
        """Deadlocks, races for a key and dead servers happen; anything else counts."""
        happens = (
            *LOST,
            psycopg2.errors.LockNotAvailable,
            TransactionRollbackError,
            psycopg2.errors.UniqueViolation,  # another client was quicker
            psycopg2.errors.UndefinedTable,
        )
        if isinstance(cause, StoreError):
            cause = cause.__cause__
        if isinstance(cause, happens):
            self.tally.add("aborted by the server")
            if isinstance(cause, LOST) and self.connection is not None and cause.pgcode is None:
                self.connection.close()
                self.connection = None
                time.sleep(0.1)
        else:
            self.tally.fail("writer errors", error=f"{type(error).__name__}: {error}")

    def _meet(self, fate: str) -> None:
        if fate == "abort":
            raise _AbortError
        if fate == "die":
            self.tally.add("killed in a transaction")
            self.tally.save()
            os.kill(os.getpid(), signal.SIGKILL)

    def _slots(self) -> list[int]:
        first, length = self.random.randrange(-8, SLOTS), self.random.randint(1, 25)
        return list(range(first, first + length))

    def _prices(self, count: int) -> Any:
        return np.array([[self.random.randint(1, 999) / 7 for _ in range(count)]
                         for _ in FIELDS])  # fmt: skip

    def _upsert(self, fate: str) -> None:
        symbol, timeframe = self.random.choice(SYMBOLS), self.random.choice(TIMEFRAMES)
        self._put(symbol, timeframe, self._slots(), fate)
        self.tally.add("written by upsert")

    def _upkeep(self, act: str) -> None:
        timeframe = self.random.choice(TIMEFRAMES)
        if act == "retain":
            self.workbench.retain(timeframe, str(self.random.randint(1962, 1995)))
        else:
            self.workbench.reorder(timeframe, progress=False)
        self.tally.add(f"written by {act}")

    def _put(self, symbol: str, timeframe: str, slots: list[int], fate: str) -> None:
        start, step = GRID[timeframe]
        times = (start + np.array(slots, np.int64) * step) * 10**6
        make_room(self.workbench.database, timeframe, times)
        with self.workbench.database.transaction(Role.WRITER) as cursor:
            upsert(cursor, 1, symbol, timeframe, times, self._prices(len(slots)))
            self._note(cursor, [symbol], timeframe)
            self._meet(fate)

    def _note(self, cursor: Any, symbols: list[str], timeframe: str) -> None:
        cursor.execute(
            "SELECT soak.note(array_agg(instrument_id), %s) FROM data_ingestion.instrument"
            " WHERE symbol = ANY(%s)",
            (timeframe, symbols),
        )

    def _foreign(self, act: str, fate: str) -> None:
        """A transaction of psycopg2's as the owner."""
        if self.connection is None:
            self.connection = psycopg2.connect(self.url)
        timeframe = self.random.choice(TIMEFRAMES)
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            if act in CHANGES:
                self._change_partitions(cursor, act, timeframe)
            else:
                doing = Foreign(cursor, self.random, timeframe, self._slots, self._prices)
                self._note(cursor, doing.act(act), timeframe)
            self._meet(fate)
        self.tally.add(f"written by {act}")

    def _change_partitions(self, cursor: Any, act: str, timeframe: str) -> None:
        doing = Partitions(cursor, self.random, timeframe)
        acts = {
            "detach": doing.detach,
            "attach": doing.attach,
            "drop leaf": doing.drop,
            "replace leaf": doing.replace,
        }
        if acts[act]():
            cursor.execute(
                "UPDATE soak.floor"
                " SET version = (extract(epoch FROM clock_timestamp()) * 1e6)::bigint"
                " WHERE timeframe = %s",
                (timeframe,),
            )


class Foreign:
    """Statements that know nothing of the workbench."""

    def __init__(
        self,
        cursor: Any,
        generator: random.Random,
        timeframe: str,
        slots: Callable[[], list[int]],
        prices: Callable[[int], Any],
    ) -> None:
        self.cursor, self.random, self.timeframe = cursor, generator, timeframe
        self.slots, self.prices = slots, prices
        self.symbol = generator.choice(SYMBOLS)

    def act(self, name: str) -> list[str]:
        """Do it, and say which symbols it may have changed."""
        leaf = self.random.choice(attached(self.cursor, self.timeframe))
        if name == "several":
            for symbol in sorted(self.random.sample(SYMBOLS, self.random.randint(2, 4))):
                self.symbol = symbol
                self._one(self.random.choice(["correct", "replace", "delete", "insert"]), leaf)
            return list(SYMBOLS)
        if name.startswith("truncate"):
            self.cursor.execute(f"TRUNCATE {TABLE if name == 'truncate' else leaf}")
            for symbol in SYMBOLS if self.random.random() < 0.7 else ():
                self.symbol = symbol
                self._insert("ON CONFLICT DO NOTHING", range(0, SLOTS, 4))
            return list(SYMBOLS)
        self._one(name, leaf)
        return [self.symbol]

    def _one(self, name: str, leaf: str) -> None:
        table = leaf if name.endswith("leaf") else TABLE
        if name == "insert":
            self._insert("ON CONFLICT DO NOTHING", self.slots())
        elif name == "replace":
            self._insert(
                "ON CONFLICT (instrument_id, timeframe, timestamp) DO UPDATE SET"
                " close = excluded.close, volume = excluded.volume",
                self.slots(),
            )
        elif name.startswith("correct"):
            self._where(f"UPDATE {table} SET close = close + 1, open = random() WHERE")
        elif name.startswith("delete"):
            self._where(f"DELETE FROM {table} WHERE")
        elif name == "copy":
            self._copy()
        elif name == "shift":
            shift = f"interval '{self.random.randint(1, 3000)} seconds'"
            self._where(f"UPDATE {TABLE} SET timestamp = timestamp + {shift} WHERE")
        else:
            self._where(f"UPDATE {TABLE} SET close = close WHERE")

    def _rows(self, slots: Any) -> list[tuple[Any, ...]]:
        start, step = GRID[self.timeframe]
        slots = list(slots)
        return [
            (start + slot * step, *row.tolist())
            for slot, row in zip(slots, self.prices(len(slots)).T, strict=True)
        ]

    def _insert(self, conflict: str, slots: Any) -> None:
        columns = list(map(list, zip(*self._rows(slots), strict=True)))
        self.cursor.execute(
            f"INSERT INTO {TABLE} ({COLUMNS}) SELECT to_timestamp(t), o, h, l, c, v, instrument_id,"
            " %s FROM unnest(%s, %s, %s, %s, %s, %s) AS r(t, o, h, l, c, v),"
            f" data_ingestion.instrument WHERE symbol = %s {conflict}",
            (self.timeframe, *columns, self.symbol),
        )

    def _where(self, statement: str) -> None:
        start, step = GRID[self.timeframe]
        slots = self.slots()
        self.cursor.execute(
            f"{statement} instrument_id = (SELECT instrument_id FROM data_ingestion.instrument"
            " WHERE symbol = %s) AND timeframe = %s AND timestamp >= to_timestamp(%s)"
            " AND timestamp < to_timestamp(%s)",
            (self.symbol, self.timeframe, start + slots[0] * step, start + (slots[-1] + 1) * step),
        )

    def _copy(self) -> None:
        """Old rows out, then psql's COPY of new ones."""
        self._where(f"DELETE FROM {TABLE} WHERE")
        self.cursor.execute(
            "SELECT instrument_id FROM data_ingestion.instrument WHERE symbol = %s", (self.symbol,)
        )
        (number,) = self.cursor.fetchone()
        start, step = GRID[self.timeframe]
        self.cursor.execute(
            f"SELECT DISTINCT (extract(epoch FROM timestamp)::bigint - {start}) / {step}"
            f" FROM {TABLE} WHERE instrument_id = %s AND timeframe = %s",
            (number, self.timeframe),
        )
        there = {int(row[0]) for row in self.cursor}
        lines = [
            "\t".join([f"{np.datetime64(row[0], 's')}Z", *map(repr, row[1:]), str(number),
                       self.timeframe])
            for row in self._rows(set(self.slots()) - there)
        ]  # fmt: skip
        self.cursor.copy_expert(f"COPY {TABLE} ({COLUMNS}) FROM STDIN",
                                io.StringIO("\n".join(lines)))  # fmt: skip


class Partitions:
    """What a database administrator does to partitions by hand; each says whether it did it."""

    def __init__(self, cursor: Any, generator: random.Random, timeframe: str) -> None:
        self.cursor, self.random, self.timeframe = cursor, generator, timeframe
        self.parent = f"{TABLE}_{timeframe}"

    def detach(self) -> bool:
        """Out of the table with one, which goes on to exist; somebody may then change it."""
        leaf = self._leaf()
        if leaf:
            self.cursor.execute(f"ALTER TABLE {self.parent} DETACH PARTITION {leaf}")
            if self.random.random() < 0.5:
                self.cursor.execute(f"DELETE FROM {leaf} WHERE random() < 0.3")
        return bool(leaf)

    def attach(self) -> bool:
        """Back with those that are out; what came in meanwhile waits in the default partition."""
        self.cursor.execute(
            "SELECT format('data_ingestion.%%I', relname), relname FROM pg_class"
            " WHERE relkind = 'r' AND NOT relispartition AND relname ~ %s",
            (f"^market_data_{self.timeframe}_[0-9]+$",),
        )
        found = self.cursor.fetchall()
        for leaf, name in found:
            year = int(name.rpartition("_")[2])
            width = 25 if self.timeframe == "1d" else 10
            bounds = f"'{year:04}-01-01Z'", f"'{year + width:04}-01-01Z'"
            self.cursor.execute(f"LOCK TABLE {self.parent} IN ACCESS EXCLUSIVE MODE")
            self.cursor.execute(
                f"WITH moved AS (DELETE FROM {self.parent}_other WHERE timestamp >= {bounds[0]}"
                f" AND timestamp < {bounds[1]} RETURNING *)"
                f" INSERT INTO {leaf} SELECT * FROM moved ON CONFLICT DO NOTHING"
            )
            self.cursor.execute(
                f"ALTER TABLE {self.parent} ATTACH PARTITION {leaf}"
                f" FOR VALUES FROM ({bounds[0]}) TO ({bounds[1]})"
            )
        return bool(found)

    def replace(self) -> bool:
        """Out, changed and back in one transaction."""
        leaf = self._leaf()
        if leaf:
            self.cursor.execute(f"ALTER TABLE {self.parent} DETACH PARTITION {leaf}")
            self.cursor.execute(f"UPDATE {leaf} SET close = close + 2 WHERE random() < 0.5")
            self.attach()
        return bool(leaf)

    def drop(self) -> bool:
        """One is gone for good."""
        leaf = self._leaf()
        if leaf:
            self.cursor.execute(f"DROP TABLE {leaf}")
        return bool(leaf)

    def _leaf(self) -> str | None:
        leaves = [leaf for leaf in attached(self.cursor, self.timeframe) if "other" not in leaf]
        return self.random.choice(leaves) if leaves else None


def attached(cursor: Any, timeframe: str) -> list[str]:
    """The partitions of a timeframe as they are now, the default one included."""
    cursor.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
        (f"{TABLE}_{timeframe}",),
    )
    return sorted(row[0] for row in cursor)


def play(given: dict[str, Any]) -> None:
    """A process: write until the run is over."""
    tally = Tally(given["folder"], given["name"])
    seed = f"{given['seed']} {given['name']}"
    writer = Writer(given["url"], tally, seed, partitions=given["partitions"])
    while not tally.stopped:
        writer.change()
        time.sleep(given["pause_s"])
    tally.save()
