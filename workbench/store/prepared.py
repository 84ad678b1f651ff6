"""One prepared statement on an autocommit connection: the quickest question to the server."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812  (it is a class)
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.store.connections import abandon

T = TypeVar("T")
Row = tuple[Any, ...]

FORGOTTEN = (psycopg2.errors.InvalidSqlStatementName, psycopg2.errors.FeatureNotSupported)
"""The server has no such statement any more, or its tables have changed since."""


@dataclass(frozen=True)
class Statement:
    """A query with `$1`, `$2`, … that the server prepares under `name`, an identifier.

    >>> Statement("newest", "SELECT max(version) FROM t WHERE id = $1").execute
    'EXECUTE newest (%s)'
    """

    name: str
    sql: str

    @cached_property
    def prepare(self) -> str:
        """The command that makes it."""
        return f"PREPARE {self.name} AS {self.sql}"

    @cached_property
    def execute(self) -> str:
        """The command that runs it, with the driver's placeholders."""
        count = max(map(int, re.findall(r"\$(\d+)", self.sql)), default=0)
        return f"EXECUTE {self.name}" + (f" ({', '.join(['%s'] * count)})" if count else "")


class _Session:
    """A connection with what has been prepared on it."""

    def __init__(self, connection: Connection) -> None:
        connection.autocommit = True
        self.connection, self.cursor = connection, connection.cursor()
        # A statement is planned once; the planner would often rather do it at each call.
        self.cursor.execute("SET plan_cache_mode = force_generic_plan")
        self._prepared: dict[str, str] = {}
        self.pid, self.opened = os.getpid(), time.monotonic()

    def run(self, statement: Statement, parameters: Sequence[Any]) -> list[Row]:
        if self._prepared.get(statement.name) != statement.sql:
            if statement.name in self._prepared:
                self.cursor.execute(f"DEALLOCATE {statement.name}")
            self.cursor.execute(statement.prepare)
            self._prepared[statement.name] = statement.sql
        self.cursor.execute(statement.execute, parameters or None)
        return self.cursor.fetchall()


class PreparedConnections:
    """Idle connections, last in first out, for one statement at a time each.

    Thread-safe, and a fork starts with none. At most `keep` stay open, for `recycle_s` seconds.
    """

    def __init__(self, connect: Callable[[], Connection], keep: int, recycle_s: float) -> None:
        self._connect, self._keep, self._recycle_s = connect, keep, recycle_s
        self._idle: list[_Session] = []

    def run(self, statement: Statement, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of `statement`, run by itself; raises the driver's errors."""
        return self._with(lambda session: session.run(statement, parameters))

    def use(self, work: Callable[[Cursor], T]) -> T:
        """What `work` makes of a cursor, each of whose statements is a transaction by itself."""
        return self._with(lambda session: work(session.cursor))

    def _with(self, work: Callable[[_Session], T]) -> T:
        session = self._take()
        try:
            found = work(session)
        except FORGOTTEN:
            abandon(session.connection)
            session = _Session(self._connect())
            found = work(session)
        except psycopg2.Error:  # a refusal leaves the connection as good as it was
            if not session.connection.closed:
                self._give_back(session)
            raise
        except BaseException:
            abandon(session.connection)
            raise
        self._give_back(session)
        return found

    def clear(self) -> None:
        """Close the idle connections."""
        while self._idle:
            session = self._idle.pop()
            if session.pid == os.getpid():  # a fork must not end its parent's session
                abandon(session.connection)

    def _take(self) -> _Session:
        while True:
            try:
                session = self._idle.pop()
            except IndexError:
                return _Session(self._connect())
            if session.pid != os.getpid():
                continue
            if time.monotonic() - session.opened < self._recycle_s:
                return session
            abandon(session.connection)

    def _give_back(self, session: _Session) -> None:
        if len(self._idle) < self._keep:
            self._idle.append(session)
        else:
            abandon(session.connection)
