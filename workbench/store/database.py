"""One PostgreSQL database: where it is, a connection pool per role, and its schema's version."""

from __future__ import annotations

import enum
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import TransactionRollbackError
from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.errors import SettingsError, StoreError
from workbench.settings import Settings, mask
from workbench.store.connections import (
    STARTING,
    first_line,
    is_lost,
    persist,
    pool,
    refusal,
    transaction_on,
)
from workbench.store.embedded import EmbeddedServer
from workbench.store.prepared import PreparedConnections, Row, Statement
from workbench.store.replicas import IMPATIENT, Replicas, split_urls

T = TypeVar("T")
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
        self._answered: set[Role] = set()
        self._prepared = PreparedConnections(
            self._autonomous, settings.pool_size, settings.pool_recycle_s
        )
        self._replicas: Replicas | None = None
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
            self._leave_parent()
            if role not in self._engines:
                self._engines[role] = pool(self.url(role), self.settings, session(role))
            return self._engines[role]

    @property
    def replicas(self) -> Replicas:
        """The replicas that `replica_urls` names, with a pool each; none as a rule."""
        with self._lock:
            self._leave_parent()
            if self._replicas is None:
                urls = split_urls(self.settings.replica_urls)
                self._replicas = Replicas([self._replica_pool(url) for url in urls])
            return self._replicas

    def _replica_pool(self, url: str) -> sa.Engine:
        where = external_url(url, "WORKBENCH_REPLICA_URLS")
        return pool(where, self.settings, session(Role.READER), **IMPATIENT)

    def _leave_parent(self) -> None:
        """A fork must not share its parent's sockets."""
        if self._pid == os.getpid():
            return
        for engine in self._engines.values():
            engine.dispose(close=False)
        if self._replicas is not None:
            self._replicas.dispose(close=False)
        self._engines, self._pid = {}, os.getpid()

    def read(self, work: Callable[[Cursor], T]) -> T:
        """What `work` makes of a READER transaction, whose statements see one snapshot.

        When the connection is lost, by a restart of the server for one, or the server ends the
        transaction because of a deadlock, `work` is called again, until `reconnect_timeout_s` has
        passed; so it starts afresh at each call.
        Raises StoreError as `transaction` does.

        >>> database = Database(Settings(database_url="postgresql://localhost/x"))
        >>> database.read(lambda cursor: cursor.execute("SELECT 1"))  # doctest: +SKIP
        """
        return self._repeated(Role.READER, work)

    def write(self, work: Callable[[Cursor], T]) -> T:
        """`read` with a WRITER transaction, for a `work` that may as well be done twice.

        A connection that is lost during the commit leaves open whether it was done.
        """
        return self._repeated(Role.WRITER, work)

    def read_at(self, answers: Callable[[Cursor], T | None]) -> T | None:
        """What `answers` makes of a READER transaction on a replica, else on the primary.

        `answers` gives None where it finds a store that is behind what is wanted: the next one is
        asked, the primary last, whose answer stands, None included.
        """
        found = self.replicas.ask(answers)
        return self.read(answers) if found is None else found

    def check(self, statement: Statement, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of one prepared statement, as READER, in a transaction and snapshot of its own.

        Repeated like `read`. Raises StoreError as `transaction` does.
        """
        return self._alone(lambda: self._prepared.run(statement, parameters))

    def alone(self, work: Callable[[Cursor], T]) -> T:
        """What `work` makes of a READER's cursor, each of whose statements has its own snapshot.

        Repeated like `read`. Raises StoreError as `transaction` does.
        """
        return self._alone(lambda: self._prepared.use(work))

    def _alone(self, run: Callable[[], T]) -> T:
        def attempt() -> T:
            self._ensure_checked()
            try:
                return run()
            except psycopg2.Error as error:
                raise refusal(error) from error

        return self._persist(Role.READER, attempt)

    def _repeated(self, role: Role, work: Callable[[Cursor], T]) -> T:
        def attempt() -> T:
            with self.transaction(role) as cursor:
                return work(cursor)

        return self._persist(role, attempt)

    def _persist(self, role: Role, attempt: Callable[[], T]) -> T:
        def may_repeat(error: StoreError) -> bool:
            cause = error.__cause__
            if isinstance(cause, TransactionRollbackError):  # it was the victim of a deadlock
                return True
            if not is_lost(cause):
                return False
            self._discard(role)  # what the pools hold is as dead
            return role in self._answered or re.search(STARTING, str(cause)) is not None

        return persist(attempt, may_repeat, self.settings.reconnect_timeout_s)

    def _discard(self, role: Role) -> None:
        self._prepared.clear()
        with self._lock:
            if role in self._engines:
                self._engines[role].dispose()

    def _autonomous(self) -> Connection:
        """A connection of one's own, with the pool's options and outside of the pool."""
        pooled = self._connect(Role.READER)
        connection = cast(Connection, pooled.dbapi_connection)
        pooled.detach()
        connection.rollback()
        return connection

    @contextmanager
    def transaction(self, role: Role) -> Iterator[Cursor]:
        """A psycopg2 cursor in one transaction as `role`: committed at the end, else rolled back.

        Makes sure first, once a process, that the schema is there. Raises StoreError when the
        server cannot be reached or refuses a statement; its cause is the driver's exception.
        """
        self._ensure_checked()
        with self.unchecked_transaction(role) as cursor:
            yield cursor

    @contextmanager
    def unchecked_transaction(self, role: Role) -> Iterator[Cursor]:
        """`transaction` without the look at the schema."""
        with transaction_on(self._connect(role)) as cursor:
            yield cursor

    def _ensure_checked(self) -> None:
        if not self._schema_checked:
            self.ensure_schema()

    def _connect(self, role: Role) -> sa.PoolProxiedConnection:
        try:
            try:
                connection = self.engine(role).raw_connection()
            except (psycopg2.OperationalError, sa.exc.OperationalError):
                if self.external:
                    raise
                self.server.acquire()  # it may have been killed: that starts it again
                connection = self.engine(role).raw_connection()
            self._answered.add(role)
            return connection
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
        self._prepared.clear()
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
            self._answered.clear()
            if self._replicas is not None:
                self._replicas.dispose()
                self._replicas = None
            self._schema_checked = False
            if not self.external:
                self.server.release()


def session(role: Role) -> dict[str, str]:
    """PostgreSQL's settings of a connection that acts as `role`.

    >>> session(Role.WRITER)
    {'timezone': 'UTC', 'datestyle': 'ISO', 'role': 'workbench_writer'}
    """
    options = {"timezone": "UTC", "datestyle": "ISO"}
    if role is not Role.OWNER:
        options["role"] = role.value
    if role is Role.READER:  # version and rows of one read come from one snapshot
        options["default_transaction_isolation"] = "repeatable\\ read"
        options["default_transaction_read_only"] = "on"
    return options


def external_url(text: str, variable: str = "WORKBENCH_DATABASE_URL") -> sa.URL:
    """`text`, the value of `variable`, as a URL for psycopg2.

    Plain `postgresql://` no longer means that by itself.
    Raises SettingsError when it is not a PostgreSQL URL.

    >>> external_url("postgresql://ann@db.example/bars").drivername
    'postgresql+psycopg2'
    """
    advice = "use postgresql://user:password@host:5432/database"
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise SettingsError(f"{variable}={mask(text)!r} is not a URL; {advice}") from None
    if url.drivername not in DIALECTS:
        raise SettingsError(
            f"{variable} names {url.drivername!r}, which is not PostgreSQL; {advice}"
        )
    return url.set(drivername="postgresql+psycopg2")
