"""The schema: made once by however many, indexes as the guide names them, least privilege."""

from __future__ import annotations

import subprocess
import sys

import psycopg2
import pytest

from workbench.api import Workbench
from workbench.errors import SettingsError, StoreError
from workbench.sessions import TIMEFRAMES
from workbench.settings import Settings
from workbench.store import schema
from workbench.store.database import Database, Role

TABLES = {
    "alembic_version", "change", "corporate_action", "corporate_action_clock",
    "corporate_action_revision", "instrument", "partition", "partitioning", "purge", "quarantine",
    "revision", "run", "run_series", "series", "store",
}  # fmt: skip
MIGRATE = """
import sys
from workbench.settings import Settings
from workbench.store.database import Database
Database(Settings(database_url=sys.argv[1])).ensure_schema()
"""


def column(workbench: Workbench, query: str) -> list[object]:
    with workbench.database.transaction(Role.OWNER) as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor]


def test_several_processes_create_the_schema_at_once(empty_database_url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, empty_database_url]) for _ in range(4)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]
    with Workbench(Settings(database_url=empty_database_url)) as workbench:
        made = column(
            workbench, "SELECT tablename FROM pg_tables WHERE schemaname = 'data_ingestion'"
        )
        bars = {name for name in made if str(name).startswith("market_data")}
        assert set(made) - bars == TABLES
        assert {f"market_data_{timeframe}" for timeframe in TIMEFRAMES} < bars
        assert schema.current_revision(workbench.database) == schema.head_revision()


def test_the_head_revision_is_alembics_and_the_history_is_one_line() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.head_revision()]
    revisions = sorted(script.revision for script in scripts.walk_revisions())
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]


def test_indexes_are_there_as_the_guide_names_them(workbench: Workbench) -> None:
    with workbench.database.transaction(Role.READER) as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'market_data'")
        found = dict(cursor.fetchall())
    assert set(found) == {"idx_market_data_symbol_timestamp", "idx_market_data_date"}
    assert '(instrument_id, timeframe, "timestamp")' in found["idx_market_data_symbol_timestamp"]
    assert 'brin ("timestamp")' in found["idx_market_data_date"]


def test_every_foreign_key_is_the_head_of_an_index(workbench: Workbench) -> None:
    without = column(
        workbench,
        "SELECT conrelid::regclass || ' ' || conname FROM pg_constraint c WHERE contype = 'f'"
        " AND connamespace = 'data_ingestion'::regnamespace AND NOT EXISTS ("
        "  SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])",
    )
    assert without == []


def test_the_timeframes_of_the_database_are_the_programs(workbench: Workbench) -> None:
    stored = column(workbench, "SELECT unnest(enum_range(NULL::data_ingestion.timeframe))::text")
    assert stored == list(TIMEFRAMES)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.READER, "SELECT data_ingestion.make_partition('1d', now())"),
        (Role.WRITER, "UPDATE data_ingestion.change SET committed_at = now()"),
        (Role.WRITER, "DELETE FROM data_ingestion.revision"),
        (Role.WRITER, "DROP TABLE data_ingestion.market_data_1d_other"),
        (Role.READER, "INSERT INTO data_ingestion.instrument (symbol) VALUES ('X')"),
        (Role.READER, "DELETE FROM data_ingestion.market_data"),
        (Role.READER, "CREATE TABLE data_ingestion.mine (a int)"),
        (Role.READER, "SET ROLE workbench_writer"),
        (Role.WRITER, "TRUNCATE data_ingestion.market_data"),
        (Role.WRITER, "UPDATE data_ingestion.series SET version = 0"),
        (Role.WRITER, "DELETE FROM data_ingestion.run"),
        (Role.WRITER, "DROP TABLE data_ingestion.market_data"),
        (Role.WRITER, "CREATE ROLE intruder SUPERUSER"),
        (Role.WRITER, "SELECT data_ingestion.series_clear()"),
    ],
)
def test_roles_may_do_only_what_they_are_for(
    workbench: Workbench, role: Role, statement: str
) -> None:
    # As a login of its own, as the embedded server gives it: no way back to the owner.
    workbench.database.ensure_schema()
    name = str(workbench.settings.database_url).split("?")[0].rpartition("/")[2]
    place = str(workbench.settings.database_url).split("?")[1]
    connection = psycopg2.connect(f"postgresql://{role.value}@/{name}?{place}")
    if role is Role.READER:
        connection.set_session(readonly=False)
    with connection, connection.cursor() as cursor, pytest.raises(psycopg2.Error) as caught:
        cursor.execute(statement)
    assert isinstance(
        caught.value,
        psycopg2.errors.InsufficientPrivilege | psycopg2.errors.FeatureNotSupported,
    )
    connection.close()


def test_a_reading_transaction_cannot_write(workbench: Workbench) -> None:
    with (
        pytest.raises(StoreError, match="refuses: cannot execute INSERT in a read-only"),
        workbench.database.transaction(Role.READER) as cursor,
    ):
        cursor.execute("INSERT INTO data_ingestion.instrument (symbol) VALUES ('X')")


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("mysql://root@localhost/x", SettingsError, "names 'mysql', which is not PostgreSQL"),
        ("not a url", SettingsError, "is not a URL; use postgresql://"),
        ("postgresql://ann:s3cret@127.0.0.1:1/x", StoreError, "check WORKBENCH_DATABASE_URL"),
        ("postgresql://ann:s3cret@/x?host=/nowhere", StoreError, "check WORKBENCH_DATABASE_URL"),
    ],
)
def test_a_wrong_url_gives_one_clear_line(url: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        Workbench(Settings(database_url=url)).bars("AAPL")
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_another_servers_old_schema_is_left_to_its_owner(database_url: str) -> None:
    database = Database(Settings(database_url=database_url))
    with database.transaction(Role.OWNER) as cursor:
        cursor.execute("UPDATE data_ingestion.alembic_version SET version_num = '0000'")
    database.close()
    with pytest.raises(StoreError, match=r"at revision 0000.*run `workbench up`"):
        database.ensure_schema()


def test_a_user_without_rights_is_told_what_is_needed(empty_database_url: str) -> None:
    owner = psycopg2.connect(empty_database_url)
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
        cursor.execute("DROP ROLE IF EXISTS workbench_reader_alone")
    owner.close()
    reader = empty_database_url.replace("workbench_owner@", "workbench_reader@")
    assert name in reader
    with pytest.raises(StoreError, match=r"may create roles and schemas|does not exist"):
        Database(Settings(database_url=reader)).ensure_schema()
