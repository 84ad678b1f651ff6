"""Reading: what there is and at which versions, and the rows themselves as blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from workbench.blocks import Block
from workbench.sessions import FIRST_US, LAST_US
from workbench.shape import Floats, Times
from workbench.store.copy_binary import EPOCH_US, LEAST_ROWS, Columns, Decoder
from workbench.store.copy_out import copy_out
from workbench.store.prepared import Statement

ROOM_ROWS = 1 << 24
"""Rows that room is reserved for at most; memory is only taken for those that come."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
WHERE rows > 0 ORDER BY symbol, timeframe
"""


def all_series(cursor: Cursor) -> list[SeriesRow]:
    """Every series that holds a bar, by symbol and timeframe."""
    cursor.execute(SERIES)
    return [SeriesRow(*row) for row in cursor]


class State(NamedTuple):
    """What the store says of some symbols at one timeframe, at one moment.

    `store` names the database, `settled` is false while partitions have been changed by hand and
    nobody has accounted for it, `layout` is another one after each partition that comes or goes;
    `ids` and `versions` stand in the order of the symbols, None where there never were bars;
    `rows`, `first` and `last` are over all of them; `held` is true where every symbol has bars.
    """

    store: str
    settled: bool
    layout: int
    ids: list[int | None]
    versions: list[int | None]
    rows: int
    first: datetime
    last: datetime
    at: datetime
    held: bool

    @property
    def known_ids(self) -> list[int]:
        """The ids; only for a state in which every symbol has or had bars."""
        return [number or 0 for number in self.ids]


STATE = Statement(
    "workbench_state",
    """
SELECT (SELECT store_id || '.' || current_database() FROM data_ingestion.store),
  settled, present,
  array_agg(s.instrument_id ORDER BY place), array_agg(s.version ORDER BY place),
  sum(s.rows)::bigint, min(s.first), max(s.last), statement_timestamp(),
  bool_and(coalesce(s.rows, 0) > 0)
FROM unnest($1::text[]) WITH ORDINALITY AS asked(symbol, place)
JOIN data_ingestion.layout l ON l.timeframe = $2::data_ingestion.timeframe
LEFT JOIN data_ingestion.instrument i USING (symbol)
LEFT JOIN data_ingestion.series s ON s.instrument_id = i.instrument_id
  AND s.timeframe = $2::data_ingestion.timeframe
GROUP BY settled, present
""",
)
"""The version check: one row for symbols ($1) and timeframe ($2)."""

STATE_OF_ONE = Statement(
    "workbench_state_of_one",
    """
SELECT store_id || '.' || current_database(), settled, present, ARRAY[s.instrument_id],
  ARRAY[s.version], s.rows, s.first, s.last, statement_timestamp(), true
FROM data_ingestion.instrument i JOIN data_ingestion.series s USING (instrument_id),
  data_ingestion.layout l, data_ingestion.store
WHERE i.symbol = $1 AND s.timeframe = $2 AND s.rows > 0 AND l.timeframe = $2
""",
)
"""The same for one symbol, in less time; no row where it has no bars."""

_PURGED = """
SELECT min(purged_at) FROM data_ingestion.purge
WHERE timeframe = {timeframe}::data_ingestion.timeframe AND purged_at > {since}
  AND lower < {end}::timestamptz AND upper > {start}::timestamptz
"""
_COMMITTED = """(SELECT min(coalesce(committed_at, '-infinity'))
  FROM unnest($2::integer[], $3::bigint[]) AS known(instrument_id, version)
  LEFT JOIN data_ingestion.change c ON c.instrument_id = known.instrument_id
    AND c.version = known.version AND c.timeframe = $1::data_ingestion.timeframe)"""

PURGED = Statement(
    "workbench_purged", _PURGED.format(timeframe="$1", since=_COMMITTED, start="$4", end="$5")
)
"""When bars of a timeframe ($1) in a range ($4, $5) were dropped for good, after instruments ($2)
were at versions ($3)."""

VERSIONS_AT = Statement(
    "workbench_versions_at",
    f"""
SELECT array_agg(known.version ORDER BY place),
  ({_PURGED.format(timeframe="$2", since="$3::timestamptz", start="$4", end="$5")})
FROM unnest($1::integer[]) WITH ORDINALITY AS asked(instrument_id, place)
LEFT JOIN LATERAL (
  SELECT version FROM data_ingestion.change c
  WHERE c.instrument_id = asked.instrument_id
    AND c.timeframe = $2::data_ingestion.timeframe AND committed_at <= $3::timestamptz
  ORDER BY version DESC LIMIT 1) known ON true
""",  # noqa: S608  (its parts stand above)
)
"""The versions that instruments ($1) had at a timeframe ($2) at a moment ($3), and `PURGED`."""


@dataclass(frozen=True)
class Request:
    """What a block is to hold: these fields of these symbols, from `start_us` up to `end_us`."""

    symbols: tuple[str, ...]
    timeframe: str
    fields: tuple[str, ...]
    start_us: int
    end_us: int


def current_state(cursor: Cursor, symbols: Sequence[str], timeframe: str) -> State:
    """The state as this transaction sees it."""
    return _state(cursor, "", symbols, timeframe)


def locked_state(cursor: Cursor, symbols: Sequence[str], timeframe: str) -> State:
    """The state of this transaction, whose snapshot begins here.

    The lock comes before the snapshot: TRUNCATE and a dropped partition do not wait for snapshots,
    and would leave it with the old version and without the rows.
    """
    lock = (
        "LOCK TABLE ONLY data_ingestion.market_data IN ACCESS SHARE MODE;"
        f"LOCK TABLE data_ingestion.market_data_{timeframe} IN ACCESS SHARE MODE;"
    )
    return _state(cursor, lock, symbols, timeframe)


def _state(cursor: Cursor, lock: str, symbols: Sequence[str], timeframe: str) -> State:
    query = STATE.sql.replace("$1", "%(symbols)s").replace("$2", "%(timeframe)s")
    cursor.execute(lock + query, {"symbols": list(symbols), "timeframe": timeframe})
    return State(*cursor.fetchone())  # type: ignore[misc]


def read_block(cursor: Cursor, state: State, request: Request, base: Block | None = None) -> Block:
    """The block of a request at the state of this transaction's snapshot.

    With a `base`, an older block of the same request, only what has changed since is read, where
    that is known and not most of it.
    """
    versions = [version or 0 for version in state.versions]
    if base is not None and list(base.versions) == versions:
        return base
    if base is not None and (stale := _stale(cursor, state, request, base)) is not None:
        return _refreshed(cursor, state, request, base, stale)
    bounded = replace(
        request,
        start_us=max(request.start_us, as_us(state.first)),
        end_us=min(request.end_us, as_us(state.last) + 1),
    )
    found = _read(cursor, bounded, state.known_ids, most_rows=state.rows)
    return _block(request, versions, *found)


def read_block_at(cursor: Cursor, state: State, request: Request, versions: Sequence[int]) -> Block:
    """The block of a request as it was when its symbols were at `versions`."""
    return _block(request, versions, *_read(cursor, request, state.known_ids, versions))


def _block(request: Request, versions: Sequence[int], times: Times, values: Floats) -> Block:
    return Block(request.symbols, request.fields, tuple(versions), times, values)


class _Stale(NamedTuple):
    """Which symbols (by place) have changed since a block was read, and the hull of the times."""

    places: list[int]
    start_us: int
    end_us: int


CHANGES = f"""
SELECT bool_and(known), min(start_us), max(end_us) + 1 FROM (
  SELECT bool_or(c.version = base.version) AS known,
    min(CASE WHEN NOT isfinite(lower) THEN {FIRST_US} ELSE
      (extract(epoch FROM lower) * 1000000)::bigint END)
      FILTER (WHERE c.version > base.version) AS start_us,
    max(CASE WHEN NOT isfinite(upper) THEN {LAST_US} ELSE
      (extract(epoch FROM upper) * 1000000)::bigint END)
      FILTER (WHERE c.version > base.version) AS end_us
  FROM unnest(%s, %s::bigint[]) WITH ORDINALITY AS base(instrument_id, version, place)
  LEFT JOIN data_ingestion.change c ON c.instrument_id = base.instrument_id
    AND c.timeframe = %s AND c.version >= base.version
  GROUP BY place) AS changed
"""  # noqa: S608  (two numbers)


def _stale(cursor: Cursor, state: State, request: Request, base: Block) -> _Stale | None:
    """What has changed since `base`; None where it is no ancestor of the present, or too much."""
    places = [n for n, now in enumerate(state.versions) if now != base.versions[n]]
    ids, versions = [state.ids[n] for n in places], [base.versions[n] for n in places]
    cursor.execute(CHANGES, (ids, versions, request.timeframe))
    known, start_us, end_us = cursor.fetchone()  # type: ignore[misc]
    if not known or start_us is None:
        return None
    stale = _Stale(places, max(start_us, request.start_us), min(end_us, request.end_us))
    first, last = base.rows(stale.start_us, stale.end_us)
    few = (last - first) * len(places) * 2 <= len(base.times) * len(base.symbols)
    return stale if few else None


def _refreshed(cursor: Cursor, state: State, request: Request, base: Block, stale: _Stale) -> Block:
    part = replace(request, start_us=stale.start_us, end_us=stale.end_us)
    times, values = _read(cursor, part, [state.known_ids[n] for n in stale.places])
    first, last = base.rows(stale.start_us, max(stale.start_us, stale.end_us))
    if len(base.symbols) > 1:
        old = base.values[:, first:last].copy()
        old[:, :, stale.places] = np.nan
        times, values = _merged(base.times[first:last], old, times, values, stale.places)
    return _block(
        request,
        [version or 0 for version in state.versions],
        np.concatenate([base.times[:first], times, base.times[last:]]),
        np.concatenate([base.values[:, :first], values, base.values[:, last:]], axis=1),
    )


def _merged(
    old_times: Times, old: Floats, times: Times, values: Floats, places: list[int]
) -> tuple[Times, Floats]:
    """Rows of a panel in which the symbols at `places` are replaced."""
    union = np.union1d(old_times, times)
    merged = np.full((len(old), len(union), old.shape[2]), np.nan)
    merged[:, np.searchsorted(union, old_times)] = old
    rows = np.searchsorted(union, times)
    merged[:, rows[:, None], places] = values
    return _without_empty_rows(union, merged)


def _without_empty_rows(times: Times, values: Floats) -> tuple[Times, Floats]:
    """A panel has a row where some symbol has a value, whatever else stands in the store."""
    empty = np.isnan(values[0]).all(axis=1)
    if empty.any():
        empty[empty] = np.isnan(values[:, empty]).all(axis=(0, 2))
    return (times[~empty], values[:, ~empty]) if empty.any() else (times, values)


def _read(
    cursor: Cursor,
    request: Request,
    ids: Sequence[int],
    versions: Sequence[int] | None = None,
    most_rows: int = 0,
) -> tuple[Times, Floats]:
    """Times (n,) and values (fields, n, symbols) of instruments, now or at older `versions`.

    There are not more than `most_rows`, unless that is 0.
    """
    if request.start_us >= request.end_us:
        return np.empty(0, np.int64), np.empty((len(request.fields), 0, len(ids)))
    if len(ids) == 1:
        return _read_one(cursor, request, ids, versions, most_rows)
    columns = {"instrument_id": ">i4", "timestamp": ">i8"} | dict.fromkeys(request.fields, ">f8")
    decoder = Decoder(columns, min(most_rows, ROOM_ROWS))
    copy_out(cursor, _query(columns, request, ids, versions), decoder)
    arrived = decoder.columns()
    del decoder  # or it would hold what `_panel` lets go of
    return _panel(arrived, ids, request.fields)


def _read_one(
    cursor: Cursor,
    request: Request,
    ids: Sequence[int],
    versions: Sequence[int] | None,
    most_rows: int,
) -> tuple[Times, Floats]:
    columns = {"timestamp": ">i8"} | dict.fromkeys(request.fields, ">f8")
    capacity = min(most_rows, ROOM_ROWS)
    values = np.empty((len(request.fields), max(capacity, LEAST_ROWS), 1))
    into = {field: values[n, :, 0] for n, field in enumerate(request.fields)}
    decoder = Decoder(columns, capacity, into)
    copy_out(cursor, _query(columns, request, ids, versions), decoder)
    arrived = decoder.columns()
    times = arrived.pop("timestamp")
    times += EPOCH_US
    if len(times) > values.shape[1]:  # there were more, and the decoder has made room for them
        values = np.stack([arrived[field] for field in request.fields])[:, :, None]
    return times, values[:, : len(times)]


def _panel(
    arrived: dict[str, NDArray[Any]], ids: Sequence[int], fields: Sequence[str]
) -> tuple[Times, Floats]:
    """Rows that arrived by instrument and time as one block per field; frees them on the way."""
    instruments, stamps = arrived.pop("instrument_id"), arrived.pop("timestamp")
    place_of = {number: place for place, number in enumerate(ids)}
    starts = np.flatnonzero(np.diff(instruments, prepend=-1))
    runs = [slice(*run) for run in zip(starts, [*starts[1:], len(stamps)], strict=False)]
    places = [place_of[int(instruments[run.start])] for run in runs]
    times = _union([stamps[run] for run in runs])
    rows = [_rows_of(stamps[run], times) for run in runs]
    del instruments, stamps
    values = np.empty((len(fields), len(times), len(ids)))
    for block, field in zip(values, fields, strict=True):
        column = arrived.pop(field)
        block.fill(np.nan)
        for run, row, place in zip(runs, rows, places, strict=True):
            block[row, place] = column[run]
    return _without_empty_rows(times + EPOCH_US, values)


def _rows_of(part: Times, union: Times) -> slice | NDArray[np.int32]:
    """Where times stand in a union that has them all."""
    if len(part) == len(union):
        return slice(None)
    return np.searchsorted(union, part).astype(np.int32)


def _union(parts: Sequence[Times]) -> Times:
    """All times of some increasing arrays, once each; quick where most of them are the same."""
    union = max(parts, key=len, default=np.empty(0, np.int64))
    for part in parts:
        if len(part) == len(union) and np.array_equal(part, union):
            continue
        at = np.searchsorted(union, part)
        missing = union[np.minimum(at, len(union) - 1)] != part
        if missing.any():
            union = np.union1d(union, part[missing])
    return union


NOW = "SELECT {columns} FROM data_ingestion.market_data WHERE {condition}"
AT = """
SELECT {columns} FROM data_ingestion.market_data m, {known} WHERE {condition}
  AND m.instrument_id = known.id AND m.version <= known.at
UNION ALL
SELECT {columns} FROM data_ingestion.revision m, {known} WHERE {condition}
  AND m.instrument_id = known.id AND m.version <= known.at AND m.replaced > known.at
"""
CONDITION = (
    "instrument_id = ANY({ids}) AND timeframe = {timeframe}"
    " AND timestamp >= {start} AND timestamp < {end}"
)


def _query(
    columns: Columns, request: Request, ids: Sequence[int], versions: Sequence[int] | None
) -> sql.Composable:
    # One id is compared with `=`: the rows of an index are then known to come by time.
    condition = CONDITION.replace("ANY({ids})", "{ids}") if len(ids) == 1 else CONDITION
    known = sql.SQL("unnest({}::integer[], {}::bigint[]) AS known(id, at)").format(
        sql.Literal(list(ids)), sql.Literal(list(versions or []))
    )
    rows = sql.SQL(NOW if versions is None else AT).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        known=known,
        condition=sql.SQL(condition).format(
            ids=sql.Literal(ids[0] if len(ids) == 1 else list(ids)),
            timeframe=sql.Literal(request.timeframe),
            start=sql.Literal(bound(request.start_us, "-infinity")),
            end=sql.Literal(bound(request.end_us, "infinity")),
        ),
    )
    order = sql.SQL("timestamp" if len(ids) == 1 else "instrument_id, timestamp")
    return sql.SQL("COPY ({} ORDER BY {}) TO STDOUT (FORMAT binary)").format(rows, order)


def bound(moment_us: int, open_end: str) -> str:
    """A bound of a window as PostgreSQL reads it; `open_end` for an open one.

    >>> bound(0, "-infinity")
    '1970-01-01T00:00:00.000000Z'
    """
    if moment_us in (FIRST_US, LAST_US):
        return open_end
    return f"{np.datetime64(moment_us, 'us')}Z"


def as_us(stamp: datetime) -> int:
    """Microseconds since 1970 of a time with a zone, exactly.

    >>> from datetime import UTC
    >>> as_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (stamp - EPOCH) // timedelta(microseconds=1)
