"""Ingestion: bars of a new series into the keyed table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from psycopg2.extras import execute_values

from benchmarks.cases.scratch import (
    bars,
    execute,
    rows_of,
    same_rows,
    start_run,
    workbench,
    write,
)
from benchmarks.harness import Scale, Trial, case
from workbench.api import Workbench
from workbench.store.database import Role

TABLES = {"workbench": "data_ingestion.market_data"}
"""Where each path writes; all others write to a table with the same columns, key and index."""
PEER = "benchmark.market_data"
LIMIT = "the server's own COPY"


def prepare(made: Workbench) -> None:
    """The peers' table: as ours, but for what ours does on each change of a series."""
    execute(
        made,
        "CREATE SCHEMA benchmark",
        f"CREATE TABLE {PEER} (LIKE data_ingestion.market_data INCLUDING ALL)",
    )


def truncate(made: Workbench) -> None:
    execute(made, f"TRUNCATE data_ingestion.market_data, {PEER}", "CHECKPOINT")


def to_sql(made: Workbench, frame: pd.DataFrame) -> None:
    schema, table = PEER.split(".")
    frame.to_sql(
        table,
        made.database.engine(Role.OWNER),
        schema=schema,
        if_exists="append",
        index=False,
        chunksize=10_000,
    )


def insert_values(made: Workbench, frame: pd.DataFrame) -> None:
    rows = frame.astype(object).itertuples(index=False, name=None)
    with made.database.transaction(Role.OWNER) as cursor:
        statement = f"INSERT INTO {PEER} ({', '.join(frame.columns)}) VALUES %s"  # noqa: S608
        execute_values(cursor, statement, rows, page_size=1000)


def complete(frame: pd.DataFrame, run: int) -> pd.DataFrame:
    """All columns of the table, as a peer has to supply them."""
    return frame.reset_index().assign(instrument_id=1, timeframe="1m", run_id=run)


def binary_file(made: Workbench, scale: Scale, rows: pd.DataFrame) -> Path:
    """The rows as a file in COPY's binary format, written by the server itself."""
    to_sql(made, rows)
    path = scale.folder / "rows.copy"
    path.touch()
    path.chmod(0o666)  # the server may run as another account
    execute(made, f"COPY {PEER} TO '{path}' (FORMAT binary)")
    return path


@case("ingest", "Store a new series of minute bars", reference="pandas.to_sql")
def ingest(scale: Scale) -> Iterator[Trial]:
    frame = bars(scale.pick(100_000, 500), seconds=60)
    with workbench(scale) as made:
        prepare(made)
        run = start_run(made)
        rows = complete(frame, run)
        path = binary_file(made, scale, rows)
        yield Trial(
            work=len(frame),
            unit="rows",
            paths={
                "workbench": lambda: write(made, run, "BENCH", "1m", frame),
                "pandas.to_sql": lambda: to_sql(made, rows),
                "psycopg2 execute_values": lambda: insert_values(made, rows),
            },
            limits={LIMIT: lambda: execute(made, f"COPY {PEER} FROM '{path}' (FORMAT binary)")},
            same=same_rows,
            result=lambda name, _: rows_of(made, TABLES.get(name, PEER)),
            reset=lambda: truncate(made),
        )


@case("ingest_csv", "Bring in a CSV file of minute bars", reference="pandas.read_csv + to_sql")
def ingest_csv(scale: Scale) -> Iterator[Trial]:
    frame = bars(scale.pick(100_000, 500), seconds=60)
    source = scale.folder / "BENCH_1m.csv"
    frame.to_csv(source)
    with workbench(scale) as made:
        prepare(made)
        run = start_run(made)

        def peer() -> None:
            read = pd.read_csv(source, parse_dates=["timestamp"])
            to_sql(made, complete(read.set_index("timestamp"), run))

        yield Trial(
            work=len(frame),
            unit="rows",
            paths={
                "workbench": lambda: made.ingest(f"csv:{source}", progress=False),
                "pandas.read_csv + to_sql": peer,
            },
            same=same_rows,
            result=lambda name, _: rows_of(made, TABLES.get(name, PEER)),
            reset=lambda: truncate(made),
        )
