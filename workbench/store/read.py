"""Reading: which series there are, and their rows straight into numpy blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.sessions import Window
from workbench.shape import Floats, Times
from workbench.store.copy_binary import EPOCH_US, FEW_ROWS, Columns, Decoder


class SeriesRow(NamedTuple):
    """One row of the table `series`: what is stored of one symbol at one timeframe."""

    symbol: str
    timeframe: str
    instrument_id: int
    version: int
    first: datetime
    last: datetime
    rows: int
    changed_at: datetime


SERIES = """
SELECT symbol, timeframe::text, instrument_id, version, first, last, rows, changed_at
FROM data_ingestion.series JOIN data_ingestion.instrument USING (instrument_id)
WHERE rows > 0 {condition} ORDER BY symbol, timeframe
"""


def find_series(cursor: Cursor, symbols: Iterable[str], timeframe: str) -> dict[str, SeriesRow]:
    """The stored series of `symbols` at `timeframe`, by symbol; those without bars are left out."""
    condition = "AND symbol = ANY(%s) AND timeframe = %s"
    cursor.execute(SERIES.format(condition=condition), (list(symbols), timeframe))
    return {row[0]: SeriesRow(*row) for row in cursor}


def all_series(cursor: Cursor) -> list[SeriesRow]:
    """Every series that holds a bar, by symbol and timeframe."""
    cursor.execute(SERIES.format(condition=""))
    return [SeriesRow(*row) for row in cursor]


def read_one(
    cursor: Cursor, series: SeriesRow, window: Window, fields: Sequence[str]
) -> tuple[Times, Floats]:
    """Timestamps (n,) and a C-contiguous block (fields, n) of one series inside `window`."""
    columns = {"timestamp": ">i8"} | dict.fromkeys(fields, ">f8")
    condition = sql.SQL("instrument_id = {}").format(sql.Literal(series.instrument_id))
    decoder = Decoder(columns, capacity=_capacity([series], window))
    _copy(cursor, columns, condition, series.timeframe, window, decoder)
    arrived = decoder.columns()
    times: Times = arrived.pop("timestamp")
    times += EPOCH_US
    return times, np.stack([arrived[field] for field in fields])


def read_panel(
    cursor: Cursor, series: Sequence[SeriesRow], window: Window, fields: Sequence[str]
) -> tuple[Times, dict[str, Floats]]:
    """The union of timestamps (n,) and one (n, symbols) block per field, NaN where no bar is."""
    columns = {"instrument_id": ">i4", "timestamp": ">i8"} | dict.fromkeys(fields, ">f8")
    ids = [row.instrument_id for row in series]
    condition = sql.SQL("instrument_id = ANY({})").format(sql.Literal(ids))
    decoder = Decoder(columns, capacity=_capacity(series, window))
    _copy(cursor, columns, condition, series[0].timeframe, window, decoder)
    arrived = decoder.columns()
    times = np.unique(arrived["timestamp"])
    row_of = np.searchsorted(times, arrived["timestamp"])
    order = np.argsort(ids)
    column_of = order[np.searchsorted(np.asarray(ids)[order], arrived["instrument_id"])]
    blocks = {field: np.full((len(times), len(ids)), np.nan) for field in fields}
    for field, block in blocks.items():
        block[row_of, column_of] = arrived[field]
    return times + EPOCH_US, blocks


def _capacity(series: Sequence[SeriesRow], window: Window) -> int:
    """Rows to make room for; 0 where that could be far too many: it grows as they come."""
    most = sum(row.rows for row in series)
    return most if window == Window() or most <= FEW_ROWS else 0


def _copy(
    cursor: Cursor,
    columns: Columns,
    condition: sql.Composable,
    timeframe: str,
    window: Window,
    decoder: Decoder,
) -> None:
    query = sql.SQL(
        "COPY (SELECT {columns} FROM data_ingestion.market_data WHERE {condition}"
        " AND timeframe = {timeframe} AND timestamp >= {start} AND timestamp < {end}"
        " ORDER BY instrument_id, timestamp) TO STDOUT (FORMAT binary)"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        condition=condition,
        timeframe=sql.Literal(timeframe),
        start=sql.Literal(_bound(window.start, "-infinity")),
        end=sql.Literal(_bound(window.end, "infinity")),
    )
    cursor.copy_expert(query, decoder)


def _bound(stamp: pd.Timestamp | None, open_end: str) -> str:
    return open_end if stamp is None else stamp.isoformat()
