"""A server that goes away and comes back: reads, checks and writes go on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from own_server import OwnServer, own_folder, own_servers

from workbench.api import Workbench
from workbench.errors import StoreError
from workbench.settings import Settings
from workbench.store.connections import is_lost
from workbench.store.database import Database, Role
from workbench.store.keeper import server_processes
from workbench.store.prepared import Statement

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
BACKEND = Statement("backend", "SELECT pg_backend_pid()")
SUM = Statement("addition", "SELECT $1::int + $2::int")


@pytest.fixture(scope="module")
def own() -> Iterator[OwnServer]:
    with own_servers("primary") as (server,):
        server.create()
        with Workbench(Settings(database_url=server.url())) as workbench:
            workbench.up()
        yield server


@pytest.fixture
def database(own: OwnServer) -> Iterator[Database]:
    made = Database(Settings(database_url=own.url()))
    yield made
    made.close()


def one(cursor: psycopg2.extensions.cursor) -> int:
    cursor.execute("SELECT 1")
    return int(cursor.fetchone()[0])


def restart_soon(own: OwnServer, mode: str) -> threading.Thread:
    """Stop the server now; it starts again while the caller already asks."""
    own.stop(mode)

    def start() -> None:
        time.sleep(0.3)
        own.start()

    thread = threading.Thread(target=start)
    thread.start()
    return thread


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_reads_checks_and_writes_survive_a_restart(
    own: OwnServer, database: Database, mode: str
) -> None:
    def ask() -> list[object]:
        return [database.read(one), database.write(one), database.check(SUM, (40, 2))]

    assert ask() == [1, 1, [(42,)]]
    starting = restart_soon(own, mode)
    assert ask() == [1, 1, [(42,)]]
    starting.join()


def test_a_read_that_is_under_way_is_repeated_from_its_start(
    own: OwnServer, database: Database
) -> None:
    calls: list[int] = []

    def work(cursor: psycopg2.extensions.cursor) -> int:
        calls.append(one(cursor))
        if len(calls) == 1:
            starting.append(restart_soon(own, "immediate"))
        cursor.execute("SELECT 2")
        return int(cursor.fetchone()[0])

    starting: list[threading.Thread] = []
    assert database.read(work) == 2
    starting[0].join()
    assert len(calls) >= 2


def test_a_killed_backend_of_a_copy_is_a_lost_connection(
    own: OwnServer, database: Database
) -> None:
    attempts: list[int] = []

    class Sink:
        def write(self, _: bytes) -> None:
            if len(attempts) == 1 and pids:
                own.sql(f"SELECT pg_terminate_backend({pids.pop()})")

    def work(cursor: psycopg2.extensions.cursor) -> int:
        attempts.append(1)
        cursor.execute("SELECT pg_backend_pid()")
        pids[:] = [cursor.fetchone()[0]]
        cursor.copy_expert("COPY (SELECT generate_series(1, 1000000)) TO STDOUT", Sink())
        return len(attempts)

    pids: list[int] = []
    assert database.read(work) == 2


def test_a_commit_whose_answer_was_lost_is_done_once(own: OwnServer) -> None:
    with Workbench(Settings(database_url=own.url())) as workbench:
        real = workbench.database.write
        killed: list[bool] = []

        def write(work):  # type: ignore[no-untyped-def]
            def work_and_die(cursor: psycopg2.extensions.cursor) -> object:
                found = work(cursor)
                if not killed:
                    killed.append(True)
                    cursor.connection.commit()
                    own.sql(f"SELECT pg_terminate_backend({cursor.connection.info.backend_pid})")
                    cursor.execute("SELECT 1")
                return found

            return real(work_and_die)

        workbench.database.write = write  # type: ignore[method-assign]
        workbench.ingest(f"csv:{SAMPLE}", symbols=["FB"], progress=False)
        workbench.ingest(f"csv:{SAMPLE}", symbols=["FB"], progress=False)
        assert killed
        series = workbench.series().set_index("symbol").loc["FB"]
        assert series["rows"] == 196 == len(workbench.bars("FB"))


def test_without_the_server_the_error_comes_after_the_timeout_and_names_it(
    own: OwnServer,
) -> None:
    database = Database(Settings(database_url=own.url(), reconnect_timeout_s=0.3))
    assert database.read(one) == 1
    own.stop()
    try:
        for ask in (lambda: database.read(one), lambda: database.check(BACKEND)):
            with pytest.raises(StoreError, match="check WORKBENCH_DATABASE_URL"):
                ask()
    finally:
        own.start()
    assert database.read(one) == 1
    database.close()


def test_what_never_answered_and_what_is_refused_is_not_repeated(
    own: OwnServer, database: Database
) -> None:
    attempts: list[int] = []

    def wrong(cursor: psycopg2.extensions.cursor) -> None:
        attempts.append(1)
        cursor.execute("SELECT 1/0")

    with pytest.raises(StoreError, match="division by zero"):
        database.read(wrong)
    assert attempts == [1]
    with pytest.raises(StoreError, match="division by zero"):
        database.check(Statement("wrong", "SELECT 1/0"))
    nowhere = Database(Settings(database_url=own.url("nowhere"), reconnect_timeout_s=600))
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        nowhere.read(one)


def test_the_driver_tells_lost_connections_from_refusals() -> None:
    assert is_lost(psycopg2.InterfaceError("connection already closed"))
    assert is_lost(sa.exc.OperationalError("SELECT 1", {}, psycopg2.OperationalError("gone")))
    assert not is_lost(psycopg2.ProgrammingError("syntax error"))
    assert not is_lost(psycopg2.errors.DeadlockDetected("deadlock detected"))
    assert not is_lost(None)


def test_a_check_prepares_once_and_takes_the_last_connection(database: Database) -> None:
    assert database.check(BACKEND) == database.check(BACKEND)
    assert database.check(SUM, (1, 2)) == [(3,)]
    prepared = Statement("prepared", "SELECT name FROM pg_prepared_statements ORDER BY name")
    assert database.check(prepared) == [("addition",), ("backend",), ("prepared",)]


def test_a_check_runs_as_the_reader_and_sees_each_commit(
    own: OwnServer, database: Database
) -> None:
    mode = "SELECT current_user::text, current_setting('transaction_read_only')"
    assert database.check(Statement("mode", mode)) == [("workbench_reader", "on")]
    runs = Statement("runs", "SELECT count(*) FROM data_ingestion.run WHERE notebook = $1")
    for count in range(3):
        assert database.check(runs, ("seen",)) == [(count,)]
        own.sql("INSERT INTO data_ingestion.run (notebook, parameters) VALUES ('seen', '{}')")


def test_a_check_prepares_again_what_the_server_forgot(own: OwnServer, database: Database) -> None:
    own.sql("CREATE TABLE shape AS SELECT 1 AS a; GRANT SELECT ON shape TO PUBLIC")
    look = Statement("look", "SELECT * FROM shape")
    try:
        assert database.check(look) == [(1,)]
        own.sql("ALTER TABLE shape ADD b int DEFAULT 2")
        assert database.check(look) == [(1, 2)]
        assert database.check(Statement("look", "SELECT 'another'")) == [("another",)]
        database.check(Statement("forget", "SELECT 1"))
        database._prepared._idle[-1].cursor.execute("DEALLOCATE ALL")
        assert database.check(look) == [(1, 2)]
    finally:
        own.sql("DROP TABLE shape")


def test_threads_share_no_connection_and_few_stay_open(own: OwnServer) -> None:
    database = Database(Settings(database_url=own.url(), pool_size=2))
    slow = Statement("slow", "SELECT pg_sleep(0.2), pg_backend_pid()")
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(database.check(slow)[0][1])) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 6
    assert len(database._prepared._idle) == 2
    database.close()
    assert database._prepared._idle == []


def test_a_fork_does_not_share_its_parents_connections(database: Database) -> None:
    parent, pooled = database.check(BACKEND), database.read(backend)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            apart = database.check(BACKEND) != parent and database.read(backend) != pooled
            code = 0 if apart else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (database.check(BACKEND), database.read(backend)) == (parent, pooled)


def backend(cursor: psycopg2.extensions.cursor) -> int:
    cursor.execute("SELECT pg_backend_pid()")
    return int(cursor.fetchone()[0])


def test_an_old_connection_is_replaced(own: OwnServer) -> None:
    database = Database(Settings(database_url=own.url(), pool_recycle_s=0.05))
    before = database.check(BACKEND)
    time.sleep(0.1)
    assert database.check(BACKEND) != before
    database.close()


def test_the_settings_of_the_pool_are_applied(own: OwnServer) -> None:
    defaults = Settings()
    assert (defaults.pool_size, defaults.pool_overflow, defaults.pool_timeout_s) == (10, 20, 30)
    assert (defaults.pool_pre_ping, defaults.pool_recycle_s) == (True, 1800)
    variables = {"SIZE": "1", "OVERFLOW": "1", "TIMEOUT_S": "0.2", "RECYCLE_S": "900"}
    settings = Settings.from_environment(
        {f"WORKBENCH_POOL_{name}": value for name, value in variables.items()}
        | {"WORKBENCH_DATABASE_URL": own.url(), "WORKBENCH_POOL_PRE_PING": "no"}
    )
    database = Database(settings)
    pool = database.engine(Role.READER).pool
    assert isinstance(pool, sa.pool.QueuePool)
    assert (pool.size(), pool._max_overflow, pool._recycle, pool._pre_ping) == (1, 1, 900, False)
    with database.transaction(Role.READER), database.transaction(Role.READER):  # noqa: SIM117
        with pytest.raises(StoreError, match=r"within 0\.2 s; close"):
            database.read(one)
    database.close()


def test_the_embedded_server_is_killed_and_started_again() -> None:
    with own_folder() as folder:
        folder.chmod(0o711)  # root's server runs as another account
        with Workbench(Settings(state_dir=folder / "state")) as workbench:
            workbench.ingest(f"csv:{SAMPLE}", symbols=["FB"], progress=False)
            bars = workbench.bars("FB")
            database = workbench.database
            count = Statement("bars", "SELECT count(*) FROM data_ingestion.market_data")
            assert database.check(count) == [(196,)]
            kill(database)
            assert database.check(count) == [(196,)]
            kill(database)
            assert database.read(one) == 1
            kill(database)
            assert workbench.bars("FB").equals(bars)
            workbench.down()


def kill(database: Database) -> None:
    """`kill -9` the embedded server and wait until its last process has noticed."""
    found = database.server.status()
    assert found.pid is not None
    os.kill(found.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while server_processes(str(found.data_dir)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
