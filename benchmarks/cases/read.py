"""Cold reading: bars from PostgreSQL to a DataFrame, with the cache turned off."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.cases.scratch import (
    COLUMNS,
    UNCACHED,
    bars,
    execute,
    same_bars,
    start_run,
    workbench,
    write,
)
from benchmarks.harness import Scale, Trial, case
from benchmarks.remote import peer
from workbench.api import Workbench
from workbench.store.database import Role

LIMIT = "the server's COPY to nowhere"
GOALS = {"targets": {"ADBC": 1.0, "pandas.read_sql": 8.0}}
MEMORY = {"peak_frames": 1.5}
"""For results of many megabytes; beside a small one, the buffers of a fixed size are large."""
TABLE = "data_ingestion.market_data"


def read_sql(made: Workbench, query: str) -> pd.DataFrame:
    frame = pd.read_sql(query, made.database.engine(Role.READER), index_col="timestamp")
    frame.index = pd.DatetimeIndex(frame.index).as_unit("us")
    return frame


def address(made: Workbench) -> str:
    """The server as libpq's other clients write it."""
    url = made.database.url(Role.READER).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def to_nowhere(made: Workbench, query: str) -> None:
    execute(made, f"COPY ({query}) TO '/dev/null' (FORMAT binary)")


def one_series(scale: Scale, timeframe: str, seconds: int, rows: int) -> Iterator[Trial]:
    query = (
        f"SELECT {', '.join(COLUMNS)} FROM {TABLE} WHERE timeframe = '{timeframe}'"  # noqa: S608
        " AND instrument_id = (SELECT instrument_id FROM data_ingestion.instrument"
        " WHERE symbol = 'BENCH') ORDER BY timestamp"
    )
    with workbench(scale, **UNCACHED) as made, peer(scale, "adbc") as adbc:
        write(made, start_run(made), "BENCH", timeframe, bars(rows, seconds))
        execute(made, f"ANALYZE {TABLE}")
        adbc.do("open", url=address(made))
        yield Trial(
            work=rows,
            unit="rows",
            paths={
                "workbench": lambda: made.bars("BENCH", timeframe=timeframe),
                **adbc.path("ADBC", "read", query=query),
                "pandas.read_sql": lambda: read_sql(made, query),
            },
            limits={LIMIT: lambda: to_nowhere(made, query)},
            same=same_bars,
            memory=True,
            result_bytes=rows * len(COLUMNS) * 8,
        )


@case("read_daily", "2,600 daily bars", group="cold read", reference="ADBC", **GOALS)
def read_daily(scale: Scale) -> Iterator[Trial]:
    yield from one_series(scale, "1d", 86_400, scale.pick(2_600, 200))


@case(
    "read_million", "a million minute bars", group="cold read", reference="ADBC", **GOALS, **MEMORY
)
def read_million(scale: Scale) -> Iterator[Trial]:
    yield from one_series(scale, "1m", 60, scale.pick(1_000_000, 5_000))


@case(
    "read_panel", "100 symbols × 2,600 bars", group="cold read", reference="ADBC", **GOALS, **MEMORY
)
def read_panel(scale: Scale) -> Iterator[Trial]:
    symbols = [f"S{number:03}" for number in range(scale.pick(100, 5))]
    rows = scale.pick(2_600, 200)
    query = (
        f"SELECT instrument_id, {', '.join(COLUMNS)} FROM {TABLE}"  # noqa: S608
        " WHERE timeframe = '1d' ORDER BY instrument_id, timestamp"
    )
    with workbench(scale, **UNCACHED) as made, peer(scale, "adbc") as adbc:
        run = start_run(made)
        for seed, symbol in enumerate(symbols):
            write(made, run, symbol, "1d", bars(rows, 86_400, seed))
        execute(made, f"ANALYZE {TABLE}")
        adbc.do("open", url=address(made))
        names = instruments(made)

        def by_pandas() -> pd.DataFrame:
            wide = read_sql(made, query).pivot(columns="instrument_id")
            return wide.rename(columns=names, level=1)

        yield Trial(
            work=rows * len(symbols),
            unit="rows",
            paths={
                "workbench": lambda: made.bars(symbols),
                **adbc.path("ADBC", "read_panel", query=query, symbols=names),
                "pandas.read_sql": by_pandas,
            },
            limits={LIMIT: lambda: to_nowhere(made, query)},
            same=same_bars,
            memory=True,
            result_bytes=rows * (1 + (len(COLUMNS) - 1) * len(symbols)) * 8,
        )


def instruments(made: Workbench) -> dict[int, str]:
    """The symbols by the id that stands for them in the table."""
    with made.database.transaction(Role.READER) as cursor:
        cursor.execute("SELECT instrument_id, symbol FROM data_ingestion.instrument")
        return dict(cursor.fetchall())
