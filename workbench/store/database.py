"""One PostgreSQL database: where it is, a connection pool per role, and its schema's version."""

from __future__ import annotations

import enum
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.errors import SettingsError, StoreError
from workbench.settings import Settings, mask
from workbench.store.embedded import EmbeddedServer

DIALECTS = {"postgres", "postgresql", "postgresql+psycopg2"}


class Role(enum.Enum):
    """What a connection may do; the value is the PostgreSQL role that it acts as."""

    OWNER = "workbench_owner"
    WRITER = "workbench_writer"
    READER = "workbench_reader"


class Database:
    """The database that the settings name; connects when first used, and not before.

    Without `database_url` it is the embedded server, which is started when needed and told that
    this process uses it. Every transaction runs as one `Role`.

    >>> Database(Settings(database_url="postgresql://localhost/x")).external
    True
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.external = settings.database_url is not None
        self.server = EmbeddedServer(
            settings.state_path,
            keep=settings.server_keep,
            start_timeout_s=settings.server_start_timeout_s,
        )
        self._engines: dict[Role, sa.Engine] = {}
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._schema_checked = False

    def url(self, role: Role) -> sa.URL:
        """Where to connect as `role`; starts the embedded server when it is the one to use.

        Raises SettingsError when `database_url` is not a PostgreSQL URL.
        """
        if not self.external:
            return sa.make_url(self.server.acquire().url(role.value))
        return external_url(self.settings.database_url or "")

    def engine(self, role: Role) -> sa.Engine:
        """The SQLAlchemy engine (pool) whose connections act as `role`."""
        with self._lock:
            if self._pid != os.getpid():  # a fork must not share its parent's sockets
                for engine in self._engines.values():
                    engine.dispose(close=False)
                self._engines, self._pid = {}, os.getpid()
            if role not in self._engines:
                self._engines[role] = self._create_engine(role)
            return self._engines[role]

    def _create_engine(self, role: Role) -> sa.Engine:
        options = {"timezone": "UTC"}
        if role is not Role.OWNER:
            options["role"] = role.value
        if role is Role.READER:  # version and rows of one read come from one snapshot
            options["default_transaction_isolation"] = "repeatable\\ read"
            options["default_transaction_read_only"] = "on"
        return sa.create_engine(
            self.url(role),
            pool_size=self.settings.pool_size,
            max_overflow=self.settings.pool_overflow,
            pool_timeout=self.settings.pool_timeout_s,
            pool_pre_ping=self.settings.pool_pre_ping,
            connect_args={
                "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
                "application_name": "workbench",
            },
        )

    @contextmanager
    def transaction(self, role: Role) -> Iterator[Cursor]:
        """A psycopg2 cursor in one transaction as `role`: committed at the end, else rolled back.

        Makes sure first, once a process, that the schema is there. Raises StoreError when the
        server cannot be reached or refuses a statement; its cause is the driver's exception.
        """
        if not self._schema_checked:
            self.ensure_schema()
        with self.unchecked_transaction(role) as cursor:
            yield cursor

    @contextmanager
    def unchecked_transaction(self, role: Role) -> Iterator[Cursor]:
        """`transaction` without the look at the schema."""
        connection = self._connect(role)
        try:
            yield cast(Cursor, connection.cursor())
            connection.commit()
        except BaseException as error:
            try:
                connection.rollback()
            except Exception:  # a connection lost or stopped inside COPY cannot be reused
                connection.invalidate()
            if isinstance(error, psycopg2.Error):
                raise StoreError(f"the database refuses: {first_line(error)}") from error
            raise
        finally:
            connection.close()

    def _connect(self, role: Role) -> sa.PoolProxiedConnection:
        try:
            try:
                return self.engine(role).raw_connection()
            except (psycopg2.OperationalError, sa.exc.OperationalError):
                if self.external:
                    raise
                self.server.acquire()  # it may have been killed: that starts it again
                return self.engine(role).raw_connection()
        except (psycopg2.OperationalError, sa.exc.OperationalError) as error:
            raise self._unreachable(error) from error
        except sa.exc.TimeoutError as error:
            raise StoreError(
                f"no free database connection within {self.settings.pool_timeout_s:g} s; close "
                "what is open or raise WORKBENCH_POOL_SIZE / WORKBENCH_POOL_OVERFLOW"
            ) from error

    def _unreachable(self, error: Exception) -> StoreError:
        reason = mask(first_line(error))
        if self.external:
            where = mask(self.settings.database_url or "")
            return StoreError(f"cannot use {where}: {reason}; check WORKBENCH_DATABASE_URL")
        return StoreError(f"cannot use the embedded server: {reason}; see `workbench status`")

    def ensure_schema(self) -> None:
        """Create the schema where there is none; migrate an old one of the embedded server.

        Raises StoreError when another server's schema is older or newer than this program: that
        is for its owner to change, with `workbench up`.
        """
        from workbench.store import schema

        with self._lock:
            found = schema.current_revision(self)
            if found != schema.head_revision():
                if self.external and found is not None:
                    raise StoreError(
                        f"the schema of {mask(self.settings.database_url or '')} is at revision "
                        f"{found}, this program needs {schema.head_revision()}; run `workbench up`"
                    )
                schema.migrate(self)
            self._schema_checked = True

    def close(self) -> None:
        """Close all connections and stop using the embedded server."""
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
            self._schema_checked = False
            if not self.external:
                self.server.release()


def external_url(text: str) -> sa.URL:
    """`text` as a URL for psycopg2, which plain `postgresql://` no longer means by itself.

    Raises SettingsError when it is not a PostgreSQL URL.

    >>> external_url("postgresql://ann@db.example/bars").drivername
    'postgresql+psycopg2'
    """
    advice = "use postgresql://user:password@host:5432/database"
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise SettingsError(
            f"WORKBENCH_DATABASE_URL={mask(text)!r} is not a URL; {advice}"
        ) from None
    if url.drivername not in DIALECTS:
        raise SettingsError(
            f"WORKBENCH_DATABASE_URL names {url.drivername!r}, which is not PostgreSQL; {advice}"
        )
    return url.set(drivername="postgresql+psycopg2")


def first_line(error: BaseException) -> str:
    """The first line of the driver's message, without SQLAlchemy's and libpq's wrapping.

    >>> first_line(ValueError("no route\\nDETAIL: x"))
    'no route'
    """
    original: Any = getattr(error, "orig", None) or error
    lines = str(original).strip().splitlines()
    return lines[0].strip() if lines else type(original).__name__
