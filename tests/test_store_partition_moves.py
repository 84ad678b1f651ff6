# ruff: noqa: S608  (statements are put together from this file's own words)
"""Bars that move to a new partition while others read are missed by nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest

from tests.test_store_history import COLUMNS
from workbench.api import Workbench

STORED = 400
INSERT = (
    f"INSERT INTO data_ingestion.market_data ({COLUMNS})"
    " SELECT timestamptz '1990-01-01Z' + n * interval '1 day', n, n, n, n, n, instrument_id, '1d'"
    f" FROM generate_series(1, {STORED}) n, data_ingestion.instrument"
)
WAITING = (
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE datname = current_database() AND NOT granted"
)


@pytest.fixture
def mover(workbench: Workbench) -> Iterator[Any]:
    """The owner's connection; bars have come that no partition was made for."""
    workbench.up()
    url = workbench.settings.database_url
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO data_ingestion.instrument (symbol) VALUES ('A')")
        cursor.execute(INSERT)
    yield connection
    connection.close()


def read_while_bars_move(mover: Any, read: Callable[[], int]) -> int:
    """What `read` gives that has to wait in front of the table while its bars are moved."""
    with ThreadPoolExecutor(1) as pool, mover, mover.cursor() as cursor:
        cursor.execute("LOCK TABLE ONLY data_ingestion.market_data IN ACCESS EXCLUSIVE MODE")
        reading = pool.submit(read)
        waiting = 0
        while not waiting and not reading.done():
            time.sleep(0.01)
            cursor.execute(WAITING)
            (waiting,) = cursor.fetchone()
        assert waiting, reading.result()
        cursor.execute("SELECT data_ingestion.make_partition('1d', '1990-06-01Z')")
        assert cursor.fetchone() == (True,)
        mover.commit()
        return reading.result(timeout=60)


@pytest.mark.parametrize("ends", [(None, None), ("1990-02-01", "1991-01-01")])
def test_bars_that_move_are_read(workbench: Workbench, mover: Any, ends: tuple[Any, Any]) -> None:
    expected = STORED if ends == (None, None) else 334
    assert read_while_bars_move(mover, lambda: len(workbench.bars("A", *ends))) == expected


def test_a_query_sees_bars_that_move(workbench: Workbench, mover: Any) -> None:
    query = (
        "SELECT count(*) FROM data_ingestion.market_data WHERE timeframe = '1d'"
        " AND timestamp BETWEEN '1990-01-01' AND '1992-01-01'"
    )

    def count() -> int:
        return int(workbench.sql(query)["count"].item())

    assert read_while_bars_move(mover, count) == STORED


def test_pages_see_bars_that_move(workbench: Workbench, mover: Any) -> None:
    query = "SELECT timestamp FROM data_ingestion.bars WHERE timestamp < '1999-01-01'"

    def count() -> int:
        return sum(map(len, workbench.pages(query, key="timestamp", page_rows=1000)))

    assert read_while_bars_move(mover, count) == STORED


def test_bars_do_not_move_under_a_reader(workbench: Workbench, mover: Any) -> None:
    reader = psycopg2.connect(workbench.settings.database_url)
    with reader, reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM data_ingestion.market_data WHERE timeframe = '1w'")
        with pytest.raises(psycopg2.errors.LockNotAvailable), mover, mover.cursor() as moving:
            moving.execute("SELECT data_ingestion.make_partition('1d', '1990-06-01Z')")
    reader.close()
    assert len(workbench.bars("A")) == STORED
