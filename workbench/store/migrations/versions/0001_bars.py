"""Bars, the series they form, the runs that wrote them, rows kept aside, and three roles."""

from alembic import op

revision = "0001"
down_revision = None

# A role belongs to the whole server, so another database's migration may make it at this moment.
ROLES = """
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['workbench_reader', 'workbench_writer'] LOOP
    BEGIN
      IF to_regrole(name) IS NULL THEN EXECUTE format('CREATE ROLE %I LOGIN', name); END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    EXECUTE format('GRANT %I TO CURRENT_USER', name);
  END LOOP;
END $$;
"""

TABLES = """
CREATE TYPE data_ingestion.timeframe AS ENUM ('1m','5m','15m','30m','1h','4h','1d','1w');

CREATE TABLE data_ingestion.instrument (
  instrument_id integer GENERATED ALWAYS AS IDENTITY,
  symbol text NOT NULL CHECK (symbol <> '' AND symbol = btrim(symbol)),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idx_instrument_instrument_id PRIMARY KEY (instrument_id),
  CONSTRAINT idx_instrument_symbol UNIQUE (symbol)
);

-- No foreign keys here: they cost five times the load itself. The write path looks the
-- instrument up once per series. Widest columns first, so that no row carries padding.
CREATE TABLE data_ingestion.market_data (
  timestamp timestamptz NOT NULL,
  open float8 NOT NULL,
  high float8 NOT NULL,
  low float8 NOT NULL,
  close float8 NOT NULL,
  volume float8 NOT NULL,
  instrument_id integer NOT NULL,
  timeframe data_ingestion.timeframe NOT NULL,
  run_id integer NOT NULL,
  CONSTRAINT idx_market_data_symbol_timestamp PRIMARY KEY (instrument_id, timeframe, timestamp)
);
CREATE INDEX idx_market_data_date ON data_ingestion.market_data USING brin (timestamp);

CREATE TABLE data_ingestion.series (
  instrument_id integer NOT NULL REFERENCES data_ingestion.instrument,
  timeframe data_ingestion.timeframe NOT NULL,
  version bigint NOT NULL,
  first timestamptz,
  last timestamptz,
  rows bigint NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT idx_series_symbol_timeframe PRIMARY KEY (instrument_id, timeframe)
);

CREATE TABLE data_ingestion.run (
  run_id integer GENERATED ALWAYS AS IDENTITY,
  notebook text NOT NULL,
  parameters jsonb NOT NULL,
  report text,
  status text NOT NULL DEFAULT 'running'
    CHECK (status IN ('running', 'succeeded', 'failed', 'interrupted')),
  error text,
  started_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz,
  CONSTRAINT idx_run_run_id PRIMARY KEY (run_id)
);
CREATE INDEX idx_run_started_at ON data_ingestion.run (started_at);

CREATE TABLE data_ingestion.run_series (
  run_id integer NOT NULL REFERENCES data_ingestion.run,
  instrument_id integer NOT NULL REFERENCES data_ingestion.instrument,
  timeframe data_ingestion.timeframe NOT NULL,
  read bigint NOT NULL,
  new bigint NOT NULL,
  changed bigint NOT NULL,
  same bigint NOT NULL,
  rejected bigint NOT NULL,
  first timestamptz,
  last timestamptz,
  CONSTRAINT idx_run_series_run PRIMARY KEY (run_id, instrument_id, timeframe)
);
CREATE INDEX idx_run_series_symbol ON data_ingestion.run_series (instrument_id, timeframe);

CREATE TABLE data_ingestion.quarantine (
  quarantine_id bigint GENERATED ALWAYS AS IDENTITY,
  run_id integer NOT NULL REFERENCES data_ingestion.run,
  origin text NOT NULL,
  line bigint NOT NULL,
  reason text NOT NULL,
  raw text NOT NULL,
  symbol text,
  timeframe data_ingestion.timeframe,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idx_quarantine_quarantine_id PRIMARY KEY (quarantine_id)
);
CREATE INDEX idx_quarantine_run_id ON data_ingestion.quarantine (run_id);
-- The same bad row of the same file is kept once, however often the file is read.
CREATE UNIQUE INDEX idx_quarantine_row
  ON data_ingestion.quarantine (origin, line, md5(raw), md5(reason));

CREATE VIEW data_ingestion.bars AS
  SELECT symbol, timeframe, timestamp, open, high, low, close, volume, run_id
  FROM data_ingestion.market_data JOIN data_ingestion.instrument USING (instrument_id);
"""

# `series` is derived from `market_data` and from nothing else: whoever changes bars, by whatever
# client, moves the version in the same transaction. The rows are locked in one order first, so
# that two writers cannot deadlock and the extremes are looked up after the other one's commit.
TRIGGERS = """
CREATE FUNCTION data_ingestion.series_grow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  INSERT INTO series AS s (instrument_id, timeframe, version, first, last, rows, changed_at)
  SELECT instrument_id, timeframe, 1, min(timestamp), max(timestamp), count(*), clock_timestamp()
  FROM added GROUP BY instrument_id, timeframe ORDER BY instrument_id, timeframe
  ON CONFLICT (instrument_id, timeframe) DO UPDATE SET
    version = s.version + 1,
    first = least(s.first, excluded.first),
    last = greatest(s.last, excluded.last),
    rows = s.rows + excluded.rows,
    changed_at = excluded.changed_at;
  RETURN NULL;
END $$;

CREATE FUNCTION data_ingestion.series_shrink() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  PERFORM FROM series s
    WHERE (s.instrument_id, s.timeframe) IN (SELECT instrument_id, timeframe FROM removed)
    ORDER BY s.instrument_id, s.timeframe FOR UPDATE;
  UPDATE series s SET
    version = s.version + 1,
    rows = s.rows - gone.rows,
    first = (SELECT min(m.timestamp) FROM market_data m
             WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe),
    last = (SELECT max(m.timestamp) FROM market_data m
            WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe),
    changed_at = clock_timestamp()
  FROM (SELECT instrument_id, timeframe, count(*) AS rows FROM removed
        GROUP BY instrument_id, timeframe) gone
  WHERE s.instrument_id = gone.instrument_id AND s.timeframe = gone.timeframe;
  RETURN NULL;
END $$;

CREATE FUNCTION data_ingestion.series_edit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  INSERT INTO series (instrument_id, timeframe, version, rows, changed_at)
  SELECT DISTINCT instrument_id, timeframe, 0, 0, clock_timestamp()
  FROM added ORDER BY instrument_id, timeframe
  ON CONFLICT (instrument_id, timeframe) DO NOTHING;
  PERFORM FROM series s
    WHERE (s.instrument_id, s.timeframe) IN
      (SELECT instrument_id, timeframe FROM removed
       UNION SELECT instrument_id, timeframe FROM added)
    ORDER BY s.instrument_id, s.timeframe FOR UPDATE;
  UPDATE series s SET
    version = s.version + 1,
    rows = s.rows + moved.rows,
    first = (SELECT min(m.timestamp) FROM market_data m
             WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe),
    last = (SELECT max(m.timestamp) FROM market_data m
            WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe),
    changed_at = clock_timestamp()
  FROM (SELECT instrument_id, timeframe, sum(n) AS rows FROM (
          SELECT instrument_id, timeframe, 1 AS n FROM added
          UNION ALL SELECT instrument_id, timeframe, -1 FROM removed) step
        GROUP BY instrument_id, timeframe) moved
  WHERE s.instrument_id = moved.instrument_id AND s.timeframe = moved.timeframe;
  RETURN NULL;
END $$;

CREATE FUNCTION data_ingestion.series_clear() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  UPDATE series SET version = version + 1, rows = 0, first = NULL, last = NULL,
    changed_at = clock_timestamp();
  RETURN NULL;
END $$;

CREATE TRIGGER series_grow AFTER INSERT ON data_ingestion.market_data
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION data_ingestion.series_grow();
CREATE TRIGGER series_shrink AFTER DELETE ON data_ingestion.market_data
  REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION data_ingestion.series_shrink();
CREATE TRIGGER series_edit AFTER UPDATE ON data_ingestion.market_data
  REFERENCING OLD TABLE AS removed NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION data_ingestion.series_edit();
CREATE TRIGGER series_clear AFTER TRUNCATE ON data_ingestion.market_data
  FOR EACH STATEMENT EXECUTE FUNCTION data_ingestion.series_clear();
"""

# The writer may add and correct bars; only the triggers, as the owner, may move a version.
GRANTS = """
GRANT USAGE ON SCHEMA data_ingestion TO workbench_reader, workbench_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA data_ingestion TO workbench_reader, workbench_writer;
GRANT INSERT ON data_ingestion.instrument, data_ingestion.market_data, data_ingestion.run,
  data_ingestion.run_series, data_ingestion.quarantine TO workbench_writer;
GRANT UPDATE ON data_ingestion.market_data, data_ingestion.run, data_ingestion.run_series
  TO workbench_writer;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA data_ingestion FROM PUBLIC;
"""


def upgrade() -> None:
    for statements in (ROLES, TABLES, TRIGGERS, GRANTS):
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
