"""Queries of the user's own: named parameters, one reading statement, limits of rows and time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as clock
from decimal import Decimal
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.errors import InputError, StoreError, listing
from workbench.store.connections import refusal
from workbench.store.database import Database
from workbench.store.frame import fetch_frame, times_as_text

T = TypeVar("T")

# What PostgreSQL's own scanner takes for one thing. A `$` or a quote inside of a word begins none.
APART = r"(?<![\w$\x80-\U0010ffff])"
TOKENS = re.compile(
    rf"""
    (?P<comment> --[^\n\r]* | /\*.*?\*/ )
  | (?P<literal> {APART}[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
      | {APART}\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$ )
  | (?<![:\w]):(?P<parameter>[^\W\d]\w*)
  | (?P<end>;)
  | (?P<percent>%)
    """,
    re.VERBOSE | re.DOTALL,
)
SCALARS = (bool, int, float, str, Decimal, date, clock, timedelta)
SELECTS = ("SELECT", "WITH", "VALUES", "TABLE")


@dataclass(frozen=True)
class Query:
    """One statement as the driver takes it, and the values to bind.

    >>> Query.of("SELECT '10:30' WHERE 5 % 2 = :one;", {"one": 1}).sql
    "SELECT '10:30' WHERE 5 %% 2 = %(one)s"
    """

    sql: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, text: str, parameters: Mapping[str, Any]) -> Self:
        """`text`, where `:name` stands for a parameter outside of literals and comments.

        Raises InputError for parameters that are missing, superfluous or not to be bound, and for
        anything but one statement.
        """
        if not isinstance(text, str) or not TOKENS.sub(_bare, text).strip(" \t\r\n;"):
            raise InputError(f"{text!r} is not a query; give text such as 'SELECT …'")
        found = [match["parameter"] for match in TOKENS.finditer(text) if match["parameter"]]
        _check_names(set(found), set(parameters))
        ends = [match.start() for match in TOKENS.finditer(text) if match["end"]]
        if ends and TOKENS.sub(_bare, text[ends[0] :]).strip(" \t\r\n;"):
            raise InputError("the query holds several statements; give them one by one")
        sql = TOKENS.sub(_translated, text[: ends[0]] if ends else text)
        return cls(sql, {name: bindable(name, value) for name, value in parameters.items()})

    @property
    def selects(self) -> bool:
        """Whether it is a query that a server-side cursor can go through."""
        word = re.search(r"\w+", TOKENS.sub(_bare, self.sql))
        return word is not None and word[0].upper() in SELECTS


def _bare(match: re.Match[str]) -> str:
    return " " if match["comment"] is not None else match[0]


def _translated(match: re.Match[str]) -> str:
    if match["parameter"]:
        return f"%({match['parameter']})s"
    return match[0].replace("%", "%%")


def _check_names(wanted: set[str], given: set[str]) -> None:
    has = f"; the query has {listing(f':{name}' for name in sorted(wanted))}"
    if missing := sorted(wanted - given):
        raise InputError(f"no value for {listing(missing)}{has}; pass {missing[0]}=…")
    if extra := sorted(given - wanted):
        raise InputError(f"there is no parameter {listing(extra)}{has}")


def bindable(name: str, value: Any) -> Any:
    """`value` of parameter `name` as the driver knows it; InputError where it does not.

    numpy's and pandas' scalars, arrays, Series and indexes become Python's.

    >>> bindable("ids", np.arange(2)), bindable("at", pd.NaT)
    ([0, 1], None)
    """
    if isinstance(value, np.ndarray | pd.Series | pd.Index | set | frozenset):
        return [bindable(name, item) for item in value]
    if isinstance(value, list | tuple):
        return type(value)([bindable(name, item) for item in value])
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        return str(value)  # to the nanosecond; the server rounds as it always does
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, SCALARS) or (isinstance(value, str) and "\0" in value):
        kind = type(value).__name__
        raise InputError(
            f"{name}={value!r} ({kind}) cannot be bound; give text, numbers, times or lists of them"
        )
    return value


def run_query(database: Database, query: Query, *, max_rows: int, timeout_s: float) -> pd.DataFrame:
    """The result of `query` as READER, in a transaction that writes nothing and is rolled back.

    Raises InputError for more than `max_rows` rows, and StoreError when the server refuses or
    needs longer than `timeout_s`.
    """
    positive("max_rows", max_rows)
    positive("timeout_s", timeout_s)

    def work(cursor: Cursor) -> pd.DataFrame:
        limited(cursor, timeout_s)
        if query.selects:  # the server stops at the limit, whatever is behind it
            cursor.execute(f"DECLARE result NO SCROLL CURSOR FOR {query.sql}", query.values)
            cursor.execute("FETCH FORWARD %s FROM result", (max_rows + 1,))
        else:
            cursor.execute(query.sql, query.values)
        if cursor.description is None:
            raise InputError("the statement gives no table; wb.sql is for those that do")
        if cursor.rowcount > max_rows:
            raise InputError(
                f"the query gives more than {max_rows:,} rows; raise max_rows= or "
                "WORKBENCH_SQL_MAX_ROWS, or go through it with wb.pages"
            )
        return fetch_frame(cursor)

    return rolled_back(database, work, timeout_s)


def limited(cursor: Cursor, timeout_s: float) -> None:
    """Give each statement of this transaction `timeout_s` seconds, and plans that end soonest.

    The lock comes before the snapshot, so that no bars are on their way between partitions.
    """
    cursor.execute("SET LOCAL statement_timeout = %s", (max(1, round(timeout_s * 1000)),))
    cursor.execute(
        "SET LOCAL cursor_tuple_fraction = 1.0;"
        "LOCK TABLE ONLY data_ingestion.market_data IN ACCESS SHARE MODE"
    )
    times_as_text(cursor)


def rolled_back(database: Database, work: Callable[[Cursor], T], timeout_s: float) -> T:
    """What `work` makes of a READER transaction that leaves nothing, not even a setting, behind.

    Raises StoreError that says what to do for a timeout and for an attempt to write.
    """
    started = time.monotonic()

    def attempt(cursor: Cursor) -> T:
        nonlocal started
        started = time.monotonic()
        found = work(cursor)
        cursor.connection.rollback()
        return found

    try:
        return database.read(attempt)
    except StoreError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg2.errors.ReadOnlySqlTransaction):
            raise StoreError(f"{refusal(cause)}; queries only read") from cause
        ended = isinstance(cause, psycopg2.errors.QueryCanceled)
        if ended and time.monotonic() - started >= timeout_s:
            raise StoreError(
                f"the query took longer than {timeout_s:g} s; ask for less, look at its plan "
                "with EXPLAIN, or raise timeout_s= or WORKBENCH_SQL_TIMEOUT_S"
            ) from cause
        raise


def positive(name: str, value: float) -> None:
    """InputError unless `value` of the argument `name` is a number above zero.

    >>> positive("max_rows", 1)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise InputError(f"{name}={value!r} is not a number above zero")
