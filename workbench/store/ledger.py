"""The ledger: which runs there were, what each wrote, and the rows that were kept aside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psycopg2.extensions import cursor as Cursor  # noqa: N812
from psycopg2.extras import execute_values

from workbench.errors import UnknownNameError
from workbench.store.database import Database, Role

Mask = NDArray[np.bool_]
STATUSES = ("succeeded", "failed", "interrupted")
COUNTS = ("read", "new", "changed", "same", "rejected")
WRITTEN = ("symbol", "timeframe", *COUNTS, "first", "last")
LISTED = ("run_id", "notebook", "status", "started_at", "finished_at")
RUNS = (*LISTED, "new", "changed", "rejected", "report", "error")


class Counts(NamedTuple):
    """What one page of a run did to one series: numbers of rows."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0

    @classmethod
    def of(cls, new: Mask, changed: Mask, same: Mask, rejected: int) -> Counts:
        """The counts of a page whose accepted rows are split into three masks."""
        sums = (int(new.sum()), int(changed.sum()), int(same.sum()))
        return cls(sum(sums) + rejected, *sums, rejected)


class QuarantinedRow(NamedTuple):
    """One row that was kept aside."""

    origin: str
    line: int
    reason: str
    raw: str
    symbol: str | None
    timeframe: str | None


def record(
    cursor: Cursor,
    run_id: int,
    instrument: int,
    timeframe: str,
    counts: Counts,
    first: Any,
    last: Any,
) -> None:
    """Add a page's `counts` and range to what the run has done to the series so far."""
    cursor.execute(
        "INSERT INTO data_ingestion.run_series AS s"
        " (run_id, instrument_id, timeframe, read, new, changed, same, rejected, first, last)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (run_id, instrument_id, timeframe) DO UPDATE SET"
        " read = s.read + excluded.read, new = s.new + excluded.new,"
        " changed = s.changed + excluded.changed, same = s.same + excluded.same,"
        " rejected = s.rejected + excluded.rejected,"
        " first = least(s.first, excluded.first), last = greatest(s.last, excluded.last)",
        (run_id, instrument, timeframe, *counts, first, last),
    )


def quarantine(cursor: Cursor, run_id: int, rows: Iterable[QuarantinedRow]) -> None:
    """Keep `rows` aside; one that is there already, from the same line, is not kept twice."""
    execute_values(
        cursor,
        "INSERT INTO data_ingestion.quarantine"
        " (run_id, origin, line, reason, raw, symbol, timeframe) VALUES %s ON CONFLICT DO NOTHING",
        [(run_id, *(_storable(value) for value in row)) for row in rows],
        template="(%s, %s, %s, %s, %s, %s, %s::data_ingestion.timeframe)",
    )


def _storable(value: Any) -> Any:
    """PostgreSQL's text cannot hold a NUL, which a damaged file may well contain."""
    return value.replace("\0", "\\0") if isinstance(value, str) else value


class Ledger:
    """Runs in the database: start one, finish it, look at them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, notebook: str, parameters: Mapping[str, Any], report: str | None = None) -> int:
        """Open a run and return its number."""
        with self._database.transaction(Role.WRITER) as cursor:
            cursor.execute(
                "INSERT INTO data_ingestion.run (notebook, parameters, report)"
                " VALUES (%s, %s, %s) RETURNING run_id",
                (notebook, json.dumps(dict(parameters), default=str), report),
            )
            row = cursor.fetchone()
        assert row is not None
        return int(row[0])

    def finish(
        self, run_id: int, status: str, error: str | None = None, report: str | None = None
    ) -> None:
        """Close a run as `status`, one of STATUSES; `report`, when given, replaces its path."""
        if status not in STATUSES:
            raise UnknownNameError("status", status, STATUSES)
        with self._database.transaction(Role.WRITER) as cursor:
            cursor.execute(
                "UPDATE data_ingestion.run SET status = %s, error = %s, finished_at = now(),"
                " report = coalesce(%s, report) WHERE run_id = %s",
                (status, error, report, run_id),
            )

    def runs(self, limit: int = 50) -> pd.DataFrame:
        """The latest `limit` runs, newest first, with what each wrote in all."""
        with self._database.transaction(Role.READER) as cursor:
            cursor.execute(
                "SELECT run_id, notebook, status, started_at, finished_at,"
                " coalesce(sum(new), 0)::bigint, coalesce(sum(changed), 0)::bigint,"
                " coalesce(sum(rejected), 0)::bigint, report, error"
                " FROM data_ingestion.run LEFT JOIN data_ingestion.run_series USING (run_id)"
                " GROUP BY run_id ORDER BY run_id DESC LIMIT %s",
                (limit,),
            )
            return table(cursor.fetchall(), RUNS, ["started_at", "finished_at"])

    def written(self, run_id: int) -> pd.DataFrame:
        """What a run did, a row per series: rows read, new, changed, same, rejected, and range."""
        with self._database.transaction(Role.READER) as cursor:
            cursor.execute(
                "SELECT symbol, timeframe::text, read, new, changed, same, rejected, first, last"
                " FROM data_ingestion.run_series"
                " JOIN data_ingestion.instrument USING (instrument_id)"
                " WHERE run_id = %s ORDER BY symbol, timeframe",
                (run_id,),
            )
            return table(cursor.fetchall(), WRITTEN, ["first", "last"])

    def quarantined(self, run_id: int | None = None, limit: int = 1000) -> pd.DataFrame:
        """Rows kept aside, by all runs or the one that first saw them, newest first."""
        with self._database.transaction(Role.READER) as cursor:
            cursor.execute(
                "SELECT run_id, origin, line, reason, raw, symbol, timeframe::text"
                " FROM data_ingestion.quarantine WHERE %s IS NULL OR run_id = %s"
                " ORDER BY quarantine_id DESC LIMIT %s",
                (run_id, run_id, limit),
            )
            return table(cursor.fetchall(), ("run_id", *QuarantinedRow._fields))


def table(
    rows: Sequence[tuple[Any, ...]], columns: Sequence[str], times: Sequence[str] = ()
) -> pd.DataFrame:
    """`rows` as a frame; the columns `times` are UTC timestamps also where all are missing.

    >>> table([("AAPL", None)], ["symbol", "last"], ["last"]).dtypes["last"]
    datetime64[us, UTC]
    """
    frame = pd.DataFrame(rows, columns=list(columns))
    for name in times:
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    return frame
