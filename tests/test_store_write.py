# ruff: noqa: S608  (statements are put together from this file's own words)
"""The upsert against a dictionary, other clients against the versions, and killed writers."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.api import Workbench
from workbench.shape import timestamps_us
from workbench.store.database import Role
from workbench.store.write import Difference, upsert

MINUTE_US = 60_000_000


def put(workbench: Workbench, symbol: str, bars: dict[int, float], run_id: int = 1) -> Difference:
    """Upsert bars given as minute → price."""
    minutes = np.array(sorted(bars), dtype=np.int64)
    prices = np.array([bars[minute] for minute in minutes.tolist()])
    block = np.repeat(prices[None, :], 5, axis=0)
    with workbench.database.transaction(Role.WRITER) as cursor:
        return upsert(cursor, run_id, symbol, "1m", minutes * MINUTE_US, block)


def stored(workbench: Workbench, symbol: str) -> dict[int, float]:
    bars = workbench.bars(symbol, timeframe="1m")
    minutes = (timestamps_us(bars) // MINUTE_US).tolist()
    return dict(zip(minutes, bars["close"].tolist(), strict=True))


def described(workbench: Workbench, symbol: str) -> tuple[int, int, int, int]:
    """Version, rows, first and last minute of a series, as the series table has them."""
    row = workbench.series().set_index("symbol").loc[symbol]
    ends = [int(row[name].timestamp()) // 60 for name in ("first", "last")]
    return int(row["version"]), int(row["rows"]), ends[0], ends[1]


NUMBERS = itertools.count()
BARS = st.dictionaries(st.integers(0, 15), st.sampled_from([1.0, 2.0, 3.0]), min_size=1)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(BARS, min_size=1, max_size=5))
def test_upserts_equal_a_dictionarys_update(
    workbench: Workbench, pages: list[dict[int, float]]
) -> None:
    symbol, version = f"S{next(NUMBERS)}", 0
    expected: dict[int, float] = {}
    for page in pages:
        found = put(workbench, symbol, page)
        minutes = sorted(page)
        assert found.new.tolist() == [minute not in expected for minute in minutes]
        assert found.changed.tolist() == [
            minute in expected and expected[minute] != page[minute] for minute in minutes
        ]
        expected |= page
        assert stored(workbench, symbol) == expected
        moved, rows, first, last = described(workbench, symbol)
        assert (rows, first, last) == (len(expected), min(expected), max(expected))
        assert (moved > version) == (not found.same.all())
        version = moved


def test_the_same_bars_twice_write_nothing_and_move_no_version(workbench: Workbench) -> None:
    put(workbench, "A", {1: 1.0, 2: 2.0})
    before = described(workbench, "A")
    assert put(workbench, "A", {1: 1.0, 2: 2.0}, run_id=2).same.all()
    assert described(workbench, "A") == before


def test_a_bar_knows_the_run_that_wrote_it_last(workbench: Workbench) -> None:
    put(workbench, "A", {1: 1.0, 2: 2.0, 3: 3.0}, run_id=1)
    put(workbench, "A", {2: 2.0, 3: 9.0, 4: 4.0}, run_id=2)
    with workbench.database.transaction(Role.READER) as cursor:
        cursor.execute("SELECT run_id FROM data_ingestion.bars ORDER BY timestamp")
        assert [row[0] for row in cursor] == [1, 1, 2, 2]


def test_writers_of_one_series_at_once_lose_nothing(workbench: Workbench) -> None:
    pages = [{minute: float(page + 1) for minute in range(page, page + 40)} for page in range(24)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda page: put(workbench, "A", page), pages))
    assert set(stored(workbench, "A")) == set(range(63))
    assert described(workbench, "A")[1:] == (63, 0, 62)


COLUMNS = "timestamp, open, high, low, close, volume, instrument_id, timeframe"
INSERT = (
    f"INSERT INTO data_ingestion.market_data ({COLUMNS})"
    " SELECT to_timestamp(m * 60), 5, 5, 5, 5, 5, instrument_id, '1m'"
    " FROM data_ingestion.instrument, generate_series({}) m WHERE symbol = 'A'"
)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (INSERT.format("30, 40"), (21, 0, 40)),
        (f"SET LOCAL session_replication_role = replica; {INSERT.format('30, 40')}", (21, 0, 40)),
        ("UPDATE data_ingestion.market_data SET close = 7 WHERE instrument_id = 1", (10, 0, 9)),
        (
            "UPDATE data_ingestion.market_data SET timestamp = timestamp + interval '1 hour'",
            (10, 60, 69),
        ),
        (("DELETE FROM data_ingestion.market_data WHERE timestamp < 'epoch'::timestamptz"
         " + interval '3 minutes'"), (7, 3, 9)),
        (("WITH gone AS (DELETE FROM data_ingestion.market_data WHERE timestamp = 'epoch'"
         f" RETURNING *) INSERT INTO data_ingestion.market_data ({COLUMNS}) SELECT timestamp +"
         " interval '1 day', open, high, low, close, volume, instrument_id, timeframe FROM gone"),
         (10, 1, 1440)),
    ],
)  # fmt: skip
def test_any_client_moves_the_version_in_its_own_transaction(
    workbench: Workbench, statement: str, expected: tuple[int, int, int]
) -> None:
    put(workbench, "A", dict.fromkeys(range(10), 1.0))
    put(workbench, "B", {1: 1.0})
    version = described(workbench, "A")[0]
    other = psycopg2.connect(workbench.settings.database_url)
    with other.cursor() as cursor:
        cursor.execute(statement)
        assert described(workbench, "A")[0] == version
        other.rollback()
        assert described(workbench, "A")[0] == version
        cursor.execute(statement)
        other.commit()
    other.close()
    moved, *rest = described(workbench, "A")
    assert moved > version
    assert tuple(rest) == expected


def test_truncate_moves_every_version_and_the_series_come_back_later(workbench: Workbench) -> None:
    put(workbench, "A", {1: 1.0})
    version = described(workbench, "A")[0]
    with workbench.database.transaction(Role.OWNER) as cursor:
        cursor.execute("TRUNCATE data_ingestion.market_data")
    assert workbench.series().empty
    put(workbench, "A", {5: 1.0})
    moved, *rest = described(workbench, "A")
    assert moved > version
    assert rest == [1, 5, 5]


HALF_DONE = """
import sys, time
from workbench.api import Workbench
from workbench.settings import Settings
from workbench.store.database import Role
from workbench.store.write import upsert
import numpy as np
workbench = Workbench(Settings(database_url=sys.argv[1]))
with workbench.database.transaction(Role.WRITER) as cursor:
    upsert(cursor, 1, "A", "1m", np.arange(500) * 60_000_000, np.ones((5, 500)))
    print("written", flush=True)
    time.sleep(60)
"""


def test_a_killed_writer_leaves_nothing_behind(workbench: Workbench) -> None:
    command = [sys.executable, "-c", HALF_DONE, str(workbench.settings.database_url)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait(30)
    writer.stdout.close()
    assert put(workbench, "A", {1: 1.0}).new.all()
    assert described(workbench, "A")[1:] == (1, 1, 1)
