"""Reads from a streaming replica: lag, pauses, a killed replica, wrong URLs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import pytest
from own_server import OwnServer, own_servers
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.api import Workbench
from workbench.errors import SettingsError
from workbench.settings import Settings
from workbench.store import replicas as replicas_module
from workbench.store.database import Database

Answer = Callable[[Cursor], tuple[bool, int] | None]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[OwnServer, OwnServer, OwnServer]]:
    """A primary with a counter in it, and two replicas."""
    with own_servers("primary", "first", "second") as (primary, first, second):
        primary.create()
        with Workbench(Settings(database_url=primary.url())) as workbench:
            workbench.up()
        primary.sql("CREATE TABLE counter AS SELECT 0 AS version")
        primary.sql("GRANT SELECT ON counter TO PUBLIC")
        primary.copy_to(first)
        primary.copy_to(second)
        yield primary, first, second


@pytest.fixture
def database(servers: tuple[OwnServer, OwnServer, OwnServer]) -> Iterator[Database]:
    made = database_of(servers)
    yield made
    made.close()


def database_of(servers: tuple[OwnServer, ...]) -> Database:
    primary, *replicas = servers
    urls = ", ".join(replica.url() for replica in replicas)
    return Database(Settings(database_url=primary.url(), replica_urls=urls))


def at_least(version: int) -> Answer:
    """Answers with (whether it is a replica, the version) where `version` has arrived."""

    def answers(cursor: Cursor) -> tuple[bool, int] | None:
        cursor.execute("SELECT pg_is_in_recovery(), version FROM counter")
        replica, found = cursor.fetchone()
        return (replica, found) if found >= version else None

    return answers


def name_of(cursor: Cursor) -> str:
    cursor.execute("SELECT current_setting('cluster_name')")
    return str(cursor.fetchone()[0])


def move(primary: OwnServer) -> int:
    return int(str(primary.sql("UPDATE counter SET version = version + 1 RETURNING version")[0][0]))


def wait_for(replica: OwnServer, version: int) -> None:
    deadline = time.monotonic() + 30
    while replica.sql("SELECT version FROM counter") != [(version,)]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_replicas_answer_in_turn_as_readers(database: Database) -> None:
    asked = [database.read_at(name_of) for _ in range(4)]
    assert asked == ["first", "second", "first", "second"]

    def mode(cursor: Cursor) -> tuple[object, ...]:
        cursor.execute(
            "SELECT current_user::text, current_setting('transaction_read_only'),"
            " current_setting('transaction_isolation')"
        )
        found: tuple[object, ...] = cursor.fetchone()
        return found

    assert database.read_at(mode) == ("workbench_reader", "on", "repeatable read")


def test_a_replica_that_lags_does_not_answer(
    servers: tuple[OwnServer, OwnServer, OwnServer], database: Database
) -> None:
    primary, first, second = servers
    first.sql("SELECT pg_wal_replay_pause()")
    try:
        version = move(primary)
        wait_for(second, version)
        assert [database.read_at(at_least(version)) for _ in range(4)] == [(True, version)] * 4
        second.sql("SELECT pg_wal_replay_pause()")
        version = move(primary)
        assert database.read_at(at_least(version)) == (False, version)
        assert database.read_at(at_least(version - 1)) == (True, version - 1)
        assert database.read_at(at_least(version + 1)) is None
    finally:
        first.sql("SELECT pg_wal_replay_resume()")
        second.sql("SELECT pg_wal_replay_resume()")
    wait_for(first, version)
    wait_for(second, version)
    assert database.read_at(at_least(version)) == (True, version)


def test_a_killed_replica_is_put_aside_and_comes_back(
    servers: tuple[OwnServer, OwnServer, OwnServer],
    database: Database,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replicas_module, "ASIDE_S", 600.0)
    _, first, second = servers
    for _ in range(2):
        database.read_at(name_of)
    for server in (first, second):
        server.kill_all()
    with caplog.at_level(logging.WARNING, "workbench.store"):
        version = database.read_at(at_least(0))
        assert version is not None
        assert version[0] is False
        assert len(caplog.records) == 2
        assert "is put aside for 600 s" in caplog.text
        database.read_at(at_least(0))
        assert len(caplog.records) == 2
    for server in (first, second):
        server.start()
    database.close()
    assert (database.read_at(at_least(0)) or version)[0] is True


def test_a_replica_that_refuses_or_holds_something_else_is_no_error(
    servers: tuple[OwnServer, OwnServer, OwnServer], caplog: pytest.LogCaptureFixture
) -> None:
    primary = servers[0]
    wrong = "postgresql://ann:pa55word@/nowhere?host=/nonexistent"
    database = Database(
        Settings(database_url=primary.url(), replica_urls=f"{primary.url('postgres')},{wrong}")
    )
    assert database.read_at(at_least(0)) is not None
    assert 'relation "counter" does not exist' in caplog.text
    assert "/nonexistent" in caplog.text
    assert "pa55word" not in caplog.text + repr(database.settings)
    database.close()


def test_an_error_of_the_reader_s_own_goes_through(database: Database) -> None:
    def breaks(_: Cursor) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.read_at(breaks)
    assert database.read_at(name_of) == "second"


def test_a_url_that_is_none_names_its_variable() -> None:
    settings = Settings.from_environment({"WORKBENCH_REPLICA_URLS": "postgresql://a/x,postgres!"})
    with pytest.raises(SettingsError, match="WORKBENCH_REPLICA_URLS='postgres!' is not a URL"):
        Database(settings).read_at(name_of)
    mysql = Settings(replica_urls="mysql://a/x")
    with pytest.raises(SettingsError, match="names 'mysql', which is not PostgreSQL"):
        Database(mysql).read_at(name_of)
