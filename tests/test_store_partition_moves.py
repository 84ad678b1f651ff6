# ruff: noqa: S608  (statements are put together from this file's own words)
"""Partitions that are made while others read and write: no bar is missed by anybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg2
import pytest

from tests.test_store_history import COLUMNS, put
from workbench.api import Workbench

STORED = 400
INSERT = (
    f"INSERT INTO data_ingestion.market_data ({COLUMNS})"
    " SELECT timestamptz '1990-01-01Z' + n * interval '1 day', n, n, n, n, n, instrument_id, '1d'"
    f" FROM generate_series(1, {STORED}) n, data_ingestion.instrument"
)
MAKE = "SELECT data_ingestion.make_partition('1d', '1990-06-01Z')"
WAITING = (
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE datname = current_database() AND NOT granted"
)


@pytest.fixture
def connect(workbench: Workbench) -> Iterator[Callable[[], Any]]:
    """Makes connections of the owner's."""
    workbench.up()
    made = []

    def connection() -> Any:
        made.append(psycopg2.connect(workbench.settings.database_url))
        return made[-1]

    yield connection
    for one in made:
        one.close()


@pytest.fixture
def mover(connect: Callable[[], Any]) -> Any:
    """A connection; bars have come that no partition was made for."""
    connection = connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO data_ingestion.instrument (symbol) VALUES ('A')")
        cursor.execute(INSERT)
    return connection


def wait_for_one_who_waits(cursor: Any) -> None:
    """Until somebody waits for a lock."""
    for _ in range(2000):
        cursor.execute(WAITING)
        if cursor.fetchone()[0]:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def read_while_bars_move(mover: Any, read: Callable[[], int]) -> int:
    """What `read` gives that has to wait in front of the table while its bars are moved."""
    with ThreadPoolExecutor(1) as pool, mover, mover.cursor() as cursor:
        cursor.execute("LOCK TABLE ONLY data_ingestion.market_data IN ACCESS EXCLUSIVE MODE")
        reading = pool.submit(read)
        wait_for_one_who_waits(cursor)
        cursor.execute(MAKE)
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


def test_bars_do_not_move_under_a_reader(
    workbench: Workbench, mover: Any, connect: Callable[[], Any]
) -> None:
    with connect() as reader, reader.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM data_ingestion.market_data WHERE timeframe = '1w'")
        with pytest.raises(psycopg2.errors.LockNotAvailable), mover, mover.cursor() as moving:
            moving.execute(MAKE)
    assert len(workbench.bars("A")) == STORED


def test_plans_that_are_kept_know_every_partition(
    workbench: Workbench, connect: Callable[[], Any]
) -> None:
    """A trigger's plan stays with its connection, also one made while a partition came."""
    put(workbench, "A", {5000: 1.0, 5001: 1.0})
    editor, maker = connect(), connect()
    editing, making = editor.cursor(), maker.cursor()
    edit = "UPDATE data_ingestion.market_data_1d_2000 SET close = close + 1"
    making.execute("LOCK TABLE data_ingestion.market_data_1d_other IN ACCESS EXCLUSIVE MODE")
    with ThreadPoolExecutor(1) as pool:
        planning = pool.submit(editing.execute, edit)
        wait_for_one_who_waits(making)
        with suppress(psycopg2.errors.LockNotAvailable):
            making.execute(MAKE)
        maker.commit()
        planning.result(timeout=60)
    editor.commit()
    put(workbench, "A", {100: 1.0})
    editing.execute(edit)
    editor.commit()
    assert workbench.bars("A")["close"].tolist() == [1.0, 3.0, 3.0]


def test_a_read_that_ends_a_deadlock_is_done_again(
    workbench: Workbench, connect: Callable[[], Any]
) -> None:
    put(workbench, "A", {5000: 1.0})
    with connect() as other, other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        cursor.execute("LOCK TABLE data_ingestion.market_data_1d_2000 IN ACCESS EXCLUSIVE MODE")
        query = "SELECT count(*) FROM data_ingestion.market_data"
        reading = pool.submit(lambda: workbench.sql(query)["count"].item())
        wait_for_one_who_waits(cursor)
        cursor.execute("LOCK TABLE ONLY data_ingestion.market_data IN ACCESS EXCLUSIVE MODE")
        other.commit()
        assert reading.result(timeout=60) == 1
