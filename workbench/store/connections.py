"""Connections to one server: a pool, a transaction on it, and telling a lost one from a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

import psycopg2
import sqlalchemy as sa
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.errors import StoreError
from workbench.settings import Settings

T = TypeVar("T")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 1.0

LOST = ("57P01", "57P02", "57P03", "57P05", "25P03")
"""SQLSTATEs of a server that ends a connection or does not yet take one; and class 08."""

STARTING = "starting up|shutting down|recovery mode|not yet accepting connections"
"""What a server says, in English, to those who come during its restart."""


def pool(
    url: sa.URL, settings: Settings, session: Mapping[str, str], **connect_arguments: Any
) -> sa.Engine:
    """An SQLAlchemy engine with the pool of the settings; connects when first used.

    `session` holds PostgreSQL settings of each connection, `connect_arguments` libpq's.

    >>> pool(sa.make_url("postgresql+psycopg2://h/x"), Settings(pool_size=3), {}).pool.size()
    3
    """
    options = " ".join(f"-c {name}={value}" for name, value in session.items())
    return sa.create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_pre_ping=settings.pool_pre_ping,
        pool_recycle=settings.pool_recycle_s,
        connect_args={"options": options, "application_name": "workbench", **connect_arguments},
    )


@contextmanager
def transaction_on(connection: sa.PoolProxiedConnection) -> Iterator[Cursor]:
    """A cursor in one transaction, committed at the end, else rolled back; then given back.

    Raises StoreError when the server refuses; its cause is the driver's exception.
    """
    try:
        yield cast(Cursor, connection.cursor())
        connection.commit()
    except BaseException as error:
        try:
            connection.rollback()
        except Exception:  # a connection lost or stopped inside COPY cannot be reused
            connection.invalidate()
        if isinstance(error, psycopg2.Error):
            raise refusal(error) from error
        raise
    finally:
        connection.close()


def refusal(error: psycopg2.Error) -> StoreError:
    """What the server or the driver says, as ours.

    >>> refusal(psycopg2.Error("no"))
    StoreError('the database refuses: no')
    """
    return StoreError(f"the database refuses: {first_line(error)}")


def is_lost(error: BaseException | None) -> bool:
    """Whether the driver's `error` means that the connection is gone, or could not be made.

    >>> is_lost(psycopg2.OperationalError("server closed the connection unexpectedly"))
    True
    >>> is_lost(psycopg2.errors.QueryCanceled("canceling statement due to statement timeout"))
    False
    """
    original = getattr(error, "orig", None) or error
    if not isinstance(original, psycopg2.Error):
        return False
    if original.cursor is not None and original.cursor.connection.closed:
        return True
    if original.pgcode is not None:
        return original.pgcode in LOST or original.pgcode.startswith("08")
    # Without an SQLSTATE it is the driver that speaks; inside COPY it knows no better class.
    spoken = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.DatabaseError)
    return type(original) in spoken


def persist(
    attempt: Callable[[], T], may_repeat: Callable[[StoreError], bool], limit_s: float
) -> T:
    """The result of `attempt`, repeated with growing pauses while `may_repeat` agrees.

    >>> persist(lambda: 7, lambda error: True, 1.0)
    7
    """
    deadline = time.monotonic() + limit_s
    pause = FIRST_PAUSE_S
    while True:
        try:
            return attempt()
        except StoreError as error:
            if time.monotonic() + pause > deadline or not may_repeat(error):
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def first_line(error: BaseException) -> str:
    """The first line of the driver's message, without SQLAlchemy's and libpq's wrapping.

    >>> first_line(ValueError("no route\\nDETAIL: x"))
    'no route'
    """
    original: Any = getattr(error, "orig", None) or error
    lines = str(original).strip().splitlines()
    return lines[0].strip() if lines else type(original).__name__


def abandon(connection: Any) -> None:
    """Close a driver's connection that may be dead already."""
    with suppress(psycopg2.Error):
        connection.close()
