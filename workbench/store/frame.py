"""Rows of any query as a DataFrame whose column types follow from the server's, empty or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from psycopg2.extensions import cursor as Cursor  # noqa: N812  (it is a class)
from psycopg2.extensions import new_type, register_type

from workbench.errors import StoreError

INTEGERS, FLOATS, BOOLEANS = {20, 21, 23, 26}, {700, 701, 1700}, {16}
TIMES = {1184: "datetime64[us, UTC]", 1114: "datetime64[us]", 1082: "datetime64[us]"}
"""PostgreSQL's numbers of types: timestamptz, timestamp, date."""

# As text times come exact, and are parsed by column and not one by one.
AS_TEXT = new_type(tuple(TIMES), "TIME_AS_TEXT", lambda text, _: text)

FETCH_ROWS = 50_000


def times_as_text(cursor: Cursor) -> None:
    """Make `cursor`, and no other, give times and dates as PostgreSQL writes them."""
    register_type(AS_TEXT, cursor)


def fetch_frame(cursor: Cursor) -> pd.DataFrame:
    """All rows of the result that `cursor` holds, converted piece by piece.

    Raises StoreError for a time that a DataFrame cannot hold, such as infinity.
    """
    parts = [frame(cursor, rows) for rows in iter(lambda: cursor.fetchmany(FETCH_ROWS), [])]
    if len(parts) <= 1:
        return parts[0] if parts else frame(cursor, [])
    return pd.concat(parts, ignore_index=True)


def frame(cursor: Cursor, rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """`rows` of the result that `cursor` describes: a column per column, named as there.

    Integers are int64 (Int64 where NULLs are among them), numeric and floats float64, booleans
    bool (boolean), timestamptz datetime64[us, UTC], timestamp and date datetime64[us], text and
    what PostgreSQL writes as text str; the rest are Python objects.
    """
    described = cursor.description or ()
    columns = list(zip(*rows, strict=True)) or [()] * len(described)
    series = [
        pd.Series(values(column.name, column.type_code, list(cells)))
        for column, cells in zip(described, columns, strict=True)
    ]
    found = pd.DataFrame(dict(enumerate(series)))
    found.columns = pd.Index([column.name for column in described], dtype="str")
    return found


def values(name: str, type_code: int, cells: list[Any]) -> Any:
    """One column's cells as an array of the type that belongs to PostgreSQL's.

    >>> values("n", 23, [1, 2]).dtype, values("n", 23, [1, None]).dtype, values("x", 701, []).dtype
    (dtype('int64'), Int64Dtype(), dtype('float64'))
    """
    if type_code in TIMES:
        return _times(name, TIMES[type_code], cells)
    if type_code in FLOATS:
        return np.array(cells, "float64")
    missing = None in cells
    if type_code in INTEGERS:
        return pd.array(cells, "Int64") if missing else np.array(cells, "int64")
    if type_code in BOOLEANS:
        return pd.array(cells, "boolean") if missing else np.array(cells, "bool")
    if all(cell is None or isinstance(cell, str) for cell in cells):
        return pd.array(cells, "str")
    kept = np.empty(len(cells), "object")
    kept[:] = cells
    return kept


def _times(name: str, dtype: str, texts: list[Any]) -> pd.Index[Any]:
    try:
        parsed = pd.DatetimeIndex(pd.to_datetime(texts, format="ISO8601", utc=True))
    except ValueError as error:
        raise StoreError(
            f"column {name!r} holds a time that a DataFrame cannot, such as infinity or a year"
            f" beyond 1 … 9999; leave it out or select {name}::text"
        ) from error
    return (parsed if "UTC" in dtype else parsed.tz_localize(None)).astype(dtype)
