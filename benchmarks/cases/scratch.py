"""What store cases share: generated bars, a server of their own, ways to look into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Scale
from workbench.api import Workbench
from workbench.settings import Settings
from workbench.shape import FIELDS
from workbench.store.database import Role
from workbench.store.write import upsert

COLUMNS = ("timestamp", *FIELDS)


def bars(rows: int, seconds: int, seed: int = 0) -> pd.DataFrame:
    """A seeded random walk as Bars, one every `seconds` seconds from 2000 on."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.001, rows)))
    before = np.concatenate([[100.0], close[:-1]])
    spread = close * np.abs(random.normal(0, 0.0005, rows))
    columns = {
        "open": before,
        "high": np.maximum(before, close) + spread,
        "low": np.minimum(before, close) - spread,
        "close": close,
        "volume": random.integers(100, 100_000, rows).astype(float),
    }
    index = pd.date_range("2000-01-01", periods=rows, freq=f"{seconds}s", tz="UTC", unit="us")
    return pd.DataFrame(columns, index=index.rename("timestamp"))


@contextmanager
def workbench(scale: Scale) -> Iterator[Workbench]:
    """A Workbench with an embedded server of its own, stopped and removed afterwards."""
    made = Workbench(Settings(state_dir=scale.folder / "state"))
    try:
        made.up()
        yield made
    finally:
        made.down()


def start_run(made: Workbench) -> int:
    """A run for the rows to belong to."""
    return made.ledger.start("benchmark", {})


def write(made: Workbench, run: int, symbol: str, timeframe: str, frame: pd.DataFrame) -> None:
    """Bars into the store, as ingestion writes them."""
    times = pd.DatetimeIndex(frame.index).asi8
    block = np.ascontiguousarray(frame.to_numpy().T)
    with made.database.transaction(Role.WRITER) as cursor:
        upsert(cursor, run, symbol, timeframe, times, block)


def execute(made: Workbench, *statements: str) -> None:
    """SQL as the owner of the database."""
    with made.database.transaction(Role.OWNER) as cursor:
        for statement in statements:
            cursor.execute(statement)


def rows_of(made: Workbench, table: str) -> list[tuple[Any, ...]]:
    """What a table of bars holds, by time."""
    with made.database.transaction(Role.OWNER) as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {table} ORDER BY timestamp")  # noqa: S608
        return cursor.fetchall()


def same_rows(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> None:
    """AssertionError unless two tables hold the same bars."""
    assert ours, "our table is empty"
    assert ours == theirs, f"{len(ours)} rows against {len(theirs)}, or other values"
