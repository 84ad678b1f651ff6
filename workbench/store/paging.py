"""Keyset pagination: any query in pages, each found by its key and not by counting rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import pandas as pd
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)

from workbench.errors import InputError, UnknownNameError
from workbench.store.database import Database
from workbench.store.frame import frame
from workbench.store.query import Query, limited, positive, rolled_back

T = TypeVar("T")
Key = list[Any]
"""The key of a row, as JSON can hold it."""


@dataclass(frozen=True)
class Paged:
    """A query whose rows are told apart, and ordered, by its columns `key`.

    >>> print(Paged(Query("SELECT * FROM t", {}), ("a", "b")).sql(after=True))
    SELECT * FROM (SELECT * FROM t
    ) AS page WHERE "a" >= %(after 0)s AND ("a", "b") > (%(after 0)s, %(after 1)s) ORDER BY "a", "b"
    """

    query: Query
    key: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The key's columns, quoted for SQL and for the driver."""
        return ['"' + name.replace('"', '""').replace("%", "%%") + '"' for name in self.key]

    @property
    def whole(self) -> str:
        """The query as a table; the line ends because a comment may stand at its end."""
        return f"({self.query.sql}\n) AS page"

    def sql(self, *, after: bool) -> str:
        """The rows in order of the key, all of them or those after the key `after 0, after 1, …`.

        The first condition follows from the second one; an index of one column can use it.
        """
        names = ", ".join(self.columns)
        bound = ", ".join(f"%(after {i})s" for i in range(len(self.key)))
        first = self.columns[0]
        where = f" WHERE {first} >= %(after 0)s AND ({names}) > ({bound})" if after else ""
        return f"SELECT * FROM {self.whole}{where} ORDER BY {names}"  # noqa: S608

    def rows(self, cursor: Cursor, after: Key | None, count: int) -> list[tuple[Any, ...]]:
        """The first `count` rows after the key `after`."""
        # As texts, so that the server reads them as what the columns are.
        bound = {f"after {i}": str(value) for i, value in enumerate(after or [])}
        cursor.execute(
            f"{self.sql(after=after is not None)} LIMIT %(page rows)s",
            {**self.query.values, **bound, "page rows": count},
        )
        return cursor.fetchall()

    def names(self, cursor: Cursor) -> list[str]:
        """The names of all columns; runs nothing."""
        empty = f"SELECT * FROM {self.whole} LIMIT 0"  # noqa: S608
        cursor.execute(empty, self.query.values)
        return [column.name for column in cursor.description or ()]

    def has_null(self, cursor: Cursor) -> bool:
        """Whether some row has a NULL in its key, which no comparison would find."""
        missing = " OR ".join(f"{name} IS NULL" for name in self.columns)
        look = f"SELECT EXISTS (SELECT FROM {self.whole} WHERE {missing})"  # noqa: S608
        cursor.execute(look, self.query.values)
        row = cursor.fetchone()
        return row is not None and bool(row[0])


def paged(
    database: Database,
    query: Query,
    key: str | Sequence[str],
    *,
    page_rows: int,
    after: Sequence[Any] | None,
    timeout_s: float,
) -> Iterator[pd.DataFrame]:
    """The pages of `query` in order of `key`, beginning after the key `after`.

    Raises InputError for a key that is not there, not unique or NULL in some row.
    """
    pages = Paged(query, (key,) if isinstance(key, str) else tuple(key))
    positive("page_rows", page_rows)
    positive("timeout_s", timeout_s)
    _check_key(pages.key, _read(database, pages.names, timeout_s))
    if after is not None and (isinstance(after, str) or len(after) != len(pages.key)):
        raise InputError(
            f"after={after!r} is not a key of {list(pages.key)}; give page.attrs['after']"
        )
    start = None if after is None else list(after)
    return _pages(database, pages, page_rows, start, timeout_s)


def _check_key(key: Sequence[str], columns: Sequence[str]) -> None:
    if not key or len(set(key)) < len(key):
        raise InputError(f"key={list(key)} must name each column of the key once")
    for name in key:
        if name not in columns:
            raise UnknownNameError("key column", str(name), columns)
        if columns.count(name) > 1:
            raise InputError(f"the query has several columns {name!r}; name them apart with AS")


def _pages(
    database: Database, pages: Paged, page_rows: int, after: Key | None, timeout_s: float
) -> Iterator[pd.DataFrame]:
    first, more = after is None, True
    while more:
        read = partial(_page, pages, page_rows, after, first)
        page, after, more = _read(database, read, timeout_s)
        first = False
        page.attrs["after"] = after
        yield page


def _page(
    pages: Paged, page_rows: int, after: Key | None, first: bool, cursor: Cursor
) -> tuple[pd.DataFrame, Key | None, bool]:
    """One page, the key of its last row, and whether rows are left.

    One row more is read than the page holds: it may have the key of the page's last one.
    """
    rows = pages.rows(cursor, after, page_rows + 1)
    more = len(rows) > page_rows
    found = frame(cursor, rows[:page_rows])
    places = [found.columns.get_loc(name) for name in pages.key]
    keys = [[row[place] for place in places] for row in rows]
    _check_unique(pages.key, keys)
    if first and more and pages.has_null(cursor):
        raise _null(pages.key)
    return found, [_plain(value) for value in keys[len(found) - 1]] if keys else after, more


def _read(database: Database, work: Callable[[Cursor], T], timeout_s: float) -> T:
    def limited_work(cursor: Cursor) -> T:
        limited(cursor, timeout_s)
        return work(cursor)

    return rolled_back(database, limited_work, timeout_s)


def _plain(value: Any) -> Any:
    """A key's value as JSON holds it, exactly."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return str(value)
    raise InputError(f"a column of {type(value).__name__} cannot be a key; select it as text")


def _check_unique(key: Sequence[str], keys: Sequence[Key]) -> None:
    for one, next_one in pairwise(keys):
        if all(a == b or (a != a and b != b) for a, b in zip(one, next_one, strict=True)):  # NaN
            shown = dict(zip(key, map(str, one), strict=True))
            raise InputError(
                f"two rows have the key {shown}; pages would lose rows: add columns to"
                f" key={list(key)} until it is unique"
            )
    if any(None in one for one in keys):
        raise _null(key)


def _null(key: Sequence[str]) -> InputError:
    return InputError(
        f"a column of key={list(key)} is NULL in some row, which pages would lose; choose others"
        " or add a condition to the query"
    )
