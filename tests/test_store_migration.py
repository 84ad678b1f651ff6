"""A store of the first schema, with bars in it, is brought to the present one as it stands."""

from __future__ import annotations

import pandas as pd
import psycopg2

from workbench.api import Workbench
from workbench.settings import Settings
from workbench.store import schema

FIRST = """
INSERT INTO data_ingestion.instrument (symbol) VALUES ('OLD'), ('OTHER');
INSERT INTO data_ingestion.run (notebook, parameters) VALUES ('a', '{}'), ('b', '{}');
INSERT INTO data_ingestion.market_data
  SELECT day, 1, 2, 1, 2, 100, i, '1d', CASE WHEN day < '2000-01-01' THEN 1 ELSE 2 END
  FROM generate_series(timestamptz '1980-05-05Z', '2020-06-06Z', '1 day') day,
    generate_series(1, 2) i;
INSERT INTO data_ingestion.market_data
  SELECT moment, 1, 2, 1, 2, 100, 1, '1h', 2
  FROM generate_series(timestamptz '2019-12-30Z', '2020-01-03Z', '1 hour') moment;
"""


def upgrade_to(url: str, revision: str) -> None:
    import sqlalchemy as sa
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_bars_runs_and_series_are_carried_over(empty_database_url: str) -> None:
    upgrade_to(empty_database_url, "0001")
    connection = psycopg2.connect(empty_database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(FIRST)
        cursor.execute("SELECT * FROM data_ingestion.bars ORDER BY symbol, timeframe, timestamp")
        before = cursor.fetchall()
    connection.close()
    with Workbench(Settings(database_url=empty_database_url)) as workbench:
        workbench.up()
        after = workbench.sql(
            "SELECT symbol, timeframe, timestamp, open, high, low, close, volume, run_id"
            " FROM data_ingestion.bars ORDER BY symbol, timeframe, timestamp"
        )
        expected = pd.DataFrame(before, columns=after.columns)
        pd.testing.assert_frame_equal(after, expected, check_dtype=False)
        series = workbench.series()
        assert series["rows"].tolist() == [14643, 97, 14643]
        assert len(workbench.bars("OLD")) == 14643
        leaves = workbench.sql(
            "SELECT tableoid::regclass::text AS leaf, count(*) AS rows"
            " FROM data_ingestion.market_data GROUP BY 1 ORDER BY 1"
        )
        assert leaves["leaf"].str.removeprefix("data_ingestion.market_data_").tolist() == [
            "1d_1975", "1d_2000", "1h_2010", "1h_2020",
        ]  # fmt: skip
        known = workbench.bars("OLD", as_of=workbench.bars("OLD").attrs["freshness"])
        assert len(known) == 14643
        counted = workbench.sql(
            "SELECT count(*) AS rows FROM data_ingestion.change WHERE committed_at < 'infinity'"
        )
        assert counted["rows"].tolist() == [5]
