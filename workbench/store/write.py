"""Writing: an upsert that reads back, compares and writes only what differs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.sessions import Window
from workbench.shape import FIELDS, Floats, Times
from workbench.store.copy_binary import Columns, Encoder, copy_in, to_wire
from workbench.store.read import SeriesRow, find_series, read_one


@dataclass(frozen=True)
class Difference:
    """Which of the offered bars are new, which correct a stored one, and which it equals."""

    new: NDArray[np.bool_]
    changed: NDArray[np.bool_]

    @property
    def same(self) -> NDArray[np.bool_]:
        """The bars that are stored already, bit by bit."""
        return ~(self.new | self.changed)


def instrument_id(cursor: Cursor, symbol: str) -> int:
    """The id of `symbol`, which is added when it is not there yet."""
    select = "SELECT instrument_id FROM data_ingestion.instrument WHERE symbol = %s"
    cursor.execute(select, (symbol,))
    if found := cursor.fetchone():
        return int(found[0])
    cursor.execute(
        "INSERT INTO data_ingestion.instrument (symbol) VALUES (%s) ON CONFLICT DO NOTHING",
        (symbol,),
    )
    cursor.execute(select, (symbol,))
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def lock_series(cursor: Cursor, instrument: int, timeframe: str) -> None:
    """Wait until no other upsert of this series runs; held to the end of the transaction."""
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
        (f"data_ingestion.series:{instrument}:{timeframe}",),
    )


def difference(
    cursor: Cursor, symbol: str, timeframe: str, timestamps: Times, block: Floats
) -> Difference:
    """How strictly increasing `timestamps` and their (5, n) `block` differ from what is stored."""
    stored = find_series(cursor, [symbol], timeframe).get(symbol)
    if stored is None or not len(timestamps):
        return Difference(np.ones(len(timestamps), bool), np.zeros(len(timestamps), bool))
    have, old = _read_back(cursor, stored, timestamps)
    at = np.searchsorted(have, timestamps)
    inside = at < len(have)
    found = np.zeros(len(timestamps), bool)
    found[inside] = have[at[inside]] == timestamps[inside]
    differs = np.zeros(len(timestamps), bool)
    # Compared as bits: what is stored is what was given, to the last one.
    given, kept = block[:, found].view(np.int64), old[:, at[found]].view(np.int64)
    differs[found] = (given != kept).any(axis=0)
    return Difference(~found, differs)


def _read_back(cursor: Cursor, stored: SeriesRow, timestamps: Times) -> tuple[Times, Floats]:
    start, after = pd.to_datetime([timestamps[0], timestamps[-1] + 1], unit="us", utc=True)
    return read_one(cursor, stored, Window(start, after), FIELDS)


def upsert(
    cursor: Cursor,
    run_id: int,
    symbol: str,
    timeframe: str,
    timestamps: Times,
    block: Floats,
) -> Difference:
    """Store bars of one series: new ones are inserted, differing ones corrected, others left.

    `timestamps` are strictly increasing, `block` is (5, n). Two upserts of one series wait for
    each other; the same bars twice write nothing and leave the series' version where it is.
    """
    instrument = instrument_id(cursor, symbol)
    lock_series(cursor, instrument, timeframe)
    found = difference(cursor, symbol, timeframe, timestamps, block)
    rows = _Rows(instrument, timeframe, run_id, to_wire(timestamps), block)
    if found.new.any():
        rows.copy(cursor, "data_ingestion.market_data", found.new)
    if found.changed.any():
        _correct(cursor, rows, found.changed)
    return found


@dataclass(frozen=True)
class _Rows:
    """Bars of one series, ready to be copied into any table with the columns of market_data."""

    instrument: int
    timeframe: str
    run_id: int
    wire_times: Times
    block: Floats

    def copy(self, cursor: Cursor, table: str, chosen: NDArray[np.bool_]) -> None:
        label = self.timeframe.encode()
        columns: Columns = {
            "timestamp": ">i8",
            **dict.fromkeys(FIELDS, ">f8"),
            "instrument_id": ">i4",
            "timeframe": f"S{len(label)}",
            "run_id": ">i4",
        }
        values = {
            "timestamp": self.wire_times[chosen],
            **dict(zip(FIELDS, self.block[:, chosen], strict=True)),
            "instrument_id": self.instrument,
            "timeframe": label,
            "run_id": self.run_id,
        }
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
        copy_in(cursor, statement, Encoder(columns, values))


def _correct(cursor: Cursor, rows: _Rows, changed: NDArray[np.bool_]) -> None:
    cursor.execute(
        "CREATE TEMP TABLE correction ON COMMIT DROP AS"
        " SELECT * FROM data_ingestion.market_data WITH NO DATA"
    )
    rows.copy(cursor, "pg_temp.correction", changed)
    cursor.execute(
        "UPDATE data_ingestion.market_data m SET open = c.open, high = c.high, low = c.low,"
        " close = c.close, volume = c.volume, run_id = c.run_id FROM pg_temp.correction c"
        " WHERE m.instrument_id = c.instrument_id AND m.timeframe = c.timeframe"
        " AND m.timestamp = c.timestamp"
    )
    cursor.execute("DROP TABLE pg_temp.correction")
