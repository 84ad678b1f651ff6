# ruff: noqa: S608  (statements are put together from this file's own words)
"""What was known at a moment, against dumps taken then; partitions made, dropped and detached."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest

from workbench.api import Workbench
from workbench.catalog import Freshness
from workbench.errors import RangeError, UnknownNameError
from workbench.shape import FIELDS, timestamps_us
from workbench.store.database import Role
from workbench.store.write import make_room, upsert

DAY_US = 86_400_000_000
DAYS = 30 * 366
SYMBOLS = ("A", "B", "C")
COLUMNS = "timestamp, open, high, low, close, volume, instrument_id, timeframe"
Dump = dict[str, Any]


def put(workbench: Workbench, symbol: str, bars: dict[int, float], run_id: int = 1) -> None:
    """Upsert daily bars given as day since 1990 → price."""
    days = np.array(sorted(bars), dtype=np.int64)
    prices = np.array([bars[day] for day in days.tolist()])
    times = (days + 20 * 365 + 5) * DAY_US
    make_room(workbench.database, "1d", times)
    with workbench.database.transaction(Role.WRITER) as cursor:
        upsert(cursor, run_id, symbol, "1d", times, np.repeat(prices[None, :], 5, axis=0))


@pytest.fixture
def psql(workbench: Workbench) -> Iterator[Any]:
    """Runs statements as somebody else's client does, each group in one transaction."""
    workbench.database.ensure_schema()
    connection = psycopg2.connect(workbench.settings.database_url)

    def run(*statements: str) -> list[tuple[Any, ...]]:
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    yield run
    connection.close()


def dump(psql: Any) -> tuple[datetime, Dump]:
    """The whole table as it stands, and the server's time."""
    rows = psql(
        "SELECT symbol, (extract(epoch FROM timestamp) * 1000000)::bigint, close"
        " FROM data_ingestion.market_data JOIN data_ingestion.instrument USING (instrument_id)"
        " ORDER BY symbol, timestamp"
    )
    found = {
        symbol: np.array([row[1:] for row in group]).T
        for symbol, group in itertools.groupby(rows, key=lambda row: row[0])
    }
    ((now,),) = psql("SELECT clock_timestamp()")
    return now, found


def edits(generator: random.Random, workbench: Workbench, psql: Any) -> None:
    """One random change by one of several clients."""
    symbol, price = generator.choice(SYMBOLS), float(generator.randint(1, 99))
    day, length = generator.randrange(DAYS), generator.randint(1, 40)
    stamp = f"(timestamptz '1990-01-01Z' + interval '{day} days')"
    that = (
        f"instrument_id = (SELECT instrument_id FROM data_ingestion.instrument"
        f" WHERE symbol = '{symbol}')"
    )
    near = f"{that} AND timestamp BETWEEN {stamp} AND {stamp} + interval '3 years'"
    insert = (
        f"INSERT INTO data_ingestion.market_data ({COLUMNS}) SELECT {stamp} + n * interval '1 day',"
        f" {price}, {price}, {price}, {price}, {price}, i.instrument_id, '1d'"
        f" FROM generate_series(1, {length}) n, data_ingestion.instrument i"
        f" WHERE symbol = '{symbol}'"
    )
    leaf = f"data_ingestion.market_data_1d_{generator.choice([1975, 2000])}"
    step = generator.randrange(9)
    if step <= 2:
        put(workbench, symbol, {day + n: price + n % 3 for n in range(length)})
    elif step == 3:
        psql(f"{insert} ON CONFLICT DO NOTHING")
    elif step == 4:
        psql(f"{insert} ON CONFLICT (instrument_id, timeframe, timestamp) DO UPDATE SET close = 7")
    elif step == 5:
        psql(f"UPDATE data_ingestion.market_data SET close = close + 1, open = 2 WHERE {near}")
    elif step == 6:
        psql(f"DELETE FROM {leaf} WHERE {near}", f"{insert} ON CONFLICT DO NOTHING")
    elif step == 7:
        psql(
            f"UPDATE data_ingestion.market_data SET close = 5 WHERE {that} AND close > 90",
            f"DELETE FROM data_ingestion.market_data WHERE {near}",
            f"UPDATE data_ingestion.market_data SET close = close WHERE {that}",
        )
    elif generator.random() < 0.1:
        psql("TRUNCATE data_ingestion.market_data" if generator.random() < 0.5 else
             f"TRUNCATE {leaf}")  # fmt: skip


def expected(known: Dump, symbols: list[str], start: int, end: int) -> tuple[Any, Any]:
    """Times and (time, symbol) closes of a dump in `[start, end)`."""
    parts = [known.get(symbol, np.empty((2, 0))) for symbol in symbols]
    parts = [part[:, (part[0] >= start) & (part[0] < end)] for part in parts]
    times = np.unique(np.concatenate([part[0] for part in parts]))
    closes = np.full((len(times), len(symbols)), np.nan)
    for column, (stamps, prices) in zip(closes.T, parts, strict=True):
        column[np.isin(times, stamps)] = prices
    return times, closes


def test_as_of_equals_the_dump_of_that_moment(workbench: Workbench, psql: Any) -> None:
    generator = random.Random(3)
    for symbol in SYMBOLS:
        put(workbench, symbol, dict.fromkeys(range(0, DAYS, 61), 1.0))
    dumps = [dump(psql)]
    for _ in range(60):
        edits(generator, workbench, psql)
        dumps.append(dump(psql))
    put(workbench, "A", {1: 1.0})
    for symbol in SYMBOLS[1:]:
        put(workbench, symbol, {1: 1.0})
    compared = 0
    for _ in range(10_000):
        now, known = generator.choice(dumps)
        symbols = sorted(generator.sample(SYMBOLS, generator.choice([1, 1, 2, 3])))
        first, last = sorted(generator.sample(range(DAYS), 2))
        start, end = ((day + 20 * 365 + 5) * DAY_US for day in (first, last))
        times, closes = expected(known, symbols, start, end)
        stamps = pd.to_datetime([start, end], unit="us", utc=True)
        asked: Any = symbols[0] if len(symbols) == 1 else symbols
        try:
            bars = workbench.bars(asked, *stamps, fields="close", as_of=now)
        except RangeError:
            assert not len(times)
            continue
        np.testing.assert_array_equal(timestamps_us(bars), times)
        np.testing.assert_array_equal(bars.to_numpy(), closes)
        compared += 1
    assert compared > 5000


def test_freshness_brings_back_exactly_what_was_read(workbench: Workbench, psql: Any) -> None:
    generator = random.Random(5)
    for symbol in SYMBOLS:
        put(workbench, symbol, dict.fromkeys(range(100), 1.0))
    reads = []
    for _ in range(30):
        reads.append(workbench.bars(list(SYMBOLS)))
        edits(generator, workbench, psql)
    for before in reads:
        freshness = before.attrs["freshness"]
        assert isinstance(freshness, Freshness)
        again = workbench.bars(list(SYMBOLS), as_of=freshness)
        pd.testing.assert_frame_equal(again, before)
        assert again.attrs["freshness"].versions == freshness.versions


def test_as_of_before_everything_and_in_the_future_are_refused(workbench: Workbench) -> None:
    put(workbench, "A", {1: 1.0})
    with pytest.raises(RangeError, match="no 1d bars of A were known as of 2001"):
        workbench.bars("A", as_of="2001")
    with pytest.raises(RangeError, match="lies in the future"):
        workbench.bars("A", as_of="2999")


def test_a_dropped_partition_moves_versions_and_its_past_is_not_made_up(
    workbench: Workbench, psql: Any
) -> None:
    put(workbench, "A", dict.fromkeys(range(0, DAYS, 50), 1.0))
    put(workbench, "B", {DAYS: 1.0})
    before = workbench.bars("A")
    psql("DROP TABLE data_ingestion.market_data_1d_1975")
    after = workbench.bars("A")
    assert after.index[0].year == 2000
    assert len(after) == (before.index >= after.index[0]).sum()
    assert after.attrs["freshness"].versions["A"] > before.attrs["freshness"].versions["A"]
    assert workbench.series().set_index("symbol")["rows"]["A"] == len(after)
    with pytest.raises(RangeError, match="bars were dropped at"):
        workbench.bars("A", as_of=before.attrs["freshness"])
    kept = workbench.bars("A", "2005", as_of=before.attrs["freshness"])
    pd.testing.assert_frame_equal(kept, before.loc["2005":])


def test_a_detached_partition_is_gone_and_back_when_attached(
    workbench: Workbench, psql: Any
) -> None:
    put(workbench, "A", dict.fromkeys(range(0, DAYS, 50), 1.0))
    before = workbench.bars("A")
    parent, leaf = "data_ingestion.market_data_1d", "data_ingestion.market_data_1d_2000"
    psql(f"ALTER TABLE {parent} DETACH PARTITION {leaf}")
    assert workbench.bars("A").index[-1].year < 2000
    psql(f"UPDATE {leaf} SET close = 9")
    psql(f"ALTER TABLE {parent} ATTACH PARTITION {leaf} FOR VALUES"
         " FROM ('2000-01-01Z') TO ('2025-01-01Z')")  # fmt: skip
    after = workbench.bars("A")
    assert len(after) == len(before)
    assert set(after["close"]["2001":]) == {9.0}
    put(workbench, "A", {DAYS - 1: 3.0})
    assert workbench.bars("A")["close"].iloc[-1] == 3.0


def test_a_partition_that_was_out_does_not_rewrite_the_past(
    workbench: Workbench, psql: Any
) -> None:
    """Out, changed and back in one transaction, where no trigger can tell who changed what."""
    put(workbench, "A", dict.fromkeys(range(0, DAYS, 50), 1.0))
    before = workbench.bars("A")
    parent, leaf = "data_ingestion.market_data_1d", "data_ingestion.market_data_1d_2000"
    bounds = "FOR VALUES FROM ('2000-01-01Z') TO ('2025-01-01Z')"
    psql(
        f"ALTER TABLE {parent} DETACH PARTITION {leaf}",
        f"UPDATE {leaf} SET close = 9",
        f"ALTER TABLE {parent} ATTACH PARTITION {leaf} {bounds}",
    )
    after = workbench.bars("A")
    assert set(after["close"]["2001":]) == {9.0}
    with pytest.raises(RangeError, match="then is gone"):
        workbench.bars("A", as_of=before.attrs["freshness"])
    pd.testing.assert_frame_equal(
        workbench.bars("A", end="2000", as_of=before.attrs["freshness"]), before[:"1999"]
    )
    pd.testing.assert_frame_equal(workbench.bars("A", as_of=after.attrs["freshness"]), after)


def test_bars_arrive_while_their_partition_is_out_and_what_happens_to_it_does_not_count(
    workbench: Workbench, psql: Any
) -> None:
    put(workbench, "A", dict.fromkeys(range(0, DAYS, 50), 1.0))
    parent, leaf = "data_ingestion.market_data_1d", "data_ingestion.market_data_1d_2000"
    psql(f"ALTER TABLE {parent} DETACH PARTITION {leaf}")
    old = workbench.bars("A")
    psql(f"DELETE FROM {leaf}")
    assert workbench.series()["rows"].tolist() == [len(old)]
    put(workbench, "A", {DAYS - 1: 3.0})
    assert workbench.bars("A")["close"].tolist() == [*old["close"], 3.0]


def test_what_was_deleted_whole_is_known_as_of_before(workbench: Workbench, psql: Any) -> None:
    put(workbench, "A", dict.fromkeys(range(0, DAYS, 50), 1.0))
    put(workbench, "B", {1: 1.0})
    before, panel = workbench.bars("A"), workbench.bars(["A", "B"])
    psql("TRUNCATE data_ingestion.market_data")
    with pytest.raises(UnknownNameError):
        workbench.bars("A")
    pd.testing.assert_frame_equal(workbench.bars("A", as_of=before.attrs["freshness"]), before)
    then = before.attrs["freshness"].checked_at
    pd.testing.assert_frame_equal(workbench.bars("A", as_of=then), before)
    pd.testing.assert_frame_equal(workbench.bars(["A", "B"], as_of=then), panel)
    with pytest.raises(UnknownNameError):
        workbench.bars("A", as_of=pd.Timestamp.now("UTC"))


def test_rows_that_came_before_their_partition_move_into_it(
    workbench: Workbench, psql: Any
) -> None:
    put(workbench, "A", {1: 1.0})
    psql(
        f"INSERT INTO data_ingestion.market_data ({COLUMNS}) SELECT '2030-05-05Z', 1, 2, 1, 2, 3,"
        " instrument_id, '1d' FROM data_ingestion.instrument"
    )
    other = "SELECT count(*) FROM data_ingestion.market_data_1d_other"
    assert psql(other) == [(1,)]
    before = workbench.bars("A")
    put(workbench, "B", {40 * 365: 1.0})
    assert psql(other) == [(0,)]
    assert psql("SELECT count(*) FROM data_ingestion.revision") == [(0,)]
    pd.testing.assert_frame_equal(workbench.bars("A"), before)
    assert workbench.bars("A").attrs["freshness"].versions == before.attrs["freshness"].versions


def test_a_query_in_the_way_only_delays_the_partition(workbench: Workbench, psql: Any) -> None:
    put(workbench, "A", {1: 1.0})
    reader = psycopg2.connect(workbench.settings.database_url)
    with reader.cursor() as cursor:
        cursor.execute("SELECT * FROM data_ingestion.market_data_1d_other")
        put(workbench, "A", {40 * 365: 1.0})
    assert psql("SELECT count(*) FROM data_ingestion.market_data_1d_other") == [(1,)]
    assert len(workbench.bars("A")) == 2
    reader.close()
    put(workbench, "A", {40 * 365 + 1: 1.0})
    assert psql("SELECT count(*) FROM data_ingestion.market_data_1d_other") == [(0,)]


def test_versions_never_come_back_and_every_one_is_accounted_for(
    workbench: Workbench, psql: Any
) -> None:
    generator = random.Random(11)
    for symbol in SYMBOLS:
        put(workbench, symbol, dict.fromkeys(range(0, 2000, 7), 1.0))
    for _ in range(60):
        edits(generator, workbench, psql)
    rows = psql(
        "SELECT m.instrument_id FROM data_ingestion.market_data m LEFT JOIN data_ingestion.change c"
        " USING (instrument_id, timeframe, version) WHERE c.committed_at IS NULL"
        " UNION ALL SELECT r.instrument_id FROM data_ingestion.revision r"
        " LEFT JOIN data_ingestion.change c ON (c.instrument_id, c.timeframe, c.version)"
        " = (r.instrument_id, r.timeframe, r.replaced)"
        " WHERE c.version IS NULL OR r.replaced <= r.version"
        " UNION ALL SELECT instrument_id FROM data_ingestion.change WHERE committed_at = 'infinity'"
    )
    assert rows == []


def test_a_symbol_whose_bars_are_all_deleted_is_unknown(workbench: Workbench, psql: Any) -> None:
    put(workbench, "A", {1: 1.0})
    assert tuple(workbench.bars("A").columns) == FIELDS
    psql("DELETE FROM data_ingestion.market_data")
    with pytest.raises(UnknownNameError):
        workbench.bars("A")
