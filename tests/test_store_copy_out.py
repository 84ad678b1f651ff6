"""Rows straight from the socket: the same as the driver's, and no harm when it goes wrong."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import sql

from workbench.api import Workbench
from workbench.errors import StoreError
from workbench.store import copy_out as module
from workbench.store.copy_binary import Decoder
from workbench.store.copy_out import copy_out, is_plain
from workbench.store.database import Role

COLUMNS = {"n": ">i8", "x": ">f8", "k": ">i4"}


def query(rows: int, k: str = "n::int4", x: str = "n * 0.5::float8") -> sql.SQL:
    rows_of = f"SELECT n::int8, {x}, {k} FROM generate_series(1, {rows}) n"  # noqa: S608
    return sql.SQL(f"COPY ({rows_of}) TO STDOUT (FORMAT binary)")


@pytest.fixture
def cursor(workbench: Workbench) -> Iterator[Any]:
    with workbench.database.transaction(Role.READER) as opened:
        opened.execute("SELECT 1")
        assert is_plain(opened.connection)
        yield opened


def columns_of(cursor: Any, asked: sql.SQL) -> dict[str, Any]:
    decoder = Decoder(COLUMNS)
    copy_out(cursor, asked, decoder)
    return decoder.columns()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.integers(0, 9000), buffer_bytes=st.sampled_from([8, 64, 100, 4096, 1 << 20]))
def test_the_rows_are_the_drivers(cursor: Any, rows: int, buffer_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BUFFER_BYTES", buffer_bytes)
        plain = columns_of(cursor, query(rows))
    driver = Decoder(COLUMNS)
    cursor.copy_expert(query(rows), driver.file)
    for name, column in driver.columns().items():
        np.testing.assert_array_equal(plain[name], column)
    assert len(plain["n"]) == rows
    cursor.execute("SELECT 7")
    assert cursor.fetchone() == (7,)


@pytest.mark.parametrize(
    "asked",
    [
        query(5000, k="nullif(n, 4000)::int4"),
        query(5000, k="n::int8"),
        query(1, k="NULL::int4"),
        query(5000, x="NULL::float8"),
        query(10, x="repeat('x', 100000)"),
    ],
)
def test_a_null_or_another_width_is_refused(workbench: Workbench, asked: sql.SQL) -> None:
    with pytest.raises(StoreError, match="not what was asked for"):
        begun_as_owner(workbench, asked)
    assert workbench.database.read(lambda cursor: len(columns_of_begun(cursor))) == 3


def begun_as_owner(workbench: Workbench, asked: sql.SQL) -> None:
    with workbench.database.transaction(Role.OWNER) as cursor:
        cursor.execute("SELECT 1")
        columns_of(cursor, asked)


def columns_of_begun(cursor: Any) -> dict[str, Any]:
    cursor.execute("SELECT 1")
    return columns_of(cursor, query(100))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (query(5000, x="(1 / (n - 4000))::float8"), psycopg2.errors.DivisionByZero),
        (sql.SQL("COPY (SELECT * FROM nowhere) TO STDOUT"), psycopg2.errors.UndefinedTable),
        (sql.SQL("COPY nonsense"), psycopg2.errors.SyntaxError),
        (query(10, x="pg_terminate_backend(pg_backend_pid())::int::float8"),
         psycopg2.OperationalError),
    ],
)  # fmt: skip
def test_the_servers_errors_are_the_drivers(
    workbench: Workbench, asked: sql.SQL, error: type[Exception]
) -> None:
    with pytest.raises(StoreError) as caught:
        begun_as_owner(workbench, asked)
    assert isinstance(caught.value.__cause__, error)
    assert len(workbench.database.read(columns_of_begun)) == 3


def test_notices_in_between_do_no_harm(workbench: Workbench) -> None:
    with workbench.database.transaction(Role.OWNER) as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.loud(n bigint) RETURNS int4 LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE WARNING 'row %', n; RETURN n; END $$"
        )
        found = columns_of(cursor, query(500, k="pg_temp.loud(n)"))
        assert found["k"].tolist() == list(range(1, 501))


def test_an_interruption_leaves_no_connection_in_the_middle(workbench: Workbench) -> None:
    workbench.database.read(columns_of_begun)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    began = time.monotonic()
    slow = query(100_000_000, x="(random() + n)::float8")
    with pytest.raises(KeyboardInterrupt):
        workbench.database.read(
            lambda cursor: (cursor.execute("SELECT 1"), columns_of(cursor, slow))
        )
    assert time.monotonic() - began < 30
    timer.join()
    assert len(workbench.database.read(columns_of_begun)) == 3


def test_where_the_socket_is_not_plain_the_driver_does_it(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_plain", lambda _: False)
    found = workbench.database.read(columns_of_begun)
    assert found["n"].tolist() == list(range(1, 101))
