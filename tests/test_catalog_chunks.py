"""wb.chunks: bars in pieces, from one snapshot, in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.errors import InputError, RangeError, StoreError, UnknownNameError
from workbench.settings import Settings

PANEL = ["AAPL", "FB", "SPX", "MSFT"]
MINUTES = 100_000


@pytest.fixture(scope="module")
def store(new_database: Any, demo_template: str) -> Iterator[wb.Workbench]:
    with wb.Workbench(Settings(database_url=new_database(demo_template))) as made:
        yield made


@settings(max_examples=25, deadline=None)
@given(
    symbols=st.one_of(st.sampled_from(PANEL), st.permutations(PANEL)),
    chunk_rows=st.integers(40, 20_000),
    years=st.tuples(st.integers(1999, 2012), st.integers(1, 14)),
    fields=st.sampled_from([None, "close", ["volume", "open"]]),
)
def test_put_together_they_are_the_bars(
    store: wb.Workbench,
    symbols: str | list[str],
    chunk_rows: int,
    years: tuple[int, int],
    fields: Any,
) -> None:
    start, end = years[0], years[0] + years[1]
    expected = store.bars(symbols, fields=fields)
    expected = expected[(expected.index >= str(start)) & (expected.index < str(end))]
    expected = expected.dropna(how="all")
    if expected.empty:
        with pytest.raises(RangeError, match="no bars in"):
            list(store.chunks(symbols, start, end, fields=fields, chunk_rows=chunk_rows))
        return
    chunks = list(store.chunks(symbols, start, end, fields=fields, chunk_rows=chunk_rows))
    columns = 1 if isinstance(symbols, str) else len(symbols)
    assert all(len(chunk) == max(1, chunk_rows // columns) for chunk in chunks[:-1])
    pd.testing.assert_frame_equal(pd.concat(chunks), expected)
    versions = store.bars(symbols, fields=fields).attrs["freshness"].versions
    for chunk in chunks:
        assert chunk.attrs["freshness"].versions == versions
        assert chunk.attrs["freshness"].tier == "store"


def test_one_row_at_a_time(store: wb.Workbench) -> None:
    expected = store.bars(["IBM", "FB"], "2012-05-15", "2012-05-25")
    chunks = list(store.chunks(["IBM", "FB"], "2012-05-15", "2012-05-25", chunk_rows=1))
    assert [len(chunk) for chunk in chunks] == [1] * len(expected)
    pd.testing.assert_frame_equal(pd.concat(chunks), expected)


def test_all_pieces_are_of_one_snapshot(demo_database_url: str) -> None:
    with wb.Workbench(Settings(database_url=demo_database_url)) as workbench:
        expected = workbench.bars("AAPL")
        chunks = workbench.chunks("AAPL", chunk_rows=500)
        parts = [next(chunks)]
        writer = psycopg2.connect(demo_database_url)
        with writer, writer.cursor() as cursor:
            cursor.execute("UPDATE data_ingestion.market_data SET close = close + 1")
            cursor.execute("DELETE FROM data_ingestion.market_data WHERE timestamp > '2008-01-01'")
        writer.close()
        parts += list(chunks)
        pd.testing.assert_frame_equal(pd.concat(parts), expected)
        now = pd.concat(list(workbench.chunks("AAPL", chunk_rows=500)))
        pd.testing.assert_frame_equal(now, workbench.bars("AAPL"))
        assert len(now) < len(expected)


@pytest.fixture
def minutes(database_url: str) -> wb.Workbench:
    """Two long series without a time in common, and a third one that ends early."""
    owner = psycopg2.connect(database_url)
    with owner, owner.cursor() as cursor:
        cursor.execute("INSERT INTO data_ingestion.instrument (symbol) VALUES ('A'), ('B'), ('C')")
        cursor.execute(
            "INSERT INTO data_ingestion.market_data (timestamp, open, high, low, close, volume,"
            " instrument_id, timeframe) SELECT '2020-01-01'::timestamptz"
            " + (2 * n + instrument_id %% 2) * interval '1 minute', n, n, n, n, n, instrument_id,"
            " '1m' FROM data_ingestion.instrument, generate_series(1, %s) AS n"
            " WHERE symbol <> 'C' OR n < 10",
            (MINUTES,),
        )
    owner.close()
    with wb.Workbench(Settings(database_url=database_url)) as made:
        yield made


def test_memory_is_bounded_by_the_piece(minutes: wb.Workbench) -> None:
    def peak_bytes(chunk_rows: int) -> int:
        rows = 0
        tracemalloc.start()
        for chunk in minutes.chunks(["A", "B", "C"], timeframe="1m", chunk_rows=chunk_rows):
            assert chunk["close"].size <= chunk_rows
            rows += int(chunk["close"].notna().to_numpy().sum())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == 2 * MINUTES + 9
        return peak

    whole_bytes = 2 * MINUTES * 8 * (3 * 5 + 1)
    assert peak_bytes(30_000) < whole_bytes / 4


def test_sparse_series_are_whole(minutes: wb.Workbench) -> None:
    chunks = list(minutes.chunks(["C", "A"], timeframe="1m", chunk_rows=50_000, fields="close"))
    whole = minutes.bars(["C", "A"], timeframe="1m", fields="close")
    pd.testing.assert_frame_equal(pd.concat(chunks), whole)
    assert np.isfinite(whole["close"]["C"]).sum() == 9


def test_a_wrong_call_is_refused_at_once(store: wb.Workbench) -> None:
    for chunk_rows in (0, -1, 2.5, True, "9"):
        with pytest.raises(InputError, match=r"chunk_rows=.* is not a whole number above zero"):
            store.chunks("AAPL", chunk_rows=chunk_rows)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="did you mean 'AAPL'"):
        store.chunks("APPL")
    with pytest.raises(UnknownNameError, match="unknown field"):
        store.chunks("AAPL", fields="closing")
    with pytest.raises(RangeError, match="reversed"):
        store.chunks("AAPL", 2012, 2010)
    with pytest.raises(InputError, match="more than once"):
        store.chunks(["FB", "FB"])


def test_a_closed_iterator_gives_its_connection_back(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "X.csv"
    file.write_text("date,open,high,low,close,volume\n2024-01-02,1,1,1,1,1\n2024-01-03,1,1,1,1,1\n")
    limits = {"pool_size": 1, "pool_overflow": 0, "pool_timeout_s": 0.2}
    with wb.Workbench(Settings(database_url=database_url, **limits)) as workbench:
        workbench.ingest(f"csv:{file}", progress=False)
        chunks = workbench.chunks("X", chunk_rows=1)
        assert len(next(chunks)) == 1
        with pytest.raises(StoreError, match="no free database connection"):
            workbench.sql("SELECT 1")
        chunks.close()  # type: ignore[attr-defined]
        assert workbench.sql("SELECT 1").size == 1
