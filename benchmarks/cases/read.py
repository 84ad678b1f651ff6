"""Reading: bars from the store to a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.cases.scratch import COLUMNS, bars, execute, start_run, workbench, write
from benchmarks.harness import Scale, Trial, case
from workbench.api import Workbench
from workbench.store.database import Role

LIMIT = "the server's COPY to nowhere"


def same_bars(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """AssertionError unless two frames hold the same columns, times and values."""
    pd.testing.assert_frame_equal(ours, theirs, check_freq=False, check_index_type=False)


def read_sql(made: Workbench, condition: str, columns: str) -> pd.DataFrame:
    query = f"""
        SELECT {columns} FROM data_ingestion.bars
        WHERE {condition} ORDER BY symbol, timestamp"""  # noqa: S608
    frame = pd.read_sql(query, made.database.engine(Role.READER), index_col="timestamp")
    frame.index = pd.DatetimeIndex(frame.index).as_unit("us")
    return frame


def copy_to_nowhere(made: Workbench, columns: str) -> None:
    execute(
        made,
        f"COPY (SELECT {columns} FROM data_ingestion.market_data"  # noqa: S608
        " ORDER BY instrument_id, timeframe, timestamp) TO '/dev/null' (FORMAT binary)",
    )


def one_series(scale: Scale, timeframe: str, seconds: int, rows: int) -> Iterator[Trial]:
    columns = ", ".join(COLUMNS)
    with workbench(scale) as made:
        write(made, start_run(made), "BENCH", timeframe, bars(rows, seconds))
        execute(made, "ANALYZE data_ingestion.market_data")
        condition = f"symbol = 'BENCH' AND timeframe = '{timeframe}'"
        yield Trial(
            work=rows,
            unit="rows",
            paths={
                "workbench": lambda: made.bars("BENCH", timeframe=timeframe),
                "pandas.read_sql": lambda: read_sql(made, condition, columns),
            },
            limits={LIMIT: lambda: copy_to_nowhere(made, columns)},
            same=same_bars,
            memory=True,
        )


@case("read_daily", "Read ten years of daily bars", reference="pandas.read_sql")
def read_daily(scale: Scale) -> Iterator[Trial]:
    yield from one_series(scale, "1d", 86_400, scale.pick(2_600, 200))


@case("read_million", "Read a million minute bars", reference="pandas.read_sql")
def read_million(scale: Scale) -> Iterator[Trial]:
    yield from one_series(scale, "1m", 60, scale.pick(1_000_000, 5_000))


@case("read_panel", "Read a panel of 100 symbols", reference="pandas.read_sql")
def read_panel(scale: Scale) -> Iterator[Trial]:
    symbols = [f"S{number:03}" for number in range(scale.pick(100, 5))]
    rows = scale.pick(2_600, 200)
    with workbench(scale) as made:
        run = start_run(made)
        for seed, symbol in enumerate(symbols):
            write(made, run, symbol, "1d", bars(rows, 86_400, seed))
        execute(made, "ANALYZE data_ingestion.market_data")

        def peer() -> pd.DataFrame:
            columns = ", ".join(("symbol", *COLUMNS))
            wide = read_sql(made, "timeframe = '1d'", columns).pivot(columns="symbol")
            return wide.rename_axis(columns=["field", "symbol"])

        limit = ", ".join(("instrument_id", *COLUMNS))
        yield Trial(
            work=rows * len(symbols),
            unit="rows",
            paths={"workbench": lambda: made.bars(symbols), "pandas.read_sql": peer},
            limits={LIMIT: lambda: copy_to_nowhere(made, limit)},
            same=lambda ours, theirs: same_bars(
                ours, theirs.rename_axis(columns=ours.columns.names)
            ),
            memory=True,
        )
