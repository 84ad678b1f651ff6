"""Writing: bars into the keyed table, for the first time and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from psycopg2.extras import execute_values

from benchmarks.cases.scratch import (
    COLUMNS,
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
from workbench.shape import FIELDS, timestamps_us
from workbench.store.copy_binary import Columns, Encoder, copy_in, to_wire
from workbench.store.database import Role

OURS_TABLE = "data_ingestion.market_data"
MADE_BY = "version"
"""The column that tells which change a row comes from."""
TABLES = {"workbench": OURS_TABLE}
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


def complete(made: Workbench, frame: pd.DataFrame) -> pd.DataFrame:
    """All columns of the table, as a peer has to supply them."""
    with made.database.transaction(Role.OWNER) as cursor:
        cursor.execute(f"SELECT * FROM {PEER} LIMIT 0")  # noqa: S608
        names = [column.name for column in cursor.description or ()]
    others = {name: 1 for name in names if name not in COLUMNS} | {"timeframe": "1m"}
    return frame.reset_index().assign(**others)[names]


def binary_file(made: Workbench, scale: Scale, rows: pd.DataFrame) -> Path:
    """The rows as a file in COPY's binary format, written by the server itself."""
    to_sql(made, rows)
    path = scale.folder / "rows.copy"
    path.touch()
    path.chmod(0o666)  # the server may run as another account
    execute(made, f"COPY {PEER} TO '{path}' (FORMAT binary)")
    return path


@case(
    "ingest",
    "a new series of 100,000 minute bars",
    group="write",
    reference="pandas.to_sql",
    targets={"pandas.to_sql": 25.0, LIMIT: 0.8},
)
def ingest(scale: Scale) -> Iterator[Trial]:
    frame = bars(scale.pick(100_000, 500), seconds=60)
    with workbench(scale) as made:
        prepare(made)
        run = start_run(made)
        rows = complete(made, frame)
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
            reset=lambda _: truncate(made),
        )


@case(
    "ingest_csv",
    "a CSV file of 100,000 minute bars",
    group="write",
    reference="pandas.read_csv + to_sql",
)
def ingest_csv(scale: Scale) -> Iterator[Trial]:
    frame = bars(scale.pick(100_000, 500), seconds=60)
    source = scale.folder / "BENCH_1m.csv"
    frame.to_csv(source)
    with workbench(scale) as made:
        prepare(made)

        def peer() -> None:
            read = pd.read_csv(source, parse_dates=["timestamp"])
            to_sql(made, complete(made, read.set_index("timestamp")))

        yield Trial(
            work=len(frame),
            unit="rows",
            paths={
                "workbench": lambda: made.ingest(f"csv:{source}", progress=False),
                "pandas.read_csv + to_sql": peer,
            },
            same=same_rows,
            result=lambda name, _: rows_of(made, TABLES.get(name, PEER)),
            reset=lambda _: truncate(made),
        )


STAGE = "stage + ON CONFLICT"


def stage_and_upsert(made: Workbench, frame: pd.DataFrame) -> None:
    """COPY into a temporary table, then let the server write the rows that differ."""
    columns: Columns = {"timestamp": ">i8"} | dict.fromkeys(FIELDS, ">f8")
    values = {name: frame[name].to_numpy() for name in FIELDS}
    values["timestamp"] = to_wire(timestamps_us(frame))
    given = ", ".join(f"excluded.{name}" for name in FIELDS)
    kept = ", ".join(f"m.{name}" for name in FIELDS)
    with made.database.transaction(Role.OWNER) as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE stage ON COMMIT DROP AS SELECT {', '.join(columns)}"  # noqa: S608
            f" FROM {PEER} WITH NO DATA"
        )
        encoder = Encoder(columns, {name: values[name] for name in columns})
        copy_in(cursor, f"COPY stage ({', '.join(columns)}) FROM STDIN (FORMAT binary)", encoder)
        cursor.execute(
            f"""
            INSERT INTO {PEER} AS m ({", ".join(columns)}, instrument_id, timeframe, {MADE_BY})
            SELECT {", ".join(columns)}, 1, '1m', 1 FROM stage
            ON CONFLICT (instrument_id, timeframe, timestamp) DO UPDATE
            SET ({", ".join(FIELDS)}) = ({given}) WHERE ({kept}) IS DISTINCT FROM ({given})
            """  # noqa: S608
        )


@case(
    "ingest_again",
    "400,000 of 2,000,000 minute bars once more",
    group="write",
    reference=STAGE,
    targets={STAGE: 2.5},
)
def ingest_again(scale: Scale) -> Iterator[Trial]:
    rows, again = scale.pick(2_000_000, 2_000), scale.pick(400_000, 400)
    frame = bars(rows, seconds=60)
    page = frame.iloc[rows // 2 : rows // 2 + again]
    with workbench(scale) as made:
        prepare(made)
        run = start_run(made)
        write(made, run, "BENCH", "1m", frame)
        execute(
            made,
            f"INSERT INTO {PEER} SELECT * FROM {OURS_TABLE}",  # noqa: S608
            f"ANALYZE {PEER}",
            f"ANALYZE {OURS_TABLE}",
        )
        yield Trial(
            work=again,
            unit="rows",
            paths={
                "workbench": lambda: write(made, run, "BENCH", "1m", page),
                STAGE: lambda: stage_and_upsert(made, page),
            },
            same=same_rows,
            result=lambda name, _: digest(made, TABLES.get(name, PEER)),
        )


def digest(made: Workbench, table: str) -> list[tuple[object, ...]]:
    """How many rows a table holds, and a hash over all of them."""
    query = f"""
        SELECT count(*), sum(hashtextextended(bar::text, 0))
        FROM (SELECT {", ".join(COLUMNS)} FROM {table}) bar"""  # noqa: S608
    with made.database.transaction(Role.OWNER) as cursor:
        cursor.execute(query)
        return cursor.fetchall()


NO_VERSIONS = "without versions"


def switch_triggers(made: Workbench, on: bool) -> None:
    """All that happens on a change of a series, on or off."""
    switch = "ENABLE" if on else "DISABLE"
    with made.database.transaction(Role.OWNER) as cursor:
        cursor.execute(
            "SELECT %s UNION SELECT relid::regclass::text FROM pg_partition_tree(%s)",
            (OURS_TABLE, OURS_TABLE),
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {name} {switch} TRIGGER USER")


@case(
    "ingest_versions",
    "the same series, its versions recorded",
    group="write",
    reference=NO_VERSIONS,
    targets={NO_VERSIONS: 0.9},
)
def ingest_versions(scale: Scale) -> Iterator[Trial]:
    frame = bars(scale.pick(100_000, 500), seconds=60)
    with workbench(scale) as made:
        run = start_run(made)

        def reset(name: str) -> None:
            switch_triggers(made, on=True)
            execute(made, f"TRUNCATE {OURS_TABLE}", "CHECKPOINT")
            switch_triggers(made, on=name != NO_VERSIONS)

        def ours() -> None:
            write(made, run, "BENCH", "1m", frame)

        yield Trial(
            work=len(frame),
            unit="rows",
            paths={"workbench": ours, NO_VERSIONS: ours},
            same=same_rows,
            result=lambda _name, _result: rows_of(made, OURS_TABLE),
            reset=reset,
        )


@case(
    "ingest_batches",
    "100,000 minute bars, committed once",
    group="write",
    reference="10,000 rows each",
)
def ingest_batches(scale: Scale) -> Iterator[Trial]:
    frame = bars(scale.pick(100_000, 500), seconds=60)
    sizes = [scale.pick(size, size // 200) for size in (1_000, 10_000, 50_000)]
    with workbench(scale) as made:
        run = start_run(made)

        def by(size: int) -> Callable[[], None]:
            pages = [frame.iloc[start : start + size] for start in range(0, len(frame), size)]

            def call() -> None:
                for page in pages:
                    write(made, run, "BENCH", "1m", page)

            return call

        labels = ("1,000 rows each", "10,000 rows each", "50,000 rows each")
        yield Trial(
            work=len(frame),
            unit="rows",
            paths={
                "workbench": by(len(frame)),
                **{label: by(size) for label, size in zip(labels, sizes, strict=True)},
            },
            same=same_rows,
            result=lambda _name, _result: rows_of(made, OURS_TABLE),
            reset=lambda _: execute(made, f"TRUNCATE {OURS_TABLE}", "CHECKPOINT"),
        )
