"""What is true: the rows of each series at each version, kept by PostgreSQL at each commit."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import psycopg2

SYMBOLS = tuple(f"S{number}" for number in range(8))
TIMEFRAMES = ("1d", "1h")
FIELDS = ("open", "high", "low", "close", "volume")
ROW = np.dtype([("timestamp", ">i8"), *((name, ">f8") for name in FIELDS)])
KEPT_TRUTHS = 4000
PATIENCE = 200
LOST = (psycopg2.OperationalError, psycopg2.InterfaceError)

# A series that moved is noted when its transaction commits; `note` also looks at series that did
# not move: other rows under the same version are a lie, whoever reads them, and so are wrong ends.
SCHEMA = """
CREATE SCHEMA soak;
GRANT USAGE ON SCHEMA soak TO PUBLIC;
CREATE TABLE soak.truth (
  instrument_id integer, timeframe data_ingestion.timeframe, version bigint,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(), bars bytea NOT NULL,
  PRIMARY KEY (instrument_id, timeframe, version));
CREATE INDEX ON soak.truth (xid);
CREATE TABLE soak.lie (
  instrument_id integer, timeframe data_ingestion.timeframe, version bigint, why text);
-- Every version that is read after a partition was changed by hand must be newer than this.
CREATE TABLE soak.floor (timeframe data_ingestion.timeframe PRIMARY KEY, version bigint NOT NULL);
INSERT INTO soak.floor SELECT timeframe, 0 FROM data_ingestion.partitioning;

CREATE FUNCTION soak.note(ids integer[], wanted data_ingestion.timeframe) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  LOCK TABLE data_ingestion.market_data IN ACCESS SHARE MODE;  -- TRUNCATE respects no snapshot
  EXECUTE $anew$
  WITH present AS MATERIALIZED (
    SELECT s.instrument_id, s.timeframe, s.version, s.rows, s.first, s.last, found.*
    FROM data_ingestion.series s, LATERAL (
      SELECT count(*) AS true_rows, min(timestamp) AS true_first, max(timestamp) AS true_last,
        coalesce(string_agg(int8send((extract(epoch FROM timestamp) * 1000000)::bigint)
          || float8send(open) || float8send(high) || float8send(low) || float8send(close)
          || float8send(volume), ''::bytea ORDER BY timestamp), ''::bytea) AS bars
      FROM data_ingestion.market_data m
      WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe) AS found
    WHERE s.instrument_id = ANY($1) AND s.timeframe = $2
  ), noted AS (
    INSERT INTO soak.truth (instrument_id, timeframe, version, bars)
    SELECT instrument_id, timeframe, version, bars FROM present ON CONFLICT DO NOTHING
  )
  INSERT INTO soak.lie
  SELECT p.instrument_id, p.timeframe, p.version, CASE WHEN t.bars <> p.bars THEN 'other bars'
      ELSE format('%s rows from %s to %s are said to be %s from %s to %s',
        true_rows, true_first, true_last, rows, first, last) END
    FROM present p LEFT JOIN soak.truth t USING (instrument_id, timeframe, version)
    WHERE (t.bars <> p.bars
        OR (rows, first, last) IS DISTINCT FROM (true_rows, true_first, true_last))
      AND (SELECT settled FROM data_ingestion.layout l WHERE l.timeframe = $2) $anew$
  USING ids, wanted;
END $$;

CREATE FUNCTION soak.note_series() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  PERFORM soak.note(ARRAY[NEW.instrument_id], NEW.timeframe);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER soak_note AFTER INSERT OR UPDATE ON data_ingestion.series
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION soak.note_series();
"""

BOUNDS = """
SELECT coalesce(array_agg(greatest(s.version, f.version) ORDER BY place), '{}')
FROM unnest(%s) WITH ORDINALITY AS asked(symbol, place)
JOIN data_ingestion.instrument USING (symbol)
JOIN data_ingestion.series s USING (instrument_id) JOIN soak.floor f USING (timeframe)
WHERE s.timeframe = %s
"""
BARS = """
SELECT bars FROM soak.truth JOIN data_ingestion.instrument USING (instrument_id)
WHERE symbol = %s AND timeframe = %s AND version = %s
"""
BETWEEN = """
SELECT version FROM soak.truth JOIN data_ingestion.instrument USING (instrument_id)
WHERE symbol = %s AND timeframe = %s AND version BETWEEN %s AND %s
"""
# A transaction that one symbol has seen and another has not.
HALVES = """
WITH seen AS (SELECT instrument_id, version FROM unnest(%s, %s::bigint[]) AS s(symbol, version)
              JOIN data_ingestion.instrument USING (symbol))
SELECT late.xid FROM seen missing
JOIN soak.truth late ON late.instrument_id = missing.instrument_id AND late.timeframe = %s
  AND late.version > missing.version
JOIN soak.truth early ON early.xid = late.xid AND early.timeframe = late.timeframe
JOIN seen ON seen.instrument_id = early.instrument_id AND early.version <= seen.version
LIMIT 1
"""


class Bars(NamedTuple):
    """Rows of one series: times (n,) in microseconds, values (5, n) in the order of FIELDS."""

    times: Any
    values: Any

    @classmethod
    def of(cls, payload: bytes) -> Bars:
        """What the server sent, as numbers of this machine."""
        rows = np.frombuffer(payload, ROW)
        values = np.array([rows[name] for name in FIELDS]).astype("<f8")
        return cls(rows["timestamp"].astype("<i8"), values)

    def within(self, start_us: int, end_us: int) -> Bars:
        """The rows in `[start_us, end_us)`."""
        inside = slice(*np.searchsorted(self.times, [start_us, end_us]))
        return Bars(self.times[inside], self.values[:, inside])


class Truth:
    """One reader's own connection to the server, and the truths that it has asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: Any = None
        self._known: OrderedDict[tuple[str, str, int], Bars] = OrderedDict()
        self._whole: OrderedDict[tuple[Any, ...], bool] = OrderedDict()

    def bounds(self, symbols: Sequence[str], timeframe: str) -> list[int]:
        """The versions that are committed now, in the order of the symbols."""
        found: list[int] = self._ask(BOUNDS, (list(symbols), timeframe))[0][0]
        return found

    def bars(self, symbol: str, timeframe: str, version: int) -> Bars | None:
        """The rows of a series at a version; None when there never was such a version."""
        key = (symbol, timeframe, version)
        if key not in self._known:
            rows = self._ask(BARS, key)
            for _ in range(PATIENCE):
                if rows:
                    break
                time.sleep(0.01)  # a replica may show what the primary is about to show
                rows = self._ask(BARS, key)
            else:
                return None
            _keep(self._known, key, Bars.of(bytes(rows[0][0])))
        return self._known[key]

    def between(self, symbol: str, timeframe: str, first: int, last: int) -> list[Bars]:
        """The rows at each version of a series from `first` to `last`."""
        versions = [row[0] for row in self._ask(BETWEEN, (symbol, timeframe, first, last))]
        found = [self.bars(symbol, timeframe, version) for version in versions]
        return [bars for bars in found if bars is not None]

    def half_seen(self, versions: dict[str, int], timeframe: str) -> bool:
        """Whether some transaction is seen by one symbol and not by another that it changed."""
        key = (timeframe, *versions.items())
        if key not in self._whole:
            asked = (list(versions), list(versions.values()), timeframe)
            _keep(self._whole, key, bool(self._ask(HALVES, asked)))
        return self._whole[key]

    def _ask(self, query: str, parameters: Sequence[Any]) -> list[Any]:
        while True:
            try:
                with self._connected().cursor() as cursor:
                    cursor.execute(query, parameters)
                    return list(cursor.fetchall())
            except LOST:
                self._connection = None
                time.sleep(0.05)

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection = psycopg2.connect(self.url)
            self._connection.autocommit = True
        return self._connection


def _keep(memory: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    memory[key] = value
    if len(memory) > KEPT_TRUTHS:
        memory.popitem(last=False)
