"""Splits and dividends as facts, with everything that was ever known of them."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE data_ingestion.corporate_action (
  value float8 NOT NULL CHECK (value > 0 AND value < 'infinity'),
  ex_date date NOT NULL CHECK (ex_date BETWEEN '0001-01-01' AND '9999-12-31'),
  instrument_id integer NOT NULL REFERENCES data_ingestion.instrument,
  run_id integer REFERENCES data_ingestion.run,
  kind text NOT NULL CHECK (kind IN ('split', 'dividend')),
  CONSTRAINT idx_corporate_action_symbol_ex_date PRIMARY KEY (instrument_id, ex_date, kind)
);
CREATE INDEX idx_corporate_action_run_id ON data_ingestion.corporate_action (run_id);

-- Every fact that was ever committed, those of now included: it was known in
-- [known_at, replaced_at), and replaced_at is infinity as long as it is known.
CREATE TABLE data_ingestion.corporate_action_revision (
  value float8 NOT NULL,
  known_at timestamptz NOT NULL,
  replaced_at timestamptz NOT NULL DEFAULT 'infinity' CHECK (known_at < replaced_at),
  ex_date date NOT NULL,
  instrument_id integer NOT NULL REFERENCES data_ingestion.instrument,
  run_id integer,
  kind text NOT NULL,
  CONSTRAINT idx_corporate_action_revision_symbol_ex_date
    PRIMARY KEY (instrument_id, ex_date, kind, known_at)
);
CREATE UNIQUE INDEX idx_corporate_action_revision_latest
  ON data_ingestion.corporate_action_revision (instrument_id, ex_date, kind)
  WHERE replaced_at = 'infinity';

-- One row: when the facts changed last, and the transaction that did it. Whoever changes facts
-- holds it from the stamp to the end, so that stamps stand in the order of the commits.
CREATE TABLE data_ingestion.corporate_action_clock (
  stamped_at timestamptz NOT NULL,
  stamped_by xid8 NOT NULL
);
INSERT INTO data_ingestion.corporate_action_clock VALUES ('epoch', '0');
"""

# The history is derived from the facts at COMMIT, by comparing what is there then with what was
# known before: steps inside a transaction leave no trace, and any client is followed.
TRIGGERS = """
CREATE FUNCTION data_ingestion.corporate_action_stamp() RETURNS timestamptz
LANGUAGE plpgsql SET search_path = data_ingestion, pg_temp AS $$
DECLARE stamp timestamptz;
BEGIN
  -- A number of a transaction comes again after a restore elsewhere, a moment does not.
  UPDATE corporate_action_clock
    SET stamped_at = greatest(clock_timestamp(), stamped_at + interval '1 microsecond'),
        stamped_by = pg_current_xact_id()
    WHERE stamped_by <> pg_current_xact_id() OR stamped_at < transaction_timestamp();
  SELECT stamped_at INTO STRICT stamp FROM corporate_action_clock;
  RETURN stamp;
END $$;

CREATE FUNCTION data_ingestion.corporate_action_settle(id integer, day date, what text)
RETURNS void LANGUAGE plpgsql SET search_path = data_ingestion, pg_temp AS $$
DECLARE
  fact float8 := (SELECT value FROM corporate_action
                  WHERE (instrument_id, ex_date, kind) = (id, day, what));
  known float8 := (SELECT value FROM corporate_action_revision
                   WHERE (instrument_id, ex_date, kind) = (id, day, what)
                   AND replaced_at = 'infinity');
  stamp timestamptz;
BEGIN
  IF fact IS NOT DISTINCT FROM known THEN RETURN; END IF;
  stamp := corporate_action_stamp();
  -- Known and replaced in one transaction, as SET CONSTRAINTS may show it: known to nobody.
  DELETE FROM corporate_action_revision
    WHERE (instrument_id, ex_date, kind, known_at) = (id, day, what, stamp);
  UPDATE corporate_action_revision SET replaced_at = stamp
    WHERE (instrument_id, ex_date, kind) = (id, day, what) AND replaced_at = 'infinity';
  INSERT INTO corporate_action_revision (value, known_at, ex_date, instrument_id, run_id, kind)
    SELECT value, stamp, ex_date, instrument_id, run_id, kind FROM corporate_action
    WHERE (instrument_id, ex_date, kind) = (id, day, what);
END $$;

CREATE FUNCTION data_ingestion.corporate_action_committed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM corporate_action_settle(OLD.instrument_id, OLD.ex_date, OLD.kind);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM corporate_action_settle(NEW.instrument_id, NEW.ex_date, NEW.kind);
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER corporate_action_committed
  AFTER INSERT OR UPDATE OR DELETE ON data_ingestion.corporate_action
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION data_ingestion.corporate_action_committed();

-- Only a row can wait for the COMMIT, so TRUNCATE touches those of the history that are open.
CREATE FUNCTION data_ingestion.corporate_action_clear() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = data_ingestion, pg_temp AS $$
BEGIN
  UPDATE corporate_action_revision SET replaced_at = replaced_at WHERE replaced_at = 'infinity';
  RETURN NULL;
END $$;

CREATE TRIGGER corporate_action_clear AFTER TRUNCATE ON data_ingestion.corporate_action
  FOR EACH STATEMENT EXECUTE FUNCTION data_ingestion.corporate_action_clear();

CREATE CONSTRAINT TRIGGER corporate_action_committed
  AFTER UPDATE ON data_ingestion.corporate_action_revision
  DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.replaced_at = NEW.replaced_at)
  EXECUTE FUNCTION data_ingestion.corporate_action_committed();
"""

# The writer may state facts; only the triggers, as the owner, may say when they were known.
GRANTS = """
GRANT SELECT ON data_ingestion.corporate_action, data_ingestion.corporate_action_revision,
  data_ingestion.corporate_action_clock TO workbench_reader, workbench_writer;
GRANT INSERT, UPDATE, DELETE ON data_ingestion.corporate_action TO workbench_writer;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA data_ingestion FROM PUBLIC;
"""


def upgrade() -> None:
    for statements in (TABLES, TRIGGERS, GRANTS):
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
