"""Writing: an upsert that reads back, compares and writes only what differs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import psycopg2
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.errors import StoreError
from workbench.shape import FIELDS, Floats, Times
from workbench.store.copy_binary import Columns, Encoder, copy_in, to_wire
from workbench.store.database import Database, Role
from workbench.store.read import Request, current_state, read_block


@dataclass(frozen=True)
class Difference:
    """Which of the offered bars are new, which correct a stored one, and which it equals."""

    new: NDArray[np.bool_]
    changed: NDArray[np.bool_]

    @property
    def same(self) -> NDArray[np.bool_]:
        """The bars that are stored already, bit by bit."""
        return ~(self.new | self.changed)


def instrument_id(cursor: Cursor, symbol: str) -> int:
    """The id of `symbol`, which is added when it is not there yet."""
    select = "SELECT instrument_id FROM data_ingestion.instrument WHERE symbol = %s"
    cursor.execute(select, (symbol,))
    if found := cursor.fetchone():
        return int(found[0])
    cursor.execute(
        "INSERT INTO data_ingestion.instrument (symbol) VALUES (%s) ON CONFLICT DO NOTHING",
        (symbol,),
    )
    cursor.execute(select, (symbol,))
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def lock_series(cursor: Cursor, instrument: int, timeframe: str) -> None:
    """Wait until no other upsert of this series runs; held to the end of the transaction."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
        (f"data_ingestion.series:{instrument}:{timeframe}",),
    )


TRIGGER_MEMORY = "64MB"
"""For the rows that a statement hands to its triggers: beyond it they go by way of the disk."""


class Partition(NamedTuple):
    """One leaf of the table: its name and the range `[lower, upper)` of its times."""

    name: str
    lower_us: int
    upper_us: int


PARTITIONS = """
SELECT name, (extract(epoch FROM lower) * 1000000)::bigint,
  (extract(epoch FROM upper) * 1000000)::bigint
FROM data_ingestion.partition JOIN data_ingestion.layout USING (timeframe)
WHERE timeframe = %s AND settled ORDER BY lower
"""


def find_partitions(cursor: Cursor, timeframe: str) -> list[Partition]:
    """The partitions of a timeframe by time; none where somebody changed them by hand."""
    cursor.execute(PARTITIONS, (timeframe,))
    return [Partition(*row) for row in cursor]


IN_THE_WAY = (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)


def make_room(database: Database, timeframe: str, timestamps: Times) -> None:
    """See to it that the partitions of `timestamps` (increasing) exist.

    In a transaction of its own, as nobody should wait for the rest. Where a long query is in the
    way, the bars go to the default partition, where they are as good; a later call moves them.
    """
    try:
        with database.transaction(Role.WRITER) as cursor:
            while (moment := _homeless(find_partitions(cursor, timeframe), timestamps)) is not None:
                cursor.execute(
                    "SELECT data_ingestion.make_partition(%s, to_timestamp(%s))",
                    (timeframe, moment / 1e6),
                )
                if not cursor.fetchone()[0]:  # type: ignore[index]
                    return
    except StoreError as error:
        if not isinstance(error.__cause__, IN_THE_WAY):
            raise


def _homeless(partitions: Sequence[Partition], timestamps: Times) -> int | None:
    """The first time that no partition is made for."""
    at = 0
    for partition in partitions:
        if at < len(timestamps) and timestamps[at] < partition.lower_us:
            break
        at = max(at, int(np.searchsorted(timestamps, partition.upper_us)))
    return int(timestamps[at]) if at < len(timestamps) else None


def difference(
    cursor: Cursor, symbol: str, timeframe: str, timestamps: Times, block: Floats
) -> Difference:
    """How strictly increasing `timestamps` and their (5, n) `block` differ from what is stored."""
    if not len(timestamps):
        return Difference(np.ones(0, bool), np.zeros(0, bool))
    have, old = _read_back(cursor, symbol, timeframe, timestamps)
    at = np.searchsorted(have, timestamps)
    inside = at < len(have)
    found = np.zeros(len(timestamps), bool)
    found[inside] = have[at[inside]] == timestamps[inside]
    differs = np.zeros(len(timestamps), bool)
    # Compared as bits: what is stored is what was given, to the last one.
    given, kept = block[:, found].view(np.int64), old[:, at[found]].view(np.int64)
    differs[found] = (given != kept).any(axis=0)
    return Difference(~found, differs)


def _read_back(
    cursor: Cursor, symbol: str, timeframe: str, timestamps: Times
) -> tuple[Times, Floats]:
    state = current_state(cursor, [symbol], timeframe)
    if not state.held:
        return np.empty(0, np.int64), np.empty((len(FIELDS), 0))
    ends = (int(timestamps[0]), int(timestamps[-1]) + 1)
    block = read_block(cursor, state, Request((symbol,), timeframe, FIELDS, *ends))
    return block.times, block.values[:, :, 0]


def upsert(
    cursor: Cursor,
    run_id: int,
    symbol: str,
    timeframe: str,
    timestamps: Times,
    block: Floats,
) -> Difference:
    """Store bars of one series: new ones are inserted, differing ones corrected, others left.

    `timestamps` are strictly increasing, `block` is (5, n). Two upserts of one series wait for
    each other; the same bars twice write nothing and leave the series' version where it is.
    """
    instrument = instrument_id(cursor, symbol)
    lock_series(cursor, instrument, timeframe)
    cursor.execute(
        "SELECT set_config('workbench.run_id', %s, true), set_config('work_mem', %s, true)",
        (str(run_id), TRIGGER_MEMORY),
    )
    found = difference(cursor, symbol, timeframe, timestamps, block)
    if found.new.any() or found.changed.any():
        version = _next_version(cursor, instrument, timeframe)
        rows = _Rows(instrument, timeframe, itertools.count(version), timestamps, block)
        if found.new.any():
            _insert(cursor, rows, found.new)
        if found.changed.any():
            _correct(cursor, rows, found.changed)
    return found


def _next_version(cursor: Cursor, instrument: int, timeframe: str) -> int:
    cursor.execute(
        "SELECT data_ingestion.next_version(coalesce((SELECT version FROM data_ingestion.series"
        " WHERE instrument_id = %s AND timeframe = %s), 0), 0, 0)",
        (instrument, timeframe),
    )
    return int(cursor.fetchone()[0])  # type: ignore[index]


@dataclass(frozen=True)
class _Rows:
    """Bars of one series, ready to be copied into any table with the columns of market_data.

    Each statement that changes the series has a version of its own.
    """

    instrument: int
    timeframe: str
    versions: Iterator[int]
    timestamps: Times
    block: Floats

    def copy(self, cursor: Cursor, table: str, chosen: NDArray[np.bool_] | slice) -> None:
        label = self.timeframe.encode()
        columns: Columns = {
            "timestamp": ">i8",
            **dict.fromkeys(FIELDS, ">f8"),
            "version": ">i8",
            "instrument_id": ">i4",
            "timeframe": f"S{len(label)}",
        }
        values = {
            "timestamp": to_wire(self.timestamps[chosen]),
            **dict(zip(FIELDS, self.block[:, chosen], strict=True)),
            "version": next(self.versions),
            "instrument_id": self.instrument,
            "timeframe": label,
        }
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
        copy_in(cursor, statement, Encoder(columns, values))


def _insert(cursor: Cursor, rows: _Rows, new: NDArray[np.bool_]) -> None:
    """Straight into each partition, which spares the server the search; the rest by the parent.

    The lock keeps the partitions where they are until the end of the transaction.
    """
    parent = f"data_ingestion.market_data_{rows.timeframe}"
    cursor.execute(f"LOCK TABLE ONLY {parent} IN ROW EXCLUSIVE MODE")
    left = new.copy()
    for name, lower, upper in find_partitions(cursor, rows.timeframe):
        inside = slice(*np.searchsorted(rows.timestamps, [lower, upper]))
        if left[inside].any():
            every = left[inside].all()
            here = np.zeros_like(left)
            here[inside] = left[inside]
            rows.copy(cursor, f'data_ingestion."{name}"', inside if every else here)
            left[inside] = False
    if left.any():
        rows.copy(cursor, "data_ingestion.market_data", left)


def _correct(cursor: Cursor, rows: _Rows, changed: NDArray[np.bool_]) -> None:
    cursor.execute(
        "CREATE TEMP TABLE correction ON COMMIT DROP AS"
        " SELECT * FROM data_ingestion.market_data WITH NO DATA"
    )
    rows.copy(cursor, "pg_temp.correction", changed)
    cursor.execute("ANALYZE pg_temp.correction")
    times = rows.timestamps[changed]
    cursor.execute(
        "UPDATE data_ingestion.market_data m SET open = c.open, high = c.high, low = c.low,"
        " close = c.close, volume = c.volume, version = c.version FROM pg_temp.correction c"
        " WHERE m.instrument_id = %s AND m.timeframe = %s AND m.timestamp = c.timestamp"
        " AND m.timestamp BETWEEN to_timestamp(%s) AND to_timestamp(%s)",
        (rows.instrument, rows.timeframe, int(times[0]) // 10**6, int(times[-1]) // 10**6 + 1),
    )
    cursor.execute("DROP TABLE pg_temp.correction")
