"""Bars that remember: versions in every row, what a bar said before, and partitions by time."""

from alembic import op

revision = "0003"
down_revision = "0002"

# A version is a count of microseconds that always grows, so that no number is ever used for two
# states, not even after a restore of an older backup. It is the default of a row that some client
# brings; the triggers correct it where it does not grow.
NOW_US = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
STATEMENT_US = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint"

ASIDE = """
DROP VIEW data_ingestion.bars;
DROP TRIGGER series_grow ON data_ingestion.market_data;
DROP TRIGGER series_shrink ON data_ingestion.market_data;
DROP TRIGGER series_edit ON data_ingestion.market_data;
DROP TRIGGER series_clear ON data_ingestion.market_data;
DROP FUNCTION data_ingestion.series_grow, data_ingestion.series_shrink,
  data_ingestion.series_edit, data_ingestion.series_clear;
DROP INDEX data_ingestion.idx_market_data_date;
ALTER TABLE data_ingestion.market_data DROP CONSTRAINT idx_market_data_symbol_timestamp;
ALTER TABLE data_ingestion.market_data RENAME TO market_data_before;
"""

TABLES = f"""
-- Which store this is: part of every cache key.
CREATE TABLE data_ingestion.store (
  store_id uuid NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT idx_store_store_id PRIMARY KEY (store_id)
);
INSERT INTO data_ingestion.store DEFAULT VALUES;

-- Widest columns first, so that no row carries padding. No foreign keys: see 0001.
CREATE TABLE data_ingestion.market_data (
  timestamp timestamptz NOT NULL,
  open float8 NOT NULL,
  high float8 NOT NULL,
  low float8 NOT NULL,
  close float8 NOT NULL,
  volume float8 NOT NULL,
  version bigint NOT NULL DEFAULT {STATEMENT_US},
  instrument_id integer NOT NULL,
  timeframe data_ingestion.timeframe NOT NULL,
  CONSTRAINT idx_market_data_symbol_timestamp PRIMARY KEY (instrument_id, timeframe, timestamp)
) PARTITION BY LIST (timeframe);
CREATE INDEX idx_market_data_date ON data_ingestion.market_data USING brin (timestamp);

-- What a changed or deleted bar said before: `replaced` is the version at which it ceased.
CREATE TABLE data_ingestion.revision (
  LIKE data_ingestion.market_data,
  replaced bigint NOT NULL,
  CONSTRAINT idx_revision_symbol_timestamp
    PRIMARY KEY (instrument_id, timeframe, timestamp, replaced)
);

-- Every version of every series: which run made it, the hull of the times that it changed, and
-- when it was committed; infinity until then.
CREATE TABLE data_ingestion.change (
  instrument_id integer NOT NULL,
  timeframe data_ingestion.timeframe NOT NULL,
  version bigint NOT NULL,
  run_id integer,
  lower timestamptz NOT NULL,
  upper timestamptz NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT 'infinity',
  CONSTRAINT idx_change_symbol_version PRIMARY KEY (instrument_id, timeframe, version),
  FOREIGN KEY (instrument_id, timeframe) REFERENCES data_ingestion.series
);
CREATE INDEX idx_change_run_id ON data_ingestion.change (run_id) WHERE run_id IS NOT NULL;

-- How many years a partition of a timeframe spans; its parent and a digest of the partitions that
-- are accounted for: where that is no longer so, somebody attached, detached or dropped one, or
-- the database was restored, which parent and cluster tell.
CREATE TABLE data_ingestion.partitioning (
  timeframe data_ingestion.timeframe NOT NULL,
  years integer NOT NULL CHECK (years > 0),
  parent oid NOT NULL DEFAULT 0,
  accounted bigint NOT NULL DEFAULT 0,
  cluster bigint NOT NULL DEFAULT 0,
  CONSTRAINT idx_partitioning_timeframe PRIMARY KEY (timeframe)
);
INSERT INTO data_ingestion.partitioning (timeframe, years) VALUES
  ('1m', 1), ('5m', 5), ('15m', 5), ('30m', 5), ('1h', 10), ('4h', 10), ('1d', 25), ('1w', 25);

CREATE TABLE data_ingestion.partition (
  name name NOT NULL,
  timeframe data_ingestion.timeframe NOT NULL,
  lower timestamptz NOT NULL,
  upper timestamptz NOT NULL,
  attached xid NOT NULL,  -- the transaction that did it
  CONSTRAINT idx_partition_name PRIMARY KEY (name)
);

-- Ranges whose bars went or came with their partition, without a trace in `revision`, and when
-- that was committed.
CREATE TABLE data_ingestion.purge (
  timeframe data_ingestion.timeframe NOT NULL,
  lower timestamptz NOT NULL,
  upper timestamptz NOT NULL,
  purged_at timestamptz NOT NULL DEFAULT 'infinity'
);
CREATE INDEX idx_purge_timeframe ON data_ingestion.purge (timeframe, purged_at);

CREATE VIEW data_ingestion.bars AS
  SELECT symbol, m.timeframe, timestamp, open, high, low, close, volume, m.version, run_id
  FROM data_ingestion.market_data m
  JOIN data_ingestion.instrument USING (instrument_id)
  LEFT JOIN data_ingestion.change c
    ON (c.instrument_id, c.timeframe, c.version) = (m.instrument_id, m.timeframe, m.version);
"""

# `series`, `change` and `revision` are derived from `market_data` and from nothing else: whoever
# changes bars, by whatever client, moves the version in the same transaction. The rows of `series`
# are locked in one order, so that two writers cannot deadlock, and until the end, so that the
# versions of a series are committed in their order.
# What reads `market_data` is planned anew each time (EXECUTE): a plan that was made while somebody
# attached a partition does not know it, and PostgreSQL would keep that plan.
VERSIONS = f"""
CREATE FUNCTION data_ingestion.current_run() RETURNS integer LANGUAGE sql STABLE
RETURN nullif(current_setting('workbench.run_id', true), '')::integer;

-- The version that rows bring themselves is good when all agree, it grows and is not of the future.
CREATE FUNCTION data_ingestion.next_version(current bigint, lowest bigint, highest bigint)
RETURNS bigint LANGUAGE sql VOLATILE
RETURN CASE WHEN lowest = highest AND lowest > current AND lowest <= {NOW_US} + 1000000
  THEN lowest ELSE greatest(current + 1, {NOW_US}) END;

CREATE FUNCTION data_ingestion.series_grow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
DECLARE restamp boolean;
BEGIN
  WITH fresh AS MATERIALIZED (
    SELECT instrument_id, timeframe, count(*) AS rows, min(timestamp) AS lower,
      max(timestamp) AS upper, min(version) AS lowest, max(version) AS highest
    FROM added GROUP BY instrument_id, timeframe
  ), moved AS (
    INSERT INTO series AS s (instrument_id, timeframe, version, first, last, rows, changed_at)
    SELECT instrument_id, timeframe, next_version(0, lowest, highest), lower, upper, rows,
      clock_timestamp()
    FROM fresh ORDER BY instrument_id, timeframe
    ON CONFLICT (instrument_id, timeframe) DO UPDATE SET
      version = next_version(s.version, excluded.version, excluded.version),
      first = least(s.first, excluded.first),
      last = greatest(s.last, excluded.last),
      rows = s.rows + excluded.rows,
      changed_at = excluded.changed_at
    RETURNING instrument_id, timeframe, version
  ), logged AS (
    INSERT INTO change (instrument_id, timeframe, version, run_id, lower, upper)
    SELECT instrument_id, timeframe, version, current_run(), lower, upper
    FROM moved JOIN fresh USING (instrument_id, timeframe)
  )
  SELECT bool_or(lowest <> version OR highest <> version) INTO restamp
  FROM moved JOIN fresh USING (instrument_id, timeframe);
  IF restamp THEN
    EXECUTE $anew$
    UPDATE market_data m SET version = s.version
    FROM added a JOIN series s USING (instrument_id, timeframe)
    WHERE (m.instrument_id, m.timeframe, m.timestamp) = (a.instrument_id, a.timeframe, a.timestamp)
      AND m.version <> s.version $anew$;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION data_ingestion.series_shrink() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  PERFORM FROM series s
    WHERE (s.instrument_id, s.timeframe) IN (SELECT instrument_id, timeframe FROM removed)
    ORDER BY s.instrument_id, s.timeframe FOR UPDATE;
  EXECUTE $anew$
  WITH gone AS MATERIALIZED (
    SELECT instrument_id, timeframe, count(*) AS rows, min(timestamp) AS lower,
      max(timestamp) AS upper
    FROM removed GROUP BY instrument_id, timeframe
  ), moved AS (
    UPDATE series s SET
      version = next_version(s.version, 0, 0),
      rows = s.rows - gone.rows,
      first = CASE WHEN gone.lower > s.first THEN s.first ELSE
        (SELECT min(m.timestamp) FROM market_data m
         WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe) END,
      last = CASE WHEN gone.upper < s.last THEN s.last ELSE
        (SELECT max(m.timestamp) FROM market_data m
         WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe) END,
      changed_at = clock_timestamp()
    FROM gone WHERE (s.instrument_id, s.timeframe) = (gone.instrument_id, gone.timeframe)
    RETURNING s.instrument_id, s.timeframe, s.version, gone.lower, gone.upper
  ), logged AS (
    INSERT INTO change (instrument_id, timeframe, version, run_id, lower, upper)
    SELECT instrument_id, timeframe, version, current_run(), lower, upper FROM moved
  )
  INSERT INTO revision
  SELECT r.*, moved.version FROM removed r JOIN moved USING (instrument_id, timeframe) $anew$;
  RETURN NULL;
END $$;

-- An update is the end of some rows and the beginning of others; rows that are left as they were
-- count as neither. Rows are compared as bits, as a cache will hand them out.
CREATE FUNCTION data_ingestion.series_edit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  -- The triggers' own correction of versions comes back here, one level down.
  IF pg_trigger_depth() > 1 AND NOT EXISTS (
    SELECT FROM added a LEFT JOIN removed r USING (instrument_id, timeframe, timestamp)
    WHERE r.version IS NULL OR record_image_ne(
      ROW(a.open, a.high, a.low, a.close, a.volume), ROW(r.open, r.high, r.low, r.close, r.volume)))
  THEN RETURN NULL; END IF;
  INSERT INTO series (instrument_id, timeframe, version, rows, changed_at)
  SELECT DISTINCT instrument_id, timeframe, 0, 0, clock_timestamp()
  FROM added ORDER BY instrument_id, timeframe
  ON CONFLICT (instrument_id, timeframe) DO NOTHING;
  PERFORM FROM series s
    WHERE (s.instrument_id, s.timeframe) IN
      (SELECT instrument_id, timeframe FROM removed
       UNION SELECT instrument_id, timeframe FROM added)
    ORDER BY s.instrument_id, s.timeframe FOR UPDATE;
  EXECUTE $anew$
  WITH pair AS MATERIALIZED (
    SELECT instrument_id, timeframe, timestamp, a.version AS came, r.version AS went
    FROM added a FULL JOIN removed r USING (instrument_id, timeframe, timestamp)
    WHERE r.version IS NULL OR a.version IS NULL OR
      record_image_ne(ROW(a.open, a.high, a.low, a.close, a.volume, a.version),
                      ROW(r.open, r.high, r.low, r.close, r.volume, r.version))
  ), step AS MATERIALIZED (
    SELECT instrument_id, timeframe, count(came) - count(went) AS rows, min(came) AS lowest,
      max(came) AS highest, min(timestamp) AS lower, max(timestamp) AS upper
    FROM pair GROUP BY instrument_id, timeframe
  ), moved AS (
    UPDATE series s SET
      version = next_version(s.version, lowest, highest),
      rows = s.rows + step.rows,
      first = (SELECT min(m.timestamp) FROM market_data m
               WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe),
      last = (SELECT max(m.timestamp) FROM market_data m
              WHERE m.instrument_id = s.instrument_id AND m.timeframe = s.timeframe),
      changed_at = clock_timestamp()
    FROM step WHERE (s.instrument_id, s.timeframe) = (step.instrument_id, step.timeframe)
    RETURNING s.instrument_id, s.timeframe, s.version, lower, upper
  ), logged AS (
    INSERT INTO change (instrument_id, timeframe, version, run_id, lower, upper)
    SELECT instrument_id, timeframe, version, current_run(), lower, upper FROM moved
  ), kept AS (
    INSERT INTO revision
    SELECT r.*, moved.version FROM removed r
    JOIN pair USING (instrument_id, timeframe, timestamp)
    JOIN moved USING (instrument_id, timeframe)
  )
  UPDATE market_data m SET version = moved.version
  FROM pair JOIN moved USING (instrument_id, timeframe)
  WHERE (m.instrument_id, m.timeframe, m.timestamp)
      = (pair.instrument_id, pair.timeframe, pair.timestamp)
    AND pair.came IS NOT NULL AND pair.came <> moved.version $anew$;
  RETURN NULL;
END $$;

CREATE FUNCTION data_ingestion.series_clear() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  EXECUTE format('DELETE FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  RETURN NULL;
END $$;

-- Runs at COMMIT, while the series is still locked: one moment for all that a transaction changed.
CREATE FUNCTION data_ingestion.commit_moment() RETURNS timestamptz
LANGUAGE plpgsql SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  IF coalesce(current_setting('workbench.committed', true), '')
      NOT LIKE pg_current_xact_id()::text || '|%' THEN
    PERFORM set_config('workbench.committed',
      pg_current_xact_id()::text || '|' || clock_timestamp()::text, true);
  END IF;
  RETURN split_part(current_setting('workbench.committed'), '|', 2)::timestamptz;
END $$;

CREATE FUNCTION data_ingestion.change_committed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  UPDATE change SET committed_at = commit_moment()
  WHERE (instrument_id, timeframe, version) = (NEW.instrument_id, NEW.timeframe, NEW.version);
  RETURN NULL;
END $$;

CREATE FUNCTION data_ingestion.purge_committed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  UPDATE purge SET purged_at = commit_moment()
  WHERE timeframe = NEW.timeframe AND purged_at = 'infinity';
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER change_committed AFTER INSERT ON data_ingestion.change
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION data_ingestion.change_committed();
CREATE CONSTRAINT TRIGGER purge_committed AFTER INSERT ON data_ingestion.purge
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION data_ingestion.purge_committed();

-- ALWAYS: for replication and for bulk loads that set session_replication_role as well.
CREATE FUNCTION data_ingestion.arm(watched regclass) RETURNS void
LANGUAGE plpgsql SET search_path = data_ingestion, pg_temp AS $$
DECLARE name name;
BEGIN
  FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = watched AND NOT tgisinternal LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', watched, name);
  END LOOP;
END $$;
SELECT data_ingestion.arm('data_ingestion.change');

-- A statement fires the triggers of the table that it names, so every partition has its own.
CREATE FUNCTION data_ingestion.watch(watched regclass) RETURNS void
LANGUAGE plpgsql SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER series_grow AFTER INSERT ON %s'
    ' REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION series_grow()', watched);
  EXECUTE format('CREATE OR REPLACE TRIGGER series_shrink AFTER DELETE ON %s'
    ' REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION series_shrink()',
    watched);
  EXECUTE format('CREATE OR REPLACE TRIGGER series_edit AFTER UPDATE ON %s'
    ' REFERENCING OLD TABLE AS removed NEW TABLE AS added'
    ' FOR EACH STATEMENT EXECUTE FUNCTION series_edit()', watched);
  IF (SELECT relkind FROM pg_class WHERE oid = watched) = 'r' THEN
    EXECUTE format('CREATE OR REPLACE TRIGGER series_clear BEFORE TRUNCATE ON %s'
      ' FOR EACH STATEMENT EXECUTE FUNCTION series_clear()', watched);
  END IF;
  PERFORM arm(watched);
END $$;
"""

PARTITIONS = """
-- With the transactions (xmin), as a partition may come back changed, unseen by any trigger.
CREATE VIEW data_ingestion.layout AS
  SELECT timeframe, present, present = accounted AS settled
  FROM data_ingestion.partitioning, LATERAL (SELECT
    (SELECT coalesce(sum(hashoid(inhrelid)::bigint + xmin::text::bigint), 0)::bigint
     FROM pg_inherits WHERE inhparent = parent) +
    (SELECT coalesce(sum(hashoid(inhparent)::bigint + xmin::text::bigint), 0)::bigint
     FROM pg_inherits WHERE inhrelid = parent) AS present) AS found;

CREATE FUNCTION data_ingestion.account_for(wanted data_ingestion.timeframe) RETURNS void
LANGUAGE sql SET search_path = data_ingestion, pg_temp
BEGIN ATOMIC
  UPDATE data_ingestion.partitioning
    SET parent = coalesce(to_regclass('data_ingestion.market_data_' || wanted::text)::oid, 0),
      cluster = (SELECT system_identifier FROM pg_control_system())
    WHERE timeframe = wanted;
  UPDATE data_ingestion.partitioning p SET accounted = l.present
    FROM data_ingestion.layout l WHERE p.timeframe = wanted AND l.timeframe = wanted;
END;

-- Nobody attaches, detaches or drops a partition until this transaction ends; bars may be read
-- and written.
CREATE FUNCTION data_ingestion.hold_layout(wanted data_ingestion.timeframe) RETURNS void
LANGUAGE plpgsql SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  IF to_regclass(format('market_data_%s', wanted)) IS NOT NULL THEN
    EXECUTE format('LOCK TABLE ONLY %I IN SHARE UPDATE EXCLUSIVE MODE',
      format('market_data_%s', wanted));
  END IF;
END $$;

-- Make the partition that bars at `moment` belong to; false where there is one already. Rows
-- that came before it are moved out of the default partition; they do not change by that.
CREATE FUNCTION data_ingestion.make_partition(
  wanted data_ingestion.timeframe, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = data_ingestion, pg_temp SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
DECLARE
  parent text := format('market_data_%s', wanted);
  other text := parent || '_other';
  span integer := (SELECT years FROM partitioning p WHERE p.timeframe = wanted);
  year integer := floor(extract(year FROM moment) / span) * span;
  lower timestamptz := make_timestamptz(greatest(year, 1), 1, 1, 0, 0, 0);
  upper timestamptz := make_timestamptz(year + span, 1, 1, 0, 0, 0);
  leaf text;
  waiting text := format(
    'SELECT EXISTS (SELECT FROM %I WHERE timestamp >= $1 AND timestamp < $2)', other);
  moves boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('data_ingestion.partition:' || wanted));
  PERFORM hold_layout(wanted);
  PERFORM reconcile(wanted);  -- or what is accounted for below would cover what somebody else did
  IF EXISTS (SELECT FROM partition p
             WHERE p.timeframe = wanted AND p.lower <= moment AND moment < p.upper) THEN
    RETURN false;
  END IF;
  -- The span may have been set anew: keep clear of the neighbours.
  lower := greatest(lower, (SELECT max(p.upper) FROM partition p
                            WHERE p.timeframe = wanted AND p.upper <= moment));
  upper := least(upper, (SELECT min(p.lower) FROM partition p
                         WHERE p.timeframe = wanted AND p.lower > moment));
  leaf := parent || to_char(lower, CASE WHEN lower = date_trunc('year', lower)
                                   THEN '_YYYY' ELSE '_YYYYMMDD' END);
  IF to_regclass(format('%I', leaf)) IS NOT NULL THEN
    RETURN false;  -- somebody detached it and keeps it; the bars can stay where they are
  END IF;
  -- A query that sees the new partition but not yet its rows, or the other way round, would lose
  -- them: whoever locks the root table before its snapshot is safe from that.
  EXECUTE waiting USING lower, upper INTO moves;
  IF moves THEN
    -- Everybody queues behind this lock: give up before anybody looks for a deadlock.
    SET LOCAL lock_timeout = '50ms';
    LOCK TABLE ONLY market_data IN ACCESS EXCLUSIVE MODE;
    SET LOCAL lock_timeout = '2s';
  END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', other);
  IF NOT moves THEN
    EXECUTE waiting USING lower, upper INTO moves;
    IF moves THEN
      RETURN false;  -- they came just now; a later call moves them
    END IF;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE market_data INCLUDING DEFAULTS)', leaf);
  EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', other);
  EXECUTE format('WITH moved AS (DELETE FROM %I WHERE timestamp >= $1 AND timestamp < $2
    RETURNING *) INSERT INTO %I SELECT * FROM moved ORDER BY instrument_id, timestamp',
    other, leaf) USING lower, upper;
  PERFORM arm(format('%I', other)::regclass);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
    parent, leaf, lower, upper);
  EXECUTE format('GRANT SELECT ON %I TO workbench_reader, workbench_writer', leaf);
  EXECUTE format('GRANT INSERT, UPDATE ON %I TO workbench_writer', leaf);
  PERFORM watch(format('%I', leaf)::regclass);
  INSERT INTO partition SELECT leaf, wanted, lower, upper, xmin FROM pg_inherits
    WHERE inhrelid = to_regclass(format('%I', leaf));
  PERFORM account_for(wanted);
  RETURN true;
END $$;

-- Somebody attached, detached or dropped a partition: take note of it, as of any other change.
CREATE FUNCTION data_ingestion.reconcile(wanted data_ingestion.timeframe) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
DECLARE
  parent regclass := to_regclass(format('market_data_%s', wanted));
  leaf record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('data_ingestion.partition:' || wanted));
  PERFORM hold_layout(wanted);
  IF (SELECT settled FROM layout WHERE timeframe = wanted) THEN
    RETURN false;
  END IF;
  IF NOT EXISTS (SELECT FROM partitioning p, pg_control_system() WHERE p.timeframe = wanted
      AND p.cluster = system_identifier
      AND p.parent = to_regclass(format('market_data_%s', wanted))) THEN
    UPDATE partition p SET attached = i.xmin FROM pg_inherits i
      WHERE p.timeframe = wanted AND i.inhparent = parent
        AND i.inhrelid = to_regclass(format('%I', p.name));
  END IF;
  -- A table that was taken out is no business of its series any more.
  FOR leaf IN
    SELECT t.tgname AS name, t.tgrelid::regclass AS watched
    FROM partition p JOIN pg_trigger t ON t.tgrelid = to_regclass(format('%I', p.name))
    WHERE p.timeframe = wanted AND t.tgname IN
      ('series_grow', 'series_shrink', 'series_edit', 'series_clear')
      AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = parent AND inhrelid = t.tgrelid)
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', leaf.name, leaf.watched);
  END LOOP;
  WITH lost AS (
    DELETE FROM partition p WHERE p.timeframe = wanted AND NOT EXISTS (
      SELECT FROM pg_inherits
      WHERE inhparent = parent AND inhrelid = to_regclass(format('%I', p.name))
        AND pg_inherits.xmin = p.attached)
    RETURNING p.timeframe, p.lower, p.upper)
  INSERT INTO purge SELECT * FROM lost;
  FOR leaf IN
    SELECT c.oid::regclass AS watched, c.relname AS name, i.xmin AS attached, regexp_match(
      pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''(.*)''\\) TO \\(''(.*)''\\)') AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = parent
  LOOP
    -- Triggers take a lock that waits for writers: only where there are none.
    IF NOT EXISTS (SELECT FROM pg_trigger
                   WHERE tgrelid = leaf.watched AND tgname = 'series_grow'
                     AND tgenabled = 'A') THEN
      PERFORM watch(leaf.watched);
    END IF;
    -- What a partition brings along was not in the store before, whatever its rows say.
    IF leaf.bounds IS NOT NULL AND NOT EXISTS (
        SELECT FROM partition p WHERE p.name = leaf.name) THEN
      INSERT INTO purge
      VALUES (wanted, leaf.bounds[1]::timestamptz, leaf.bounds[2]::timestamptz);
      INSERT INTO partition
      VALUES (leaf.name, wanted, leaf.bounds[1]::timestamptz, leaf.bounds[2]::timestamptz,
        leaf.attached);
    END IF;
  END LOOP;
  INSERT INTO series (instrument_id, timeframe, version, rows, changed_at)
  SELECT DISTINCT instrument_id, timeframe, 0, 0, clock_timestamp()
  FROM market_data WHERE timeframe = wanted ORDER BY instrument_id
  ON CONFLICT (instrument_id, timeframe) DO NOTHING;
  PERFORM FROM series s WHERE s.timeframe = wanted ORDER BY s.instrument_id FOR UPDATE;
  WITH present AS (
    SELECT s.instrument_id, count(timestamp) AS rows, min(timestamp) AS first,
      max(timestamp) AS last
    FROM series s LEFT JOIN market_data m USING (instrument_id, timeframe)
    WHERE s.timeframe = wanted GROUP BY s.instrument_id
  ), moved AS (
    UPDATE series s SET version = next_version(s.version, 0, 0), rows = present.rows,
      first = present.first, last = present.last, changed_at = clock_timestamp()
    FROM present WHERE s.timeframe = wanted AND s.instrument_id = present.instrument_id
    RETURNING s.instrument_id, s.timeframe, s.version
  )
  INSERT INTO change (instrument_id, timeframe, version, run_id, lower, upper)
  SELECT instrument_id, timeframe, version, current_run(), '-infinity', 'infinity' FROM moved;
  PERFORM account_for(wanted);
  RETURN true;
END $$;

DO $$
DECLARE wanted data_ingestion.timeframe; parent text;
BEGIN
  FOREACH wanted IN ARRAY enum_range(NULL::data_ingestion.timeframe) LOOP
    parent := format('market_data_%s', wanted);
    EXECUTE format('CREATE TABLE data_ingestion.%I PARTITION OF data_ingestion.market_data'
      ' FOR VALUES IN (%L) PARTITION BY RANGE (timestamp)', parent, wanted);
    EXECUTE format('CREATE TABLE data_ingestion.%I PARTITION OF data_ingestion.%I DEFAULT',
      parent || '_other', parent);
    PERFORM data_ingestion.watch(format('data_ingestion.%I', parent || '_other')::regclass);
  END LOOP;
  FOREACH wanted IN ARRAY enum_range(NULL::data_ingestion.timeframe) LOOP
    PERFORM data_ingestion.account_for(wanted);
  END LOOP;
END $$;
"""

# What was there keeps the run that wrote it: one version for each run of each series.
CARRY_OVER = f"""
CREATE TEMP TABLE carried ON COMMIT DROP AS
  SELECT instrument_id, timeframe, run_id, min(timestamp) AS lower, max(timestamp) AS upper,
    {NOW_US} + row_number() OVER (PARTITION BY instrument_id, timeframe ORDER BY run_id) - 1000000
      AS version
  FROM data_ingestion.market_data_before GROUP BY instrument_id, timeframe, run_id;
SELECT data_ingestion.make_partition(timeframe, lower + ahead * interval '1 year')
  FROM (SELECT timeframe, min(lower) AS lower, max(upper) AS upper FROM carried GROUP BY timeframe)
  JOIN data_ingestion.partitioning p USING (timeframe),
  generate_series(0, (extract(year FROM upper) - extract(year FROM lower))::integer) AS ahead;
INSERT INTO data_ingestion.market_data
  SELECT timestamp, open, high, low, close, volume, version, instrument_id, timeframe
  FROM data_ingestion.market_data_before JOIN carried USING (instrument_id, timeframe, run_id)
  ORDER BY instrument_id, timeframe, timestamp;
INSERT INTO data_ingestion.change
  SELECT instrument_id, timeframe, version, run_id, lower, upper FROM carried;
UPDATE data_ingestion.series s SET version = newest.version FROM (
    SELECT instrument_id, timeframe, max(version) AS version FROM carried GROUP BY 1, 2) newest
  WHERE (s.instrument_id, s.timeframe) = (newest.instrument_id, newest.timeframe);
DROP TABLE data_ingestion.market_data_before;
SET CONSTRAINTS ALL IMMEDIATE;
"""

# Only now, so that what was carried over moved no version. The writer may add and correct bars;
# only the triggers, as the owner, may move a version.
WATCH = """
SELECT data_ingestion.watch('data_ingestion.market_data');
SELECT data_ingestion.watch(format('data_ingestion.%I', 'market_data_' || timeframe)::regclass)
  FROM data_ingestion.partitioning;
GRANT SELECT ON ALL TABLES IN SCHEMA data_ingestion TO workbench_reader, workbench_writer;
DO $$
DECLARE tables text := (
  SELECT string_agg(format('data_ingestion.%I', relname), ', ')
  FROM (SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'data_ingestion'::regnamespace AND c.relkind IN ('r', 'p')
          AND (c.relispartition OR c.relname = 'market_data')) t);
BEGIN
  EXECUTE format('GRANT INSERT, UPDATE ON %s TO workbench_writer', tables);
END $$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA data_ingestion FROM PUBLIC;
GRANT EXECUTE ON FUNCTION data_ingestion.make_partition, data_ingestion.reconcile,
  data_ingestion.next_version
  TO workbench_writer;
"""


def upgrade() -> None:
    for statements in (ASIDE, TABLES, VERSIONS, PARTITIONS, CARRY_OVER, WATCH):
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
