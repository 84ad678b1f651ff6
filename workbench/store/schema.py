"""The schema's version: which migration a database is at, which the program needs, and the way."""

from __future__ import annotations

from pathlib import Path

import psycopg2

from workbench.errors import StoreError
from workbench.store.database import Database, Role

MIGRATIONS = Path(__file__).parent / "migrations"


def head_revision() -> str:
    """The newest migration's number, read from the file names, as Alembic is slow to import.

    >>> len(head_revision())
    4
    """
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(database: Database) -> str | None:
    """The migration that `database` is at; None where the schema has not been created."""
    try:
        with database.unchecked_transaction(Role.OWNER) as cursor:
            cursor.execute("SELECT version_num FROM data_ingestion.alembic_version")
            row = cursor.fetchone()
    except StoreError as error:
        if isinstance(error.__cause__, psycopg2.errors.UndefinedTable):
            return None
        raise
    return str(row[0]) if row else None


def migrate(database: Database) -> None:
    """Bring the schema to the newest migration; several at once wait for each other.

    Raises StoreError when the connecting user may not create what a migration creates.
    """
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with database.engine(Role.OWNER).begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('workbench'))"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        refused = isinstance(error.orig, psycopg2.errors.InsufficientPrivilege)
        advice = (
            "; connect once as a user that may create roles and schemas here" if refused else ""
        )
        raise StoreError(f"cannot bring the schema to its version: {reason}{advice}") from error
